//! Behaviour at a terminal only: the question before a download, and Ctrl-C during a download.

use std::process::Stdio;
use std::time::Duration;

use filterscope::formats::read_record;
use filterscope::models::Registry;
use rexpect::session::{PtySession, spawn_command};

use crate::support::binary::{Bench, Run};
use crate::support::golden::{generated_params, safetensors_bytes};
use crate::support::server::{Reply, Server, hub, hub_says};

const B0: &str = "tf_efficientnet_b0.in1k";
const PATIENCE_MS: u64 = 120_000;

/// Generated weights of B0 as a safetensors file, as the hub would serve them.
fn b0() -> Vec<u8> {
    let graph = (Registry::find(B0).unwrap().build)().unwrap();
    safetensors_bytes(&generated_params(&graph, 4))
}

/// Starts the program at a pseudo-terminal.
fn at_terminal(bench: &Bench, server: &Server, arguments: &str) -> PtySession {
    let mut command = bench.command(arguments);
    command.env("HF_ENDPOINT", server.url()).stdin(Stdio::inherit());
    spawn_command(command, Some(PATIENCE_MS)).unwrap()
}

/// Waits for the end and returns the remaining output and the exit status.
fn end_of(mut session: PtySession) -> (String, String) {
    let rest = session.exp_eof().unwrap();
    (rest, format!("{:?}", session.process().wait().unwrap()))
}

fn num_unfinished(bench: &Bench) -> usize {
    let blobs = bench.path("home/.cache/huggingface/hub").join("models--timm--tf_efficientnet_b0.in1k/blobs");
    let Ok(entries) = std::fs::read_dir(blobs) else { return 0 };
    entries
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".incomplete"))
        .count()
}

#[test]
fn a_download_is_confirmed_first_and_refused_by_no() {
    let (bench, server) = (Bench::with_cat(), hub(b0()));
    let render = format!("render cat.png -o out.png --model {B0}");
    for answer in ["n", "", "whatever"] {
        let mut session = at_terminal(&bench, &server, &render);
        session.exp_string(&format!("{B0} is not installed. Download 16.")).unwrap();
        session.exp_string(&format!("MB from {} (licence: Apache-2.0)? [y/N] ", server.host())).unwrap();
        session.send_line(answer).unwrap();
        let (said, end) = end_of(session);
        assert!(said.contains(&format!("error: the weights of {B0} are not installed")), "{said}");
        assert!(end.ends_with(", 2)"), "{end}");
    }
    assert!(!server.log().iter().any(|line| line.starts_with("GET")), "{:?}", server.log());
    let mut session = at_terminal(&bench, &server, &render);
    session.exp_string("[y/N] ").unwrap();
    session.send_line("y").unwrap();
    let (said, end) = end_of(session);
    assert!(said.contains(&format!("fetched {B0}")), "{said}");
    assert!(end.ends_with(", 0)"), "{end}: {said}");
    assert_eq!(read_record(&bench.path("out.png")).unwrap().panels[0].run.weights, "downloaded");
}

#[test]
fn a_download_that_ctrl_c_ends_is_resumed_next_time() {
    // Before the first figure there is nothing to finish, so the signal ends `render` as it ends any program.
    for (arguments, how) in [
        (format!("weights fetch {B0}"), ", 130)"),
        (format!("render cat.png -o out.png --yes --model {B0}"), "SIGINT"),
    ] {
        let content = b0();
        let bench = Bench::with_cat();
        let slow = content.clone();
        let server = Server::start(move |request| {
            if request.path.contains("/resolve/main/") {
                return hub_says(&slow, "/bytes");
            }
            let mut reply = Reply::file(&slow, request);
            if request.range_start().is_none() {
                reply.drip = Some((64 << 10, Duration::from_millis(50)));
            }
            reply
        });
        let mut session = at_terminal(&bench, &server, &arguments);
        session.exp_string("fetching").unwrap();
        // The progress bar counts bytes as soon as they arrive.
        session.exp_regex(r"[1-9][0-9.]* [kM]B of 16\.").unwrap();
        session.send_control('c').unwrap();
        let (said, end) = end_of(session);
        assert!(end.contains(how), "{end}: {said}");
        assert_eq!(num_unfinished(&bench), 1, "{arguments}: {said}");
        let again = Run::of(bench.command(&arguments).env("HF_ENDPOINT", server.url()).output().unwrap());
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        assert_eq!(num_unfinished(&bench), 0);
        let resumed = server.log().into_iter().filter(|line| line.starts_with("GET /bytes from ")).count();
        assert_eq!(resumed, 1, "{:?}", server.log());
    }
}

//! Downloads through the real client, from a server on the loopback interface that acts as the hub and as file hosts.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use filterscope::tensor::WeightSource;
use filterscope::weights::Folders;
use filterscope::weights::fetch::{Client, FetchError, FetchOptions, Fetched, Progress, read_record};

use crate::support::server::{COMMIT, Reply, Request, Server, hub, hub_says, sha256};

const HUB: WeightSource = WeightSource::Hub { repo: "timm/toy.a1", file: "model.safetensors" };
const PATH: &str = "/timm/toy.a1/resolve/main/model.safetensors";

/// The MD5 hash of [`content`], in hexadecimal digits.
const CONTENT_MD5: &str = "3daeab5bbad4d9d4764300c445051dd8";

fn content() -> Vec<u8> {
    (0..1_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// A folder for downloads, and clients with short timeouts.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn folders(&self) -> Folders {
        let at = |name: &str| Some(self.folder.path().join(name));
        Folders::new(at("hub"), at("own"), at("keras"))
    }

    fn options(endpoint: &str) -> FetchOptions {
        FetchOptions {
            endpoint: endpoint.to_owned(),
            token: None,
            offline_by: None,
            patience: Duration::from_millis(400),
            num_tries: 3,
            pause: Duration::from_millis(5),
        }
    }

    fn fetch(&self, server: &Server, source: WeightSource) -> Result<Fetched, FetchError> {
        self.fetch_with(
            &Client::new(Self::options(&server.url())),
            source,
            &mut |_| ControlFlow::Continue(()),
        )
    }

    fn fetch_with(
        &self,
        client: &Client,
        source: WeightSource,
        tell: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Fetched, FetchError> {
        let offer = client.ask(source)?;
        client.fetch(&offer, "toy.a1", &self.folders(), tell)
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("hub/models--timm--toy.a1")
    }

    fn unfinished(&self) -> PathBuf {
        self.repository().join("blobs").join(format!("{}.incomplete", sha256(&content())))
    }

    /// Writes the beginning of a download, as an earlier run would have left it.
    fn begin(&self, bytes: &[u8]) {
        std::fs::create_dir_all(self.repository().join("blobs")).unwrap();
        std::fs::write(self.unfinished(), bytes).unwrap();
    }
}

fn words(result: Result<Fetched, FetchError>) -> String {
    match result {
        Err(error) => error.to_string(),
        Ok(fetched) => panic!("fetched {}", fetched.path.display()),
    }
}

/// A file on this server as a source. Its address is leaked, because a source needs a static one.
fn address(server: &Server, path: &str, md5: Option<&'static str>) -> WeightSource {
    WeightSource::Https { url: Box::leak(format!("{}{path}", server.url()).into_boxed_str()), md5 }
}

#[test]
fn a_file_of_the_hub_is_stored_in_the_hubs_own_layout() {
    let (desk, server) = (Desk::new(), hub(content()));
    let mut seen = Vec::new();
    let client = Client::new(Desk::options(&server.url()));
    let fetched = desk
        .fetch_with(&client, HUB, &mut |progress| {
            seen.push(progress);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(server.log(), [format!("HEAD {PATH}"), format!("GET {PATH}"), "GET /bytes".to_owned()]);
    assert_eq!(std::fs::read(&fetched.path).unwrap(), content());
    let repository = desk.repository();
    assert_eq!(fetched.path, repository.join("snapshots").join(COMMIT).join("model.safetensors"));
    assert_eq!(std::fs::read_to_string(repository.join("refs/main")).unwrap(), COMMIT);
    let blob = repository.join("blobs").join(sha256(&content()));
    assert_eq!(fetched.path.canonicalize().unwrap(), blob.canonicalize().unwrap());
    if cfg!(unix) {
        let link = std::fs::read_link(&fetched.path).unwrap();
        assert_eq!(
            link,
            Path::new("../../blobs").join(sha256(&content())),
            "a relative link, as the hub's own"
        );
    }
    let names: Vec<_> =
        std::fs::read_dir(repository.join("blobs")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 1, "nothing else in a folder that others share: {names:?}");
    assert_eq!(fetched.record.checked.as_deref(), Some("sha256"));
    assert!(seen.windows(2).all(|pair| pair[0].have <= pair[1].have));
    assert_eq!(seen.last(), Some(&Progress { have: 1_000_000, total: Some(1_000_000) }));
    assert_eq!(desk.folders().find("toy.a1", Some(HUB)).unwrap().path, fetched.path);
    // A second fetch finds the blob, so no byte is fetched twice.
    desk.fetch(&server, HUB).unwrap();
    assert_eq!(server.log().len(), 4, "{:?}", server.log());
}

#[test]
fn the_token_is_sent_to_the_hub_only() {
    let bytes = Server::start(|request| Reply::file(&content(), request));
    // Another name of the same machine counts as another host.
    let elsewhere = format!("http://localhost:{}/bytes", bytes.port);
    let hub = Server::start(move |_| hub_says(&content(), &elsewhere));
    let options = FetchOptions { token: Some("secret".into()), ..Desk::options(&hub.url()) };
    let desk = Desk::new();
    desk.fetch_with(&Client::new(options), HUB, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(hub.requests().iter().all(|r| r.header("authorization") == Some("Bearer secret")));
    let there = bytes.requests();
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].header("authorization"), None);
    assert_eq!(there[0].header("accept-encoding"), Some("identity"));
}

#[test]
fn a_cut_connection_is_resumed_where_it_was_cut() {
    let tries = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        if request.path != "/bytes" {
            return hub_says(&content(), "/bytes");
        }
        let mut reply = Reply::file(&content(), request);
        if tries.fetch_add(1, Ordering::Relaxed) < 2 {
            reply.cut_after = Some(300_000);
        }
        reply
    });
    let desk = Desk::new();
    let fetched = desk.fetch(&server, HUB).unwrap();
    assert_eq!(std::fs::read(fetched.path).unwrap(), content());
    let bytes: Vec<String> = server.log().into_iter().filter(|line| line.contains("/bytes")).collect();
    assert_eq!(bytes, ["GET /bytes", "GET /bytes from 300000", "GET /bytes from 600000"]);
}

#[test]
fn a_download_of_an_earlier_run_is_resumed() {
    let (desk, server) = (Desk::new(), hub(content()));
    desk.begin(&content()[..700_000]);
    let fetched = desk.fetch(&server, HUB).unwrap();
    assert_eq!(std::fs::read(fetched.path).unwrap(), content());
    assert_eq!(server.log().last().unwrap(), "GET /bytes from 700000");
    assert!(!desk.unfinished().exists());
    // All bytes are there and only the final name is missing: nothing is fetched.
    let desk = Desk::new();
    desk.begin(&content());
    desk.fetch(&server, HUB).unwrap();
    assert_eq!(server.log().last().unwrap(), &format!("HEAD {PATH}"));
    // A file longer than the download isn't used as its beginning.
    let desk = Desk::new();
    desk.begin(&[content(), content()].concat());
    desk.fetch(&server, HUB).unwrap();
    assert_eq!(server.log().last().unwrap(), "GET /bytes");
}

#[test]
fn a_wrong_beginning_is_detected_and_deleted() {
    let (desk, server) = (Desk::new(), hub(content()));
    desk.begin(&vec![7; 700_000]);
    let mixed = [&vec![7; 700_000][..], &content()[700_000..]].concat();
    assert_eq!(
        words(desk.fetch(&server, HUB)),
        format!(
            "what {} sent is not what it should be (sha256 {}, expected {}); it was thrown away, so fetch it again",
            server.host(),
            sha256(&mixed),
            sha256(&content())
        )
    );
    assert!(!desk.unfinished().exists());
    assert_eq!(desk.folders().find("toy.a1", Some(HUB)), None, "nothing half right under the name");
    desk.fetch(&server, HUB).unwrap();
}

#[test]
fn servers_without_ranges_send_the_whole_file() {
    let whole = |request: &Request| {
        if request.path == "/bytes" { Reply::new(200, content()) } else { hub_says(&content(), "/bytes") }
    };
    let (desk, server) = (Desk::new(), Server::start(whole));
    desk.begin(&vec![7; 700_000]);
    assert_eq!(std::fs::read(desk.fetch(&server, HUB).unwrap().path).unwrap(), content());
    // A server that refuses the range is asked for the whole file.
    let refusing = |request: &Request| match (request.path.as_str(), request.range_start()) {
        ("/bytes", Some(_)) => Reply::new(416, ""),
        ("/bytes", None) => Reply::new(200, content()),
        _ => hub_says(&content(), "/bytes"),
    };
    let (desk, server) = (Desk::new(), Server::start(refusing));
    desk.begin(&vec![7; 700_000]);
    assert_eq!(std::fs::read(desk.fetch(&server, HUB).unwrap().path).unwrap(), content());
    // An answer with another part than requested isn't used.
    let elsewhere = |request: &Request| match (request.path.as_str(), request.range_start()) {
        ("/bytes", Some(_)) => Reply::new(206, &content()[..10]).header("Content-Range", "bytes 0-9/1000000"),
        ("/bytes", None) => Reply::new(200, content()),
        _ => hub_says(&content(), "/bytes"),
    };
    let (desk, server) = (Desk::new(), Server::start(elsewhere));
    desk.begin(&vec![7; 700_000]);
    assert_eq!(std::fs::read(desk.fetch(&server, HUB).unwrap().path).unwrap(), content());
}

#[test]
fn errors_of_the_server_say_what_to_do() {
    for (status, token, expected) in [
        (
            401,
            None,
            "HOST refuses to give it (401): it is private or gated; set HF_TOKEN to a token that may read it",
        ),
        (403, Some("x"), "HOST refuses to give it (403): the token in HF_TOKEN may not read it"),
        (404, None, "HOST has no such file (404): http://HOST/timm/toy.a1/resolve/main/model.safetensors"),
        (416, None, "HOST answered 416"),
        (500, None, "HOST answered 500; try again later"),
        (429, None, "HOST answered 429; try again later"),
    ] {
        let server = Server::start(move |_| Reply::new(status, ""));
        let options = FetchOptions { token: token.map(str::to_owned), ..Desk::options(&server.url()) };
        let error = Client::new(options).ask(HUB).unwrap_err().to_string();
        assert_eq!(error, expected.replace("HOST", &server.host()), "{status}");
    }
}

#[test]
fn requests_to_a_busy_server_are_repeated() {
    let tries = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        // The first attempt fails at each step: asking for the file, fetching it, and fetching from where the bytes are.
        if [0, 2, 4].contains(&tries.fetch_add(1, Ordering::Relaxed)) {
            return Reply::new(503, "");
        }
        if request.path == "/bytes" {
            Reply::file(&content(), request)
        } else {
            hub_says(&content(), "/bytes")
        }
    });
    let desk = Desk::new();
    assert_eq!(std::fs::read(desk.fetch(&server, HUB).unwrap().path).unwrap(), content());
    assert_eq!(server.log().len(), 7, "{:?}", server.log());
}

#[test]
fn a_slow_download_succeeds_and_a_stalled_one_is_given_up() {
    let slowly = |request: &Request| {
        if request.path != "/bytes" {
            return hub_says(&content(), "/bytes");
        }
        Reply { drip: Some((100_000, Duration::from_millis(60))), ..Reply::file(&content(), request) }
    };
    let (desk, server) = (Desk::new(), Server::start(slowly));
    desk.fetch(&server, HUB).unwrap();
    assert_eq!(server.log().len(), 3, "in one go, although it took longer than a server may be silent");
    let silent = |request: &Request| {
        if request.path != "/bytes" {
            return hub_says(&content(), "/bytes");
        }
        let mut reply = Reply::file(&content(), request);
        if request.range_start().is_some() {
            reply.cut_after = Some(0);
        } else {
            reply.cut_after = Some(250_000);
            reply.drip = Some((250_000, Duration::from_secs(2)));
        }
        reply
    };
    let (desk, server) = (Desk::new(), Server::start(silent));
    let error = words(desk.fetch(&server, HUB));
    assert!(
        error.starts_with(&format!("the connection to {} was cut and gave nothing more (", server.host())),
        "{error}"
    );
    assert!(
        error.ends_with("250000 of 1000000 bytes are kept, and the same command goes on from there"),
        "{error}"
    );
    assert_eq!(std::fs::read(desk.unfinished()).unwrap(), content()[..250_000]);
}

#[test]
fn a_download_can_be_stopped_and_resumed() {
    let (desk, server) = (Desk::new(), hub(content()));
    let client = Client::new(Desk::options(&server.url()));
    let stop = |progress: Progress| {
        if progress.have > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = desk.fetch_with(&client, HUB, &mut { stop }).unwrap_err();
    let FetchError::Stopped { have } = error else { panic!("{error}") };
    assert!(have > 0);
    assert_eq!(
        error.to_string(),
        format!("stopped; {have} bytes are kept, and the same command goes on from there")
    );
    desk.fetch(&server, HUB).unwrap();
    assert_eq!(server.log().last().unwrap(), &format!("GET /bytes from {have}"));
}

#[test]
fn more_bytes_than_announced_or_than_fit_on_the_disk_are_refused() {
    let more = |request: &Request| {
        if request.path == "/bytes" {
            Reply::new(200, [content(), content()].concat())
        } else {
            hub_says(&content(), "/bytes")
        }
    };
    let (desk, server) = (Desk::new(), Server::start(more));
    let error = words(desk.fetch(&server, HUB));
    assert!(error.contains(" bytes or more, expected 1000000 bytes)"), "{error}");
    let huge = |_: &Request| {
        Reply::new(302, "")
            .header("Location", "/bytes")
            .header("X-Repo-Commit", COMMIT)
            .header("X-Linked-Size", (1u64 << 60).to_string())
            .header("X-Linked-Etag", "\"abc\"")
    };
    let (desk, server) = (Desk::new(), Server::start(huge));
    let error = words(desk.fetch(&server, HUB));
    assert!(error.starts_with("1152921504606846976 bytes are needed and "), "{error}");
    assert_eq!(server.log().len(), 1, "nothing was fetched");
}

#[test]
fn a_file_is_not_downloaded_by_two_programs_at_once() {
    let (desk, server) = (Desk::new(), hub(content()));
    desk.begin(&content()[..5]);
    let held = std::fs::OpenOptions::new().append(true).open(desk.unfinished()).unwrap();
    held.lock().unwrap();
    assert_eq!(
        words(desk.fetch(&server, HUB)),
        format!("another program is downloading it now: \"{}\"", desk.unfinished().display())
    );
    drop(held);
    desk.fetch(&server, HUB).unwrap();
}

#[test]
fn renamed_repositories_are_found() {
    let server = Server::start(|request| match request.path.as_str() {
        PATH => Reply::new(307, "").header("Location", "/timm/new.a1/resolve/main/model.safetensors"),
        "/bytes" => Reply::file(&content(), request),
        _ => hub_says(&content(), "/bytes"),
    });
    Desk::new().fetch(&server, HUB).unwrap();
    let circle = Server::start(|_| Reply::new(307, "").header("Location", PATH));
    assert!(words(Desk::new().fetch(&circle, HUB)).ends_with("(it sends one in circles)"));
}

#[test]
fn files_of_web_servers_are_checked_by_their_publishers_md5() {
    let server = Server::start(|request| Reply::file(&content(), request));
    let desk = Desk::new();
    // Computed by Python's hashlib from the same bytes.
    let right = address(&server, "/weights.h5", Some(CONTENT_MD5));
    let fetched = desk.fetch(&server, right).unwrap();
    assert_eq!(fetched.path, desk.folder.path().join("own/toy.a1.weights.h5"));
    assert_eq!(fetched.record.checked.as_deref(), Some("md5"));
    assert_eq!(read_record(&fetched.path), Some(fetched.record));
    assert!(desk.folders().find("toy.a1", Some(right)).is_some());
    let wrong = address(&server, "/other.h5", Some("00000000000000000000000000000000"));
    let error = words(desk.fetch(&server, wrong));
    assert!(
        error.contains(&format!("(md5 {CONTENT_MD5}, expected 00000000000000000000000000000000)")),
        "{error}"
    );
    assert!(desk.folders().find("toy.a1", Some(wrong)).is_none());
    let unknown = address(&server, "/unknown.h5", None);
    assert_eq!(desk.fetch(&server, unknown).unwrap().record.checked, None);
}

#[test]
fn without_a_network_nothing_hangs() {
    let options = FetchOptions { offline_by: Some("--offline"), ..Desk::options("http://127.0.0.1:9") };
    assert_eq!(Client::new(options).ask(HUB).unwrap_err().to_string(), "downloads are off (--offline)");
    // Nobody listens on a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = Client::new(Desk::options(&format!("http://127.0.0.1:{port}")));
    let error = client.ask(HUB).unwrap_err().to_string();
    assert!(error.starts_with(&format!("can't reach 127.0.0.1:{port} (")), "{error}");
    assert!(error.contains("onnection refused"), "{error}");
}

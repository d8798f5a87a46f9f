//! The commands `weights`, `models` and `selfcheck`, run as a person would.

use filterscope::formats::read_record;
use filterscope::models::Registry;

use crate::support::binary::{Bench, Run};
use crate::support::golden::{generated_params, safetensors_bytes};
use crate::support::root;
use crate::support::server::{Server, hub};

const B0: &str = "tf_efficientnet_b0.in1k";

/// Generated weights of B0 as a safetensors file, as the hub would serve them.
fn b0() -> Vec<u8> {
    let graph = (Registry::find(B0).unwrap().build)().unwrap();
    let mut tensors = generated_params(&graph, 4);
    tensors.push(("classifier.weight".into(), vec![2, 3], vec![0.5; 6]));
    safetensors_bytes(&tensors)
}

fn run_with(bench: &Bench, server: &Server, arguments: &str) -> Run {
    Run::of(bench.command(arguments).env("HF_ENDPOINT", server.url()).output().unwrap())
}

fn state_of(bench: &Bench, tag: &str) -> String {
    let listing: serde_json::Value = serde_json::from_str(&bench.ok("models --json").stdout).unwrap();
    let row = listing.as_array().unwrap().iter().find(|row| row["tag"] == tag).unwrap();
    row["state"].as_str().unwrap().to_owned()
}

#[test]
fn weights_are_fetched_found_checked_run_and_removed() {
    let (bench, server) = (Bench::with_cat(), hub(b0()));
    assert_eq!(state_of(&bench, B0), "downloadable");
    assert_eq!(state_of(&bench, "tf_efficientnet_lite0.in1k"), "embedded");
    let missing = bench.run(&format!("weights path {B0}"));
    assert_eq!(missing.code, Some(2));
    assert_eq!(
        missing.stderr,
        format!(
            "error: the weights of {B0} are not installed; `filterscope weights fetch {B0}` downloads them\n"
        )
    );

    let fetched = run_with(&bench, &server, "weights fetch tf_efficientnet_b0");
    assert_eq!(fetched.code, Some(0), "{}", fetched.stderr);
    assert!(fetched.stderr.contains(&format!("fetching {B0}: 16.")), "{}", fetched.stderr);
    assert!(fetched.stderr.contains("its sha256 is the one that the server gives"), "{}", fetched.stderr);
    assert_eq!(state_of(&bench, B0), "cached");
    let path = bench.ok(&format!("weights path {B0}")).stdout;
    assert!(path.contains("models--timm--tf_efficientnet_b0.in1k"), "{path}");
    let again = run_with(&bench, &server, &format!("weights fetch {B0}"));
    assert!(again.stderr.contains("is here already"), "{}", again.stderr);

    let verified = bench.ok("weights verify").stdout;
    assert!(verified.starts_with(&format!("{B0}: sha256 as recorded, all of its ")), "{verified}");
    bench.ok(&format!("render cat.png -o out.png --model {B0}"));
    assert_eq!(read_record(&bench.path("out.png")).unwrap().panels[0].run.weights, "downloaded");
    let checked = bench.ok(&format!("selfcheck {B0}")).stdout;
    assert!(checked.starts_with(&format!("{B0}: no reference stored; ")), "{checked}");

    // A file that changed on the disk still binds, but isn't the file that was fetched.
    let file = std::fs::canonicalize(path.trim()).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 10;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let damaged = bench.run(&format!("weights verify {B0}"));
    assert_eq!(damaged.code, Some(2));
    assert!(damaged.stderr.contains("is no longer the file that was kept (sha256 "), "{}", damaged.stderr);

    bench.ok(&format!("weights remove {B0}"));
    assert_eq!(state_of(&bench, B0), "downloadable");
    assert!(!file.exists());
}

#[test]
fn render_downloads_when_told_and_never_offline() {
    let (bench, server) = (Bench::with_cat(), hub(b0()));
    let not_here = format!(
        "error: the weights of {B0} are not installed; models that run at once: xception.keras_in1k, vgg16.keras_in1k, tf_efficientnet_lite0.in1k\n\
         help: `filterscope weights fetch {B0}` downloads them, or give a file with `--weights FILE` (timm/{B0})\n"
    );
    // Without a terminal no question can be asked, and there is no `--yes`.
    for arguments in ["", " --offline"] {
        let run = run_with(&bench, &server, &format!("render cat.png -o out.png --model {B0}{arguments}"));
        assert_eq!((run.code, run.stderr), (Some(2), not_here.clone()), "{arguments}");
    }
    let mut command = bench.command(&format!("render cat.png -o out.png --model {B0} --yes"));
    let run = Run::of(command.env("HF_ENDPOINT", server.url()).env("HF_HUB_OFFLINE", "1").output().unwrap());
    assert_eq!(
        run.stderr,
        format!(
            "error: {B0}: downloads are off (HF_HUB_OFFLINE is set). By hand: get {}/timm/{B0}/resolve/main/model.safetensors \
             and keep it with `filterscope weights import model.safetensors --model {B0}`\n",
            server.url()
        )
    );
    assert!(server.log().is_empty(), "{:?}", server.log());
    let run = run_with(&bench, &server, &format!("render cat.png -o out.png --model {B0} --yes"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(bench.path("out.png").exists());
}

#[test]
fn a_proxy_is_used() {
    let (bench, proxy) = (Bench::new(), hub(b0()));
    let mut command = bench.command(&format!("weights fetch {B0}"));
    command.env("HF_ENDPOINT", "http://hub.invalid").env("HTTP_PROXY", proxy.url());
    let run = Run::of(command.output().unwrap());
    // Only the proxy gets requests. It can't forward them, so the fetch fails.
    assert!(!proxy.log().is_empty(), "{}", run.stderr);
    assert!(!run.stderr.contains("no such host"), "{}", run.stderr);
}

#[test]
fn a_download_must_fit_the_network() {
    let (bench, server) = (Bench::new(), hub(safetensors_bytes(&[("a".into(), vec![1], vec![0.0])])));
    let run = run_with(&bench, &server, &format!("weights fetch {B0}"));
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains(&format!("the weights don't fit {B0}: none of its ")), "{}", run.stderr);
}

#[test]
fn files_are_imported_and_run_by_name() {
    let bench = Bench::with_cat();
    bench.add("any.bin", &b0());
    // Four model specs have these tensors. They differ in borders and preprocessing, which no file shows.
    let run = bench.run("weights import any.bin");
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.stderr,
        format!(
            "error: this file fits 4 networks that differ in what a file doesn't show: {B0} (EfficientNet-B0, \
             ImageNet, TensorFlow's weights; SAME padding, batch norm eps 1e-3), tf_efficientnet_b0.ap_in1k (EfficientNet-B0, ImageNet, \
             TensorFlow's weights trained with AdvProp; SAME padding, batch norm eps 1e-3), efficientnet_b0.ra_in1k (EfficientNet-B0, \
             ImageNet, trained by timm in torch with RandAugment; padding of half a kernel, batch norm eps 1e-5), \
             efficientnet_b0.keras_in1k (EfficientNet-B0, ImageNet, Keras' weights; padding as SAME, batch norm eps 1e-3, Keras' names): \
             \"any.bin\"\nhelp: name one with `--model`: {B0}, tf_efficientnet_b0.ap_in1k, efficientnet_b0.ra_in1k, efficientnet_b0.keras_in1k\n"
        )
    );
    let run = bench.run("weights import any.bin --model tf_efficientnet_b0");
    assert!(
        run.stderr.contains(
            "4 models could be meant\nhelp: name one with `--model`: tf_efficientnet_b0.in1k, tf_efficientnet_b0.ap_in1k, efficientnet_b0.ra_in1k"
        ),
        "{}",
        run.stderr
    );
    let run = bench.ok(&format!("weights import any.bin --model {B0}"));
    assert!(
        run.stderr.starts_with(&format!(
            "imported {B0}: all of its 309 tensors found, and 1 tensor of a classifier kept along (safetensors, torch's names); \
             `--model {B0}` runs from now on: \""
        )),
        "{}",
        run.stderr
    );
    assert_eq!(state_of(&bench, B0), "cached");
    bench.ok(&format!("render cat.png -o out.png --model {B0}"));
    assert_eq!(read_record(&bench.path("out.png")).unwrap().panels[0].run.weights, "unverified");
    let verified = bench.ok(&format!("weights verify {B0}")).stdout;
    assert!(verified.contains("sha256 as recorded"), "{verified}");
    bench.ok(&format!("weights remove {B0}"));
    assert_eq!(state_of(&bench, B0), "downloadable");

    // An imported copy records the model that it is for.
    bench.ok(&format!("weights import any.bin --model {B0} -o mine"));
    bench.ok("render cat.png -o own.png --weights mine.safetensors");
    assert_eq!(read_record(&bench.path("own.png")).unwrap().panels[0].run.tag, B0);
    let run =
        bench.run("render cat.png -o no.png --weights mine.safetensors --model tf_efficientnet_b0.ap_in1k");
    assert_eq!(
        run.stderr,
        format!(
            "error: this file holds the weights of {B0}, not of tf_efficientnet_b0.ap_in1k: \"mine.safetensors\"\nhelp: name one with `--model`: tf_efficientnet_b0.in1k\n"
        )
    );
    // The carried weights are known without a record.
    let carried = root().join("weights/vgg16_keras_in1k_notop.f16.safetensors");
    std::fs::copy(carried, bench.path("vgg.safetensors")).unwrap();
    let run = bench.run("render cat.png -o no.png --weights vgg.safetensors --model vgg16.tv_in1k");
    assert_eq!(
        run.stderr,
        "error: this file holds the weights of vgg16.keras_in1k, not of vgg16.tv_in1k: \"vgg.safetensors\"\nhelp: name one with `--model`: vgg16.keras_in1k\n"
    );
    let run = bench.run("weights import vgg.safetensors -o copy.safetensors --model vgg16.tv_in1k");
    assert!(
        run.stderr.contains("holds the weights of vgg16.keras_in1k, not of vgg16.tv_in1k"),
        "{}",
        run.stderr
    );
    let run = bench.ok("render cat.png -o own.png --weights vgg.safetensors --model vgg16.keras_in1k");
    assert!(!run.stderr.contains("unverified"), "{}", run.stderr);
    let run = bench.run("weights import mine.safetensors -o mine.safetensors");
    assert_eq!(
        run.stderr,
        "error: the import would overwrite its file; choose another name: \"mine.safetensors\"\n"
    );
}

#[test]
fn importing_does_not_replace_carried_weights() {
    let bench = Bench::new();
    let lite0 = root().join("weights/tf_efficientnet_lite0.f16.safetensors");
    bench.add("lite0.safetensors", &std::fs::read(lite0).unwrap());
    let run = bench.run("weights import lite0.safetensors");
    assert_eq!(
        run.stderr,
        "error: the program carries the weights of tf_efficientnet_lite0.in1k; name a file of your own with `-o NAME`\n"
    );
    bench.add("other.safetensors", &safetensors_bytes(&[("a.b".into(), vec![1], vec![0.0])]));
    let run = bench.run("weights import other.safetensors");
    assert_eq!(
        run.stderr,
        "error: this file fits no network here: its 1 tensors have other names or shapes, the first `a.b`: \"other.safetensors\"\n\
         help: with `--model TAG` what differs from that network is listed\n"
    );
}

#[test]
fn carried_networks_pass_their_selfcheck() {
    let bench = Bench::new();
    let run = bench.ok("selfcheck");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.stdout);
    assert!(lines[0].starts_with("xception.keras_in1k: 21 layers agree with Keras "), "{}", lines[0]);
    assert!(lines[1].starts_with("vgg16.keras_in1k: 18 layers agree with Keras "), "{}", lines[1]);
    assert!(lines[2].starts_with("tf_efficientnet_lite0.in1k: 20 layers agree with torch "), "{}", lines[2]);
    bench.ok("selfcheck tf_efficientnet_lite0 --engine candle");
    let run = bench.run("selfcheck vgg16");
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.starts_with("error: the weights of vgg16.tv_in1k are not installed"),
        "{}",
        run.stderr
    );
}

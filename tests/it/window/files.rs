//! Networks from files, and weights from servers: an ONNX model dropped on the window, weight files of several models, downloads.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use filterscope::models::Registry;
use filterscope::render::WindowRequest;
use filterscope::weights::Folders;
use filterscope::weights::fetch::FetchOptions;

use super::Window;
use crate::support::fixture;
use crate::support::golden::{generated_params, safetensors_bytes};
use crate::support::server::{Reply, Server, hub_says};

const B0: &str = "tf_efficientnet_b0.in1k";
const SIZE: [f32; 2] = [1280.0, 1400.0];

/// Generated weights of B0 as a safetensors file.
fn b0() -> Vec<u8> {
    let graph = (Registry::find(B0).unwrap().build)().unwrap();
    safetensors_bytes(&generated_params(&graph, 4))
}

fn onnx(name: &str) -> PathBuf {
    fixture(&format!("onnx/{name}.onnx"))
}

#[test]
fn a_dropped_onnx_file_becomes_a_model() {
    let mut window = Window::with_cat();
    window.drop_file(onnx("hand_made"));
    window.wait_for("hand_made.onnx · upper bound 12×");
    assert!(window.says("ONNX network of "), "{:?}", window.texts());
    assert!(window.says("33x33"));
    // Its layers have their ONNX names, and it stays in the list of models.
    window.choose_model("lite0");
    window.wait_for("tf_efficientnet_lite0.in1k · ");
    window.choose_model("hand_made");
    window.wait_for("hand_made.onnx · upper bound 12×");
    window.drop_file(fixture("onnx/make.py").with_file_name("none.onnx"));
    window.wait_for("can't read the weight file: No such file or directory");
    assert!(window.says("hand_made.onnx · upper bound 12×"), "what was there stays");
}

#[test]
fn a_file_that_does_not_say_its_value_scale_asks_for_it() {
    let mut window = Window::open(
        SIZE,
        WindowRequest { model: onnx("timm_resnet").to_str().map(str::to_owned), ..WindowRequest::default() },
    );
    window.wait_for("How does this network take its pictures?");
    assert!(window.says("values as `caffe` has them"), "{:?}", window.texts());
    window.click_button("timm_resnet.onnx+tf");
    window.wait_for("timm_resnet.onnx+tf · node_relu_8 24×2×2");
    assert!(window.says("RGB x/127.5 − 1"), "{:?}", window.texts());
}

#[test]
fn weights_without_a_model_ask_where_several_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.safetensors");
    std::fs::write(&path, b0()).unwrap();
    let mut window = Window::open(SIZE, WindowRequest { weights: Some(path), ..WindowRequest::default() });
    window.wait_for("Which model is this file for?");
    window.click_button("tf_efficientnet_b0.ap_in1k");
    window.wait_for("tf_efficientnet_b0.ap_in1k · bn2.act 1280×7×7");
}

/// If a file has two networks, or averaged weights in addition to others, the window asks which to load.
#[test]
fn a_file_with_several_networks_asks_which() {
    const TAG: &str = "mobilenetv2_100.ra_in1k";
    let folder = tempfile::tempdir().unwrap();
    let graph = (Registry::find(TAG).unwrap().build)().unwrap();
    let under = |prefix: &str, gain: u32| {
        let all = generated_params(&graph, gain).into_iter();
        all.map(|(name, shape, values)| (format!("{prefix}{name}"), shape, values)).collect::<Vec<_>>()
    };
    let add = |name: &str, tensors: Vec<_>| {
        let path = folder.path().join(name);
        std::fs::write(&path, safetensors_bytes(&tensors)).unwrap();
        path
    };
    let two = add("two.safetensors", [under("encoder_q.", 4), under("encoder_k.", 2)].concat());
    let averaged = add("averaged.safetensors", [under("net.", 4), under("ema_net.", 2)].concat());
    let mut window = Window::with_cat();
    window.drop_file(two);
    window.wait_for("Which network of this file is meant?");
    assert!(window.says(&format!("{TAG} · `encoder_k.`")), "{:?}", window.texts());
    window.click_button(&format!("{TAG} · `encoder_q.`"));
    window.wait_for(&format!("{TAG} · "));
    window.wait_for("`encoder_q.` taken off names");
    window.drop_file(averaged);
    window.wait_for("Which network of this file is meant?");
    window.click_button(&format!("{TAG} · EMA weights"));
    window.wait_for("`ema_net.` taken off names");
    assert!(window.says("it holds EMA weights and others"), "{:?}", window.texts());
}

/// An ONNX file of convolutions and a `ReLU`, followed by an unsupported operation. Metadata gives its value scale.
fn cut() -> Vec<u8> {
    use crate::onnx::encode::{floats, model, named, property, value};
    let graph = [
        named("c1", "Conv", &["x", "w"], &["a"], &[("strides", &[2, 2])]),
        named("r1", "Relu", &["a"], &["b"], &[]),
        named("c2", "Conv", &["b", "v"], &["c"], &[("strides", &[2, 2])]),
        named("odd", "Warp", &["c"], &["y"], &[]),
        floats("w", &[4, 3, 1, 1], &[0.5; 12]),
        floats("v", &[5, 4, 1, 1], &[0.5; 20]),
        value(11, "x", &[1, 3, 32, 32]),
        value(12, "y", &[1, 5, 8, 8]),
    ];
    [model(&graph), property("mean", "0.5"), property("std", "0.5")].concat()
}

#[test]
fn a_network_with_an_unsupported_end_says_where_it_is_cut_and_asks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window_cut.onnx");
    std::fs::write(&path, cut()).unwrap();
    let mut window = Window::with_cat();
    window.drop_file(path);
    window.wait_for("How far is this network shown?");
    let why = "it ends here at `c2`, the last map that all of its output depends on: behind it `Warp` isn't supported (node `odd`)";
    assert!(window.says(why), "{:?}", window.texts());
    window.click_button("window_cut.onnx");
    window.wait_for("window_cut.onnx · c2 5×8×8");
    assert!(window.says(&format!("window_cut.onnx: {why}")), "{:?}", window.texts());
    // Another end can be chosen next to the model, or in the same question.
    window.choose("Final layer", "r1");
    window.wait_for("window_cut.onnx~r1 · r1 4×16×16");
    assert!(window.says("it ends here at `r1`, as was asked for"), "{:?}", window.texts());
}

fn options(endpoint: &str) -> FetchOptions {
    FetchOptions {
        endpoint: endpoint.to_owned(),
        token: None,
        offline_by: None,
        patience: Duration::from_secs(20),
        num_tries: 1,
        pause: Duration::from_millis(5),
    }
}

fn window_with(options: FetchOptions, folder: &Path) -> Window {
    let at = |name: &str| Some(folder.join(name));
    let folders = Folders::new(at("hub"), at("own"), at("keras"));
    let request = WindowRequest { downloads: Some(options), ..WindowRequest::default() };
    let mut window = Window::open_with_folders(SIZE, request, folders);
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window
}

#[test]
fn a_download_can_be_cancelled_and_resumed() {
    let (content, is_quick) = (b0(), Arc::new(AtomicBool::new(false)));
    let theirs = Arc::clone(&is_quick);
    let server = Server::start(move |request| {
        if request.path.contains("/resolve/main/") {
            return hub_says(&content, "/bytes");
        }
        let mut reply = Reply::file(&content, request);
        if !theirs.load(Ordering::Relaxed) {
            reply.drip = Some((32 << 10, Duration::from_millis(20)));
        }
        reply
    });
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_with(options(&server.url()), folder.path());
    window.choose_model(B0);
    window.wait_for(&format!("MB from {}, licence: Apache-2.0", server.host()));
    assert!(!server.log().iter().any(|line| line.starts_with("GET")), "nothing comes without a word");
    window.click_button("Download");
    // Wait for the first bytes; cancelled before that, there is nothing to resume.
    window.wait(
        |w| w.texts().iter().any(|text| text.contains(" MB of 16.") && !text.starts_with("0.0 MB")),
        "some megabytes",
    );
    window.click_button("Cancel download");
    is_quick.store(true, Ordering::Relaxed);
    window.wait_for("MB are here already");
    window.click_button("Go on downloading");
    window.wait_for(&format!("{B0} · bn2.act 1280×7×7"));
    assert!(window.was_told(&format!("the weights of {B0} are here")));
    let resumed = server.log().into_iter().filter(|line| line.starts_with("GET /bytes from ")).count();
    assert_eq!(resumed, 1, "{:?}", server.log());
}

#[test]
fn offline_no_server_is_contacted_and_the_manual_way_is_explained() {
    let server = Server::start(|_| Reply::new(404, ""));
    let folder = tempfile::tempdir().unwrap();
    let off = FetchOptions { offline_by: Some("--offline"), ..options(&server.url()) };
    let mut window = window_with(off, folder.path());
    window.choose_model("resnet18.tv_in1k");
    window.wait_for("The weights of resnet18.tv_in1k are not installed");
    assert!(
        window.says(&format!(
            "Downloads are off (--offline). By hand: get {}/timm/resnet18.tv_in1k/resolve/main/model.safetensors and keep it with \
             `filterscope weights import model.safetensors --model resnet18.tv_in1k`.",
            server.url()
        )),
        "{:?}",
        window.texts()
    );
    assert!(window.harness.query_by_role_and_label(Role::Button, "Download").is_none());
    assert_eq!(server.log(), Vec::<String>::new());
}

#[test]
fn a_file_missing_on_the_server_is_an_error_and_can_be_retried() {
    let is_there = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&is_there);
    let server = Server::start(move |_| {
        if theirs.load(Ordering::Relaxed) {
            hub_says(&vec![0; 46_800_000], "/bytes")
        } else {
            Reply::new(404, "")
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_with(options(&server.url()), folder.path());
    window.choose_model("resnet18.tv_in1k");
    window.wait_for(&format!("They can't be downloaded now: {} has no such file (404)", server.host()));
    is_there.store(true, Ordering::Relaxed);
    window.click_button("Ask again");
    window.wait_for("46.8 MB from ");
}

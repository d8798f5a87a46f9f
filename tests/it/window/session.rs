//! What was open when the window was closed comes back at the next start, and what can't is named.

use std::path::Path;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use filterscope::models::Registry;
use filterscope::render::WindowRequest;

use super::{Window, drive};
use crate::support::golden::{generated_params, safetensors_bytes};
use crate::support::root;

const TAG: &str = "mobilenetv2_100.ra_in1k";
const SIZE: [f32; 2] = [1280.0, 1400.0];

/// Generated weights of a small model as a file.
fn weights(path: &Path, gain: u32) {
    let graph = (Registry::find(TAG).unwrap().build)().unwrap();
    std::fs::write(path, safetensors_bytes(&generated_params(&graph, gain))).unwrap();
}

/// A window that starts with what another one kept.
fn started_with(session: &str, request: WindowRequest) -> Window {
    let mut window = Window::open(SIZE, request);
    let ctx = window.harness.ctx.clone();
    window.harness.state_mut().take_session(&ctx, session);
    window
}

/// Gives the weights of `TAG` from a file, and waits until they are shown.
fn with_weights(path: &Path) -> Window {
    let mut window = Window::with_cat();
    window.drop_file(path);
    window.wait_for("Which model is this file for?");
    window.click_button(TAG);
    window.wait_for(&format!("{TAG} · "));
    window.settle();
    window
}

#[test]
fn what_was_open_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("some.safetensors");
    weights(&file, 4);
    let mut window = with_weights(&file);
    window.click("Previous layer");
    window.wait_for(&format!("{TAG} · "));
    window.settle();
    window.type_into("Channel number", "7");
    window.wait_for(" by mean, ");
    window.click("Pin");
    window.type_path(&drive());
    window.wait_for("drive, frame 0, center");
    window.settle();
    window.click("Next");
    window.settle();
    window.click("Add view");
    window.choose_model("lite0");
    window.wait_for("2 · tf_efficientnet_lite0.in1k · ");
    window.choose("Colours", "viridis");
    window.settle();
    let titles = |window: &Window| -> Vec<String> {
        let mut titles: Vec<String> = window
            .texts()
            .into_iter()
            .filter(|text| text.starts_with("1 · ") || text.starts_with("2 · "))
            .collect();
        titles.dedup();
        titles
    };
    let before = titles(&window);
    assert!(before.len() >= 2 && before.iter().all(|title| title.contains("drive, frame")), "{before:?}");
    let session = window.harness.state().remembered_session();
    drop(window);

    let mut window = started_with(&session, WindowRequest::default());
    window.wait_for(&before[0]);
    window.wait_for(before.last().unwrap());
    window.settle();
    assert_eq!(titles(&window), before);
    assert!(!window.says("not opened again") && !window.says("the last time"), "{:?}", window.texts());
    // The second view is the active one again; the looks are those of each view.
    let record = window.saved_record(&dir.path().join("again.png"));
    assert_eq!(record.panels[0].look.colour_map, "viridis");
    window.click(&before[0]);
    window.settle();
    assert!(window.says("unverified weights: some.safetensors"), "{:?}", window.texts());
    window.wait_for("Pinned channel 7 of ");
    // Both views go on through one data set.
    window.click("Next");
    window.settle();
    assert!(titles(&window).iter().all(|title| !before.contains(title)), "{:?}", titles(&window));
}

#[test]
fn a_broken_record_and_what_has_gone_cost_nothing_else() {
    for broken in [
        "{",
        "[]",
        r#"{"version":1}"#,
        "no json",
        r#"{"version":99,"views":[],"active":0,"weights":[],"pins":[]}"#,
    ] {
        let mut window = started_with(broken, WindowRequest::default());
        window.wait_for("what was open last is not opened again: its record ");
        window.wait_for("xception.keras_in1k · act4 2048×10×10");
    }
    let dir = tempfile::tempdir().unwrap();
    let picture = dir.path().join("frame.jpg");
    std::fs::copy(root().join("assets/drive/center/1500000000004200000.jpg"), &picture).unwrap();
    let mut window = Window::with_cat();
    window.click("Add view");
    window.click("Link pictures");
    window.type_path(&picture);
    window.wait_for("2 · xception.keras_in1k · act4 · frame.jpg");
    window.settle();
    window.click("Difference");
    window.wait_for("3 · xception.keras_in1k · act4 · cat.png − frame.jpg");
    window.settle();
    let session = window.harness.state().remembered_session();
    drop(window);
    // As long as it is there, the difference comes back with its two sides.
    let mut window = started_with(&session, WindowRequest::default());
    window.wait_for("3 · xception.keras_in1k · act4 · cat.png − frame.jpg");
    drop(window);
    std::fs::remove_file(&picture).unwrap();
    let mut window = started_with(&session, WindowRequest::default());
    window
        .wait_for("not opened again from the last time: view 2 (xception.keras_in1k): there is no such file");
    assert!(window.says("view 3: one of the two views of this difference is not here"));
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window.settle();
    assert!(!window.says("Close view"), "the first view is alone: {:?}", window.texts());
    // A request for a picture or a model wins, and so does a user who is quicker.
    let named = WindowRequest { picture: Some(drive()), ..WindowRequest::default() };
    let mut window = started_with(&session, named);
    window.wait_for("drive, frame 0, center");
    window.settle();
    assert!(!window.says("not opened again"), "{:?}", window.texts());
}

#[test]
fn the_last_time_is_forgotten_where_that_is_chosen() {
    let mut window = Window::with_cat();
    assert!(!window.harness.state().remembered_session().is_empty());
    window.harness.get_all_by_role_and_label(Role::Button, "File").next().unwrap().click();
    window.harness.run_steps(5);
    window.click("Open what was open last");
    assert_eq!(window.harness.state().remembered_session(), "");
    let settings = window.harness.state().remembered();
    drop(window);
    let mut window = Window::with_cat();
    window.click("Previous layer");
    window.wait_for("xception.keras_in1k · act3");
    window.settle();
    let session = window.harness.state().remembered_session();
    drop(window);
    let mut window = Window::with_cat();
    let ctx = window.harness.ctx.clone();
    window.harness.state_mut().take_remembered(&ctx, &settings);
    window.harness.state_mut().take_session(&ctx, &session);
    window.settle();
    assert!(window.says("xception.keras_in1k · act4 2048×10×10"), "{:?}", window.texts());
}

/// Nothing is shown under a wrong name: a weight file that is another one now is told, and one that fits no longer isn't used.
#[test]
fn weights_that_changed_or_went_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("some.safetensors");
    weights(&file, 4);
    let window = with_weights(&file);
    let session = window.harness.state().remembered_session();
    drop(window);
    weights(&file, 2);
    let mut window = started_with(&session, WindowRequest::default());
    window.wait_for(&format!("the weights of {TAG} are others than the last time: their hash began with "));
    assert!(window.says("unverified weights: some.safetensors"));
    // What is kept now is what is shown now.
    let session = window.harness.state().remembered_session();
    drop(window);
    let mut window = started_with(&session, WindowRequest::default());
    window.wait_for(&format!("{TAG} · "));
    window.settle();
    assert!(!window.says("the last time"), "{:?}", window.texts());
    drop(window);
    for (content, why) in [
        (Some("no weights"), "this is no weight file of a kind that is read here"),
        (None, "there is no such file"),
    ] {
        match content {
            Some(content) => std::fs::write(&file, content).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let mut window = started_with(&session, WindowRequest::default());
        window.wait_for(&format!("not opened again from the last time: the weights of {TAG} from "));
        assert!(window.says(why), "{:?}", window.texts());
        assert!(window.says(&format!("view 1 ({TAG}): its weights are not here")));
        window.wait_for("xception.keras_in1k · act4 2048×10×10");
    }
}

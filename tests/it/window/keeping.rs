//! Weights from files are kept on request, and those that were used before are offered again.

use std::path::Path;

use egui_kittest::kittest::{NodeT, Queryable};
use filterscope::models::Registry;
use filterscope::render::WindowRequest;
use filterscope::weights::Folders;

use super::Window;
use crate::support::golden::{generated_params, safetensors_bytes};

const TAG: &str = "mobilenetv2_100.ra_in1k";
const SIZE: [f32; 2] = [1280.0, 1400.0];

fn weights(path: &Path, gain: u32) {
    let graph = (Registry::find(TAG).unwrap().build)().unwrap();
    std::fs::write(path, safetensors_bytes(&generated_params(&graph, gain))).unwrap();
}

#[test]
fn weights_are_kept_and_run_by_name_from_then_on() {
    let dir = tempfile::tempdir().unwrap();
    let folders = Folders::new(None, Some(dir.path().join("own")), None);
    let file = dir.path().join("some.safetensors");
    weights(&file, 4);
    let mut window = Window::open_with_folders(SIZE, WindowRequest::default(), folders.clone());
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    let load = |window: &mut Window| {
        window.drop_file(&file);
        window.wait_for("Which model is this file for?");
        window.click_button(TAG);
        window.wait_for("unverified weights: some.safetensors");
        window.settle();
    };
    load(&mut window);
    // A file that was changed since isn't kept under the name of what was shown.
    weights(&file, 2);
    window.click("Keep these weights");
    window.wait_for("are not kept: the file has changed since it was loaded");
    weights(&file, 4);
    window.click("Keep these weights");
    window.wait_for(&format!("the weights of {TAG} are kept: all of their "));
    window.wait_for("These weights are kept");
    assert!(folders.imported(TAG).unwrap().is_file());
    // Others replace them only when that is said.
    weights(&file, 2);
    window.settle();
    load(&mut window);
    let kept = std::fs::read(folders.imported(TAG).unwrap()).unwrap();
    window.click("Keep these weights");
    window.wait_for("weights are kept for this model already");
    assert_eq!(std::fs::read(folders.imported(TAG).unwrap()).unwrap(), kept);
    window.click("Replace the kept weights");
    window.wait_for("These weights are kept");
    assert_ne!(std::fs::read(folders.imported(TAG).unwrap()).unwrap(), kept);
    drop(window);
    std::fs::remove_file(&file).unwrap();
    let mut window = Window::open_with_folders(SIZE, WindowRequest::default(), folders);
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window.choose_model(TAG);
    window.wait_for(&format!("{TAG} · "));
    window.settle();
    assert!(!window.says("not installed") && !window.says("unverified weights"), "{:?}", window.texts());
}

#[test]
fn weights_used_before_are_offered_and_those_gone_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let (file, gone) = (dir.path().join("some.safetensors"), dir.path().join("gone.safetensors"));
    let mut window = Window::with_cat();
    for path in [&gone, &file] {
        weights(path, 4);
        window.drop_file(path);
        window.wait_for("Which model is this file for?");
        window.click_button(TAG);
        window.wait_for(&format!("unverified weights: {}", path.file_name().unwrap().to_string_lossy()));
        window.settle();
    }
    let settings = window.harness.state().remembered();
    drop(window);
    std::fs::remove_file(&gone).unwrap();

    let mut window = Window::with_cat();
    let ctx = window.harness.ctx.clone();
    window.harness.state_mut().take_remembered(&ctx, &settings);
    window.settle();
    let open = |window: &mut Window| {
        window
            .harness
            .get_all_by_role_and_label(egui::accesskit::Role::Button, "File")
            .next()
            .unwrap()
            .click();
        window.harness.run_steps(5);
        window.harness.get_by_label_contains("Recent weights").click();
        window.harness.run_steps(5);
    };
    open(&mut window);
    let is_off = |window: &Window, name: &str| {
        window.harness.get_by_label(&format!("{name} · {TAG}")).accesskit_node().is_disabled()
    };
    window.wait(|w| is_off(w, "gone.safetensors"), "the file that has gone to be off");
    assert!(!is_off(&window, "some.safetensors"));
    let at = window.harness.get_by_label(&format!("gone.safetensors · {TAG}")).rect().center();
    window.hover(at);
    window.wait_for("there is no such file any more: ");
    // The model is known from the last time, so nothing is asked.
    let at = window.harness.get_by_label(&format!("some.safetensors · {TAG}")).rect().center();
    window.click_at(at);
    window.wait_for("unverified weights: some.safetensors");
    window.wait_for(&format!("{TAG} · "));
    assert!(!window.says("Which model is this file for?"));
}

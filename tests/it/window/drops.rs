//! Dropped files: none is lost, weights come before pictures, and the view under the pointer takes them.

use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use filterscope::models::Registry;

use super::Window;
use crate::support::golden::{generated_params, safetensors_bytes};
use crate::support::root;

/// Two models of one architecture, which a file doesn't tell apart.
const TAG: &str = "mobilenetv2_100.ra_in1k";
const B0: &str = "tf_efficientnet_b0.in1k";

fn weights(path: &Path, tag: &str) -> PathBuf {
    let graph = (Registry::find(tag).unwrap().build)().unwrap();
    std::fs::write(path, safetensors_bytes(&generated_params(&graph, 4))).unwrap();
    path.to_owned()
}

fn frame(name: &str) -> PathBuf {
    root().join("assets/drive/center").join(name)
}

#[test]
fn several_pictures_become_a_set_in_the_order_given() {
    let mut window = Window::with_cat();
    let (late, early) = (frame("1500000000504200000.jpg"), frame("1500000000004200000.jpg"));
    window.drop_files([late, early, root().join("assets/cat.png"), root().join("Cargo.toml")]);
    window.wait_for("set of 3 pictures, in the order given");
    window.wait_for("1500000000504200000.jpg · 320×240");
    assert!(window.says("not opened with the others: \""), "{:?}", window.texts());
    assert!(window.says("Cargo.toml\" (a text file)"), "{:?}", window.texts());
    window.click("Next");
    window.wait_for("1500000000004200000.jpg · 320×240");
    window.click("Next");
    window.wait_for("cat.png · 451×300");
    // The set comes back at the next start.
    window.settle();
    let session = window.harness.state().remembered_session();
    drop(window);
    let mut window = Window::open([1280.0, 1400.0], filterscope::render::WindowRequest::default());
    let ctx = window.harness.ctx.clone();
    window.harness.state_mut().take_session(&ctx, &session);
    window.wait_for("set of 3 pictures, in the order given");
    window.wait_for("cat.png · 451×300");
}

#[test]
fn a_mixture_is_opened_weights_first_with_a_question_for_each() {
    let dir = tempfile::tempdir().unwrap();
    let one = weights(&dir.path().join("one.safetensors"), B0);
    let two = weights(&dir.path().join("two.safetensors"), TAG);
    let mut window = Window::with_cat();
    window.drop_files([frame("1500000000504200000.jpg"), one, frame("1500000000004200000.jpg"), two]);
    window.wait_for("one.safetensors fits several");
    assert!(!window.says("set of 2 pictures"));
    window.click_button(B0);
    window.wait_for("two.safetensors fits several");
    window.click_button(TAG);
    window.wait_for("set of 2 pictures, in the order given");
    window.wait_for("1500000000504200000.jpg · 320×240");
    window.wait_for(&format!("{TAG} · "));
    window.settle();
    // The first file's weights are here too.
    window.choose_model(B0);
    window.wait_for(&format!("{B0} · "));
    assert!(window.says("unverified weights: one.safetensors"), "{:?}", window.texts());
    // A file that can't be read keeps none of the others from being opened.
    let bad = dir.path().join("bad.safetensors");
    std::fs::write(&bad, "no weights").unwrap();
    window.settle();
    window.drop_files([bad, root().join("assets/cat.png")]);
    window.wait_for("cat.png · 451×300");
    assert!(window.says("bad.safetensors"), "{:?}", window.texts());
}

#[test]
fn a_view_that_waits_for_weights_takes_a_fitting_file_without_asking() {
    let dir = tempfile::tempdir().unwrap();
    let file = weights(&dir.path().join("some.safetensors"), B0);
    let mut window = Window::with_cat();
    window.choose_model(B0);
    window.wait_for(&format!("The weights of {B0} are not installed"));
    window.drop_file(file);
    window.wait_for(&format!("{B0} · bn2.act 1280×7×7"));
    assert!(!window.says("Which model is this file for?"), "{:?}", window.texts());
}

#[test]
fn the_view_under_the_pointer_takes_what_is_dropped() {
    let mut window = Window::with_cat();
    window.click("Add view");
    window.click("Link pictures");
    window.settle();
    let at = |window: &Window, view: usize| {
        let name = format!("View {view}: mosaic of 2048 channels");
        window.harness.get_by_role_and_label(Role::Image, &name).rect().center()
    };
    // The second view is active; the pointer comes a frame after the drop.
    let first = at(&window, 1);
    window.drop_files([frame("1500000000004200000.jpg")]);
    window.hover(first);
    window.wait_for("1 · xception.keras_in1k · act4 · 1500000000004200000.jpg");
    window.settle();
    assert!(window.says("2 · xception.keras_in1k · act4 · cat.png"), "{:?}", window.texts());
    // Without a pointer the active view takes it, which is the first now.
    window.drop_file(frame("1500000000504200000.jpg"));
    window.wait_for("1 · xception.keras_in1k · act4 · 1500000000504200000.jpg");
    window.settle();
    assert!(window.says("2 · xception.keras_in1k · act4 · cat.png"), "{:?}", window.texts());
}

#[test]
fn where_files_cannot_be_dropped_the_window_says_what_works() {
    let mut window = Window::with_cat();
    assert!(window.describes("drop a file, or type its path"));
    window.harness.state_mut().set_takes_drops(false);
    window.harness.run_steps(5);
    window.choose_model(B0);
    window.wait_for(&format!("The weights of {B0} are not installed"));
    assert!(!window.describes("drop a file") && !window.says("drop it"), "{:?}", window.texts());
    assert!(window.says("open or paste a picture, or type its path"), "{:?}", window.texts());
    assert!(window.says("load it here or type its path on the left"), "{:?}", window.texts());
}

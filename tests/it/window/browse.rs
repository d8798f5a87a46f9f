//! Browsing a data set: timeline, strip, labels, cameras, a watched folder, a stream of frames.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use filterscope::render::WindowRequest;
use filterscope::tensor::PixelSize;

use super::{Window, drive};
use crate::support::root;

fn on_the_drive() -> Window {
    let mut window =
        Window::open([1280.0, 1400.0], WindowRequest { picture: Some(drive()), ..WindowRequest::default() });
    window.wait_for("drive, frame 0, center");
    window.settle();
    window
}

#[test]
fn moments_are_reached_by_strip_key_and_slider_and_labels_follow() {
    let mut window = on_the_drive();
    assert!(window.says("frame 0 of "));
    window.wait_for("angle at this frame: ");
    window.click("Frame 2");
    window.wait_for("drive, frame 2, center");
    window.press(egui::Key::ArrowRight);
    window.wait_for("drive, frame 3, center");
    window.press(egui::Key::ArrowLeft);
    window.wait_for("drive, frame 2, center");
    window.harness.get_by_role_and_label(Role::Slider, "Frame").focus();
    window.harness.run_steps(2);
    window.press(egui::Key::ArrowRight);
    window.wait_for("drive, frame 3, center");
    window.choose("Plotted label", "speed");
    window.wait_for("speed at this frame: ");
}

#[test]
fn frames_play_until_stopped() {
    let mut window = on_the_drive();
    window.press(egui::Key::Space);
    window.wait_for("drive, frame 2, center");
    window.click("Stop");
    window.settle();
    let before = window.texts().into_iter().find(|t| t.starts_with("frame ")).unwrap();
    window.harness.run_steps(120);
    assert!(window.says(&before), "two seconds later it is still {before}");
}

#[test]
fn a_locked_colour_range_is_kept_for_every_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = on_the_drive();
    // Per channel there is no single range to hold.
    let lock =
        |window: &Window| window.harness.get_by_label("Lock colour range").accesskit_node().is_disabled();
    assert!(lock(&window));
    window.choose("Normalization", "whole layer");
    window.settle();
    assert!(!lock(&window));
    window.click("Lock colour range");
    window.settle();
    let range = |window: &mut Window, file: &str| {
        window.saved_record(&dir.path().join(file)).panels[0].look.normalisation.clone()
    };
    let first = range(&mut window, "first.png");
    assert!(first.starts_with("fixed:0,"), "{first}");
    window.click("Frame 3");
    window.wait_for("drive, frame 3, center");
    window.settle();
    assert_eq!(range(&mut window, "fourth.png"), first);
    window.click("Lock colour range");
    window.settle();
    assert_eq!(range(&mut window, "free.png"), "layer");
    // Another data set isn't shown in this one's range.
    window.click("Lock colour range");
    window.settle();
    let other = tempfile::tempdir().unwrap();
    std::fs::copy(root().join("assets/cat.png"), other.path().join("1.png")).unwrap();
    window.type_path(other.path());
    window.wait_for("frame 0 of 1");
    window.settle();
    assert_eq!(range(&mut window, "other.png"), "layer");
}

#[test]
fn three_cameras_of_one_moment_are_shown_side_by_side() {
    let mut window = on_the_drive();
    window.click("All cameras");
    for view in [
        "1 · xception.keras_in1k · act4 · drive, frame 0, left",
        "3 · xception.keras_in1k · act4 · drive, frame 0, right",
    ] {
        window.wait_for(view);
    }
    let left = window.harness.get_by_label("View 1: mosaic of 2048 channels").rect();
    let right = window.harness.get_by_label("View 3: mosaic of 2048 channels").rect();
    assert!(left.right() <= right.left(), "{left:?} {right:?}");
    window.press(egui::Key::ArrowRight);
    for camera in ["left", "center", "right"] {
        window.wait_for(&format!("act4 · drive, frame 1, {camera}"));
    }
    // Once more, and the active one is alone again.
    window.settle();
    window.click("All cameras");
    window.settle();
    assert!(!window.says("Close view"), "{:?}", window.texts());
    assert!(window.says("drive, frame 1, center"));
}

/// At no moment do the views of one frame show different frames, whether they are computed or come from the cache.
#[test]
fn the_cameras_of_a_frame_stay_in_step() {
    let mut window = on_the_drive();
    window.click("All cameras");
    window.wait_for("3 · xception.keras_in1k · act4 · drive, frame 0, right");
    window.settle();
    let rows = |window: &Window| -> Vec<String> {
        let titles = window.texts().into_iter().filter(|text| text.contains(" · act4 · drive, frame "));
        let row = |title: &str| title.split("frame ").nth(1).unwrap().split(',').next().unwrap().to_owned();
        let mut rows: Vec<String> = titles.map(|title| row(&title)).collect();
        rows.dedup();
        rows
    };
    for (key, expected) in [
        (egui::Key::ArrowRight, "1"),
        (egui::Key::ArrowRight, "2"),
        (egui::Key::ArrowLeft, "1"),
        (egui::Key::ArrowRight, "2"),
    ] {
        window.harness.key_press(key);
        window.wait(
            |w| {
                let rows = rows(w);
                assert_eq!(rows.len(), 1, "different frames: {rows:?}");
                rows[0] == expected
            },
            expected,
        );
    }
    window.settle();
    assert_eq!(rows(&window), ["2"]);
}

#[test]
fn a_broken_picture_in_a_folder_is_reported_and_skipped() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(root().join("assets/cat.png"), dir.path().join("1.png")).unwrap();
    std::fs::write(dir.path().join("2.png"), b"\x89PNG\r\n\x1a\nand nothing more").unwrap();
    std::fs::copy(root().join("assets/cat.png"), dir.path().join("3.png")).unwrap();
    let mut window = Window::with_cat();
    window.type_path(dir.path());
    window.wait_for("frame 0 of 3");
    window.click("Frame 1");
    window.wait_for("That didn't work");
    window.click("Frame 2");
    window.settle();
    assert!(!window.says("That didn't work") && window.says("frame 2 of 3"));
}

#[test]
fn a_watched_folder_shows_new_files() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(root().join("assets/cat.png"), dir.path().join("1.png")).unwrap();
    let mut window = Window::with_cat();
    window.type_path(dir.path());
    window.wait_for("frame 0 of 1");
    window.settle();
    // A file added since the folder was opened is shown at once.
    std::fs::copy(root().join("assets/drive/center/1500000000004200000.jpg"), dir.path().join("2.jpg"))
        .unwrap();
    window.click("Watch folder");
    window.wait_for("frame 1 of 2");
    window.wait_for("2.jpg · 320×240");
    std::fs::copy(root().join("assets/cat.png"), dir.path().join("3.png")).unwrap();
    window.wait_for("frame 2 of 3");
    window.wait_for("3.png · 451×300");
}

#[test]
fn frames_of_a_stream_are_shown_and_its_end_is_reported() {
    let mut window = Window::with_cat();
    let mut bytes = vec![40; 32 * 24 * 3];
    bytes.extend(vec![200; 32 * 24 * 3]);
    bytes.push(1);
    let ctx = window.harness.ctx.clone();
    window.harness.state_mut().follow_frames(&ctx, PixelSize::new(32, 24), std::io::Cursor::new(bytes));
    window.wait_for("frame 2 · 32×24");
    window.wait_for("the stream ended inside frame 3: expected 2304 bytes, got 1; is the size right, and the format rgb24?");
    let unnamed = window
        .harness
        .root()
        .query_all(egui_kittest::kittest::By::new().role(Role::Slider))
        .filter(|n| n.accesskit_node().label().is_none())
        .count();
    assert_eq!(unnamed, 0);
}

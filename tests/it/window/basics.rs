//! A window with one view: opening pictures, choosing models and looks, saving, keys.

use std::path::Path;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use filterscope::formats::read_record;
use filterscope::models::Registry;
use filterscope::render::WindowRequest;

use super::{Window, drive};
use crate::support::golden::{generated_params, safetensors_bytes};
use crate::support::root;

#[test]
fn opens_on_the_cat_and_says_what_the_model_is() {
    let window = Window::with_cat();
    window.harness.get_by_role_and_label(Role::Image, "Mosaic of 2048 channels");
    window.harness.get_by_role_and_label(Role::Image, "What the network saw");
    assert!(window.says("Xception, ImageNet, Keras' weights"));
    assert!(window.says("cat.png · 451×300"));
    assert!(window.says("stretched from 451x300 to 299x299, nearest"));
    assert!(window.says("1465 live · 583 dead · 0 constant"));
}

#[test]
fn a_broken_picture_is_an_error_and_the_last_mosaic_stays() {
    let mut window = Window::with_cat();
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("broken.png");
    std::fs::write(&broken, b"\x89PNG\r\n\x1a\nand nothing more").unwrap();
    window.type_path(&broken);
    window.wait_for("That didn't work");
    assert!(window.says(&format!("\"{}\"", broken.display())), "{:?}", window.texts());
    window.harness.get_by_role_and_label(Role::Image, "Mosaic of 2048 channels");
    assert!(window.says("cat.png · 451×300"), "what was shown stays");
    window.click("Go back");
    window.settle();
    assert!(!window.says("That didn't work"));
    // "Go back" also restores the request: the next change doesn't try the broken picture again.
    window.click("Previous layer");
    window.wait_for("act3 1536×10×10");
}

#[test]
fn a_file_changed_under_its_path_is_read_again() {
    let mut window = Window::with_cat();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("picture.png");
    std::fs::copy(root().join("assets/cat.png"), &path).unwrap();
    window.type_path(&path);
    window.wait_for("picture.png · 451×300");
    let frame = root().join("assets/drive/center").read_dir().unwrap().next().unwrap().unwrap().path();
    std::fs::copy(frame, &path).unwrap();
    window.type_path(&path);
    window.wait_for("picture.png · 320×240");
    // Another path replaces the first.
    window.type_path(&root().join("assets/cat.png"));
    window.wait_for("cat.png · 451×300");
}

#[test]
fn a_path_that_is_not_there_changes_nothing() {
    let mut window = Window::with_cat();
    window.type_path(Path::new("/nowhere/at/all.png"));
    window.wait_for("there is no such file: \"/nowhere/at/all.png\"");
    window.settle();
    assert!(window.says("cat.png · 451×300"));
    assert!(!window.says("That didn't work"), "the mosaic on screen is still what is wanted");
}

#[test]
fn pictures_are_opened_by_dialog_and_by_drop() {
    let mut window = Window::with_cat();
    window.click("Open…");
    window.wait(|w| w.dialogs.num_asked() == 1, "the dialog");
    // The dialog closed at once. A system without file dialogs does that too, so a message says what else to do.
    window.wait_for("no file dialog opened");
    assert!(window.says("cat.png · 451×300"), "nothing else changes");
    window
        .dialogs
        .answer(root().join("assets/drive/center").read_dir().unwrap().next().unwrap().unwrap().path());
    window.click("Open…");
    window.wait_for(".jpg · 320×240");
    assert!(!window.says("no file dialog opened"), "what is old goes");
    window.drop_file(root().join("assets/cat.png"));
    window.wait_for("cat.png · 451×300");
}

#[test]
fn models_and_layers_are_switched() {
    let mut window = Window::with_cat();
    window.click("Previous layer");
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.choose_model("lite0");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act 1280×7×7");
    window.harness.get_by_role_and_label(Role::Image, "Mosaic of 1280 channels");
    assert!(window.says("462 live · 818 dead"));
}

#[test]
fn a_model_without_weights_is_explained() {
    let mut window = Window::with_cat();
    window.choose_model("vgg11.tv");
    window.wait_for("The weights of vgg11.tv_in1k are not installed");
    window.harness.get_by_role_and_label(Role::Image, "Mosaic of 2048 channels");
    window.click("Go back");
    window.wait_for("xception.keras_in1k · act4");
    assert!(!window.says("are not installed"));
    // The weights of torchvision's VGG-16 aren't embedded; Keras' are, and are offered first.
    window.choose_model("vgg16.tv");
    window.wait_for("The weights of vgg16.tv_in1k are not installed");
    assert!(window.says(
        "VGG16 under Model (vgg16.keras_in1k) runs at once: the same architecture with other weights."
    ));
    window.click("vgg16.keras_in1k");
    window.wait_for("vgg16.keras_in1k · features.30 512×7×7");
    window.harness.get_by_role_and_label(Role::Image, "Mosaic of 512 channels");
}

#[test]
fn a_weight_file_selects_its_model_and_the_carried_weights_can_be_restored() {
    let mut window = Window::with_cat();
    // A file that fits one model only switches to that model, whichever was chosen.
    window.dialogs.answer(root().join("weights/tf_efficientnet_lite0.f16.safetensors"));
    window.click_button("Load weights…");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act 1280×7×7");
    assert!(window.says("a copy of the built-in weights: tf_efficientnet_lite0.f16.safetensors"));
    window.click("Use the built-in weights");
    window.settle();
    assert!(!window.says("a copy of the built-in weights"));
    // A file that fits no model in the registry.
    let dir = tempfile::tempdir().unwrap();
    let foreign = dir.path().join("foreign.safetensors");
    let tensors = vec![("a.weight".to_owned(), vec![2], vec![0.0; 2])];
    std::fs::write(&foreign, safetensors_bytes(&tensors)).unwrap();
    window.dialogs.answer(&foreign);
    window.click_button("Load weights…");
    window.wait_for("this file fits no network here: its 1 tensors have other names or shapes");
    window.settle();
    assert!(window.says("tf_efficientnet_lite0.in1k · bn2.act 1280×7×7"), "nothing is lost");
}

/// The carried VGG16 is Keras'; its tensors fit torchvision's VGG16 too, which wants its pictures in another way.
#[test]
fn a_copy_of_carried_weights_is_refused_for_another_model() {
    let mut window = Window::with_cat();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copy.safetensors");
    std::fs::copy(root().join("weights/vgg16_keras_in1k_notop.f16.safetensors"), &path).unwrap();
    window.drop_file(&path);
    window.wait_for("Which model is this file for?");
    window.click_button("vgg16.tv_in1k");
    window.wait_for("this file holds the weights of vgg16.keras_in1k, not of vgg16.tv_in1k");
    window.drop_file(&path);
    window.wait_for("Which model is this file for?");
    window.click_button("vgg16.keras_in1k");
    window.wait_for("vgg16.keras_in1k · features.30 512×7×7");
    window.wait_for("a copy of the built-in weights: copy.safetensors");
}

#[test]
fn a_weight_file_that_fits_several_models_asks_which() {
    let mut window = Window::with_cat();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    let graph = (Registry::find("resnet18").unwrap().build)().unwrap();
    std::fs::write(&path, safetensors_bytes(&generated_params(&graph, 3))).unwrap();
    window.drop_file(path);
    window.wait_for("Which model is this file for?");
    assert!(window.says("resnet18.a1_in1k") && window.says("resnet18.tv_in1k"));
    window.click_button("resnet18.tv_in1k");
    window.wait_for("resnet18.tv_in1k · layer4.1 512×7×7");
    assert!(window.says("unverified weights: model.safetensors"));
}

#[test]
fn a_figure_is_saved_with_the_record_of_its_looks() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    window.choose("Layout", "channels per location");
    window.choose("Normalization", "whole layer");
    window.choose("Colours", "greys");
    window.settle();
    window.dialogs.answer(dir.path().join("figure"));
    window.click_button("Save mosaic…");
    let path = dir.path().join("figure.png");
    window.wait_for(&format!("saved \"{}\"", path.display()));
    let record = read_record(&path).unwrap();
    assert_eq!(record.picture.file_name, "cat.png");
    let panel = &record.panels[0];
    assert_eq!(
        [
            &panel.run.tag,
            &panel.look.layer,
            &panel.look.layout,
            &panel.look.normalisation,
            &panel.look.colour_map
        ],
        ["xception.keras_in1k", "act4", "locations", "layer", "greys"]
    );
    assert_eq!(panel.run.weights_sha256, "ffce31808a448e4e6a37110302ee78ac1b7c0f607fc72f1df8e095260aca95dd");

    // The dialog confirmed `figure` only; `figure.png` is another file, and nobody confirmed that it may be replaced.
    window.dialogs.answer(dir.path().join("figure"));
    window.click_button("Save mosaic…");
    let before = std::fs::read(&path).unwrap();
    window.wait_for("There is a file \"figure.png\" already.");
    window.click("Cancel");
    window.wait(|w| !w.says("There is a file"), "the question is gone");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // Whoever says so replaces it.
    std::fs::write(&path, "something else").unwrap();
    window.dialogs.answer(dir.path().join("figure"));
    window.click_button("Save mosaic…");
    window.wait_for("There is a file \"figure.png\" already.");
    window.click("Replace");
    window.wait_for(&format!("saved \"{}\"", path.display()));
    assert_eq!(read_record(&path).unwrap().panels, record.panels);

    let typed = dir.path().join("typed.png");
    window.type_into("File name:", &typed.display().to_string());
    window.wait_for(&format!("saved \"{}\"", typed.display()));
    assert_eq!(read_record(&typed).unwrap().panels, record.panels);

    window.dialogs.answer(dir.path().join("no/such/folder/figure.png"));
    window.click_button("Save mosaic…");
    window.wait_for("no/such/folder/figure.png\"");
    assert!(path.exists());
}

#[test]
fn a_name_of_another_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    let typed = dir.path().join("sheet.pdf");
    window.type_into("File name:", &typed.display().to_string());
    window.wait_for("a figure is a PNG, and .pdf isn't written: end the name in .png");
    window.dialogs.answer(dir.path().join("figure.svg"));
    window.click_button("Save mosaic…");
    window.wait_for("a figure is a PNG, and .svg isn't written: end the name in .png");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// Messages lie over the window: the mosaic stays where it is.
#[test]
fn messages_move_nothing_and_errors_stay_until_dismissed() {
    let mut window = Window::with_cat();
    window.settle();
    let mosaic = |w: &Window| w.harness.get_by_label("Mosaic of 2048 channels").rect();
    let before = mosaic(&window);
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::C);
    window.wait_for("copied the mosaic as a picture");
    window.type_path(std::path::Path::new("/there/is/nothing.png"));
    window.wait_for("there is no such file");
    window.settle();
    assert_eq!(mosaic(&window), before);
    // More than a minute of the window's time.
    for _ in 0..300 {
        window.harness.step();
    }
    assert!(window.says("there is no such file") && !window.says("copied the mosaic"));
    window.click_button("Dismiss");
    assert!(!window.says("there is no such file"));
    window.menu("Help", "Messages");
    window.wait_for("there is no such file");
    assert!(window.says("copied the mosaic as a picture"));
}

#[test]
fn a_picture_is_never_overwritten_by_its_mosaic() {
    let dir = tempfile::tempdir().unwrap();
    let picture = dir.path().join("picture.png");
    std::fs::copy(root().join("assets/cat.png"), &picture).unwrap();
    let mut window = Window::with_cat();
    window.type_path(&picture);
    window.wait_for("picture.png · 451×300");
    window.dialogs.answer(&picture);
    window.click_button("Save mosaic…");
    window.wait_for("the mosaic would overwrite its picture; choose another name");
    assert_eq!(std::fs::read(&picture).unwrap(), std::fs::read(root().join("assets/cat.png")).unwrap());
}

#[test]
fn a_driving_log_is_walked_through() {
    let mut window =
        Window::open([1280.0, 1400.0], WindowRequest { picture: Some(drive()), ..WindowRequest::default() });
    window.wait_for("drive, frame 0, center");
    assert!(window.says("angle: "), "{:?}", window.texts());
    window.click("Next");
    window.wait_for("drive, frame 1, center");
    window.click("left");
    window.wait_for("drive, frame 1, left");
    window.harness.key_press(egui::Key::PageDown);
    window.wait_for("drive, frame 2, left");
    window.click("Previous");
    window.wait_for("drive, frame 1, left");
}

#[test]
fn pointing_and_typing_find_channels() {
    let mut window = Window::with_cat();
    let mosaic = window.harness.get_by_role_and_label(Role::Image, "Mosaic of 2048 channels").rect();
    // 64 columns and 32 rows of 10×10 tiles with gaps of 1. The panel is taller than the mosaic, so the mosaic fills its width.
    let tile = mosaic.width() / 64.0;
    let top = mosaic.center().y - tile * 16.0;
    let at =
        |row: f32, column: f32| egui::pos2(mosaic.left() + tile * (column + 0.5), top + tile * (row + 0.5));
    window.harness.hover_at(at(2.0, 7.0));
    window.harness.run_steps(3);
    assert!(window.says("channel 135, "), "row 2, column 7 of 64 columns: {:?}", window.texts());
    window.harness.hover_at(egui::pos2(2.0, 2.0));
    window.harness.run_steps(2);
    window.type_into("Channel number", "2047");
    assert!(window.says("Channel 2047"));
    window.harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::ArrowUp);
    window.harness.run_steps(3);
    assert!(window.says("Channel 1983"));
    window.harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::ArrowRight);
    window.harness.run_steps(3);
    assert!(window.says("Channel 1983"), "at the right edge there is no neighbour");
    window.harness.key_press(egui::Key::Escape);
    window.harness.run_steps(3);
    assert!(window.says("Click a tile"));
    window.type_into("Channel number", "2048");
    assert!(window.says("expected a number from 0 to 2047"), "{:?}", window.texts());
    window.harness.key_press(egui::Key::F1);
    window.harness.run_steps(3);
    assert!(window.says("the part of the input that one value can see"));
}

#[test]
fn fit_and_value_scale_can_be_changed() {
    let mut window = Window::with_cat();
    window.choose("Fit", "the picture's own size");
    window.wait_for("act4 2048×10×14");
    window.type_into("Other size:", "4x4");
    window.wait_for("That didn't work");
    assert!(window.says("input 4x4 is too small for this network"));
    window.choose("Fit", "default (299x299)");
    window.wait_for("act4 2048×10×10");
    window.choose("Preprocessing", "raw 0–255");
    window.wait_for("stretched from 451x300 to 299x299, nearest; RGB x");
}

#[test]
fn a_tiny_window_and_one_closed_during_a_run_do_no_harm() {
    let mut window = Window::open([120.0, 90.0], WindowRequest::default());
    window.harness.run_steps(5);
    window.harness.set_size(egui::vec2(3000.0, 40.0));
    window.harness.run_steps(5);
    // The window is dropped while the network runs: the run is cancelled and the thread joined.
    drop(window);
}

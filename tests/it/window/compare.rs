//! Views side by side, each with its own backbone, layer and picture, linked or not.

use std::path::PathBuf;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use super::Window;
use crate::support::root;

fn frame() -> PathBuf {
    root().join("assets/drive/center/1500000000004200000.jpg")
}

/// The cat through Xception and through Lite0.
fn two_networks() -> Window {
    let mut window = Window::with_cat();
    window.click("Add view");
    window.choose_model("lite0");
    window.wait_for("2 · tf_efficientnet_lite0.in1k · bn2.act · cat.png");
    window.settle();
    window
}

#[test]
fn two_networks_are_shown_side_by_side_with_their_own_details() {
    let mut window = two_networks();
    window.harness.get_by_role_and_label(Role::Image, "View 1: mosaic of 2048 channels");
    window.harness.get_by_role_and_label(Role::Image, "View 2: mosaic of 1280 channels");
    for said in [
        "299×299 stretched from 451x300 to 299x299, nearest; RGB x/127.5 − 1 · 2048×10×10 · ",
        "224×224 scaled from 451x300 to 385x256, bicubic, centre 224x224; RGB (x − 127)/128 · 1280×7×7 · ",
        " ms · 28 % dead · sparsity 81 %",
        " ms · 64 % dead · sparsity 94 %",
    ] {
        assert!(window.says(said), "{said}: {:?}", window.texts());
    }
    // The panels follow the view that is clicked.
    window.click("1 · xception.keras_in1k · act4 · cat.png");
    assert!(window.says("1465 live · 583 dead"));
    window.click("Previous layer");
    window.wait_for("1 · xception.keras_in1k · act3 · cat.png");
    assert!(window.says("2 · tf_efficientnet_lite0.in1k · bn2.act"), "a layer is one view's own");
    window.click("Add view");
    window.click("Add view");
    window.harness.run_steps(3);
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::T);
    window.harness.run_steps(3);
    assert!(window.says("4 views stand side by side at most"), "{:?}", window.texts());
    window.click("Close view 4");
    window.click("Close view 3");
    window.click("Close view 1");
    window.harness.run_steps(3);
    window.harness.get_by_role_and_label(Role::Image, "Mosaic of 1280 channels");
    assert!(!window.says("Close view"), "the last view stays");
}

/// A view names what it shows; what was asked of it is named beside that.
#[test]
fn a_view_names_what_it_shows() {
    let mut window = two_networks();
    window.choose_model("resnet50.tv_in1k");
    window.wait_for("resnet50.tv_in1k · layer4.2: weights not installed");
    for title in
        ["1 · xception.keras_in1k · act4 · cat.png", "2 · tf_efficientnet_lite0.in1k · bn2.act · cat.png"]
    {
        assert!(window.texts().iter().any(|text| text == title), "{title}: {:?}", window.texts());
    }
    window.wait_for("On screen: tf_efficientnet_lite0.in1k · bn2.act");
}

#[test]
fn pointing_at_a_location_shows_the_same_place_in_a_view_with_another_crop() {
    let mut window = two_networks();
    let image = "View 1: mosaic of 2048 channels";
    // Tile (0, 0) has 10×10 values. Location (3, 4) of act4 has its centre at pixel 103.5, 135.5 of 299, so at 0.346 of the height and
    // 0.453 of the width. In the 385×256 picture, less the 80 and 16 pixels cropped, that is pixel 72.6, 94.5 of Lite0's input. The
    // nearest location is (1, 2), whose centre is at 63.5, 95.5.
    // A tile and its gap are eleven values wide.
    let value = |row: f32, column: f32| ((row + 0.5) / 11.0 - 0.5, (column + 0.5) / 11.0 - 0.5);
    let (row, column) = value(3.0, 4.0);
    let at = window.tile(image, (32.0, 64.0), (row, column));
    window.hover(at);
    assert!(window.says("same place: row 1, column 2"), "{:?}", window.texts());
    // Column 0 has its centre at 0.025 of the width: pixel −70.3, which is cropped off.
    let (row, column) = value(3.0, 0.0);
    let at = window.tile(image, (32.0, 64.0), (row, column));
    window.hover(at);
    assert!(window.says("this network didn't see that place"), "{:?}", window.texts());
}

#[test]
fn pictures_can_be_unlinked_and_two_give_a_difference() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    window.click("Add view");
    window.click("Difference");
    assert!(window.says(
        "a difference needs two pictures or layers: open another picture in one view (unlink pictures first)"
    ));
    window.type_path(&frame());
    window.wait_for("1 · xception.keras_in1k · act4 · 1500000000004200000.jpg");
    window.wait_for("2 · xception.keras_in1k · act4 · 1500000000004200000.jpg");
    window.click("Link pictures");
    window.drop_file(root().join("assets/cat.png"));
    window.wait_for("2 · xception.keras_in1k · act4 · cat.png");
    window.settle();
    assert!(window.says("1 · xception.keras_in1k · act4 · 1500000000004200000.jpg"));
    window.click("Difference");
    window.wait_for("3 · xception.keras_in1k · act4 · 1500000000004200000.jpg − cat.png");
    window.settle();
    let record = window.saved_record(&dir.path().join("difference.png"));
    assert_eq!(record.picture.file_name, "1500000000004200000.jpg");
    assert_eq!(record.minus.unwrap().file_name, "cat.png");
    let look = &record.panels[0].look;
    assert_eq!((&*look.normalisation, &*look.colour_map), ("symmetric", "blue-red"));
    // Both views of the difference now have the same colour range.
    let mut range = |view: &str, file: &str| {
        window.click(view);
        window.saved_record(&dir.path().join(file)).panels[0].look.normalisation.clone()
    };
    let first = range("1 · xception.keras_in1k · act4 · 1500000000004200000.jpg", "a.png");
    let second = range("2 · xception.keras_in1k · act4 · cat.png", "b.png");
    assert_eq!(first, second);
    assert!(first.starts_with("fixed:0,"), "{first}");
    // The difference follows its views. If it can't be computed, it says why.
    window.click("Previous layer");
    window.wait_for("a difference needs one layer or one picture: layers here are act4 and act3");
    window.click("1 · xception.keras_in1k · act4 · 1500000000004200000.jpg");
    window.click("Previous layer");
    window.wait_for("3 · xception.keras_in1k · act3 · 1500000000004200000.jpg − cat.png");
    window.click("Close view 2");
    window.wait_for("one of the two views of this difference was closed");
}

/// Before and after an activation: the same channels in two views, and what the activation took away.
#[test]
fn layers_with_the_same_channels_are_pointed_at_together_and_give_a_difference() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    window.click("Add view");
    window.settle();
    window.type_into("Search layers", "bn4");
    window.wait_for("2 · xception.keras_in1k · bn4 · cat.png");
    window.settle();
    let at = window.tile("View 1: mosaic of 2048 channels", (32.0, 64.0), (0.0, 5.0));
    window.hover(at);
    assert!(window.says(" · channel 5: "), "{:?}", window.texts());
    window.click("Difference");
    window.wait_for("3 · xception.keras_in1k · act4 − bn4 · cat.png");
    window.settle();
    let path = dir.path().join("difference.png");
    let record = window.saved_record(&path);
    assert_eq!((record.minus, &*record.panels[0].look.layer), (None, "act4 − bn4"));
    assert!(record.panels[0].look.range.starts_with('−'), "{}", record.panels[0].look.range);
    // The figure opens again with both its sides.
    let mut other = Window::with_cat();
    other.drop_file(path);
    for view in ["1 · xception.keras_in1k · act4 · cat", "2 · xception.keras_in1k · bn4 · cat"] {
        other.wait_for(view);
    }
    other.wait_for("3 · xception.keras_in1k · act4 − bn4 · cat.png");
    // Channels of other filters have no difference.
    window.click("1 · xception.keras_in1k · act4 · cat.png");
    window.click("Previous layer");
    window.wait_for("a difference of two layers needs the same channels in both");
}

/// Undo restores closed views, and a difference of them, under their numbers; redo closes them again.
#[test]
fn closed_views_and_links_come_back() {
    let mut window = Window::with_cat();
    let undo = |window: &mut Window| {
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
        window.settle();
    };
    let redo = |window: &mut Window| {
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Y);
        window.settle();
    };
    window.click("Add view");
    window.click("Link pictures");
    window.type_path(&frame());
    window.wait_for("2 · xception.keras_in1k · act4 · 1500000000004200000.jpg");
    window.settle();
    window.click("Difference");
    let difference = "3 · xception.keras_in1k · act4 · cat.png − 1500000000004200000.jpg";
    window.wait_for(difference);
    window.settle();
    window.click("Close view 2");
    window.wait_for("one of the two views of this difference was closed");
    undo(&mut window);
    assert!(window.says(difference) && window.says("2 · xception.keras_in1k · act4 · 1500"));
    assert!(!window.says("was closed"), "{:?}", window.texts());
    undo(&mut window);
    assert!(!window.says(difference) && window.says("2 · xception.keras_in1k · act4 · 1500"));
    undo(&mut window);
    assert!(window.says("2 · xception.keras_in1k · act4 · cat.png"), "{:?}", window.texts());
    // Undo restores the links too: then a new picture is opened in both views.
    undo(&mut window);
    window.drop_file(frame());
    window.wait_for("1 · xception.keras_in1k · act4 · 1500000000004200000.jpg");
    window.wait_for("2 · xception.keras_in1k · act4 · 1500000000004200000.jpg");
    window.settle();
    for _ in 0..2 {
        undo(&mut window);
    }
    window.harness.get_by_role_and_label(Role::Image, "Mosaic of 2048 channels");
    assert!(!window.says("Close view"), "{:?}", window.texts());
    redo(&mut window);
    assert!(window.says("2 · xception.keras_in1k · act4 · cat.png"), "{:?}", window.texts());
    window.click("Close view 2");
    undo(&mut window);
    window.harness.get_by_role_and_label(Role::Image, "View 2: mosaic of 2048 channels");
}

#[test]
fn the_closest_channel_is_found_by_its_map() {
    let mut window = Window::with_cat();
    window.click("Add view");
    window.type_into("Channel number", "135");
    window.wait_for(" by mean, ");
    window.click("Closest in view 1");
    window.wait_for("closest to channel 135 of view 2:");
    // The same layer of the same network: the closest channel is the channel itself.
    assert!(window.says("135 (r 1.00)"), "{:?}", window.texts());
    // In another network the closest channel is another one. The key C finds it too.
    window.choose_model("lite0");
    window.wait_for("2 · tf_efficientnet_lite0.in1k");
    window.settle();
    window.click("1 · xception.keras_in1k · act4 · cat.png");
    window.press(egui::Key::C);
    window.wait_for("closest to channel 135 of view 1:");
    // Without a selected channel there is nothing to compare, and a message says so.
    window.press(egui::Key::Escape);
    window.press(egui::Key::C);
    assert!(window.says("select a channel first"), "{:?}", window.texts());
    window.press(egui::Key::Escape);
    assert!(!window.says("select a channel first"), "Escape takes messages away: {:?}", window.texts());
    // The result disappears when the channel's view is closed.
    assert!(window.says("closest to channel 135 of view 1:"));
    window.click("Close view 1");
    window.settle();
    assert!(!window.says("closest to channel"), "{:?}", window.texts());
}

/// The key C finds the closest channel in every other view, as its help says, not only in the last.
#[test]
fn the_closest_channel_is_found_in_all_other_views() {
    let mut window = Window::with_cat();
    window.click("Add view");
    window.click("Add view");
    window.click("Add view");
    window.settle();
    window.type_into("Channel number", "135");
    window.wait_for(" by mean, ");
    window.press(egui::Key::C);
    let num =
        |w: &Window| w.texts().iter().filter(|t| t.contains("closest to channel 135 of view 4:")).count();
    window.wait(|w| num(w) >= 5, "a closest channel in each of three views");
}

#[test]
fn zoom_is_linked_until_it_is_unlinked() {
    let mut window = Window::with_cat();
    window.click("Add view");
    window.settle();
    let place = |window: &Window, view: usize| {
        window
            .harness
            .get_by_role_and_label(Role::Image, &format!("View {view}: mosaic of 2048 channels"))
            .rect()
    };
    // Three places. Tiles begin at whole screen pixels, so what is under one pixel can be a neighbouring value, but not another channel.
    let channel_at = |window: &mut Window, view: usize| {
        [(40.0, 30.0), (120.0, 63.0), (-147.0, -77.0)].map(|(x, y)| {
            let at = place(window, view).center() + egui::vec2(x, y);
            window.click_at(at);
            let texts = window.texts();
            let line = texts.into_iter().find(|t| t.starts_with("channel ") && t.contains(", "))?;
            Some(line.split(", ").next()?.to_owned())
        })
    };
    let wheel = |window: &mut Window, view: usize| {
        let at = place(window, view).center() + egui::vec2(-50.0, 10.0);
        window.hover(at);
        for _ in 0..3 {
            window.harness.event(egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: egui::vec2(0.0, 120.0),
                phase: egui::TouchPhase::Move,
                source: egui::MouseWheelSource::Unknown,
                modifiers: egui::Modifiers::NONE,
            });
            window.harness.run_steps(8);
        }
    };
    let before = channel_at(&mut window, 1);
    wheel(&mut window, 1);
    let after = channel_at(&mut window, 1);
    assert_ne!(before, after, "zoomed about another point");
    assert_eq!(channel_at(&mut window, 2), after);
    window.click("Link zoom");
    wheel(&mut window, 1);
    assert_ne!(channel_at(&mut window, 1), after);
    assert_eq!(channel_at(&mut window, 2), after);
}

//! Channel details, and ordering and selecting channels.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use super::Window;
use crate::support::root;

const MOSAIC: &str = "Mosaic of 2048 channels";

/// Hovers over the tile at this row and column of the mosaic's grid, and returns the channel and its mean as the panel shows them.
fn channel_at(window: &mut Window, at: (f32, f32)) -> (usize, f32) {
    let at = window.tile(MOSAIC, (32.0, 64.0), at);
    window.hover(at);
    let texts = window.texts();
    let number = |start: &str, after: &str| {
        let line = texts.iter().find(|t| t.starts_with(start) && t.contains(after)).unwrap();
        let rest = &line[line.find(after).unwrap() + after.len()..];
        rest[..rest.find([' ', ',']).unwrap()].replace('−', "-").parse::<f32>().unwrap()
    };
    (number("channel ", "channel ") as usize, number("min ", "mean "))
}

#[test]
fn a_clicked_tile_shows_the_channel_s_details() {
    let mut window = Window::with_cat();
    let at = window.tile(MOSAIC, (32.0, 64.0), (2.0, 7.0));
    window.click_at(at);
    window.wait_for(" by mean, ");
    assert!(window.says("Channel 135"));
    assert!(window.says(" by mean, ") && window.says(" by max"));
    let map = window.harness.get_by_role_and_label(Role::Image, "Map of channel 135").rect();
    window.harness.get_by_role_and_label(Role::Image, "Channel 135 over the picture");
    // The centre of row 1, column 6 of a 10×10 map.
    window.hover(map.min + map.size() * egui::vec2(6.5 / 10.0, 1.5 / 10.0));
    assert!(window.says("row 1, column 6: "), "{:?}", window.texts());
    // A click on a similar channel shows that channel, which lists this one as similar in turn.
    let near = window.texts().into_iter().find(|t| t.starts_with("Alike channel ")).unwrap();
    window.click(&near);
    let channel = near.strip_prefix("Alike channel ").unwrap().to_owned();
    window.wait_for(&format!("Channel {channel}"));
    window.wait(|w| w.harness.query_by_label(&format!("Map of channel {channel}")).is_some(), "its map");
    assert!(window.says("Alike channel 135"), "{:?}", window.texts());
}

#[test]
fn pins_stay_when_the_picture_changes_and_return_to_their_layer() {
    let mut window = Window::with_cat();
    window.type_into("Channel number", "135");
    window.click("Pin");
    window.wait_for("Pinned channel 135 of act4");
    window.drop_file(root().join("assets/drive/center/1500000000004200000.jpg"));
    window.wait_for("1500000000004200000.jpg · 320×240");
    window.settle();
    // The tray shows the name of the picture that the pinned channel was last computed for.
    let seen_on =
        |window: &Window| window.texts().iter().filter(|t| *t == "1500000000004200000.jpg").count() > 0;
    window.wait(seen_on, "the pinned channel on the new picture");
    window.press(egui::Key::Escape);
    window.press(egui::Key::ArrowUp);
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.click("Pinned channel 135 of act4");
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window.wait_for("Channel 135");
    // The details of the channel move the tray when they appear.
    window.wait_for(" by mean, ");
    window.settle();
    window.click("Unpin channel 135 of act4");
    assert!(!window.says("Pinned channel 135"));
    window.press(egui::Key::P);
    assert!(window.says("Pinned channel 135 of act4"));
    window.press(egui::Key::P);
    assert!(!window.says("Pinned channel 135 of act4"));
}

/// A layer with fewer channels than requested, such as the input, shows all of them; the next layer shows the requested number again.
#[test]
fn layers_with_few_channels_keep_the_number_to_show() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    let walk = |window: &mut Window| {
        window.harness.get_by_role_and_label(Role::Slider, "Depth").focus();
        window.harness.run_steps(2);
        window.press(egui::Key::Home);
        for _ in 0..17 {
            window.harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowUp);
            window.harness.run_steps(2);
        }
        window.wait_for("xception.keras_in1k · input 3×299×299");
        window.settle();
        for _ in 0..17 {
            window.harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowDown);
            window.harness.run_steps(2);
        }
        window.wait_for("xception.keras_in1k · act4 2048×10×10");
        window.settle();
    };
    walk(&mut window);
    let record = window.saved_record(&dir.path().join("all.png"));
    assert_eq!(record.panels[0].look.selection, None, "nobody asked for fewer");
    window.click("Only the first");
    window.wait_for("64 of 2048 channels shown");
    walk(&mut window);
    assert!(window.says("64 of 2048 channels shown"), "{:?}", window.texts());
}

#[test]
fn channels_are_ordered_and_selected() {
    let mut window = Window::with_cat();
    window.choose("Order", "by mean");
    window.settle();
    let (first, largest) = channel_at(&mut window, (0.0, 0.0));
    let (_, second) = channel_at(&mut window, (0.0, 1.0));
    let (_, middle) = channel_at(&mut window, (8.0, 0.0));
    assert!(largest >= second && second > middle && middle > 0.0, "{largest} {second} {middle}");
    assert!(window.says("mean of each channel, sorted"));
    window.choose("Order", "by similarity");
    window.settle();
    assert_eq!(channel_at(&mut window, (0.0, 0.0)).0, first, "the walk begins with the strongest");
    window.choose("Order", "by sparsity");
    window.settle();
    assert_eq!(channel_at(&mut window, (0.0, 0.0)).1, 0.0, "dead channels are all zeros");
    window.click("Hide dead channels");
    window.wait_for("1465 of 2048 channels shown");
    window.click("Only the first");
    window.wait_for("64 of 2048 channels shown");
    window.harness.get_by_role_and_label(Role::Image, "Mosaic of 64 channels");
    // The selection applies to another layer too: its first 64 channels are shown.
    window.click("Previous layer");
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.harness.get_by_role_and_label(Role::Image, "Mosaic of 64 channels");
}

/// The window shows and saves a class map, and restores it from the saved figure.
#[test]
fn a_class_map_replaces_the_channels() {
    let out = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    assert!(!window.says("class map"), "no classifier, no class maps");
    window.choose_model("lite0");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act 1280×7×7");
    window.wait_for("tiger cat: ");
    // A click on a prediction shows its map, and one more the channels again.
    let prediction = window.texts().into_iter().find(|text| text.starts_with("tiger cat: ")).unwrap();
    window.click(&prediction);
    window.wait_for("Class map · bn2.act, class 282 (tiger cat)");
    window.settle();
    window.click(&prediction);
    window.wait_for("bn2.act · 1280×7×7");
    window.settle();
    window.choose("Show", "class map: likeliest class");
    window.wait_for("bn2.act, class 282 (tiger cat) · 1×7×7");
    window.type_into("Class map of", "tabby");
    window.press(egui::Key::Enter);
    window.wait_for("bn2.act, class 281 (tabby, tabby cat) · 1×7×7");
    window.settle();
    let figure = out.path().join("tabby.png");
    let record = window.saved_record(&figure);
    assert_eq!(record.panels[0].look.class_map.as_deref(), Some("tabby"));
    // An unknown class is an error, and "Go back" restores the last class map.
    window.type_into("Class map of", "unicorn");
    window.press(egui::Key::Enter);
    window.wait_for("no class `unicorn` among the 1000 of tf_efficientnet_lite0.in1k");
    window.click("Go back");
    window.wait_for("bn2.act, class 281 (tabby, tabby cat)");
    window.choose("Show", "all channels");
    window.wait_for("bn2.act · 1280×7×7");
    window.drop_file(&figure);
    window.wait_for("bn2.act, class 281 (tabby, tabby cat) · 1×7×7");
    // Another network has other classes, or none, so its channels are shown.
    window.choose_model("xception");
    window.wait_for("act4 · 2048×10×10");
}

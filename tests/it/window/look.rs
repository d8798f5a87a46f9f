//! The window's parts around the mosaic: the strongest channels, the box on the picture, first steps, the scale, menus on a right click.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use filterscope::formats::read_record;
use filterscope::render::WindowRequest;

use super::Window;

/// The channels in the row under the mosaic.
fn strong(window: &Window) -> Vec<String> {
    window.texts().into_iter().filter(|text| text.starts_with("Strong channel ")).collect()
}

#[test]
fn the_strongest_channels_are_large_and_one_click_looks_into_one() {
    let mut window = Window::with_cat();
    let found = strong(&window);
    assert!(found.len() >= 8, "{found:?}");
    assert_eq!(found[0], "Strong channel 1784");
    window.click("Strong channel 1784");
    window.wait_for("Channel 1784");
    window.wait_for("1 by mean, ");
    // A pinned channel comes first.
    window.click("Strong channel 1026");
    window.wait_for("Channel 1026");
    window.click("Pin");
    window.harness.run_steps(3);
    let pinned = strong(&window);
    assert_eq!(pinned[..3], ["Strong channel 1026", "Strong channel 1784", "Strong channel 1003"]);
    assert_eq!(pinned.len(), found.len());
}

/// The picture in the right panel.
fn picture(window: &Window) -> egui::Rect {
    window.harness.get_by_role_and_label(Role::Image, "The picture").rect()
}

/// Draws a box on the picture, from one place of it to another, in shares of its sides.
fn drag_box(window: &mut Window, from: (f32, f32), to: (f32, f32)) {
    let picture = picture(window);
    let at = |(x, y): (f32, f32)| picture.min + picture.size() * egui::vec2(x, y);
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    window.hover(at(from));
    window.harness.event(button(at(from), true));
    window.harness.step();
    for share in [0.3, 0.7, 1.0] {
        let pos = at(from) + (at(to) - at(from)) * share;
        window.harness.event(egui::Event::PointerMoved(pos));
        window.harness.step();
    }
    window.harness.event(button(at(to), false));
    window.harness.run_steps(3);
}

/// The first start of the program shows what can be seen of a channel; what was open last keeps its own.
#[test]
fn a_new_window_selects_the_strongest_channel() {
    let mut window = Window::open([1280.0, 900.0], WindowRequest::default());
    window.harness.state_mut().select_first();
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window.wait_for("Channel 1784");
    window.wait_for("1 by mean, ");
    // Only once: no channel is selected in what is shown next.
    window.press(egui::Key::Escape);
    window.press(egui::Key::ArrowUp);
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.settle();
    assert!(window.says("Click a tile to look into its channel"), "{:?}", window.texts());
}

/// A channel's number means nothing in another network, so its strongest channel is selected there; a view that is added keeps it.
#[test]
fn another_network_selects_its_strongest_channel() {
    let mut window = Window::with_cat();
    window.type_into("Channel number", "7");
    window.wait_for("Channel 7");
    window.click("Add view");
    window.settle();
    assert!(window.says("Channel 7"));
    window.choose_model("lite0");
    window.wait_for("2 · tf_efficientnet_lite0.in1k · bn2.act");
    window.wait_for("1 by mean, ");
    assert!(!window.says("Channel 7"), "{:?}", window.texts());
    window.click("1 · xception.keras_in1k · act4 · cat.png");
    window.wait_for("Channel 7");
}

/// A square mosaic leaves no room under it, and gives way once there is a box.
#[test]
fn a_box_has_its_channels_under_any_mosaic() {
    let mut window = Window::with_cat();
    window.choose_model("vgg16keras");
    window.wait_for("vgg16.keras_in1k · ");
    window.type_into("Search layers", "block3_pool");
    window.wait_for("vgg16.keras_in1k · features.16 256×28×28");
    window.settle();
    window.harness.set_size(egui::vec2(1280.0, 760.0));
    window.harness.run_steps(4);
    drag_box(&mut window, (0.3, 0.3), (0.5, 0.5));
    assert!(strong(&window).len() > 3, "{:?}", window.texts());
    assert!(window.says("Order the mosaic by it"));
}

#[test]
fn the_mosaic_is_ordered_by_a_box_and_follows_it() {
    let mut window = Window::with_cat();
    let dir = tempfile::tempdir().unwrap();
    let order = |window: &mut Window, name: &str| {
        window.settle();
        let selection = window.saved_record(&dir.path().join(name)).panels[0].look.selection.clone();
        // Saving scrolled the panel down to its button.
        window.wheel(5000.0);
        selection
    };
    window.harness.run_steps(3);
    drag_box(&mut window, (0.6, 0.6), (0.9, 0.9));
    assert_eq!(order(&mut window, "a.png"), None, "until it is asked for");
    window.click("Order the mosaic by it");
    assert_eq!(order(&mut window, "b.png").unwrap(), "box:0.6,0.6,0.9,0.9");
    let found = strong(&window);
    drag_box(&mut window, (0.05, 0.05), (0.25, 0.3));
    assert_eq!(order(&mut window, "c.png").unwrap(), "box:0.05,0.05,0.25,0.3");
    assert_ne!(strong(&window), found);
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    window.harness.run_steps(3);
    assert_eq!(order(&mut window, "d.png").unwrap(), "box:0.6,0.6,0.9,0.9");
    assert_eq!(strong(&window), found, "the box is the one that the channels are ordered by");
    let at = picture(&window).min + picture(&window).size() * 0.75;
    window.click_at(at);
    assert_eq!(order(&mut window, "e.png"), None, "a click in the box takes it away");
}

#[test]
fn a_box_on_the_picture_finds_the_channels_that_answer_there() {
    let mut window = Window::with_cat();
    // They go with the first change of a layer, and leave room for more maps.
    window.click("Hide the first steps");
    let before = strong(&window);
    drag_box(&mut window, (0.05, 0.05), (0.25, 0.3));
    let corner = strong(&window);
    assert!(!corner.is_empty() && corner != before, "{corner:?}");
    drag_box(&mut window, (0.6, 0.6), (0.9, 0.9));
    let other = strong(&window);
    assert!(other != corner && other != before, "another box, other channels: {other:?}");
    // The box stays while layers pass, as it is a place of the picture.
    window.press(egui::Key::ArrowUp);
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.settle();
    window.press(egui::Key::ArrowDown);
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window.settle();
    assert_eq!(strong(&window), other);
    let at = picture(&window).center();
    window.click_at(at);
    let clicked = strong(&window);
    assert!(clicked != before && clicked != other, "what one value stands for: {clicked:?}");
    window.click_at(at);
    assert_eq!(strong(&window), before, "a click in the box takes it away");
}

#[test]
fn first_steps_compare_the_carried_networks_and_go_away() {
    let mut window = Window::with_cat();
    assert!(window.says("walk through the layers"));
    window.click("Compare the three networks");
    window.wait_for("3 · ");
    window.settle();
    for network in ["1 · xception.keras_in1k", "vgg16.keras_in1k", "tf_efficientnet_lite0.in1k"] {
        assert!(window.says(network), "{network}: {:?}", window.texts());
    }
    assert!(!window.says("walk through the layers"));
    let kept = window.harness.state().remembered();
    drop(window);
    let mut window = Window::with_cat();
    let ctx = window.harness.ctx.clone();
    window.harness.state_mut().take_remembered(&ctx, &kept);
    window.harness.run_steps(3);
    assert!(!window.says("walk through the layers"), "not on the next day either");
}

#[test]
fn the_ends_of_the_scale_are_set_and_set_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    assert!(window.harness.query_by_label("Upper end of the colours").is_none(), "each tile has its own");
    window.choose("Normalization", "whole layer");
    window.settle();
    let field = window.harness.get_by_role_and_label(Role::SpinButton, "Upper end of the colours");
    field.focus();
    window.harness.run_steps(2);
    for _ in 0..5 {
        window.harness.key_press(egui::Key::ArrowDown);
        window.harness.run_steps(2);
    }
    window.press(egui::Key::Escape);
    window.settle();
    let record = window.saved_record(&dir.path().join("a.png"));
    let range = record.panels[0].look.normalisation.clone();
    assert!(range.starts_with("fixed:0,"), "{range}");
    assert!(read_record(&dir.path().join("a.png")).is_ok());
    window.choose("Normalization", "whole layer");
    window.settle();
    assert_eq!(window.saved_record(&dir.path().join("b.png")).panels[0].look.normalisation, "layer");
}

#[test]
fn a_right_click_selects_the_tile_and_lists_what_can_be_done() {
    let mut window = Window::with_cat();
    let at = window.tile("Mosaic of 2048 channels", (32.0, 64.0), (2.0, 7.0));
    window.hover(at);
    for pressed in [true, false] {
        window.harness.event(egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Secondary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
        window.harness.step();
    }
    window.harness.run_steps(5);
    assert!(window.says("Channel 135"));
    assert!(window.click_item("Pin or unpin the selected channel"));
    window.wait_for("Pinned channel 135 of act4");
}

/// At the size of a small laptop the right panel is a key away, and four views still have names and mosaics.
#[test]
fn a_small_window_keeps_the_mosaic_and_shows_the_rest_on_request() {
    let mut window = Window::open([900.0, 600.0], WindowRequest::default());
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window.settle();
    assert!(window.harness.query_by_label("Channel number").is_none());
    let mosaic = window.harness.get_by_role_and_label(Role::Image, "Mosaic of 2048 channels").rect();
    assert!(mosaic.width() > 500.0, "{mosaic:?}");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::R);
    window.harness.run_steps(4);
    assert!(window.harness.query_by_label("Channel number").is_some());
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::R);
    for _ in 0..3 {
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::T);
        window.harness.run_steps(4);
    }
    window.settle();
    for view in 1..=4 {
        let name = format!("View {view}: mosaic of 2048 channels");
        let rect = window.harness.get_by_role_and_label(Role::Image, &name).rect();
        assert!(rect.width() > 200.0 && rect.height() > 120.0, "{name}: {rect:?}");
    }
}

#[test]
fn a_channel_is_plotted_over_the_frames_seen_so_far() {
    let request = WindowRequest { picture: Some(super::drive()), ..WindowRequest::default() };
    let mut window = Window::open([1280.0, 1400.0], request);
    window.wait_for("drive, frame 0, center");
    window.settle();
    assert!(!window.says("seen so far"));
    window.type_into("Channel number", "135");
    window.wait_for("mean of channel 135 over the 1 frame seen so far");
    window.click("Frame 2");
    window.wait_for("drive, frame 2, center");
    window.wait_for("over the 2 frames seen so far");
    // A frame that was seen counts once.
    window.click("Frame 0");
    window.wait_for("drive, frame 0, center");
    window.settle();
    window.choose("Plotted statistic", "max");
    window.wait_for("max of channel 135 over the 2 frames seen so far");
    window.click("Previous layer");
    window.wait_for("xception.keras_in1k · act3");
    window.settle();
    assert!(
        !window.says("2 frames seen so far"),
        "another layer has numbers of its own: {:?}",
        window.texts()
    );
}

/// The palette has what stands on screen, and what isn't installed comes after it.
#[test]
fn the_palette_finds_what_is_on_screen_first() {
    let mut window = Window::with_cat();
    window.menu("View", "Add view");
    window.wait_for("Link pictures");
    window.settle();
    let is_linked = |window: &Window| {
        let node = window.harness.get_by_role_and_label(Role::CheckBox, "Link pictures");
        node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
    };
    assert!(is_linked(&window));
    for letters in ["link pict", "link pictures"] {
        let before = is_linked(&window);
        window.menu("View", "Command palette…");
        window.harness.event(egui::Event::Text(letters.to_owned()));
        window.harness.run_steps(3);
        window.press(egui::Key::Enter);
        window.wait(|w| is_linked(w) != before, letters);
        assert!(window.says("2 · xception.keras_in1k"), "no other network was taken");
    }
}

/// Without a selected channel, the keys for channels begin at the strongest.
#[test]
fn keys_select_a_channel_where_none_is_selected() {
    let mut window = Window::with_cat();
    assert!(!window.says("Channel 1784"));
    window.harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::ArrowRight);
    window.harness.run_steps(3);
    window.wait_for("Channel 1784");
}

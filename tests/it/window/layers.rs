//! Navigating the layers: tree, search, keys, slider, playing, the table.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

#[test]
fn the_tree_lists_every_stage_and_selects_it() {
    let mut window = Window::with_cat();
    // The numbers arrive together with the thumbnails, from one run.
    window.wait(|w| w.describes("728×19×19 · 0 % dead"), "the numbers of the layers");
    window.click("block3");
    window.wait_for("xception.keras_in1k · block3 728×19×19");
    window.click("input");
    window.wait_for("xception.keras_in1k · input 3×299×299");
    // The search needs only letters in the right order; Enter takes the best match.
    window.type_into("Search layers", "a3");
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.type_into("Search layers", "zzz");
    assert!(window.says("No layer has a name like that"));
}

/// Lists of names ignore case and separators, find runs in any order, and begin with an empty search each time they are opened.
#[test]
fn searches_are_forgiving_and_empty_when_they_open() {
    let mut window = Window::with_cat();
    let value = |window: &Window, field: &str| {
        let node = window.harness.get_by_role_and_label(Role::TextInput, field);
        node.accesskit_node().value().unwrap_or_default()
    };
    let text = |window: &mut Window, text: &str| {
        window.harness.event(egui::Event::Text(text.to_owned()));
        window.harness.run_steps(3);
    };
    let open = |window: &mut Window, list: &str| {
        let role = if list == "Model" { Role::ComboBox } else { Role::Button };
        window.harness.get_by_role_and_label(role, list).click();
        window.harness.run_steps(4);
    };
    // Letters that were typed and left are gone when a list opens again.
    for (list, field) in [("The layer: act4", "Find a layer"), ("Model", "Find a model")] {
        open(&mut window, list);
        text(&mut window, "zzz");
        assert_eq!(value(&window, field), "zzz");
        window.press(egui::Key::Escape);
        assert!(window.harness.query_by_label(field).is_none(), "{list} is closed");
        open(&mut window, list);
        assert_eq!(value(&window, field), "", "{list}");
        window.press(egui::Key::Escape);
    }
    window.type_into("Search layers", "zzz");
    window.menu("View", "Left panel");
    window.menu("View", "Left panel");
    assert_eq!(value(&window, "Search layers"), "");
    // Runs in any order, in the list of models, the tree and the palette.
    window.choose_model("16KERAS vgg");
    window.wait_for("vgg16.keras_in1k · ");
    window.settle();
    window.type_into("Search layers", "pool3");
    window.wait_for("vgg16.keras_in1k · features.16");
    window.settle();
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::P);
    window.wait_for("Find");
    window.harness.run_steps(3);
    text(&mut window, "pool.2-BLOCK");
    window.press(egui::Key::Enter);
    window.wait_for("vgg16.keras_in1k · features.9");
}

#[test]
fn keys_and_slider_change_the_layer_and_a_step_back_is_immediate() {
    let mut window = Window::with_cat();
    window.press(egui::Key::ArrowUp);
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.settle();
    window.harness.key_press(egui::Key::ArrowDown);
    // One frame handles the key, the next shows the layer, without waiting for a thread.
    window.harness.run_steps(2);
    assert!(window.says("xception.keras_in1k · act4 2048×10×10"), "{:?}", window.texts());
    assert!(!window.says("Waiting for the worker"));
    window.harness.get_by_role_and_label(Role::Slider, "Depth").focus();
    window.harness.run_steps(2);
    window.press(egui::Key::ArrowLeft);
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.press(egui::Key::Escape);
    window.harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowDown);
    window.harness.run_steps(3);
    assert!(window.says("xception.keras_in1k · act4 2048×10×10"));
}

#[test]
fn layers_play_until_paused() {
    let mut window = Window::with_cat();
    window.click("Play");
    // After the last layer, playing continues with the first.
    window.wait_for("xception.keras_in1k · input 3×299×299");
    window.wait_for("xception.keras_in1k · act1 32×149×149");
    window.click("Pause");
    window.settle();
    let before = window.texts().into_iter().find(|t| t.starts_with("xception.keras_in1k · ")).unwrap();
    window.harness.run_steps(120);
    assert!(window.says(&before), "two seconds later it is still {before}");
}

#[test]
fn the_table_of_layers_is_read_and_copied() {
    let mut window = Window::with_cat();
    window.click("All layers");
    window.wait_for("xception.keras_in1k · cat.png · 17 layers");
    assert!(window.says("act1") && window.says("32×149×149"));
    window.harness.get_by_label("Copy table").click();
    let mut copied = None;
    for _ in 0..4 {
        window.harness.step();
        copied =
            copied.or(window.harness.output().platform_output.commands.iter().find_map(
                |command| match command {
                    egui::OutputCommand::CopyText(text) => Some(text.clone()),
                    _ => None,
                },
            ));
    }
    let copied = copied.unwrap();
    let lines: Vec<Vec<&str>> = copied.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines[0], ["layer", "shape", "min", "mean", "max", "std", "sparsity %", "dead", "constant"]);
    let last = lines.last().unwrap();
    assert_eq!((last[0], last[1], last[7]), ("act4", "2048×10×10", "583"));
    assert!(window.says("copied the table of layers"));
}

//! General features of the window: remembered settings, undo, keys, devices, messages, accessible names.

use egui::accesskit::Role;
use egui_kittest::kittest::{By, NodeT, Queryable};
use filterscope::render::WindowRequest;

use super::Window;
use crate::support::root;

#[test]
fn settings_are_restored_at_the_next_start() {
    let mut window = Window::with_cat();
    window.choose("Colours", "viridis");
    window.choose("Order", "by mean");
    window.click("dark background");
    window.menu("View", "Left panel");
    window.drop_file(root().join("assets/drive/center/1500000000004200000.jpg"));
    window.wait_for("stretched from 320x240 to 299x299");
    let saved = window.harness.state().remembered();
    drop(window);

    let mut window = Window::with_cat();
    let ctx = window.harness.ctx.clone();
    window.harness.state_mut().take_remembered(&ctx, &saved);
    window.settle();
    assert!(!window.says("Search layers"), "the left panel stays hidden");
    window.menu("View", "Left panel");
    assert!(window.says("mean of each channel, sorted"));
    let dir = tempfile::tempdir().unwrap();
    let look = window.saved_record(&dir.path().join("a.png")).panels[0].look.clone();
    assert_eq!(
        (&*look.colour_map, &*look.paper, look.selection.as_deref()),
        ("viridis", "dark", Some("mean"))
    );
    window.harness.get_all_by_role_and_label(Role::Button, "File").next().unwrap().click();
    window.harness.run_steps(3);
    window.harness.get_all_by_label_contains("Recent").next().unwrap().click();
    window.harness.run_steps(3);
    assert!(window.says("1500000000004200000.jpg"), "{:?}", window.texts());

    // Settings of an older version: those that it didn't write have their defaults.
    let ctx = window.harness.ctx.clone();
    window.harness.state_mut().take_remembered(&ctx, r#"{"version":0,"colours":"greys","unknown":3}"#);
    window.settle();
    assert_eq!(window.saved_record(&dir.path().join("b.png")).panels[0].look.colour_map, "greys");
    // Settings with invalid values.
    window
        .harness
        .state_mut()
        .take_remembered(&ctx, r#"{"colours":"mauve","range":"fixed:2,1","layers_a_second":-4.0}"#);
    window.settle();
    assert_eq!(window.saved_record(&dir.path().join("c.png")).panels[0].look.colour_map, "magma");
}

#[test]
fn unavailable_devices_say_why_and_messages_can_be_read_again() {
    let mut window = Window::with_cat();
    window.harness.get_all_by_role_and_label(Role::Button, "Device").next().unwrap().click();
    window.harness.run_steps(3);
    #[cfg(not(feature = "cuda"))]
    window.wait_for("CUDA is not compiled into this program");
    window.click_button("CPU");
    window.wait_for("ms on cpu");
    window.press(egui::Key::Escape);
    window.type_path(std::path::Path::new("/nowhere/at/all.png"));
    window.wait_for("there is no such file: \"/nowhere/at/all.png\"");
    window.press(egui::Key::ArrowUp);
    window.wait_for("xception.keras_in1k · act3");
    assert!(window.says("there is no such file"), "an error stays, whatever comes after");
    window.click_button("Dismiss");
    assert!(!window.says("there is no such file"));
    window.menu("Help", "Messages");
    assert!(window.says("there is no such file: \"/nowhere/at/all.png\""));
}

/// A screen reader can't announce buttons, fields, sliders and pictures without a name.
#[test]
fn every_widget_has_a_name() {
    let mut window = Window::open(
        [1280.0, 1400.0],
        WindowRequest { picture: Some(super::drive()), ..WindowRequest::default() },
    );
    window.wait_for("drive, frame 0, center");
    window.settle();
    window.type_into("Channel number", "135");
    window.wait_for(" by mean, ");
    window.click("Pin");
    window.click("Add view");
    window.wait_for("angle at this frame: ");
    let nameless = |window: &Window| -> Vec<String> {
        let roles = [
            Role::Button,
            Role::CheckBox,
            Role::ComboBox,
            Role::Image,
            Role::Slider,
            Role::SpinButton,
            Role::TextInput,
            Role::Link,
        ];
        let all = window.harness.root().query_all(By::new());
        all.filter(|node| roles.contains(&node.accesskit_node().role()))
            .filter(|node| node.accesskit_node().label().is_none_or(|label| label.trim().is_empty()))
            .map(|node| format!("{:?}", node.accesskit_node().role()))
            .collect()
    };
    assert_eq!(nameless(&window), Vec::<String>::new(), "setup");
    window.wait(|w| w.describes("728×19×19 · "), "the numbers of the layers");
    window.menu("View", "All layers");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::E);
    window.harness.run_steps(5);
    assert_eq!(nameless(&window), Vec::<String>::new(), "layers, table, batch");
}

#[test]
fn the_keyboard_alone_reaches_and_presses_buttons() {
    let mut window = Window::with_cat();
    let is_focused =
        |window: &Window, label: &str| window.harness.get_by_label(label).accesskit_node().is_focused();
    for _ in 0..40 {
        if is_focused(&window, "Folder…") {
            break;
        }
        window.press(egui::Key::Tab);
    }
    assert!(is_focused(&window, "Folder…"));
    // The space bar presses the focused button and doesn't start playing.
    window.press(egui::Key::Space);
    window.wait(|w| w.dialogs.num_asked() == 1, "the dialog");
    assert!(window.says("Play") && !window.says("Pause"));
}

#[test]
fn frame_times_are_shown_on_request() {
    let request = WindowRequest { shows_frame_times: true, ..WindowRequest::default() };
    let mut window = Window::open([1280.0, 760.0], request);
    window.wait_for("ms of the thread for logic and layout");
}

#[test]
fn the_status_bar_says_device_model_time_and_memory() {
    let mut window = Window::with_cat();
    window.settle();
    let line = window.texts().into_iter().find(|t| t.ends_with(" ms on cpu")).unwrap();
    assert!(line.starts_with("xception.keras_in1k · act4 2048×10×10 · "), "{line}");
    let memory = window.texts().into_iter().find_map(|t| t.strip_suffix(" MB")?.parse::<u64>().ok());
    assert!(memory.is_some_and(|mb| mb > 20), "{memory:?}: {:?}", window.texts());
}

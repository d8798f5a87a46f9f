//! Every menu item does what it says; every widget of every panel and dialog has a name and is on the screen.

use egui::accesskit::Role;
use egui_kittest::kittest::{By, NodeT, Queryable};
use filterscope::formats::read_record;
use filterscope::render::WindowRequest;

use super::Window;

const INTERACTIVE: [Role; 8] = [
    Role::Button,
    Role::CheckBox,
    Role::ComboBox,
    Role::Image,
    Role::Slider,
    Role::SpinButton,
    Role::TextInput,
    Role::Link,
];

fn nameless(window: &Window) -> Vec<String> {
    let all = window.harness.root().query_all(By::new());
    all.filter(|node| INTERACTIVE.contains(&node.accesskit_node().role()))
        .filter(|node| node.accesskit_node().label().is_none_or(|label| label.trim().is_empty()))
        .map(|node| format!("{:?} at {:?}", node.accesskit_node().role(), node.rect()))
        .collect()
}

/// Widgets that are outside the screen horizontally, at least in part.
fn beside(window: &Window, screen: egui::Rect) -> Vec<String> {
    let all = window.harness.root().query_all(By::new());
    all.filter(|node| INTERACTIVE.contains(&node.accesskit_node().role()))
        .filter(|node| {
            !screen.x_range().contains(node.rect().left()) || !screen.x_range().contains(node.rect().right())
        })
        .map(|node| format!("{:?} at {:?}", node.accesskit_node().label(), node.rect()))
        .collect()
}

/// Whether the window closes within a few frames.
fn is_closing(window: &mut Window) -> bool {
    (0..6).any(|_| {
        let is_asked = |command: &egui::ViewportCommand| *command == egui::ViewportCommand::Close;
        let is_closing =
            window.harness.output().viewport_output.values().any(|view| view.commands.iter().any(is_asked));
        window.harness.step();
        is_closing
    })
}

/// Opens a menu, returns the names of its items, and closes it.
fn items(window: &mut Window, menu: &str) -> Vec<String> {
    let buttons = |window: &Window| -> Vec<String> {
        let all = window.harness.root().query_all_by_role(Role::Button);
        all.filter_map(|node| node.accesskit_node().label()).collect()
    };
    let mut before = buttons(window);
    window.harness.get_all_by_role_and_label(Role::Button, menu).next().unwrap().click();
    window.harness.run_steps(5);
    let mut items = buttons(window);
    // A button of a panel may have the same name as an item.
    items.retain(|item| match before.iter().position(|old| old == item) {
        Some(at) => {
            before.swap_remove(at);
            false
        }
        None => true,
    });
    window.press(egui::Key::Escape);
    window.harness.run_steps(3);
    items
}

/// A new item must be added here, and needs a test that it does what it says.
#[test]
fn the_menus_have_these_items_and_no_others() {
    let mut window = Window::with_cat();
    let has = |window: &mut Window, menu: &str, wanted: &[&str]| {
        let found = items(window, menu);
        let plain: Vec<&str> =
            found.iter().map(|item| item.split(['\t', '⏵']).next().unwrap().trim()).collect();
        for item in wanted {
            assert!(plain.iter().any(|found| found.starts_with(item)), "{menu} has no {item}: {plain:?}");
        }
        let unknown: Vec<&&str> =
            plain.iter().filter(|found| !wanted.iter().any(|item| found.starts_with(item))).collect();
        assert!(unknown.is_empty(), "{menu} has items without a test: {unknown:?}");
    };
    // The modules `export`, `runs`, `basics` and `home` test the items of the File menu.
    has(
        &mut window,
        "File",
        &[
            "Open picture or log…",
            "Open folder…",
            "Recent",
            "Show the cat",
            "Load weights…",
            "Save mosaic…",
            "Save this view…",
            "Save all views as one figure…",
            "Save selected channel…",
            "Save the layer's values…",
            "Export many figures…",
            "Extract features…",
            "Animate…",
            "Compare representations…",
            "Probe features…",
            "Use head…",
            "Quit",
        ],
    );
    has(&mut window, "Edit", &["Undo", "Redo", "Copy mosaic"]);
    has(
        &mut window,
        "View",
        &[
            "Fit to window",
            "Actual size",
            "Zoom in",
            "Zoom out",
            "Show selected channel",
            "Add view",
            "Close view",
            "Compare the built-in networks",
            "Difference of two views",
            "All layers",
            "Play through the layers",
            // `passes` tests it.
            "Stop the run",
            "Command palette…",
            "Left panel",
            "Right panel",
            "Switch between dark and light",
        ],
    );
    // A device that isn't compiled in is listed with the reason, which `home` tests.
    has(&mut window, "Device", &["CPU", "CUDA", "Metal"]);
    has(&mut window, "Help", &["Keyboard shortcuts and terms", "Messages"]);
}

/// Every action, model, layer and colour map is found by a few letters, with the keyboard alone.
#[test]
fn the_command_palette_finds_actions_models_layers_and_colours() {
    let mut window = Window::with_cat();
    let choose = |window: &mut Window, letters: &str| {
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::P);
        window.wait_for("Find");
        window.harness.run_steps(3);
        window.harness.input_mut().events.push(egui::Event::Text(letters.to_owned()));
        window.harness.run_steps(3);
        window.press(egui::Key::Enter);
        window.harness.run_steps(3);
        assert!(window.harness.query_by_label("Find").is_none(), "it closes when something is chosen");
    };
    choose(&mut window, "viridis");
    window.settle();
    let dir = tempfile::tempdir().unwrap();
    let saved = dir.path().join("saved.png");
    window.dialogs.answer(&saved);
    choose(&mut window, "save mosaic");
    window.wait_for(&format!("saved \"{}\"", saved.display()));
    assert_eq!(read_record(&saved).unwrap().panels[0].look.colour_map, "viridis");
    choose(&mut window, "act3");
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    choose(&mut window, "last layer");
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    choose(&mut window, "lite0 model");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act 1280×7×7");
    choose(&mut window, "all layers");
    window.wait_for("Copy table");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::P);
    window.wait_for("Find");
    window.harness.input_mut().events.push(egui::Event::Text("zzqqxx".to_owned()));
    window.wait_for("Nothing has a name like that");
    window.press(egui::Key::Escape);
    window.harness.run_steps(3);
    assert!(
        window.harness.query_by_label("Find").is_none() && window.says("Copy table"),
        "one Esc closes one window"
    );
}

#[test]
fn items_about_files_do_what_they_say() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    let frame = crate::support::root().join("assets/drive/center/1500000000004200000.jpg");
    window.dialogs.answer(&frame);
    window.menu("File", "Open picture or log…");
    window.wait_for("1500000000004200000.jpg · 320×240");
    window.dialogs.answer(crate::support::root().join("assets/drive/center"));
    window.menu("File", "Open folder…");
    window.wait_for("frame 0 of ");
    window.menu("File", "Show the cat");
    window.wait_for("cat.png · 451×300");
    let saved = dir.path().join("saved.png");
    window.dialogs.answer(&saved);
    window.menu("File", "Save mosaic…");
    window.wait_for(&format!("saved \"{}\"", saved.display()));
    assert_eq!(read_record(&saved).unwrap().picture.file_name, "cat.png");
    window.menu("File", "Export many figures…");
    window.wait_for("no picture to work on: open a picture, a folder or a log first");
    window.menu("File", "Export many figures…");
    assert!(!window.says("no picture to work on"));
    window.menu("Edit", "Copy mosaic");
    window.wait_for("copied the mosaic as a picture");
    window.dialogs.answer(crate::support::root().join("weights/tf_efficientnet_lite0.f16.safetensors"));
    window.menu("File", "Load weights…");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act 1280×7×7");
    window.harness.get_all_by_role_and_label(Role::Button, "File").next().unwrap().click();
    window.harness.run_steps(5);
    window.harness.get_by_label_contains("Quit").click_accesskit();
    assert!(is_closing(&mut window));
}

#[test]
fn items_about_views_do_what_they_say() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    let mut at = 0;
    let mut part = |window: &mut Window| -> filterscope::mosaic::SeenPart {
        at += 1;
        let path = dir.path().join(format!("view{at}.png"));
        window.dialogs.answer(&path);
        window.menu("File", "Save this view…");
        window.wait_for(&format!("saved \"{}\"", path.display()));
        read_record(&path).unwrap().panels[0].look.part.as_ref().unwrap().parse().unwrap()
    };
    let panel = window.harness.get_by_role_and_label(Role::Image, "Mosaic of 2048 channels").rect();
    let fitted = part(&mut window);
    assert!((fitted.width - 703.0).abs() < 0.5, "fitted at first: {fitted}");
    window.menu("View", "Zoom in");
    let near = part(&mut window);
    // A zoomed mosaic has the whole canvas.
    let canvas = window.harness.get_by_role_and_label(Role::Image, "Mosaic of 2048 channels").rect();
    let whole = 703.0 * canvas.width() / panel.width();
    assert!(
        whole < 740.0 && (near.width - whole / 1.5).abs() < 0.5,
        "{near} for {whole}, {fitted}, {panel:?} {canvas:?}"
    );
    window.menu("View", "Zoom out");
    let out = part(&mut window);
    assert!((out.width - whole).abs() < 0.5, "{out} for {whole}");
    window.menu("View", "Actual size");
    assert!((part(&mut window).width - canvas.width()).abs() < 0.5);
    window.type_into("Channel number", "0");
    window.menu("View", "Show selected channel");
    let large = part(&mut window);
    // Tile 0, 10 pixels wide and drawn over the gap after it as well, is in the centre of the view and fills it; the second time all of the
    // mosaic is there again.
    assert!((large.width - 11.0).abs() < 0.5 && (large.x + large.width / 2.0 - 5.5).abs() < 0.5, "{large}");
    window.menu("View", "Show selected channel");
    assert!((part(&mut window).width - 703.0).abs() < 0.5);
    window.menu("View", "Zoom in");
    window.menu("View", "Fit to window");
    assert!((part(&mut window).width - 703.0).abs() < 0.5);
    window.press(egui::Key::Escape);
    window.click("Previous layer");
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.menu("Edit", "Undo");
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window.menu("Edit", "Redo");
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.menu("View", "Add view");
    window.wait_for("2 · xception.keras_in1k · act3");
    window.menu("View", "Difference of two views");
    window.wait_for("a difference needs two pictures or layers");
    window.menu("View", "Close view");
    window.harness.get_by_role_and_label(Role::Image, "Mosaic of 1536 channels");
    let is_dark = |window: &Window| window.harness.ctx.theme() == egui::Theme::Dark;
    assert!(is_dark(&window));
    window.menu("View", "Switch between dark and light");
    assert!(!is_dark(&window));
    for (panel, what) in [("Left panel", "Search layers"), ("Right panel", "Channel number")] {
        assert!(window.says(what), "{panel}");
        window.menu("View", panel);
        assert!(!window.says(what), "{panel}");
        window.menu("View", panel);
        assert!(window.says(what), "{panel}");
    }
    window.menu("View", "All layers");
    window.wait_for("xception.keras_in1k · cat.png · 17 layers");
    window.menu("View", "All layers");
    window.menu("View", "Play through the layers");
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window.menu("View", "Pause the layers");
    window.settle();
    window.menu("Help", "Keyboard shortcuts and terms");
    assert!(window.says("the part of the input that one value can see"));
    window.menu("Help", "Keyboard shortcuts and terms");
    window.menu("Help", "Messages");
    assert!(window.says("Copy messages"));
}

#[test]
fn every_widget_of_every_dialog_has_a_name() {
    let request = WindowRequest { picture: Some(super::drive()), ..WindowRequest::default() };
    let mut window = Window::open([1280.0, 1400.0], request);
    window.wait_for("drive, frame 0, center");
    window.settle();
    for (menu, item) in [
        ("File", "Export many figures…"),
        ("File", "Extract features…"),
        ("File", "Animate…"),
        ("File", "Compare representations…"),
        ("File", "Probe features…"),
        ("File", "Use head…"),
        ("View", "All layers"),
        ("Help", "Keyboard shortcuts and terms"),
        ("Help", "Messages"),
    ] {
        window.menu(menu, item);
        window.harness.run_steps(5);
        assert_eq!(nameless(&window), Vec::<String>::new(), "{item}");
        // Escape closes the dialog, and nothing behind it.
        let num_open = |window: &Window| window.harness.root().query_all_by_role(Role::Window).count();
        assert_eq!(num_open(&window), 1, "{item}");
        window.press(egui::Key::Escape);
        window.harness.run_steps(2);
        assert_eq!(num_open(&window), 0, "{item} is open still");
    }
    for menu in ["File", "View", "Device", "Help"] {
        window.harness.get_all_by_role_and_label(Role::Button, menu).next().unwrap().click();
        window.harness.run_steps(3);
        assert_eq!(nameless(&window), Vec::<String>::new(), "{menu}");
        window.press(egui::Key::Escape);
    }
    window.choose_model("vgg11.tv");
    window.wait_for("The weights of vgg11.tv_in1k are not installed");
    assert_eq!(nameless(&window), Vec::<String>::new(), "no weights");
}

/// A menu shows all of its items at once if the screen is large enough.
#[test]
fn menus_are_as_long_as_they_need() {
    let mut window = Window::open([1280.0, 720.0], WindowRequest::default());
    window.wait_for("xception.keras_in1k · act4 2048×10×10");
    window.settle();
    window.harness.get_all_by_role_and_label(Role::Button, "File").next().unwrap().click();
    window.harness.run_steps(5);
    // Click with the pointer: an item that is cut off can be clicked through the accessibility tree, but not by a person.
    let at = window.harness.get_by_label_contains("Quit").rect().center();
    window.hover(at);
    for pressed in [true, false] {
        let button = egui::PointerButton::Primary;
        let modifiers = egui::Modifiers::NONE;
        window.harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        window.harness.step();
    }
    assert!(is_closing(&mut window), "nothing at {at:?}");
}

/// In a window of 1280×720 pixels, at each scale that desktops offer, everything that doesn't scroll is on the screen.
#[test]
fn everything_is_on_the_screen_at_every_scale() {
    for pixels_per_point in [1.0, 1.25, 1.5, 2.0] {
        let size = [1280.0 / pixels_per_point, 720.0 / pixels_per_point];
        let mut window = Window::open([1280.0, 720.0], WindowRequest::default());
        window.harness.set_pixels_per_point(pixels_per_point);
        window.wait_for("xception.keras_in1k · act4 2048×10×10");
        window.settle();
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into()).expand(0.5);
        for name in ["File", "View", "Device", "Help", "Add view", "Ready"] {
            let node = window.harness.get_all_by_label(name).next().unwrap();
            assert!(screen.contains_rect(node.rect()), "{name} at {pixels_per_point}: {:?}", node.rect());
        }
        let mosaic = window.harness.get_by_role_and_label(Role::Image, "Mosaic of 2048 channels").rect();
        assert!(screen.contains_rect(mosaic), "{pixels_per_point}: {mosaic:?}");
        assert!(mosaic.width() * pixels_per_point > 400.0, "{pixels_per_point}: {mosaic:?}");
        // A channel's details are beside the mosaic, or on request if there is no room.
        if window.harness.query_by_label("Channel number").is_none() {
            assert!(pixels_per_point > 1.2, "{pixels_per_point}");
            window.click("Show or hide the right panel");
        }
        window.type_into("Channel number", "135");
        window.wait_for("Channel 135");
        // Panels taller than the screen scroll; none is wider than the screen.
        window.settle();
        assert_eq!(beside(&window, screen), Vec::<String>::new(), "at {pixels_per_point}");
        drop(window);
        let request = WindowRequest { picture: Some(super::drive()), ..WindowRequest::default() };
        let mut window = Window::open([1280.0, 720.0], request);
        window.harness.set_pixels_per_point(pixels_per_point);
        window.wait_for("drive, frame 0, center");
        window.settle();
        assert_eq!(beside(&window, screen), Vec::<String>::new(), "drive at {pixels_per_point}");
        for name in ["Play frames", "All cameras"] {
            let node = window.harness.get_all_by_label(name).next().unwrap();
            assert!(screen.contains_rect(node.rect()), "{name} at {pixels_per_point}: {:?}", node.rect());
        }
        window.click("All cameras");
        window.wait_for("3 · xception.keras_in1k");
        window.settle();
        assert_eq!(beside(&window, screen), Vec::<String>::new(), "cameras at {pixels_per_point}");
        window.click("Close view 3");
        window.click("Close view 1");
        window.settle();
        // Dialogs are no larger than the screen either, whatever they contain; content that doesn't fit scrolls.
        let place = tempfile::tempdir().unwrap();
        for (menu, item, field, name, plan) in [
            ("File", "Export many figures…", "Folder", "figures", "24 figures would be written"),
            ("File", "Extract features…", "Output folder", "features", "Features of 72 pictures"),
            ("File", "Animate…", "File or folder", "moving.gif", "frames of"),
            ("File", "Compare representations…", "", "", "no features: add the folder"),
            ("File", "Probe features…", "", "", "no features: add the folder"),
            ("File", "Use head…", "", "", "No head is in use"),
            ("View", "All layers", "", "", "17 layers"),
            ("Help", "Keyboard shortcuts and terms", "", "", "receptive field"),
            ("Help", "Messages", "", "", "Nothing was said yet"),
        ] {
            window.menu(menu, item);
            window.harness.run_steps(5);
            if !field.is_empty() {
                window.type_into(field, &place.path().join(name).display().to_string());
            }
            window.wait_for(plan);
            window.harness.run_steps(5);
            let node = window.harness.get_by_role(Role::Window);
            assert!(screen.contains_rect(node.rect()), "{item} at {pixels_per_point}: {:?}", node.rect());
            window.press(egui::Key::Escape);
            window.press(egui::Key::Escape);
            assert!(window.harness.query_by_role(Role::Window).is_none(), "{item}");
        }
    }
}

/// With the keyboard alone: open a picture, change the layer, choose a model, select a channel, save.
#[test]
fn a_figure_is_made_without_a_mouse() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    let is_focused = |window: &Window, role: Role, label: &str| {
        window.harness.get_by_role_and_label(role, label).accesskit_node().is_focused()
    };
    let go_to = |window: &mut Window, role: Role, label: &str| {
        for _ in 0..120 {
            if is_focused(window, role, label) {
                return;
            }
            window.press(egui::Key::Tab);
        }
        panic!("Tab never reaches {label}");
    };
    let write = |window: &mut Window, text: &str| {
        window.harness.event(egui::Event::Text(text.to_owned()));
        window.harness.run_steps(2);
        window.press(egui::Key::Enter);
    };
    let frame = crate::support::root().join("assets/drive/center/1500000000004200000.jpg");
    go_to(&mut window, Role::TextInput, "Path");
    write(&mut window, &frame.display().to_string());
    window.wait_for("1500000000004200000.jpg · 320×240");
    window.settle();
    go_to(&mut window, Role::ComboBox, "Model");
    window.press(egui::Key::Enter);
    window.harness.run_steps(3);
    write(&mut window, "lite0");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act 1280×7×7");
    window.settle();
    go_to(&mut window, Role::TextInput, "File name:");
    let typed = dir.path().join("typed.png");
    write(&mut window, &typed.display().to_string());
    window.wait_for(&format!("saved \"{}\"", typed.display()));
    assert_eq!(read_record(&typed).unwrap().panels[0].run.tag, "tf_efficientnet_lite0.in1k");
}

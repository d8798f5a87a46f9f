//! Figures and batches saved from the window, and figures opened in it again.

use std::path::Path;

use egui_kittest::kittest::Queryable;
use filterscope::formats::read_record;

use super::Window;
use crate::support::root;

fn copy(from: &str, to: &Path) {
    std::fs::copy(root().join(from), to).unwrap();
}

#[test]
fn a_batch_is_previewed_done_and_reported() {
    let (pictures, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy("assets/cat.png", &pictures.path().join("cat.png"));
    copy("assets/drive/center/1500000000004200000.jpg", &pictures.path().join("frame.jpg"));
    std::fs::write(pictures.path().join("broken.png"), b"\x89PNG\r\n\x1a\nand nothing more").unwrap();
    let mut window = Window::with_cat();
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::E);
    window.wait_for("no picture to work on: open a picture, a folder or a log first");
    window.type_path(pictures.path());
    window.wait_for("frame 0 of 3");
    window.wait_for("no folder to write into");
    let folder = out.path().join("new");
    window.type_into("Folder", &folder.display().to_string());
    window.wait_for("3 figures would be written, of 3 runs");
    assert!(window.says("cat__xception.keras_in1k__act4.png"));
    assert!(!folder.exists(), "a preview writes nothing");
    window.click("Start");
    window.wait_for("batch done: 2 figures written, 1 picture failed");
    assert!(window.says("broken.png: "), "{:?}", window.texts());
    let record = read_record(&folder.join("cat__xception.keras_in1k__act4.png")).unwrap();
    assert_eq!((&*record.picture.file_name, &*record.kind), ("cat.png", "captioned"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "no scraps");
    // A second batch keeps existing figures, and the preview says so.
    window.wait_for("1 figure would be written, of 3 runs");
    assert!(window.says("2 more are there already and are kept"));
    window.click("Start");
    window.wait_for("batch done: 0 figures written, 2 were there already and kept, 1 picture failed");
    // With the option for values, figures that exist lack their `.npy` files.
    std::fs::remove_file(pictures.path().join("broken.png")).unwrap();
    window.type_path(pictures.path());
    window.wait_for("frame 0 of 2");
    window.wait_for("Nothing is left to write: all 2 figures are there");
    window.click("Values too, as .npy beside each figure");
    window.wait_for("2 figures would be written, of 2 runs");
    window.click("Start");
    window.wait_for("batch done: 2 figures written");
    assert!(folder.join("cat__xception.keras_in1k__act4.npy").exists());
    window.wait_for("Nothing is left to write: all 2 figures are there");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 4);
    // With other looks, all figures are replaced.
    window.click("Hide dead channels");
    window.settle();
    window.click("Replace figures that exist");
    window.wait_for("2 of them are there already and are replaced");
    window.click("Start");
    window.wait(|w| w.harness.query_by_label("Cancel batch").is_none() && w.says("batch done: 2"), "the end");
    let record = read_record(&folder.join("cat__xception.keras_in1k__act4.png")).unwrap();
    assert_eq!(record.panels[0].look.selection.as_deref(), Some("index hide-dead"));
}

#[test]
fn a_batch_lets_the_view_run_first_and_can_be_cancelled() {
    let out = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    window.type_path(&super::drive());
    window.wait_for("drive, frame 0, center");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::E);
    window.wait_for("no folder to write into");
    window.type_into("Folder", &out.path().display().to_string());
    window.wait_for("24 figures would be written");
    window.click("Start");
    window.wait_for("of 24 runs");
    // A request for the view meanwhile runs first.
    window.press(egui::Key::ArrowUp);
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    assert!(window.says("Cancel batch"), "it still runs: {:?}", window.texts());
    window.click("Cancel batch");
    window.wait_for("batch cancelled: ");
    let num = std::fs::read_dir(out.path()).unwrap().count();
    assert!(num < 24, "{num} figures");
    for figure in std::fs::read_dir(out.path()).unwrap() {
        read_record(&figure.unwrap().path()).unwrap();
    }
}

#[test]
fn figures_of_other_settings_are_asked_about() {
    let (pictures, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy("assets/cat.png", &pictures.path().join("cat.png"));
    let mut window = Window::with_cat();
    window.type_path(pictures.path());
    window.wait_for("frame 0 of 1");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::E);
    window.wait_for("no folder to write into");
    window.type_into("Folder", &out.path().display().to_string());
    window.wait_for("1 figure would be written");
    window.click("Start");
    window.wait_for("batch done: 1 figure written");
    window.wait_for("Nothing is left to write: the figure is there");
    assert!(!window.says("other settings"), "it was made as is asked: {:?}", window.texts());
    let figure = out.path().join("cat__xception.keras_in1k__act4.png");
    let normalisation = || read_record(&figure).unwrap().panels[0].look.normalisation.clone();
    assert_eq!(normalisation(), "channel");
    window.choose("Normalization", "whole layer");
    window.wait_for("1 figure that was made with other settings would be kept:");
    window.wait_for("normalization: channel in the figure, layer asked for (1 figure)");
    assert!(window.harness.query_by_label("Start").is_none(), "it is asked first");
    let keep = window.harness.get_by_label("Keep them");
    assert!(
        egui_kittest::kittest::NodeT::accesskit_node(&keep).is_disabled(),
        "nothing else is to be written"
    );
    window.click("Make them anew");
    window.wait(|_| normalisation() == "layer", "the figure to be made anew");
    window.wait(|w| !w.says("other settings") && w.says("Nothing is left to write"), "nothing to ask");
}

/// A weight file is read between two figures, not after the last.
#[test]
fn work_that_is_asked_for_goes_before_the_rest_of_a_batch() {
    let (out, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut window = Window::with_cat();
    window.type_path(&super::drive());
    window.wait_for("drive, frame 0, center");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::E);
    window.wait_for("no folder to write into");
    window.type_into("Folder", &out.path().display().to_string());
    window.wait_for("24 figures would be written");
    window.click("Start");
    window.wait_for("Exporting ");
    // Its dialog is closed: the status bar still says how far it is, and opens it.
    window.press(egui::Key::Escape);
    window.wait(|w| w.harness.query_by_label("Cancel batch").is_none(), "the dialog to close");
    let broken = files.path().join("broken.pth");
    std::fs::write(&broken, "no weights").unwrap();
    window.drop_file(&broken);
    window.wait_for("broken.pth\"");
    window.wait_for("/24");
    let count = window.texts().into_iter().find(|text| text.starts_with("Exporting ")).unwrap();
    window.click(&count);
    window.click("Cancel batch");
    window.wait_for("batch cancelled: ");
}

#[test]
fn opening_a_figure_restores_its_settings() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    window.choose("Layout", "channels per location");
    window.choose("Colours", "viridis");
    window.choose("Order", "by mean");
    window.click("Hide dead channels");
    window.choose("Fit", "the picture's own size");
    window.click("Previous layer");
    window.wait_for("xception.keras_in1k · act3 1536×10×14");
    window.settle();
    let figure = dir.path().join("figure.png");
    let record = window.saved_record(&figure);
    assert_eq!(record.panels[0].look.selection.as_deref(), Some("mean hide-dead"));
    drop(window);

    let mut window = Window::with_cat();
    window.choose_model("lite0");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act");
    window.drop_file(&figure);
    window.wait_for("xception.keras_in1k · act3 1536×10×14");
    window.settle();
    assert!(window.was_told("took model, layer, settings and picture from"));
    let again = window.saved_record(&dir.path().join("again.png"));
    assert_eq!(again.panels, record.panels);
    assert_eq!(again.picture, record.picture);
}

#[test]
fn a_figure_asks_for_its_picture_and_checks_it() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let picture = dir.path().join("frame.jpg");
    copy("assets/drive/center/1500000000004200000.jpg", &picture);
    let mut window = Window::with_cat();
    window.type_path(&picture);
    window.wait_for("frame.jpg · 320×240");
    window.settle();
    let figure = dir.path().join("figure.png");
    window.saved_record(&figure);
    // A figure next to its picture finds it.
    window.drop_file(root().join("assets/cat.png"));
    window.wait_for("cat.png · 451×300");
    window.drop_file(&figure);
    window.wait_for("frame.jpg · 320×240");
    // In another folder, the figure asks for its picture and checks the one that is opened.
    let moved = elsewhere.path().join("figure.png");
    std::fs::copy(&figure, &moved).unwrap();
    // The picture is still on screen and is used.
    window.settle();
    window.drop_file(&moved);
    window.wait_for(&format!("took model, layer, settings and picture from \"{}\"", moved.display()));
    window.drop_file(root().join("assets/cat.png"));
    window.wait_for("cat.png · 451×300");
    window.settle();
    window.drop_file(&moved);
    window.wait_for("its picture frame.jpg was not found beside it: open it, and it is checked");
    // What is shown until then is said to be another.
    window.settle();
    assert!(window.says("Not the figure's picture, which was not found: frame.jpg"));
    window.drop_file(root().join("assets/drive/center/1500000000504200000.jpg"));
    window.wait_for("this is another picture than the figure's frame.jpg");
    assert!(!window.says("Not the figure's picture"));
    window.settle();
    window.drop_file(&moved);
    window.wait_for("was not found beside it");
    window.drop_file(&picture);
    window.wait_for("this is the picture that the figure was made from: frame.jpg");
}

#[test]
fn values_a_channel_and_a_sheet_are_saved() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    let values = dir.path().join("values.npy");
    window.dialogs.answer(&values);
    window.menu("File", "Save the layer's values…");
    window.wait_for(&format!("saved \"{}\"", values.display()));
    let bytes = std::fs::read(&values).unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY") && bytes.len() > 2048 * 100 * 4);
    window.type_into("Channel number", "135");
    let filter = dir.path().join("channel.png");
    window.dialogs.answer(&filter);
    window.menu("File", "Save selected channel…");
    window.wait_for(&format!("saved \"{}\"", filter.display()));
    assert_eq!(read_record(&filter).unwrap().panels[0].look.grid, "1x1");
    window.click("Add view");
    window.choose_model("lite0");
    window.wait_for("2 · tf_efficientnet_lite0.in1k");
    window.settle();
    let sheet = dir.path().join("sheet.png");
    window.dialogs.answer(&sheet);
    window.menu("File", "Save all views as one figure…");
    window.wait_for(&format!("saved \"{}\"", sheet.display()));
    let tags: Vec<String> = read_record(&sheet).unwrap().panels.into_iter().map(|p| p.run.tag).collect();
    assert_eq!(tags, ["xception.keras_in1k", "tf_efficientnet_lite0.in1k"]);
}

#[test]
fn pictures_go_through_the_clipboard() {
    let mut window = Window::with_cat();
    let colours = [egui::Color32::RED, egui::Color32::GREEN, egui::Color32::BLUE, egui::Color32::WHITE];
    let image = egui::ColorImage::new([64, 32], colours.repeat(512));
    window.harness.event(egui::Event::PasteImage(std::sync::Arc::new(image)));
    window.wait_for("pasted picture 1 · 64×32");
    window.settle();
    window.harness.event(egui::Event::Copy);
    let mut copied = None;
    window.harness.step();
    for _ in 0..400 {
        window.harness.step();
        let commands = &window.harness.output().platform_output.commands;
        copied = commands.iter().find_map(|command| match command {
            egui::OutputCommand::CopyImage(image) => Some(image.size),
            _ => None,
        });
        if copied.is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let [width, height] = copied.unwrap();
    assert!(width > 1000 && height > 500, "as large as a saved figure: {width}×{height}");
}

#[test]
fn figures_are_saved_at_the_size_asked_for_and_the_view_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let size = |path: &Path| image::image_dimensions(path).unwrap();
    let mut window = Window::with_cat();
    window.choose("Size", "1 pixel a value");
    // The heights of figures with the caption and the colour bar, and with one of them.
    let height = |window: &mut Window, name: &str, kind: &str| {
        let path = dir.path().join(name);
        assert_eq!(window.saved_record(&path).kind, kind);
        size(&path).1
    };
    let whole = height(&mut window, "whole.png", "captioned");
    window.click("Colour bar");
    let words = height(&mut window, "words.png", "captioned without scale");
    window.click("Colour bar");
    window.click("Caption");
    let scale = height(&mut window, "scale.png", "with scale");
    // The figure has a margin of 14 pixels above and below, whatever it shows.
    assert!(
        words > 351 + 28 && scale > 351 + 28 && words + scale == whole + 351 + 28,
        "{words} {scale} {whole}"
    );
    window.click("Colour bar");
    let native = dir.path().join("native.png");
    let record = window.saved_record(&native);
    // 64 tiles of 10 values and 63 gaps.
    assert_eq!(size(&native), (703, 351));
    assert_eq!((&*record.kind, record.panels[0].look.scale), ("mosaic", 1));
    window.choose("Size", "4 pixels a value");
    let large = dir.path().join("large.png");
    window.saved_record(&large);
    assert_eq!(size(&large), (2560 + 63, 1280 + 31));

    // A saved view has the panel's size in pixels, and its pixels equal those of the mosaic.
    window.press(egui::Key::Num1);
    let panel =
        window.harness.get_by_role_and_label(egui::accesskit::Role::Image, "Mosaic of 2048 channels").rect();
    let view = dir.path().join("view.png");
    window.dialogs.answer(&view);
    window.menu("File", "Save this view…");
    window.wait_for(&format!("saved \"{}\"", view.display()));
    assert_eq!(size(&view), (panel.width().round() as u32, panel.height().round() as u32));
    let (whole, part) = (image::open(&native).unwrap().into_rgb8(), image::open(&view).unwrap().into_rgb8());
    let record = read_record(&view).unwrap();
    assert_eq!(record.kind, "view");
    let seen: filterscope::mosaic::SeenPart = record.panels[0].look.part.as_ref().unwrap().parse().unwrap();
    assert_eq!((seen.x.fract(), seen.y.fract()), (0.0, 0.0), "at native zoom pixels lie on pixels: {seen}");
    let mut num_seen = 0;
    for (x, y, pixel) in part.enumerate_pixels() {
        let (u, v) = (i64::from(x) + seen.x as i64, i64::from(y) + seen.y as i64);
        if (0..703).contains(&u) && (0..351).contains(&v) {
            // Gaps differ: a figure has its paper's colour there, the window its background.
            if u % 11 != 10 && v % 11 != 10 && whole.get_pixel(u as u32, v as u32) != whole.get_pixel(10, 10)
            {
                num_seen += usize::from(whole.get_pixel(u as u32, v as u32) == pixel);
            }
        }
    }
    assert!(num_seen > 40_000, "{num_seen}");

    // A typed file name works without dialogs.
    window.choose("What to save", "values (.npy)");
    let values = dir.path().join("typed.npy");
    window.type_into("File name:", &dir.path().join("typed").display().to_string());
    window.wait_for(&format!("saved \"{}\"", values.display()));
    window.choose("What to save", "selected channel");
    window.type_into("File name:", &dir.path().join("none.png").display().to_string());
    window.wait_for("select a channel first: its map is then saved");
}

#[test]
fn a_difference_is_restored_with_both_its_pictures() {
    let dir = tempfile::tempdir().unwrap();
    let frame = dir.path().join("frame.jpg");
    copy("assets/drive/center/1500000000004200000.jpg", &frame);
    let mut window = Window::with_cat();
    window.click("Add view");
    window.click("Link pictures");
    window.type_path(&frame);
    window.wait_for("2 · xception.keras_in1k · act4 · frame.jpg");
    window.settle();
    window.click("Difference");
    window.wait_for("cat.png − frame.jpg");
    window.choose("Order", "by mean");
    window.click("Only the first");
    window.type_into("Grid:", "4x16");
    window.wait_for("4x16, as asked");
    window.settle();
    let figure = dir.path().join("difference.png");
    let record = window.saved_record(&figure);
    assert_eq!(record.panels[0].look.selection.as_deref(), Some("mean top:64"));
    assert_eq!((&*record.panels[0].look.grid, record.panels[0].look.is_grid_chosen), ("4x16", true));
    drop(window);

    let mut window = Window::with_cat();
    window.drop_file(&figure);
    window.wait_for("3 · xception.keras_in1k · act4 · cat.png − frame.jpg");
    window.settle();
    assert!(window.says("1 · xception.keras_in1k · act4 · cat.png"));
    assert!(window.says("2 · xception.keras_in1k · act4 · frame.jpg"));
    let again = window.saved_record(&dir.path().join("again.png"));
    assert_eq!(again, record);
}

/// Views of several pictures are saved as one figure, each under its own picture, and opened again with them.
#[test]
fn a_figure_of_several_pictures_is_restored() {
    let dir = tempfile::tempdir().unwrap();
    let frame = dir.path().join("frame.jpg");
    copy("assets/drive/center/1500000000004200000.jpg", &frame);
    let mut window = Window::with_cat();
    window.click("Add view");
    window.click("Link pictures");
    window.type_path(&frame);
    window.wait_for("2 · xception.keras_in1k · act4 · frame.jpg");
    window.settle();
    let figure = dir.path().join("two.png");
    window.dialogs.answer(&figure);
    window.menu("File", "Save all views as one figure…");
    window.wait_for(&format!("saved \"{}\"", figure.display()));
    drop(window);
    let record = read_record(&figure).unwrap();
    let names = record.panels.iter().map(|panel| &*panel.picture.as_ref().unwrap().file_name);
    assert_eq!(names.collect::<Vec<_>>(), ["cat.png", "frame.jpg"]);
    assert!(
        record.description().starts_with("Feature maps of cat.png, frame.jpg: "),
        "{}",
        record.description()
    );

    let mut window = Window::with_cat();
    window.drop_file(&figure);
    window.wait_for("2 · xception.keras_in1k · act4 · frame.jpg");
    assert!(window.says("1 · xception.keras_in1k · act4 · cat.png"));
    assert!(!window.says("not found beside it"), "{:?}", window.texts());
    drop(window);
    // Without one of its pictures, that one is named.
    std::fs::remove_file(&frame).unwrap();
    let mut window = Window::with_cat();
    window.drop_file(&figure);
    window.wait_for("its picture frame.jpg was not found beside it");
}

/// A result that arrives and adds a line above a field takes nothing from who is typing there.
#[test]
fn a_field_keeps_the_focus_when_a_line_appears_above_it() {
    let mut window = Window::with_cat();
    window.harness.get_by_role_and_label(egui::Role::TextInput, "Grid:").focus();
    window.harness.run_steps(2);
    window.harness.get_by_label("Only the first").click_accesskit();
    window.wait_for("64 of 2048 channels shown");
    window.harness.event(egui::Event::Text("4x16".into()));
    window.harness.run_steps(2);
    window.press(egui::Key::Enter);
    window.wait_for("4x16, as asked");
}

#[test]
fn a_part_a_channel_and_a_sheet_are_restored() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    window.type_into("Channel number", "135");
    window.press(egui::Key::Enter);
    window.settle();
    let save_view = |window: &mut Window, path: &Path| {
        window.dialogs.answer(path);
        window.menu("File", "Save this view…");
        window.wait_for(&format!("saved \"{}\"", path.display()));
        read_record(path).unwrap().panels[0].look.part.clone()
    };
    // The channel in row 2 and column 7 of tiles of 10 × 10 is shown whole.
    window.press(egui::Key::Enter);
    let large = save_view(&mut window, &dir.path().join("large.png")).unwrap();
    let large: filterscope::mosaic::SeenPart = large.parse().unwrap();
    assert!(large.x <= 77.0 && large.x + large.width >= 88.0, "{large:?}");
    assert!(large.y <= 22.0 && large.y + large.height >= 33.0, "{large:?}");
    window.press(egui::Key::Enter);
    window.type_into("Channel number", "135");
    let view = dir.path().join("view.png");
    let part = save_view(&mut window, &view);
    let filter = dir.path().join("channel.png");
    window.dialogs.answer(&filter);
    window.menu("File", "Save selected channel…");
    window.wait_for(&format!("saved \"{}\"", filter.display()));
    drop(window);

    let mut window = Window::with_cat();
    window.drop_file(&filter);
    window.wait_for("Channel 135");
    window.settle();
    window.harness.get_by_label("Mosaic of 2048 channels");
    window.drop_file(&view);
    window.wait_for("view.png");
    window.settle();
    let again = dir.path().join("again.png");
    window.dialogs.answer(&again);
    window.menu("File", "Save this view…");
    window.wait_for(&format!("saved \"{}\"", again.display()));
    let numbers = |text: Option<String>| -> Vec<f32> {
        text.unwrap().split([' ', ',', 'x']).map(|n| n.parse().unwrap()).collect()
    };
    let (a, b) = (numbers(part), numbers(read_record(&again).unwrap().panels[0].look.part.clone()));
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 0.6), "{a:?} {b:?}");

    window.click("Add view");
    window.choose_model("lite0");
    window.wait_for("2 · tf_efficientnet_lite0.in1k");
    window.settle();
    let sheet = dir.path().join("sheet.png");
    window.dialogs.answer(&sheet);
    window.menu("File", "Save all views as one figure…");
    window.wait_for(&format!("saved \"{}\"", sheet.display()));
    drop(window);
    let mut window = Window::with_cat();
    window.click("Previous layer");
    window.wait_for("xception.keras_in1k · act3 1536×10×10");
    window.settle();
    window.drop_file(&sheet);
    window.wait_for("2 · tf_efficientnet_lite0.in1k · bn2.act · cat.png");
    assert!(window.says("1 · xception.keras_in1k · act4 · cat.png"));
    // "Undo" restores the view that the sheet replaced.
    window.menu("Edit", "Undo");
    window.settle();
    assert!(window.says("xception.keras_in1k · act3 1536×10×10"), "{:?}", window.texts());
    assert!(!window.says("Close view"));
}

/// Each panel of a sheet is restored with its own range and colours, whatever the views shared before, and another layer then has the
/// colours that its values ask for.
#[test]
fn a_sheet_is_restored_with_the_range_and_colours_of_each_panel() {
    let dir = tempfile::tempdir().unwrap();
    let sheet_to = |window: &mut Window, name: &str| {
        let sheet = dir.path().join(name);
        window.dialogs.answer(&sheet);
        window.menu("File", "Save all views as one figure…");
        window.wait_for(&format!("saved \"{}\"", sheet.display()));
        sheet
    };
    let mut window = Window::with_cat();
    window.click("Add view");
    window.type_into("Search layers", "block12");
    window.wait_for("2 · xception.keras_in1k · block12");
    window.settle();
    let sheet = sheet_to(&mut window, "sheet.png");
    let record = read_record(&sheet).unwrap();
    let colours: Vec<&str> = record.panels.iter().map(|panel| &*panel.look.colour_map).collect();
    assert_eq!(colours, ["magma", "blue-red"]);
    assert!(record.panels.iter().all(|panel| panel.look.normalisation == "channel"));
    drop(window);

    let mut window = Window::with_cat();
    window.click("Add view");
    window.click("Share colour range");
    window.settle();
    window.drop_file(&sheet);
    window.wait_for("2 · xception.keras_in1k · block12");
    window.wait_for("\"Share colour range\" is off now");
    window.settle();
    let again = sheet_to(&mut window, "again.png");
    assert_eq!(read_record(&again).unwrap().panels, record.panels);
    // The first view's map was that of unsigned values; a signed layer has a map with two sides.
    window.click("1 · xception.keras_in1k · act4 · cat.png");
    window.type_into("Search layers", "block12");
    window.wait_for("1 · xception.keras_in1k · block12");
    window.settle();
    let signed = read_record(&sheet_to(&mut window, "signed.png")).unwrap();
    assert!(signed.panels.iter().all(|panel| panel.look.colour_map == "blue-red"), "{:?}", signed.panels);
}

/// A figure of a network that is no longer carried restores the settings that don't depend on the network.
#[test]
fn a_figure_of_a_model_that_is_no_longer_carried_restores_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let picture = dir.path().join("frame.jpg");
    copy("assets/drive/center/1500000000004200000.jpg", &picture);
    let mut window = Window::with_cat();
    window.type_path(&picture);
    window.wait_for("frame.jpg · 320×240");
    window.choose("Layout", "channels per location");
    window.choose("Colours", "viridis");
    window.choose("Order", "by mean");
    window.choose("Fit", "the picture's own size");
    window.wait_for("act4 2048×8×10");
    window.settle();
    let made = dir.path().join("made.png");
    let record = window.saved_record(&made);
    let rgba = image::open(&made).unwrap().into_rgba8();
    let (width, height) = rgba.dimensions();
    let pixels = filterscope::mosaic::Pixels::from_rgba(width, height, rgba.into_raw()).unwrap();
    let old = |name: &str, panels: &[filterscope::formats::PanelRecord]| {
        let (path, mut record) = (dir.path().join(name), record.clone());
        record.panels = panels.to_vec();
        filterscope::formats::write_figure(&path, &pixels, "title", &record).unwrap();
        path
    };
    let mut retired = record.panels[0].clone();
    (retired.run.tag, retired.run.weights_sha256) = ("inception_v3.moderation".into(), "0".repeat(64));
    retired.run.engine = "an older one".into();
    (retired.look.layer, retired.look.shape) = ("Mixed_5d".into(), "288×35×35".into());
    (retired.look.grid, retired.look.is_grid_chosen) = ("12x24".into(), true);
    (retired.look.shown_channel, retired.look.part) = (Some(7), None);
    let figure = old("figure.png", std::slice::from_ref(&retired));
    drop(window);

    let mut window = Window::with_cat();
    window.choose_model("lite0");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act");
    window.drop_file(&figure);
    window.wait_for("frame.jpg · 320×240");
    window.wait_for("xception.keras_in1k · act4 2048×8×10");
    window.settle();
    let sentence = "inception_v3.moderation is no longer carried with the program: xception.keras_in1k is shown in its place";
    // The log has what was said, however long the views took.
    window.menu("Help", "Messages");
    assert!(window.says(sentence), "{:?}", window.texts());
    assert!(window.says("took settings and picture from"), "{:?}", window.texts());
    for wrong in ["not taken from the figure", "other weights", "was computed by", "That didn't work"] {
        assert!(!window.says(wrong), "{wrong}: {:?}", window.texts());
    }
    window.menu("Help", "Messages");
    let again = window.saved_record(&dir.path().join("again.png"));
    assert_eq!(again.picture, record.picture);
    assert_eq!(again.panels, record.panels, "input and looks are the figure's");

    // In a sheet together with a network that is here, each panel is restored as far as possible.
    let mut lite0 = record.panels[0].clone();
    (lite0.run.tag, lite0.look.layer) = ("tf_efficientnet_lite0.in1k".into(), "bn2.act".into());
    let sheet = old("sheet.png", &[retired, lite0]);
    window.drop_file(&sheet);
    window.wait_for("2 · tf_efficientnet_lite0.in1k · bn2.act · frame.jpg");
    assert!(window.says("1 · xception.keras_in1k · act4 · frame.jpg"));
    // The message is shown once. The tree contains every message as a whole and by line, so the number is compared with another one's,
    // unless one of the two has gone by now.
    let num = |part: &str| window.texts().iter().filter(|text| text.contains(part)).count();
    let counts = (num("no longer carried"), num("took model, layer, settings and picture"));
    assert!(counts.0 == counts.1 || counts.0 == 0 || counts.1 == 0, "{counts:?}: {:?}", window.texts());
}

/// The text in a PNG may come from anyone.
#[test]
fn a_figure_with_a_hostile_record_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    let honest = dir.path().join("honest.png");
    let record = window.saved_record(&honest);
    let rgba = image::open(&honest).unwrap().into_rgba8();
    let (width, height) = rgba.dimensions();
    let pixels = filterscope::mosaic::Pixels::from_rgba(width, height, rgba.into_raw()).unwrap();
    let write = |name: &str, change: &dyn Fn(&mut filterscope::formats::FigureRecord)| {
        let (path, mut record) = (dir.path().join(name), record.clone());
        change(&mut record);
        filterscope::formats::write_figure(&path, &pixels, "title", &record).unwrap();
        path
    };
    let nonsense = write("nonsense.png", &|record| {
        let panel = &mut record.panels[0];
        panel.look.grid = "99999999999x99999999999".into();
        panel.look.is_grid_chosen = true;
        panel.look.gap = u32::MAX;
        panel.look.scale = u32::MAX;
        panel.look.shape = "99999999×99999999×99999999".into();
        panel.look.part = Some("NaN,inf -1x0".into());
        panel.look.shown_channel = Some(usize::MAX);
        panel.look.selection = Some("mean top:0".into());
        panel.look.layer = "../../etc/passwd".into();
        panel.run.weights_sha256 = "0".repeat(64);
    });
    window.drop_file(&nonsense);
    window.wait_for("not taken from the figure: layer ../../etc/passwd, order mean top:0, gap 4294967295, part NaN,inf -1x0");
    window.wait_for("That didn't work");
    window.click("Automatic");
    window.settle();
    assert!(!window.says("That didn't work"), "{:?}", window.texts());
    window.wait_for("the figure was made with other weights of xception.keras_in1k than those here");
    let elsewhere = write("elsewhere.png", &|record| {
        let run = &mut record.panels[0].run;
        (run.engine, run.device) = ("abacus".repeat(10), "an attic".into());
    });
    window.drop_file(&elsewhere);
    let engine = &"abacus".repeat(10)[..40];
    window.wait_for(&format!("the figure was computed by {engine} on an attic, and is by fast/"));
    let unknown = write("unknown.png", &|record| record.panels[0].run.tag = "no_such.network".into());
    window.drop_file(&unknown);
    window.wait_for("the figure's network is not known here");
    window.settle();
    assert!(window.says("act4 2048×10×10"));
    // A file with more text than any figure has is opened as an ordinary picture.
    let mut bytes = std::fs::read(&honest).unwrap();
    let huge = [&(2u32 << 20).to_be_bytes()[..], b"tEXt", &vec![b'a'; 2 << 20], &[0; 4]].concat();
    bytes.splice(33..33, huge);
    let large = dir.path().join("large.png");
    std::fs::write(&large, bytes).unwrap();
    window.drop_file(&large);
    window.wait_for("large.png");
    window.settle();
}

//! What leaves the window, and comes back.

use std::path::Path;

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
    window.wait_for("moment 1 of 3");
    window.wait_for("no folder to write into");
    let folder = out.path().join("new");
    window.type_into("Folder", &folder.display().to_string());
    window.wait_for("3 figures would be written, of 3 runs");
    assert!(window.says("cat__inception_v3.moderation__Mixed_7c.png"));
    assert!(!folder.exists(), "a preview writes nothing");
    window.click("Start");
    window.wait_for("batch done: 2 figures written, 1 pictures failed");
    assert!(window.says("broken.png: "), "{:?}", window.texts());
    let record = read_record(&folder.join("cat__inception_v3.moderation__Mixed_7c.png")).unwrap();
    assert_eq!((&*record.picture.file_name, &*record.kind), ("cat.png", "captioned"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "no scraps");
    // Once more: what is there is kept, and said before.
    window.wait_for("2 of them are there already and are kept");
    window.click("Start");
    window.wait_for("batch done: 0 figures written, 2 were there already and kept, 1 pictures failed");
}

#[test]
fn a_batch_makes_way_and_is_cancelled() {
    let out = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    window.type_path(&super::drive());
    window.wait_for("drive, row 0, center");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::E);
    window.wait_for("no folder to write into");
    window.type_into("Folder", &out.path().display().to_string());
    window.wait_for("24 figures would be written");
    window.click("Start");
    window.wait_for("of 24 runs");
    // Something else is wanted meanwhile, and comes first.
    window.press(egui::Key::ArrowUp);
    window.wait_for("inception_v3.moderation · Mixed_7b 2048×8×8");
    assert!(window.says("Cancel batch"), "it still runs");
    window.click("Cancel batch");
    window.wait_for("batch cancelled: ");
    let num = std::fs::read_dir(out.path()).unwrap().count();
    assert!(num < 24, "{num} figures");
    for figure in std::fs::read_dir(out.path()).unwrap() {
        read_record(&figure.unwrap().path()).unwrap();
    }
}

#[test]
fn an_exported_figure_brings_its_settings_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    window.choose("Layout", "a patch per position");
    window.choose("Colours", "viridis");
    window.choose("Order", "by mean");
    window.click("Hide dead filters");
    window.choose("Fit", "the picture's own size");
    window.click("Shallower");
    window.wait_for("inception_v3.moderation · Mixed_7b 2048×8×12");
    window.settle();
    let figure = dir.path().join("figure.png");
    let record = window.saved_record(&figure);
    assert_eq!(record.panels[0].look.sifting.as_deref(), Some("mean hide-dead"));
    drop(window);

    let mut window = Window::with_cat();
    window.choose_model("lite0");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act");
    window.drop_file(&figure);
    window.wait_for("inception_v3.moderation · Mixed_7b 2048×8×12");
    window.settle();
    assert!(window.says("took model, layer, settings and picture from"));
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
    // Beside its picture, it finds it.
    window.drop_file(root().join("assets/cat.png"));
    window.wait_for("cat.png · 451×300");
    window.drop_file(&figure);
    window.wait_for("frame.jpg · 320×240");
    // Elsewhere, it asks, and checks what is opened.
    let moved = elsewhere.path().join("figure.png");
    std::fs::copy(&figure, &moved).unwrap();
    window.drop_file(&moved);
    window.wait_for("its picture frame.jpg was not found beside it: open it, and it is checked");
    window.drop_file(root().join("assets/drive/center/1500000000504200000.jpg"));
    window.wait_for("this is another picture than the figure's frame.jpg");
    window.drop_file(&moved);
    window.wait_for("was not found beside it");
    window.drop_file(&picture);
    window.wait_for("this is the picture that the figure was made from: frame.jpg");
}

#[test]
fn values_a_filter_and_a_sheet_are_saved() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    let values = dir.path().join("values.npy");
    window.dialogs.answer(&values);
    window.menu("File", "Save the layer's values…");
    window.wait_for(&format!("saved \"{}\"", values.display()));
    let bytes = std::fs::read(&values).unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY") && bytes.len() > 2048 * 64 * 4);
    window.type_into("Filter number", "133");
    let filter = dir.path().join("filter.png");
    window.dialogs.answer(&filter);
    window.menu("File", "Save selected filter…");
    window.wait_for(&format!("saved \"{}\"", filter.display()));
    assert_eq!(read_record(&filter).unwrap().panels[0].look.grid, "1x1");
    window.click("Add view");
    window.choose_model("lite0");
    window.wait_for("2 · tf_efficientnet_lite0.in1k");
    window.settle();
    let sheet = dir.path().join("sheet.png");
    window.dialogs.answer(&sheet);
    window.menu("File", "Save all views as a sheet…");
    window.wait_for(&format!("saved \"{}\"", sheet.display()));
    let tags: Vec<String> = read_record(&sheet).unwrap().panels.into_iter().map(|p| p.run.tag).collect();
    assert_eq!(tags, ["inception_v3.moderation", "tf_efficientnet_lite0.in1k"]);
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

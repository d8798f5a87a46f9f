//! Long runs started from the window: feature extraction and animations.

use std::path::Path;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use filterscope::features::Manifest;
use image::AnimationDecoder;

use super::Window;
use crate::support::root;

const TAG: &str = "tf_efficientnet_lite0.in1k";

/// A window with the small network, in which a folder of `num` pictures and a broken one is open.
fn on_a_folder(pictures: &Path, num: usize) -> Window {
    let frame = root().join("assets/drive/center/1500000000004200000.jpg");
    for at in 0..num {
        std::fs::copy(&frame, pictures.join(format!("{at:03}.jpg"))).unwrap();
    }
    std::fs::write(pictures.join("broken.png"), b"\x89PNG\r\n\x1a\nand nothing more").unwrap();
    let mut window = Window::with_cat();
    window.choose_model("lite0");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act");
    window.menu("File", "Extract features…");
    window.wait_for("no data set is open: open a folder of pictures or a driving log first");
    window.type_path(pictures);
    window.wait_for(&format!("frame 0 of {}", num + 1));
    window.settle();
    window
}

#[test]
fn features_are_previewed_made_and_reported() {
    let (pictures, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut window = on_a_folder(pictures.path(), 3);
    window.wait_for("no folder to write into: type its path or choose it");
    let folder = out.path().join("new");
    window.type_into("Output folder", &folder.display().to_string());
    window.wait_for("Features of 4 pictures would be written");
    assert!(window.says(&format!("{TAG}: bn2.act, 1280 f32")), "{:?}", window.texts());
    assert!(!folder.exists(), "a preview writes nothing");
    window.choose("Type", "f16, half the room");
    window.wait_for(&format!("{TAG}: bn2.act, 1280 f16"));
    window.click("Start");
    window.wait_for("wrote features of 3 pictures; 1 skipped: ");
    assert!(window.says("broken.png: "), "the report says why: {:?}", window.texts());
    let manifest = Manifest::read(&folder.join(TAG)).unwrap();
    assert_eq!((manifest.outcome.num_rows, manifest.outcome.num_failed), (3, 1));
    assert_eq!((&*manifest.recipe.pool, &*manifest.recipe.layer), ("avg", "bn2.act"));
    // Existing features are replaced only on request.
    window.wait_for("Features are here already");
    window.click("Replace them");
    window.wait_for("Features are here already");
    assert_eq!(Manifest::read(&folder.join(TAG)).unwrap(), manifest);
}

/// For a table of an unknown kind the window asks which column has the paths; the other columns are labels.
#[test]
fn a_table_asks_for_its_column_of_paths_and_gives_features() {
    let place = tempfile::tempdir().unwrap();
    let frame = root().join("assets/drive/center/1500000000004200000.jpg");
    for name in ["a.jpg", "b.jpg", "c.jpg"] {
        std::fs::copy(&frame, place.path().join(name)).unwrap();
    }
    let table = place.path().join("mine.csv");
    std::fs::write(&table, "angle,photo,where\n0.5,a.jpg,x\n-0.25,b.jpg,y\n1,c.jpg,z\n").unwrap();
    let empty = place.path().join("empty.tsv");
    std::fs::write(&empty, "").unwrap();
    let mut window = Window::with_cat();
    window.choose_model("lite0");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act");
    window.drop_file(&empty);
    window.wait_for(&format!("this table is empty: \"{}\"", empty.display()));
    let numbers = place.path().join("numbers.tsv");
    std::fs::write(&numbers, "0.5\t1\n-0.25\t2\n").unwrap();
    window.drop_file(&numbers);
    window.wait_for(&format!("no column of this table names pictures: \"{}\" has 0.5, 1", numbers.display()));
    window.drop_file(&table);
    window.wait_for("Which column has the pictures' paths?");
    // While the question is open, shortcuts of the window don't work.
    window.press(egui::Key::F1);
    assert!(
        !window.says("Keyboard shortcuts and terms\n")
            && window.harness.query_by_label("Keyboard shortcuts and terms").is_none()
    );
    window.press(egui::Key::Escape);
    window.settle();
    assert!(!window.says("Which column"), "Escape closes it");
    window.drop_file(&table);
    window.wait_for("Which column has the pictures' paths?");
    window.click_button("Cancel");
    window.settle();
    assert!(window.says("cat.png · 451×300") && !window.says("Which column"), "what was there stays");
    window.drop_file(&table);
    window.wait_for("Which column has the pictures' paths?");
    window.click_button("where");
    window.wait_for("mine.csv");
    window.settle();
    assert!(!window.says("frame 0 of"), "{:?}", window.texts());
    window.drop_file(&table);
    window.wait_for("Which column has the pictures' paths?");
    window.click_button("photo");
    window.wait_for("frame 0 of 3");
    window.wait_for("angle");
    window.settle();
    window.menu("File", "Extract features…");
    let out = place.path().join("features");
    window.type_into("Output folder", &out.display().to_string());
    window.wait_for("Features of 3 pictures would be written");
    let first = window.harness.get_by_role_and_label(Role::SpinButton, "From frame");
    first.click();
    window.harness.run_steps(3);
    window.harness.event(egui::Event::Text("1".into()));
    window.harness.run_steps(2);
    window.press(egui::Key::Enter);
    window.wait_for("Features of 2 pictures would be written");
    window.click("Start");
    window.wait_for("wrote features of 2 pictures");
    assert_eq!(Manifest::read(&out.join(TAG)).unwrap().outcome.num_rows, 2);
}

/// The dialogs treat a network from a file like any other.
#[test]
fn a_network_from_an_onnx_file_writes_figures_and_features() {
    let (pictures, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut window = on_a_folder(pictures.path(), 2);
    window.drop_file(crate::support::fixture("onnx/hand_made.onnx"));
    window.wait_for("hand_made.onnx · upper bound 12×");
    window.settle();
    window.click(TAG);
    window.click("hand_made.onnx");
    window.type_into("Output folder", &out.path().display().to_string());
    window.wait_for("hand_made.onnx: upper bound, 12 f32");
    window.click("Start");
    window.wait_for("wrote features of 2 pictures; 1 skipped: ");
    window.menu("File", "Extract features…");
    // The network on screen is already selected.
    window.menu("File", "Export many figures…");
    let figures = out.path().join("figures");
    window.type_into("Folder", &figures.display().to_string());
    window.wait_for("3 figures would be written, of 3 runs");
    window.click("Start");
    window.wait_for("batch done: ");
    let names: Vec<String> = std::fs::read_dir(&figures)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!names.is_empty() && names.iter().all(|name| name.contains("hand_made.onnx")), "{names:?}");
}

#[test]
fn a_stopped_run_says_how_to_resume_it_and_can_be_resumed() {
    let (pictures, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut window = on_a_folder(pictures.path(), 240);
    window.type_into("Output folder", &out.path().display().to_string());
    window.wait_for("Features of 241 pictures would be written");
    window.click("Start");
    window.wait_for(" pictures/s, about ");
    // The view still responds meanwhile.
    window.press(egui::Key::PageDown);
    window.wait_for("frame 1 of 241");
    window.click("Stop after the batch in hand");
    window.wait_for("pictures are done and kept: Go on, or `filterscope extract … --resume`, continues");
    window.wait_for("An unfinished run is here: ");
    assert!(!out.path().join(TAG).join("manifest.json").exists());
    // With another setting the run can't be resumed, and the error uses the window's words.
    window.choose("Type", "f16, half the room");
    window.wait_for(&format!("{TAG}: bn2.act, 1280 f16"));
    window.click("Go on");
    window.wait_for("this is not the run that was begun here: dtype was f32, is f16: ");
    assert!(window.says("It was begun with Type f32."), "{:?}", window.texts());
    window.choose("Type", "f32");
    window.wait_for(&format!("{TAG}: bn2.act, 1280 f32"));
    window.click("Go on");
    window.wait_for("wrote features of 240 pictures; 1 skipped: ");
    assert_eq!(Manifest::read(&out.path().join(TAG)).unwrap().outcome.num_rows, 240);
}

/// The window reports what keeps a run from starting, as the command line does: the lock of another run, a path that can't be a folder.
#[test]
fn a_run_that_cannot_begin_says_why() {
    let (pictures, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut window = on_a_folder(pictures.path(), 2);
    let hidden = out.path().join("held/.filterscope");
    std::fs::create_dir_all(&hidden).unwrap();
    let lock = std::fs::File::create(hidden.join("lock")).unwrap();
    lock.lock().unwrap();
    let folder = out.path().join("held").display().to_string();
    window.type_into("Output folder", &folder);
    window.wait_for("Features of 3 pictures would be written");
    window.click("Start");
    window.wait_for(&format!(
        "another run is writing into this folder; wait for it, or choose another: \"{folder}\""
    ));
    drop(lock);
    let file = out.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    window.type_into("Output folder", "/../file/below");
    window.wait_for("Features of 3 pictures would be written");
    window.settle();
    window.click("Start");
    window.wait_for("can't use this folder (");
    assert!(window.says("Choose an output folder that can be written to."), "{:?}", window.texts());
}

/// The report counts values too large for f16.
#[test]
fn values_that_became_infinite_are_reported() {
    use crate::onnx::encode::{floats, network, node, property};
    let (pictures, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut window = on_a_folder(pictures.path(), 2);
    let conv = node("Conv", &["x", "w"], "y", &[("kernel_shape", &[1, 1])]);
    let graph = network(&[conv, floats("w", &[4, 3, 1, 1], &[1e6; 12])]);
    let file = out.path().join("loud.onnx");
    std::fs::write(&file, [graph, property("mean", "0"), property("std", "1")].concat()).unwrap();
    window.drop_file(file);
    window.wait_for("loud.onnx · ");
    window.settle();
    window.click(TAG);
    window.click("loud.onnx");
    window.type_into("Output folder", &out.path().join("features").display().to_string());
    window.wait_for("loud.onnx: ");
    window.choose("Type", "f16, half the room");
    window.wait_for("4 f16");
    window.click("Start");
    window.wait_for("8 values are too large for f16, whose largest number is 65504, and stored as infinite (f32 under Type keeps them)");
}

#[test]
fn an_animation_is_previewed_made_and_stopped() {
    let out = tempfile::tempdir().unwrap();
    let mut window = Window::with_cat();
    window.choose_model("lite0");
    window.wait_for("tf_efficientnet_lite0.in1k · bn2.act");
    window.settle();
    window.menu("File", "Animate…");
    window.wait_for("no file to write: type a name that ends in .gif or .png, or that of a folder");
    window.type_into("Layers shown", "conv_stem");
    let gif = out.path().join("moving.gif");
    window.dialogs.answer(&gif);
    window.click("Choose file…");
    window.wait_for("32 frames of ");
    window.click("Start");
    window.wait_for("wrote 32 frames of ");
    let file = std::io::BufReader::new(std::fs::File::open(&gif).unwrap());
    let frames = image::codecs::gif::GifDecoder::new(file).unwrap().into_frames().collect_frames().unwrap();
    assert_eq!(frames.len(), 32);
    window.wait_for("Something of that name is there already");
    assert!(window.says("Replace it"));
    // A drive animation needs a data set.
    window.choose("Animate over", "drive, a mosaic a frame");
    window.wait_for("a drive is of a data set: open a folder or a driving log first");
    window.choose("Animate over", "depth, a mosaic a layer");
    window.type_into("Layers shown", "");
    window.wait(|w| w.says("frames of") || w.says("Something of that name"), "a plan");
    // A stopped animation leaves no file.
    window.choose("Animate over", "channels, one after the other");
    window.type_into("Layers shown", ",first:40");
    window.dialogs.answer(out.path().join("other.gif"));
    window.click("Choose file…");
    window.wait(|w| w.says("frames of"), "a plan for the new name");
    window.click("Start");
    window.wait_for("frames/s");
    window.click("Stop animating");
    window.wait_for("stopped: nothing was written; starting again begins anew");
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1, "the first one alone");
}

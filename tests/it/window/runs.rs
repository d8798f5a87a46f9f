//! Long runs from the window: features of a data set, moving pictures.

use std::path::Path;

use egui_kittest::kittest::Queryable;
use filterscope::formats::features::Manifest;
use image::AnimationDecoder;

use super::Window;
use crate::support::root;

const TAG: &str = "tf_efficientnet_lite0.in1k";

/// A folder of `num` pictures, and one that is none, open in a window on the small network.
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
    window.wait_for(&format!("moment 1 of {}", num + 1));
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
    // What is there isn't replaced unasked.
    window.wait_for("Features are here already");
    window.click("Replace them");
    window.wait_for("Features are here already");
    assert_eq!(Manifest::read(&folder.join(TAG)).unwrap(), manifest);
}

#[test]
fn a_run_that_was_stopped_says_how_to_go_on_and_does() {
    let (pictures, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut window = on_a_folder(pictures.path(), 240);
    window.type_into("Output folder", &out.path().display().to_string());
    window.wait_for("Features of 241 pictures would be written");
    window.click("Start");
    window.wait_for(" pictures/s, about ");
    // A view is served meanwhile.
    window.press(egui::Key::PageDown);
    window.wait_for("moment 2 of 241");
    window.click("Stop after the batch in hand");
    window.wait_for("pictures are done and kept: Go on, or `filterscope extract … --resume`, continues");
    window.wait_for("An unfinished run is here: ");
    assert!(!out.path().join(TAG).join("manifest.json").exists());
    window.click("Go on");
    window.wait_for("wrote features of 240 pictures; 1 skipped: ");
    assert_eq!(Manifest::read(&out.path().join(TAG)).unwrap().outcome.num_rows, 240);
}

#[test]
fn a_moving_picture_is_previewed_made_and_stopped() {
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
    // A drive wants a data set.
    window.choose("What moves", "drive, a mosaic a moment");
    window.wait_for("a drive is of a data set: open a folder or a driving log first");
    window.choose("What moves", "depth, a mosaic a layer");
    window.type_into("Layers shown", "");
    window.wait(|w| w.says("frames of") || w.says("Something of that name"), "a plan");
    // One that is called off leaves nothing.
    window.choose("What moves", "filters, one after the other");
    window.type_into("Layers shown", ",first:40");
    window.dialogs.answer(out.path().join("other.gif"));
    window.click("Choose file…");
    window.wait(|w| w.harness.query_by_label("Start").is_some(), "a plan for the new name");
    window.click("Start");
    window.wait_for("frames/s");
    window.click("Stop animating");
    window.wait_for("stopped: nothing was written; Start begins again");
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1, "the first one alone");
}

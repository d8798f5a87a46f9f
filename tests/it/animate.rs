//! Animations, written by the real binary and read back by the `image` crate.

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::{AnimationDecoder, Frame};

use filterscope::formats::read_record;
use filterscope::models::Registry;
use filterscope::mosaic::{FrameLook, Paper};

use crate::support::binary::{Bench, size_of};
use crate::support::root;

const LITE0: &str = "--model tf_efficientnet_lite0.in1k";

fn gif(bench: &Bench, name: &str) -> Vec<Frame> {
    let file = std::io::BufReader::new(std::fs::File::open(bench.path(name)).unwrap());
    GifDecoder::new(file).unwrap().into_frames().collect_frames().unwrap()
}

/// The columns that are marked on a bar, in a row of a frame. Asserts that they are adjacent.
fn marked(frame: &Frame, row: u32) -> std::ops::Range<u32> {
    let [r, g, b, _] = FrameLook::MARK;
    let rgba = frame.buffer();
    let columns: Vec<u32> =
        (0..rgba.width()).filter(|x| rgba.get_pixel(*x, row).0[..3] == [r, g, b]).collect();
    assert_eq!(columns.last().unwrap() - columns[0] + 1, columns.len() as u32, "one mark");
    columns[0]..columns.last().unwrap() + 1
}

#[test]
fn every_channel_has_a_frame_that_marks_its_layer_and_number() {
    let bench = Bench::with_cat();
    let run = bench.ok(&format!(
        "animate cat.png -o cat.gif {LITE0} --layers conv_stem,bn1 --fit 64x64 --fps 20 --size 64"
    ));
    // 32 × 32 values of 2 × 2 pixels, in a frame no narrower than its text.
    let look = FrameLook { width: 200, height: 64, paper: Paper::Dark };
    let (width, height) = look.size();
    assert!(
        run.stderr.ends_with(&format!("wrote 64 frames of {width}×{height} pixels: \"cat.gif\"\n")),
        "{}",
        run.stderr
    );
    let frames = gif(&bench, "cat.gif");
    assert_eq!(frames.len(), 64);
    for (at, frame) in frames.iter().enumerate() {
        assert_eq!(frame.delay().numer_denom_ms(), (50, 1));
        assert_eq!(frame.buffer().dimensions(), (width, height));
        assert_eq!(marked(frame, look.part_row()), look.part_columns(2, at / 32), "layer of frame {at}");
        assert_eq!(marked(frame, look.step_row()), look.part_columns(32, at % 32), "channel of frame {at}");
    }
    // The map is the same as `render` draws it, except that a GIF's palette leaves fewer levels for the map.
    bench.ok(&format!("render cat.png -o tiles.png {LITE0} --layer conv_stem --fit 64x64 --scale 2 --gap 0 --grid 1x32 --paper dark --normalise filter"));
    let tiles = image::open(bench.path("tiles.png")).unwrap().into_rgba8();
    let frame = frames[5].buffer();
    let mut worst = 0;
    for (x, y) in (0..64).flat_map(|x| (0..64).map(move |y| (x, y))) {
        let (tile, shown) = (tiles.get_pixel(5 * 64 + x, y).0, frame.get_pixel(4 + 68 + x, 4 + y).0);
        worst = tile.iter().zip(shown).map(|(a, b)| a.abs_diff(b)).max().unwrap().max(worst);
    }
    assert!(worst <= 8, "{worst} levels apart: no band can be seen");
}

#[test]
fn depth_and_drive_are_mosaics_and_a_broken_picture_keeps_its_time() {
    let bench = Bench::with_cat();
    bench.ok(&format!("animate cat.png -o depth.png {LITE0} --mode depth --fit 64x64 --size 128"));
    let file = std::io::BufReader::new(std::fs::File::open(bench.path("depth.png")).unwrap());
    let frames = PngDecoder::new(file).unwrap().apng().unwrap().into_frames().collect_frames().unwrap();
    let graph = (Registry::find("tf_efficientnet_lite0.in1k").unwrap().build)().unwrap();
    assert_eq!(frames.len(), graph.stages().len(), "a frame a stage");

    let drive = root().join("assets/drive/center");
    for (at, entry) in std::fs::read_dir(drive).unwrap().take(3).enumerate() {
        std::fs::create_dir_all(bench.path("in")).unwrap();
        std::fs::copy(entry.unwrap().path(), bench.path(&format!("in/{at}.jpg"))).unwrap();
    }
    bench.add("in/1.jpg", b"\xFF\xD8\xFF");
    let run = bench.run(&format!("animate in -o frames/ {LITE0} --fit 64x64 --size 64"));
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(
        run.stderr.contains("note: one scale for all frames, ") && run.stderr.contains("skipped: "),
        "{}",
        run.stderr
    );
    assert_eq!(bench.names("frames"), ["frame-00001.png", "frame-00002.png", "frame-00003.png"]);
    assert_eq!(
        size_of(&bench.path("frames/frame-00001.png")),
        size_of(&bench.path("frames/frame-00002.png"))
    );
}

/// In a folder of frames each file carries its frame's record. A GIF and an animated PNG carry the first frame's record.
#[test]
fn frames_carry_the_record_for_making_them_again() {
    let bench = Bench::with_cat();
    let animate =
        format!("animate cat.png {LITE0} --layers conv_stem --fit 32x32 --size 32 --colormap greys");
    bench.ok(&format!("{animate} -o frames/"));
    for (file, channel) in [("frames/frame-00001.png", 0), ("frames/frame-00032.png", 31)] {
        let record = read_record(&bench.path(file)).unwrap();
        let panel = &record.panels[0];
        assert_eq!((&*record.kind, &*record.picture.file_name), ("frame", "cat.png"));
        assert_eq!((&*panel.look.layer, panel.look.shown_channel), ("conv_stem", Some(channel)), "{file}");
        assert_eq!((&*panel.look.colour_map, &*panel.run.fit), ("greys", "32x32"));
    }
    // Fewer frames into the same folder would be mixed with these; as many replace them.
    let fewer =
        bench.run(&format!("animate cat.png {LITE0} --mode depth --layers first:1 --fit 32x32 -o frames/"));
    assert_eq!(fewer.code, Some(2), "{}", fewer.stderr);
    assert!(fewer.stderr.contains("more frames than the 1 that would be written"), "{}", fewer.stderr);
    assert!(fewer.stderr.contains("(frame-00002.png)"), "{}", fewer.stderr);
    assert_eq!(bench.names("frames").len(), 32);
    bench.ok(&format!("{animate} -o frames/"));
    bench.ok(&format!("{animate} -o cat.png.apng"));
    bench.ok(&format!("{animate} -o cat.gif"));
    let first = read_record(&bench.path("frames/frame-00001.png")).unwrap();
    assert_eq!(read_record(&bench.path("cat.png.apng")).unwrap(), first);
    assert_eq!(read_record(&bench.path("cat.gif")).unwrap(), first);
    let gif = std::fs::read(bench.path("cat.gif")).unwrap();
    let comment = &gif[gif.windows(9).position(|bytes| bytes == b"{\"schema\"").unwrap()..];
    let end = comment.iter().position(|byte| *byte == 0).unwrap();
    assert!(
        comment[..end].iter().filter(|byte| !byte.is_ascii()).all(|byte| *byte == 255),
        "but for lengths of blocks"
    );
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let bench = Bench::with_cat();
    for (arguments, words) in [
        ("animate cat.png -o cat.jpg", "a moving picture is a .gif, a .png or a folder: \"cat.jpg\""),
        ("animate . -o x.gif --mode depth", "channels and depth are of one picture, and this is a data set"),
        ("animate cat.png -o no/x.gif", "no such folder to write into"),
        (
            "animate cat.png -o x.gif --mode drive --layers first:2",
            "a drive shows one layer, and 2 were asked for",
        ),
        ("animate gone.png -o x.gif", "no such file: check the path: \"gone.png\""),
        ("animate cat.png -o x.gif --layers first:0", "no layer was asked for"),
    ] {
        let run = bench.run(arguments);
        assert!(run.code == Some(2) && run.stderr.contains(words), "{arguments}: {}", run.stderr);
    }
    assert_eq!(bench.names("."), ["cat.png"]);
}

//! Pictures of every format are decoded to RGB, resized to the network's input size and scaled to its input values. The expected
//! pixels were made by `fixtures/pictures/make.py`.

use std::collections::BTreeMap;
use std::path::Path;

use filterscope::input::decode::{
    DecodeLimits, Picture, decode_bytes, decode_bytes_within, decode_file, decode_file_within,
};
use filterscope::input::{FitChoice, PreprocessError, SourceRegion, ValueChoice, preprocess, resize};
use filterscope::tensor::{Fit, LongSide, PixelSize, PreprocessSpec, ResizeFilter, ValueScale};
use image::RgbImage;

use crate::support::npy::{npy_f32, npy_u8};
use crate::support::{fixture, root};

#[derive(serde::Deserialize)]
struct Expected {
    width: u32,
    height: u32,
    tolerance: u8,
    notes: Vec<String>,
    pixels: String,
}

fn expected() -> BTreeMap<String, Expected> {
    serde_json::from_slice(&std::fs::read(fixture("pictures/expected.json")).unwrap()).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn notes(picture: &Picture) -> Vec<&str> {
    picture.notes.iter().map(|note| note.words()).collect()
}

#[test]
fn every_kind_of_picture_is_what_pillow_sees() {
    let expected = expected();
    assert!(expected.len() >= 89);
    // The README lists the formats whose every sample equals Pillow's: all of these but one.
    let tolerant: Vec<_> = expected.iter().filter(|(_, want)| want.tolerance > 0).map(|(n, _)| n).collect();
    assert_eq!(tolerant, ["lossy.webp"]);
    let mut wrong = Vec::new();
    for (name, want) in &expected {
        let picture = match decode_file(&fixture("pictures").join(name)) {
            Ok(picture) => picture,
            Err(e) => {
                wrong.push(e.to_string());
                continue;
            }
        };
        assert_eq!(&picture.name, name);
        if picture.rgb.dimensions() != (want.width, want.height) || notes(&picture) != want.notes {
            wrong.push(format!("{name}: {:?} with {:?}", picture.rgb.dimensions(), notes(&picture)));
            continue;
        }
        let worst =
            picture.rgb.as_raw().iter().zip(hex(&want.pixels)).map(|(a, b)| a.abs_diff(b)).max().unwrap();
        if worst > want.tolerance {
            wrong.push(format!("{name}: off by {worst}, allowed {}", want.tolerance));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A broken file, or one of another format, and its error message.
const BROKEN: &[(&str, &str)] = &[
    ("broken/cut.jpg", "a JPEG that is cut off before its end: copy or download it again"),
    ("broken/cut_late.jpg", "a JPEG that is cut off before its end: copy or download it again"),
    ("broken/no_end_marker.jpg", "a JPEG that is cut off before its end: copy or download it again"),
    ("broken/cut_progressive.jpg", "a JPEG that is cut off before its end: copy or download it again"),
    ("broken/cut_header.jpg", "a JPEG that is cut off before its end: copy or download it again"),
    ("broken/cut.png", "a PNG that is cut off before its end: copy or download it again"),
    ("broken/cut.gif", "a GIF that is cut off before its end: copy or download it again"),
    ("broken/cut.webp", "a WebP that is cut off before its end: copy or download it again"),
    ("broken/cut_in_exif.webp", "a WebP that is cut off before its end: copy or download it again"),
    ("broken/cut_lossy.webp", "a WebP that is cut off before its end: copy or download it again"),
    ("broken/cut.bmp", "a BMP that is cut off before its end: copy or download it again"),
    ("broken/cut.tif", "a TIFF that is cut off before its end: copy or download it again"),
    ("broken/cut.ppm", "a PNM that is cut off before its end: copy or download it again"),
    ("broken/cut.qoi", "a QOI that is cut off before its end: copy or download it again"),
    ("broken/flipped.png", "a damaged PNG (its checksum is wrong): copy or download it again"),
    (
        "broken/float.tif",
        "a TIFF of 32-bit floating-point samples, whose range is not known: save it with 8 or 16 bits a channel",
    ),
    (
        "broken/uint32.tif",
        "a TIFF of 32-bit unsigned integer samples, whose range is not known: save it with 8 or 16 bits a channel",
    ),
    (
        "broken/uint32_rgb.tif",
        "a TIFF of 32-bit unsigned integer samples, whose range is not known: save it with 8 or 16 bits a channel",
    ),
    (
        "broken/int16.tif",
        "a TIFF of 16-bit signed integer samples, whose range is not known: save it with 8 or 16 bits a channel",
    ),
    (
        "broken/float64.tif",
        "a TIFF of 64-bit floating-point samples, whose range is not known: save it with 8 or 16 bits a channel",
    ),
    (
        "broken/palette.tif",
        "a TIFF of a kind that is not decoded (colours of a palette): save it as an ordinary PNG",
    ),
    ("broken/lab.tif", "a TIFF of a kind that is not decoded (Lab colours): save it as an ordinary PNG"),
    (
        "broken/tiled_planes.tif",
        "a TIFF of a kind that is not decoded (tiles with their colours apart): save it as an ordinary PNG",
    ),
    (
        "broken/extra_tiles.tif",
        "a TIFF of a kind that is not decoded (1 sample a pixel beside its colours, in tiles): save it as an ordinary PNG",
    ),
    (
        "broken/predictor_without_place.tif",
        "a TIFF of a kind that is not decoded (a predictor with a compression that takes none): save it as an ordinary PNG",
    ),
    (
        "broken/extra_predictor.tif",
        "a TIFF of a kind that is not decoded (1 sample a pixel beside its colours, with a predictor): save it as an ordinary PNG",
    ),
    (
        "broken/alpha_and_more_tiles.tif",
        "a TIFF of a kind that is not decoded (2 samples a pixel beside its colours, in tiles): save it as an ordinary PNG",
    ),
    (
        "broken/zstd.tif",
        "a TIFF of a kind that is not decoded (compression method ZSTD is unsupported): save it as an ordinary PNG",
    ),
    (
        "broken/raw.dng",
        "a TIFF of a kind that is not decoded (a camera's raw picture, DNG): save it as an ordinary PNG",
    ),
    ("broken/wrong_deflate.tif", "a damaged TIFF (corrupt deflate stream): copy or download it again"),
    (
        "broken/few_rows.png",
        "a damaged PNG (IDAT or fDAT chunk does not have enough data for image.): copy or download it again",
    ),
    ("broken/chunk.png", "a damaged PNG (a checksum in it is wrong): copy or download it again"),
    ("broken/no_frame.gif", "a damaged GIF (it ends before its first frame does): copy or download it again"),
    ("broken/cut_lzw.tif", "a TIFF that is cut off before its end: copy or download it again"),
    ("broken/wrong_lzw.tif", "a damaged TIFF (its LZW data are too few or wrong): copy or download it again"),
    ("broken/empty.jpg", "the file is empty (0 bytes): copy or download it again"),
    (
        "broken/text.png",
        "a text file, not a picture this program decodes: give a picture, a folder of pictures, or a driving log with a header line",
    ),
    (
        "broken/page.jpg",
        "a web page, not a picture this program decodes: if it was downloaded, the server sent a page instead: fetch the picture itself",
    ),
    (
        "broken/drawing.svg",
        "an SVG drawing, not a picture this program decodes: render it to PNG at the size you want",
    ),
    ("broken/document.pdf", "a PDF document, not a picture this program decodes: export the page as PNG"),
    (
        "broken/photo.heic",
        "a HEIC picture, not a picture this program decodes: export it as JPEG (a phone can be set to \"most compatible\")",
    ),
    ("broken/photo.avif", "an AVIF picture, not a picture this program decodes: convert it to PNG or JPEG"),
    (
        "broken/pointer.png",
        "a Git LFS pointer, not a picture this program decodes: fetch the real file with `git lfs pull`",
    ),
    (
        "broken/noise.jpg",
        "not a kind of picture that is decoded: its first bytes match none of JPEG, PNG, GIF, BMP, TIFF, WebP, PNM, ICO and QOI; convert it to PNG",
    ),
    ("broken/bomb.png", "20000x20000 pixels, more than the limit of 134217728 in all: scale it down first"),
    ("broken/long.png", "40000x1 pixels, more than the limit of 32768 a side: scale it down first"),
    ("broken", "a folder where a picture was expected: name a file in it"),
    ("broken/nothing.png", "no such file: check the path"),
];

#[test]
fn broken_pictures_say_what_is_wrong_and_what_to_do() {
    let mut wrong = Vec::new();
    for (name, message) in BROKEN {
        let path = fixture("pictures").join(name);
        let said = match decode_file(&path) {
            Ok(picture) => format!("decoded, {:?}", picture.rgb.dimensions()),
            Err(e) => e.to_string(),
        };
        if said != format!("{message}: \"{}\"", path.display()) {
            wrong.push(said);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A file of a related format, of another standard or of no standard, is named as that and not called damaged.
#[test]
fn related_formats_are_named_and_not_called_damaged() {
    let png = |first: &[u8], width: u8| {
        let header =
            [b"\0\0\0\x0DIHDR\0\0\0".as_slice(), &[width], b"\0\0\0\x04\x08\x02\0\0\0\0\0\0\0"].concat();
        [b"\x89PNG\r\n\x1A\n".as_slice(), first, &header].concat()
    };
    // A start marker, a JPEG-LS frame header, a scan, an end marker.
    let jpeg_ls =
        b"\xFF\xD8\xFF\xF7\0\x0B\x08\0\x04\0\x04\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\0\0\0\x12\xFF\xD9";
    for (name, bytes, expected) in [
        (
            "of an app",
            png(b"\0\0\0\x04CgBIP\0 \x02\x2B\xD5\xB3\x7F", 4),
            "a PNG of a kind that is not decoded (Apple's own, as apps have them, CgBI): save it as an ordinary PNG",
        ),
        ("without columns", png(b"", 0), "a picture of 0x4 pixels has nothing to show"),
        (
            "LS",
            jpeg_ls.to_vec(),
            "a JPEG of a kind that is not decoded (JPEG-LS): save it as an ordinary PNG",
        ),
        (
            "2000",
            b"\xFF\x4F\xFF\x51\0\x2F\0\0".to_vec(),
            "a JPEG 2000 picture, not a picture this program decodes: convert it to PNG or JPEG",
        ),
    ] {
        let error = decode_bytes(name, &bytes).unwrap_err().to_string();
        assert_eq!(error, format!("{expected}: \"{name}\""));
    }
}

#[test]
fn the_caller_sets_the_decode_limits() {
    let limits = DecodeLimits { max_pixels: 383, ..DecodeLimits::default() };
    let path = fixture("pictures/rgb.png");
    let error = decode_file_within(&path, &limits).unwrap_err();
    assert!(error.to_string().starts_with("24x16 pixels, more than the limit of 383 in all"), "{error}");
    let limits = DecodeLimits { max_bytes: 100, ..DecodeLimits::default() };
    let error = decode_file_within(&fixture("pictures/rgb.bmp"), &limits).unwrap_err();
    assert!(error.to_string().contains("more than the limit of 100: make it smaller"), "{error}");
    for name in
        ["rgb.png", "baseline.jpg", "still.gif", "rgb.bmp", "gray.tif", "rgb.webp", "rgb.ppm", "rgb.qoi"]
    {
        let bytes = std::fs::read(fixture("pictures").join(name)).unwrap();
        let error = decode_bytes_within(name, &bytes, &limits).unwrap_err();
        let said = error.to_string();
        let format = said.strip_prefix("decoding this ").and_then(|rest| rest.split_once(' '));
        let (_, rest) = format.unwrap_or_else(|| panic!("{said}"));
        let want = format!("takes more than the limit of 100 bytes: scale it down first: \"{name}\"");
        assert_eq!(rest, want);
    }
}

/// Any bytes give a picture or an error within reasonable time. The pixels that a decoder makes of a flipped byte aren't checked.
#[test]
fn damaged_bytes_neither_panic_nor_hang() {
    // A panic inside a decoder is caught and becomes the error "the decoder gave up", which is counted below.
    let started = std::time::Instant::now();
    let limits = DecodeLimits { max_pixels: 1 << 20, max_bytes: 1 << 24, ..DecodeLimits::default() };
    let mut gave_up = BTreeMap::<&str, usize>::new();
    let expected = expected();
    for name in expected.keys() {
        let bytes = std::fs::read(fixture("pictures").join(name)).unwrap();
        let mut feed = |damaged: &[u8]| {
            if let Err(e) = decode_bytes_within(name, damaged, &limits)
                && e.to_string().contains("the decoder gave up")
            {
                *gave_up.entry(name).or_default() += 1;
            }
        };
        let step = (bytes.len() / 60).max(1);
        for at in (0..bytes.len()).step_by(step) {
            feed(&bytes[..at]);
            for flip in [0x01, 0x80, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                feed(&damaged);
            }
        }
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    assert!(gave_up.is_empty(), "decoders panicked: {gave_up:?}");
}

/// A JPEG is cut at every byte, as its decoders are the most forgiving; the other formats are cut at some bytes.
#[test]
fn no_prefix_passes_for_the_whole() {
    for (name, expected) in expected() {
        // The end of these files may be missing without harm: it is a second frame, or bytes after the picture.
        if expected.notes.iter().any(|n| n == "first of several frames") || name == "trailing_bytes.jpg" {
            continue;
        }
        let bytes = std::fs::read(fixture("pictures").join(&name)).unwrap();
        let is_jpeg = Path::new(&name).extension().is_some_and(|e| e == "jpg");
        let ends: Vec<usize> = if is_jpeg {
            (0..bytes.len()).collect()
        } else {
            (0..19).map(|i| bytes.len() * i / 20).collect()
        };
        for end in ends {
            let result = decode_bytes(&name, &bytes[..end]);
            assert!(result.is_err(), "{name} cut at {end} of {}", bytes.len());
        }
    }
}

#[test]
fn a_picture_s_name_is_its_file_name_without_folders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("größe 漢字.png");
    std::fs::copy(fixture("pictures/rgb.png"), &path).unwrap();
    assert_eq!(decode_file(&path).unwrap().name, "größe 漢字.png");
}

fn cat() -> RgbImage {
    decode_file(&root().join("assets/cat.png")).unwrap().rgb
}

/// Every golden of Pillow's resize: its path, the source picture, the filter and the target size.
fn resize_goldens() -> Vec<(std::path::PathBuf, RgbImage, ResizeFilter, PixelSize)> {
    let filter = |name: &str| match name {
        "nearest" => ResizeFilter::Nearest,
        "bilinear" => ResizeFilter::Bilinear,
        "bicubic" => ResizeFilter::Bicubic,
        "lanczos" => ResizeFilter::Lanczos,
        other => panic!("{other}"),
    };
    let size = |text: &str| {
        let (a, b) = text.split_once('x').unwrap();
        (a.parse::<usize>().unwrap(), b.parse::<usize>().unwrap())
    };
    let mut goldens = Vec::new();
    for entry in std::fs::read_dir(fixture("goldens_resize")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if let [_, rows_columns, "pil", name, "u8"] = stem.split('_').collect::<Vec<_>>()[..] {
            let (height, width) = size(rows_columns);
            goldens.push((path, cat(), filter(name), PixelSize::new(width, height)));
        }
    }
    let (shape, values) = npy_u8(fixture("pictures/resize_source.npy"));
    let source = RgbImage::from_raw(shape[1] as u32, shape[0] as u32, values).unwrap();
    for entry in std::fs::read_dir(fixture("pictures")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if let ["resize", name, columns_rows] = stem.split('_').collect::<Vec<_>>()[..] {
            let (width, height) = size(columns_rows);
            goldens.push((path, source.clone(), filter(name), PixelSize::new(width, height)));
        }
    }
    goldens
}

#[test]
fn resize_is_pillow_s_to_the_bit() {
    let goldens = resize_goldens();
    assert_eq!(goldens.len(), 5 + 19);
    for (path, source, filter, size) in goldens {
        let (shape, want) = npy_u8(&path);
        assert_eq!(shape, [size.height, size.width, 3]);
        let got = resize(&source, size, filter);
        let differing = got.as_raw().iter().zip(&want).filter(|(a, b)| a != b).count();
        assert_eq!(differing, 0, "{}", path.display());
    }
}

fn lite0() -> PreprocessSpec {
    PreprocessSpec {
        size: PixelSize::square(224),
        fit: Fit::ShortSideCrop { crop_pct: 0.875, long_side: LongSide::Rounded },
        filter: ResizeFilter::Bicubic,
        scale: ValueScale::LITE,
    }
}

/// Keras' `load_img`: nearest neighbour to the target, the aspect ratio ignored.
fn keras(side: usize, scale: ValueScale) -> PreprocessSpec {
    PreprocessSpec { size: PixelSize::square(side), fit: Fit::Stretch, filter: ResizeFilter::Nearest, scale }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn lite0_s_input_is_the_golden_to_the_bit() {
    let out = preprocess(&cat(), &lite0(), FitChoice::Model, ValueChoice::Model).unwrap();
    let (_, seen) = npy_u8(fixture("goldens_resize/chelsea_lite0_256bicubic_crop224_u8.npy"));
    assert_eq!(out.seen.as_raw(), &seen);
    let (shape, values) = npy_f32(fixture("goldens_real/tf_efficientnet_lite0/input_224.npy"));
    assert_eq!(shape, [1, 3, 224, 224]);
    assert_eq!(bits(out.batch.values()), bits(&values));
    assert_eq!(out.resized, PixelSize::new(385, 256));
    assert_eq!(out.fit, "scaled from 451x300 to 385x256, bicubic, centre 224x224");
    let region = SourceRegion {
        x: 80.0 * 451.0 / 385.0,
        y: 16.0 * 300.0 / 256.0,
        width: 224.0 * 451.0 / 385.0,
        height: 224.0 * 300.0 / 256.0,
    };
    assert_eq!(out.region, region);
}

#[test]
fn keras_inputs_are_the_goldens_to_the_bit() {
    for (folder, side, scale) in
        [("xception_keras_in1k", 299, ValueScale::TF), ("vgg16_keras_in1k", 224, ValueScale::CAFFE)]
    {
        let out = preprocess(&cat(), &keras(side, scale), FitChoice::Model, ValueChoice::Model).unwrap();
        let file = format!("goldens_real/{folder}/input_{side}.npy");
        let (_, values) = npy_f32(fixture(&file));
        assert_eq!(bits(out.batch.values()), bits(&values), "{folder}");
        assert_eq!(out.fit, format!("stretched from 451x300 to {side}x{side}, nearest"));
        assert_eq!(out.region, SourceRegion { x: 0.0, y: 0.0, width: 451.0, height: 300.0 });
    }
}

#[test]
fn a_chosen_fit_replaces_the_model_s() {
    let sized = |fit| preprocess(&cat(), &lite0(), fit, ValueChoice::Model).unwrap();
    let out = sized(FitChoice::Size(PixelSize::new(640, 480)));
    assert_eq!((out.batch.width(), out.batch.height()), (640, 480));
    assert_eq!(out.seen, resize(&cat(), PixelSize::new(640, 480), ResizeFilter::Bicubic));
    let out = sized(FitChoice::Stretch);
    assert_eq!(out.seen, resize(&cat(), PixelSize::square(224), ResizeFilter::Bicubic));
    let out = sized(FitChoice::Native);
    assert_eq!(out.seen, cat());
    assert_eq!(out.fit, "own size 451x300");
    // The text has the width first: 480 rows of 640 columns.
    let bilinear = PreprocessSpec { filter: ResizeFilter::Bilinear, ..lite0() };
    let out = preprocess(&cat(), &bilinear, "640x480".parse().unwrap(), ValueChoice::Model).unwrap();
    assert_eq!(out.seen.as_raw(), &npy_u8(fixture("goldens_resize/chelsea_480x640_pil_bilinear_u8.npy")).1);
}

#[test]
fn a_chosen_value_scale_replaces_the_model_s() {
    let pixel = RgbImage::from_pixel(1, 1, image::Rgb([10, 20, 30]));
    let values = |mode: &str| {
        let spec = keras(1, ValueScale::UNIT);
        preprocess(&pixel, &spec, FitChoice::Model, mode.parse().unwrap()).unwrap().batch.values().to_vec()
    };
    assert_eq!(values("raw"), [10.0, 20.0, 30.0]);
    assert_eq!(values("caffe"), [30.0 - 103.939, 20.0 - 116.779, 10.0 - 123.68], "blue first");
    assert_eq!(values("tf"), [10.0 / 127.5 - 1.0, 20.0 / 127.5 - 1.0, 30.0 / 127.5 - 1.0]);
    assert_eq!(values("torch")[0], (10.0 / 255.0 - 0.485) / 0.229);
    assert_eq!(values("model"), [10.0 / 255.0, 20.0 / 255.0, 30.0 / 255.0]);
}

#[test]
fn any_shape_of_picture_and_model_comes_out_at_the_model_s_size() {
    for (width, height) in [(1, 1), (1, 900), (900, 1), (30_000, 2), (223, 225)] {
        let picture = RgbImage::new(width, height);
        for size in [PixelSize::square(224), PixelSize::new(40, 90), PixelSize::new(90, 40)] {
            for crop_pct in [0.875, 0.934, 1.0] {
                let spec = PreprocessSpec {
                    size,
                    fit: Fit::ShortSideCrop { crop_pct, long_side: LongSide::Rounded },
                    ..lite0()
                };
                let out = preprocess(&picture, &spec, FitChoice::Model, ValueChoice::Model).unwrap();
                assert_eq!((out.batch.width(), out.batch.height()), (size.width, size.height));
                let SourceRegion { x, y, width: w, height: h } = out.region;
                assert!(x >= 0.0 && y >= 0.0);
                assert!(x + w <= f64::from(width) + 1e-9 && y + h <= f64::from(height) + 1e-9);
            }
        }
    }
}

#[test]
fn a_picture_that_cannot_be_an_input_is_refused() {
    let error = |picture: &RgbImage, spec: &PreprocessSpec, fit| {
        preprocess(picture, spec, fit, ValueChoice::Model).unwrap_err().to_string()
    };
    assert_eq!(
        error(&RgbImage::new(5000, 2), &lite0(), FitChoice::Native),
        "a picture of 5000x2 pixels at its own size: the limit is 4096 a side; choose a fit such as 640x480"
    );
    assert_eq!(
        error(&RgbImage::new(0, 0), &lite0(), FitChoice::Model),
        "a picture of 0x0 pixels has nothing to show"
    );
    for crop_pct in [0.0, -1.0, 1.5, f64::NAN] {
        let spec =
            PreprocessSpec { fit: Fit::ShortSideCrop { crop_pct, long_side: LongSide::Rounded }, ..lite0() };
        let result = preprocess(&RgbImage::new(9, 9), &spec, FitChoice::Model, ValueChoice::Model);
        assert!(matches!(result, Err(PreprocessError::BadSpec { .. })), "{crop_pct}");
    }
}

#[test]
fn fits_and_values_are_read_and_written() {
    for text in ["model", "stretch", "native", "640x480"] {
        assert_eq!(text.parse::<FitChoice>().unwrap().to_string(), text);
    }
    for text in ["model", "caffe", "tf", "torch", "raw"] {
        assert_eq!(text.parse::<ValueChoice>().unwrap().to_string(), text);
    }
    assert_eq!("640X480".parse(), Ok(FitChoice::Size(PixelSize::new(640, 480))));
    let fit = |text: &str| text.parse::<FitChoice>().unwrap_err().to_string();
    for text in ["", "crop", "640", "640x", "x480", "-1x5", "1.5x2", "640x480x3", "+1x2"] {
        assert_eq!(
            fit(text),
            format!(
                "fit `{text}`: expected model, stretch, native, or a size as WIDTHxHEIGHT such as 640x480"
            )
        );
    }
    for text in ["0x480", "640x4097", "99999999999999999999x1"] {
        assert_eq!(fit(text), format!("fit `{text}`: each side must be from 1 to 4096 pixels"));
    }
    let values = |text: &str| text.parse::<ValueChoice>().unwrap_err().to_string();
    assert_eq!(
        values("torhc"),
        "preprocessing `torhc`: expected model, caffe, tf, torch, raw; did you mean `torch`?"
    );
    assert_eq!(values("zzz"), "preprocessing `zzz`: expected model, caffe, tf, torch, raw");
}

#[test]
fn the_fixture_folder_has_no_file_that_no_test_reads() {
    let expected = expected();
    for entry in std::fs::read_dir(fixture("pictures")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_known = expected.contains_key(&name)
            || Path::new(&name).extension().is_some_and(|e| e == "npy" || e == "py" || e == "json")
            || name == "broken"
            || name == "jpeg";
        assert!(is_known, "{name} is in no table");
    }
}

/// torchvision's `Resize(256)` and `CenterCrop(224)`, which timm evaluates with: the long side is `int(256 * 451 / 300)` = 384, and
/// an odd offset is rounded half to even. (`_compute_resized_output_size` and `center_crop` in torchvision 0.29.)
#[test]
fn torchvision_s_model_specs_round_the_long_side_down() {
    let cut_down = |crop_pct| PreprocessSpec {
        fit: Fit::ShortSideCrop { crop_pct, long_side: LongSide::CutDown },
        ..lite0()
    };
    let ready = |w, h, crop_pct| {
        let picture = RgbImage::new(w, h);
        preprocess(&picture, &cut_down(crop_pct), FitChoice::Model, ValueChoice::Model).unwrap()
    };
    let cat = ready(451, 300, 0.875);
    assert_eq!(cat.resized, PixelSize::new(384, 256));
    assert_eq!((cat.region.x * 384.0 / 451.0).round(), 80.0);
    // 224 / 0.95 = 235.8: the short side is 235, so 11 rows are cut off, and half of that is 5.5, which rounds to even: 6.
    let odd = ready(300, 300, 0.95);
    assert_eq!(odd.resized, PixelSize::square(235));
    assert_eq!((odd.region.y * 235.0 / 300.0).round(), 6.0);
}

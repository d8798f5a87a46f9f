//! Files that the program writes: figures and their records, arrays, and what happens when a file can't be written.

use std::{
    fs,
    io::{self, Cursor},
    path::Path,
    process::Command,
};

use filterscope::{
    formats::{
        FigureRecord, LookRecord, MAX_TEXT_BYTES, PanelRecord, PictureRecord, RunRecord, TextChunk,
        UNVERIFIED, WriteError, pixels_sha256, read_record, read_text_chunks, write_atomically, write_figure,
        write_npy, write_png,
    },
    mosaic::{MosaicSettings, Pixels, compose},
    tensor::{Activation, LayerStats, MapShape},
};

use crate::support::npy::npy_f32;

fn activation() -> Activation {
    let values: Vec<f32> = (0..30).map(|i| i as f32 - 4.0).collect();
    Activation::new("Mixed_7c", MapShape::new(2, 3, 5), values).unwrap()
}

fn record(file: &Path) -> FigureRecord {
    let activation = activation();
    let mosaic = compose(&activation, &LayerStats::of(&activation), &MosaicSettings::default()).unwrap();
    let run = RunRecord {
        tag: "inception_v3.tf_in1k".into(),
        weights: UNVERIFIED.into(),
        weights_sha256: "0".repeat(64),
        weights_source_sha256: None,
        weights_part: None,
        fit: "model".into(),
        preprocess: "model".into(),
        fitted: "stretched from 1x2 to 299x299, bilinear".into(),
        input_size: "299x299".into(),
        filter: "bilinear".into(),
        value_scale: "RGB (x/255 − 0.5)/0.5".into(),
        preprocessing_from: None,
        engine: "candle".into(),
        device: "cpu".into(),
        final_layer: None,
        why_final: None,
        in_file: None,
    };
    let panel = PanelRecord { picture: None, run, look: LookRecord::of(&mosaic) };
    FigureRecord::new("mosaic", PictureRecord::new(file, 1, 2, &[1, 2, 3, 4, 5, 6]), vec![panel])
}

fn gradient() -> Pixels {
    Pixels::from_rgba(3, 2, (0..24).map(|i| if i % 4 == 3 { 255 } else { i * 9 }).collect()).unwrap()
}

/// Names of the files in a folder, so that a test sees whether any was left behind.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_figure_carries_the_record_of_its_making() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figure.png");
    let made = record(Path::new("/home/someone/private/猫 & Straße.jpg"));
    assert_eq!(made.picture.file_name, "猫 & Straße.jpg", "the name, never the path");
    let look = &made.panels[0].look;
    assert_eq!((look.layer.as_str(), look.shape.as_str(), look.grid.as_str()), ("Mixed_7c", "2×3×5", "1x2"));
    assert_eq!((look.normalisation.as_str(), look.colour_map.as_str()), ("channel", "blue-red"));
    write_figure(&path, &gradient(), "猫 through inception_v3", &made).unwrap();
    assert_eq!(read_record(&path).unwrap(), made);
    assert_eq!(names(folder.path()), ["figure.png"]);

    let chunks = read_text_chunks(Cursor::new(fs::read(&path).unwrap())).unwrap();
    let keywords: Vec<&str> = chunks.iter().map(|c| c.keyword.as_str()).collect();
    assert_eq!(keywords.len(), 4);
    for keyword in ["Title", "Software", "Description", "filterscope"] {
        assert!(keywords.contains(&keyword), "{keywords:?}");
    }
    let text = |keyword: &str| chunks.iter().find(|c| c.keyword == keyword).map(|c| c.text.as_str());
    assert_eq!(text("Title"), Some("猫 through inception_v3"));
    assert_eq!(text("Software"), Some(concat!("filterscope ", env!("CARGO_PKG_VERSION"))));
    assert_eq!(
        text("Description"),
        Some("Feature maps of 猫 & Straße.jpg: Mixed_7c of inception_v3.tf_in1k, channel")
    );
    let bytes = fs::read(&path).unwrap();
    assert!(!bytes.windows(7).any(|w| w == b"private"), "no folder's name leaves the machine");
}

#[test]
fn pixels_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.png");
    let see_through = Pixels::from_rgba(2, 2, (0..16).collect()).unwrap();
    for (pixels, color) in [(gradient(), png::ColorType::Rgb), (see_through, png::ColorType::Rgba)] {
        write_png(&path, &pixels).unwrap();
        let mut reader =
            png::Decoder::new(io::BufReader::new(fs::File::open(&path).unwrap())).read_info().unwrap();
        let mut decoded = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut decoded).unwrap();
        assert_eq!((info.width, info.height, info.color_type), (pixels.width(), pixels.height(), color));
        let samples = color.samples();
        let expected: Vec<u8> = pixels.rgba().chunks(4).flat_map(|p| &p[..samples]).copied().collect();
        assert_eq!(decoded, expected);
    }
    let error = read_record(&path).unwrap_err().to_string();
    let quoted = path.display();
    assert_eq!(
        error,
        format!("no record in the picture; only figures that filterscope wrote have one: \"{quoted}\"")
    );
}

/// The expected hash is the output of
/// `python3 -c "import hashlib,struct; print(hashlib.sha256(struct.pack('<II',1,2)+bytes([1,2,3,4,5,6])).hexdigest())"`
#[test]
fn pixels_are_hashed_with_their_size() {
    let hash = "4cb90cb51e66702075ecb4cf1fd9fa4fd15ce37dc64dc656143415789fcebafd";
    assert_eq!(pixels_sha256(1, 2, &[1, 2, 3, 4, 5, 6]), hash);
    assert_ne!(pixels_sha256(2, 1, &[1, 2, 3, 4, 5, 6]), hash);
}

/// A PNG chunk with a correct checksum, as the encoder writes it.
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = png::Encoder::new(&mut file, 1, 1).write_header().unwrap();
    writer.write_chunk(png::chunk::ChunkType(kind), data).unwrap();
    writer.write_image_data(&[0]).unwrap();
    writer.finish().unwrap();
    // Signature and IHDR take 33 bytes.
    file[33..33 + 12 + data.len()].to_vec()
}

/// A PNG file of the signature, these chunks, a `tIME` chunk and the end chunk.
fn png_of(chunks: &[Vec<u8>]) -> Vec<u8> {
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunks.concat(),
        chunk(*b"tIME", &[0; 7]),
        b"\0\0\0\0IEND\xae\x42\x60\x82".to_vec(),
    ]
    .concat()
}

#[test]
fn text_chunks_are_found_anywhere_in_a_file() {
    let data = chunk(*b"IDAT", &[1; 50]);
    let latin = chunk(*b"tEXt", b"Author\0Ren\xe9");
    let unicode = chunk(*b"iTXt", "Title\0\0\0de\0Titel\0猫".as_bytes());
    let packed = chunk(*b"iTXt", b"Comment\0\x01\0\0\0packed");
    let chunks = read_text_chunks(Cursor::new(png_of(&[latin, data, packed, unicode]))).unwrap();
    let chunk = |keyword: &str, text: &str| TextChunk { keyword: keyword.into(), text: text.into() };
    assert_eq!(chunks, [chunk("Author", "René"), chunk("Title", "猫")]);
}

#[test]
fn malformed_and_oversized_text_is_refused() {
    let text = |kind: [u8; 4], data: &[u8]| png_of(&[chunk(kind, data)]);
    let malformed = |what: &str| format!("a text chunk of the PNG file is malformed: {what}");
    let mut damaged = text(*b"tEXt", b"Author\0me");
    damaged[17] ^= 1;
    let mut endless = text(*b"tEXt", b"Author\0me");
    endless[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut skipped_past_the_end = text(*b"tEXt", b"Author\0me");
    skipped_past_the_end[12..16].copy_from_slice(b"IDAT");
    skipped_past_the_end[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
    let half = vec![b'a'; MAX_TEXT_BYTES as usize / 2 - 2];
    let many = [b"a\0".to_vec(), half].concat();
    let too_much = |got: u64| format!("text of {got} bytes in the PNG file; at most 1048576 are read");
    let early = "the PNG file ends too early".to_owned();
    let whole = text(*b"tEXt", b"Author\0me");
    let table: Vec<(Vec<u8>, String)> = vec![
        (vec![], "not a PNG file".into()),
        (b"GIF89a..........".to_vec(), "not a PNG file".into()),
        (b"\x89PNG\r\n\x1a\n".to_vec(), early.clone()),
        (whole[..20].to_vec(), early.clone()),
        (skipped_past_the_end, early),
        (damaged, "a text chunk of the PNG file is damaged: its checksum doesn't fit".into()),
        (endless, too_much(u32::MAX.into())),
        (
            png_of(&[chunk(*b"tEXt", &many), chunk(*b"tEXt", &many), chunk(*b"tEXt", b"k\0v")]),
            too_much(1_048_579),
        ),
        (text(*b"tEXt", b"no zero"), malformed("no end of the keyword")),
        (text(*b"tEXt", b"\0text"), malformed("keyword must have 1 to 79 characters")),
        (
            text(*b"tEXt", &[&[b'k'; 80][..], b"\0text"].concat()),
            malformed("keyword must have 1 to 79 characters"),
        ),
        (text(*b"iTXt", b"Title\0\0"), malformed("no compression flag")),
        (text(*b"iTXt", b"Title\0\x02\0\0\0x"), malformed("unknown compression")),
        (text(*b"iTXt", b"Title\0\0\0de"), malformed("no language or translated keyword")),
        (text(*b"iTXt", b"Title\0\0\0\0\0\xff\xfe"), malformed("text is not UTF-8")),
        (png_of(&vec![chunk(*b"tIME", &[0; 7]); 70_000]), "more than 65536 chunks in the PNG file".into()),
    ];
    for (bytes, message) in table {
        let shown = bytes.len().min(40);
        assert_eq!(
            read_text_chunks(Cursor::new(&bytes)).unwrap_err().to_string(),
            message,
            "{:?}",
            &bytes[..shown]
        );
    }
}

#[test]
fn every_cut_of_a_figure_is_refused_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.png");
    write_figure(&path, &gradient(), "t", &record(Path::new("cat.jpg"))).unwrap();
    let bytes = fs::read(&path).unwrap();
    // The checksum of the end chunk isn't read.
    for length in 0..bytes.len() - 4 {
        assert!(read_text_chunks(Cursor::new(&bytes[..length])).is_err(), "cut to {length}");
    }
}

/// A change that makes a record invalid.
type Spoil = dyn Fn(&mut serde_json::Value);

#[test]
fn records_written_by_others_are_checked() {
    let good: serde_json::Value =
        serde_json::from_str(&record(Path::new("cat.jpg")).to_json().unwrap()).unwrap();
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = good.clone();
        change(&mut json);
        FigureRecord::from_json(&json.to_string()).map_err(|e| e.to_string())
    };
    assert!(changed(&|json| json["added_later"] = 1.into()).is_ok(), "fields of later versions are ignored");
    let table: [(&Spoil, &str); 8] = [
        (&|json| json["schema"] = 2.into(), "the figure's record has schema 2; this version reads schema 1"),
        (
            &|json| json["panels"] = serde_json::json!([]),
            "the figure's record describes 0 panels; expected 1 to 1024",
        ),
        (
            &|json| json["picture"]["file_name"] = "../cat.jpg".into(),
            "the figure's record names its picture by a path; expected a file name",
        ),
        (
            &|json| json["picture"]["pixels_sha256"] = "unverified".into(),
            "the figure's record: `picture.pixels_sha256` must be 64 lower-case hexadecimal digits",
        ),
        (
            &|json| json["panels"][0]["weights_sha256"] = "ABC".into(),
            "the figure's record: `weights_sha256` must be 64 lower-case hexadecimal digits",
        ),
        (
            &|json| json["panels"][0]["tag"] = "x".repeat(1025).into(),
            "the figure's record: `tag` must be at most 1024 characters without control characters",
        ),
        (
            &|json| json["panels"][0]["device"] = "\u{1b}[2J".into(),
            "the figure's record: `device` must be at most 1024 characters without control characters",
        ),
        (
            &|json| json["panels"][0]["layer"] = 7.into(),
            "the figure's record is not readable JSON: invalid type: integer `7`, expected a string",
        ),
    ];
    for (change, message) in table {
        let error = changed(change).unwrap_err();
        assert!(error.starts_with(message), "{error}");
    }
    for text in ["", "{", "[]", "{\"schema\":1}", &"[".repeat(100_000)] {
        let error = FigureRecord::from_json(text).unwrap_err().to_string();
        assert!(error.starts_with("the figure's record is not readable JSON: "), "{error}");
    }
}

#[test]
fn arrays_are_read_by_numpy_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layer.npy");
    let special = [f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE / 4.0, 1.0, 2.0];
    let odd = Activation::new("t", MapShape::new(1, 2, 3), special.to_vec()).unwrap();
    for activation in [activation(), odd] {
        write_npy(&path, &activation).unwrap();
        let (shape, values) = npy_f32(&path);
        let expected = activation.shape();
        assert_eq!(shape, [expected.channels, expected.height, expected.width]);
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&values), bits(activation.values()));
    }
    write_npy(&path, &activation()).unwrap();
    let script = "import numpy,sys; a=numpy.load(sys.argv[1]); \
                  print(a.shape, a.dtype.str, a.flags.c_contiguous, a[1,2,3], float(a.sum()))";
    // NumPy isn't required for the tests; where it is missing, the reader above is the only check.
    if let Ok(output) = Command::new("python3").args(["-c", script]).arg(&path).output()
        && output.status.success()
    {
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "(2, 3, 5) <f4 True 24.0 315.0");
    }
}

#[test]
fn a_failed_write_leaves_the_old_file_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.bin");
    fs::write(&path, "before").unwrap();
    let error = write_atomically(&path, |out| {
        out.write_all(&vec![7; 200_000])?;
        Err(io::ErrorKind::StorageFull.into())
    });
    let quoted = path.display().to_string();
    assert_eq!(error.unwrap_err().to_string(), format!("the disk is full: \"{quoted}\""));
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(names(folder.path()), ["out.bin"], "no draft is left behind");
    let error = write_atomically(&path, |_| Err(io::Error::other("no reason"))).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot write the file (no reason): \"{quoted}\""));
    write_atomically(&path, |out| out.write_all(b"after")).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "after");
    assert_eq!(names(folder.path()), ["out.bin"]);
}

#[test]
fn a_path_that_cannot_be_written_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let no_folder = "no such folder to write into; create it or choose another";
    let table = [
        (folder.path().join("missing/out.png"), no_folder),
        (file.join("out.png"), no_folder),
        (folder.path().to_owned(), "expected a file to write, got a folder; add a file name"),
        (folder.path().join(".."), "expected a file to write, got a folder; add a file name"),
    ];
    for (path, message) in table {
        let error = write_png(&path, &gradient()).unwrap_err();
        assert_eq!(error.to_string(), format!("{message}: \"{}\"", path.display()));
    }
    assert_eq!(names(folder.path()), ["file"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_permissions_kept_and_devices_left_alone() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::write(&real, "before").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, &link).unwrap();
    write_atomically(&link, |out| out.write_all(b"after")).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), "after");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);

    fs::set_permissions(&real, fs::Permissions::from_mode(0o444)).unwrap();
    let error = write_atomically(&real, |out| out.write_all(b"again")).unwrap_err();
    assert!(matches!(error, WriteError::NotAllowed { .. }), "a read-only file is kept");
    assert_eq!(
        error.to_string(),
        format!(
            "not allowed to write here; choose another folder or change its permissions: \"{}\"",
            real.display()
        )
    );
    write_png(Path::new("/dev/null"), &gradient()).unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

//! JPEGs of every kind are decoded to the same samples as by Pillow. The files and Pillow's samples were made by
//! `fixtures/pictures/jpeg/make.py`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use filterscope::input::decode::{DecodeLimits, decode_bytes, decode_bytes_within, decode_file};
use filterscope::tensor::hex;
use sha2::{Digest, Sha256};

use crate::support::fixture;

/// Pillow's result for a file: a picture's size and the hash of its samples, or the reason why it refused the file.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Seen {
    Picture { width: u32, height: u32, pixels: String },
    Refused { refused: String },
}

fn corpus() -> BTreeMap<String, Seen> {
    #[derive(serde::Deserialize)]
    struct List {
        files: BTreeMap<String, Seen>,
    }
    let list: List =
        serde_json::from_slice(&std::fs::read(fixture("pictures/jpeg/corpus.json")).unwrap()).unwrap();
    list.files
}

fn sample() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixture("pictures/jpeg")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "jpg"));
    paths.sort();
    paths
}

fn hash(samples: &[u8]) -> String {
    hex(&Sha256::digest(samples))
}

/// Compares a decoded file with Pillow's result: `None` if the samples are equal, else a text that says what differs.
fn beside_pillow(path: &Path, seen: &Seen) -> Option<String> {
    let name = path.file_name().unwrap().to_str().unwrap();
    match (decode_file(path), seen) {
        (Ok(picture), Seen::Picture { width, height, pixels }) => {
            let is_same =
                picture.rgb.dimensions() == (*width, *height) && hash(picture.rgb.as_raw()) == *pixels;
            (!is_same).then(|| format!("{name}: other samples than Pillow's"))
        }
        (Ok(_), Seen::Refused { refused }) => Some(format!("{name}: Pillow says {refused}")),
        (Err(e), _) => Some(format!("{name}: {}", e.problem)),
    }
}

/// Valid JPEGs of kinds that the program doesn't decode; Pillow reads the first two.
const NAMED: [(&str, &str); 4] = [
    ("arithmetic_scans_luma_then_chroma.jpg", "a scan of some of its 3 components, not of one or all"),
    (
        "cmyk_75_420_unfinished.jpg",
        "progressive without its last refinements, with unevenly sampled components",
    ),
    ("lossless_16_bits.jpg", "lossless, 16 bits a sample"),
    ("twelve_bits.jpg", "12 bits a sample"),
];

fn named(kind: &str) -> String {
    format!("a JPEG of a kind that is not decoded ({kind}): save it as an ordinary PNG")
}

#[test]
fn jpegs_have_pillow_s_samples() {
    let corpus = corpus();
    assert!(corpus.len() >= 600);
    let paths = sample();
    assert!(paths.len() >= 45);
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let want = NAMED.iter().find(|(n, _)| *n == name).map(|(_, kind)| format!("{name}: {}", named(kind)));
        let got = beside_pillow(&path, &corpus[name]);
        if got != want {
            wrong.push(got.unwrap_or_else(|| format!("{name}: decoded")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Checks all files that the script makes. None that both decode may differ, and the few that the program doesn't decode are printed
/// by kind.
#[test]
#[ignore = "wants the folder that tests/fixtures/pictures/jpeg/make.py fills, in FILTERSCOPE_JPEGS"]
fn every_jpeg_of_the_corpus() {
    let folder = PathBuf::from(std::env::var_os("FILTERSCOPE_JPEGS").expect("FILTERSCOPE_JPEGS"));
    let (mut same, mut not_decoded, mut wrong) = (0, BTreeMap::<String, usize>::new(), Vec::new());
    let corpus = corpus();
    for (name, seen) in &corpus {
        match beside_pillow(&folder.join(name), seen) {
            None => same += 1,
            Some(other) => match other.split_once(": a JPEG of a kind that is not decoded (") {
                Some((_, rest)) => {
                    let kind = rest.split_once(')').unwrap().0;
                    *not_decoded.entry(kind.to_owned()).or_default() += 1;
                }
                None => wrong.push(other),
            },
        }
    }
    println!("{} files, {same} with Pillow's samples; not decoded: {not_decoded:#?}", corpus.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(not_decoded.values().sum::<usize>() <= 26, "{not_decoded:#?}");
}

#[test]
fn no_cut_jpeg_is_taken_for_a_whole_one() {
    for path in sample() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        if name == "trailing.jpg" {
            bytes.truncate(bytes.len() - 508);
        }
        for end in 0..bytes.len() {
            let result = decode_bytes(name, &bytes[..end]);
            assert!(result.is_err(), "{name} cut at {end} of {}", bytes.len());
        }
    }
}

#[test]
fn damaged_jpegs_give_a_picture_or_an_error() {
    let limits = DecodeLimits { max_pixels: 1 << 20, max_bytes: 1 << 24, ..DecodeLimits::default() };
    for path in sample() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for at in (2..bytes.len()).step_by((bytes.len() / 60).max(1)) {
            for flip in [0x01, 0x80, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                if let Err(e) = decode_bytes_within(name, &damaged, &limits) {
                    let said = e.to_string();
                    assert!(!said.contains("gave up"), "{said}, byte {at} ^ {flip:#x}");
                }
            }
        }
    }
}

/// A progressive JPEG whose last scan is repeated this many times more. Decoding each scan goes over the whole picture.
fn of_scans(count: usize) -> Vec<u8> {
    let mut file = std::fs::read(fixture("pictures/progressive.jpg")).unwrap();
    let scan = (0..file.len() - 1).rev().find(|&at| file[at..at + 2] == [0xFF, 0xDA]).unwrap();
    let last = file[scan..file.len() - 2].to_vec();
    let end = file.split_off(file.len() - 2);
    (0..count).for_each(|_| file.extend(&last));
    file.extend(end);
    file
}

#[test]
fn scans_and_memory_of_a_jpeg_are_bounded() {
    let said = decode_bytes("many.jpg", &of_scans(600)).unwrap_err().to_string();
    assert_eq!(said, "a JPEG of more than 500 scans: save it anew: \"many.jpg\"");
    // Decoding a progressive picture keeps its coefficients (two bytes a sample), its samples (one byte each) and the RGB output.
    let bytes = std::fs::read(fixture("pictures/progressive.jpg")).unwrap();
    let within = |max_bytes| {
        let limits = DecodeLimits { max_bytes, ..DecodeLimits::default() };
        decode_bytes_within("p.jpg", &bytes, &limits).map(|p| p.rgb.dimensions()).map_err(|e| e.to_string())
    };
    // Three bytes for each of 32x16 luma and two times 16x8 chroma samples; three bytes for each of 24x16 pixels.
    let needed = (32 * 16 + 2 * 16 * 8) * 3 + 24 * 16 * 3;
    assert_eq!(within(needed), Ok((24, 16)));
    let message = format!(
        "decoding this JPEG takes more than the limit of {} bytes: scale it down first: \"p.jpg\"",
        needed - 1
    );
    assert_eq!(within(needed - 1), Err(message));
}

/// A file that lacks data before its end marker is damaged, not cut off.
#[test]
fn a_jpeg_with_missing_data_is_damaged_not_cut_off() {
    let bytes = std::fs::read(fixture("pictures/jpeg/quality_85_420_baseline.jpg")).unwrap();
    let holed = [&bytes[..bytes.len() - 200], &[0xFF, 0xD9]].concat();
    assert_eq!(
        decode_bytes("h.jpg", &holed).unwrap_err().to_string(),
        "a damaged JPEG (the data of a scan end too early): copy or download it again: \"h.jpg\""
    );
    // The frame header has no height, and no later marker gives it.
    let mut flat = bytes.clone();
    let frame = (0..bytes.len()).find(|&at| bytes[at..].starts_with(&[0xFF, 0xC0])).unwrap();
    flat[frame + 5..frame + 7].fill(0);
    assert_eq!(
        decode_bytes("f.jpg", &flat).unwrap_err().to_string(),
        "a picture of 37x0 pixels has nothing to show: \"f.jpg\""
    );
}

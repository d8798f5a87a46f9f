//! Unusual file names are kept exactly.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use super::sources::{columns, list_on_stdin, with};
use super::{QUICK, TAG, csv, manifest};

const SMALL: &str = "--pool avg --format npy";

#[test]
fn a_backslash_in_a_name_is_no_separator() {
    let bench = with(&["in/back\\slash.png", "in/back/slash.png", "in/back_slash.png"]);
    bench.ok(&format!("extract in -o out {QUICK}"));
    let mut got = columns(&bench, &["file", "features_file"]);
    got.sort_unstable();
    assert_eq!(
        got,
        [
            "back/slash.png|back/slash.npy",
            "back\\slash.png|back_slash.png~row1.npy",
            "back_slash.png|back_slash.png~row2.npy"
        ]
    );
    // A table's path with a backslash means that file only.
    bench.add("in/list.csv", b"image\nback\\slash.png\n");
    bench.ok(&format!("extract in/list.csv --path-column image -o out {QUICK} {SMALL} --overwrite"));
    assert_eq!(columns(&bench, &["file"]), ["back\\slash.png"]);
}

#[test]
fn names_that_are_not_utf_8_stay_distinct() {
    let bench = with(&["in/caf%E9.png", "in/plain.png"]);
    for name in [&b"caf\xe9.png"[..], b"caf\xe8.png", b"\xff/x.png", b"\xfe/x.png"] {
        let to = bench.path("in").join(OsStr::from_bytes(name));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(bench.path("in/plain.png"), to).unwrap();
    }
    std::fs::write(bench.path("in").join(OsStr::from_bytes(b"n\xf6.txt")), "text").unwrap();
    bench.ok(&format!("extract in --labels folder -o out {QUICK}"));
    let names: BTreeSet<String> = columns(&bench, &["file"]).into_iter().collect();
    let expected = ["caf%E8.png", "caf%E9.png", "caf%25E9.png", "plain.png", "%FE/x.png", "%FF/x.png"];
    assert_eq!(names, expected.map(str::to_owned).into());
    let labels: BTreeSet<String> = columns(&bench, &["label"]).into_iter().collect();
    assert_eq!(labels, ["", "%FE", "%FF"].map(str::to_owned).into());
    let files: BTreeSet<String> = columns(&bench, &["features_file"]).into_iter().collect();
    assert_eq!(files.len(), 6);
    let set = bench.path("out").join(TAG);
    assert_eq!(csv(&set.join("skipped.csv"))[1][2], "n%F6.txt");
    assert!(files.iter().all(|file| set.join(file).is_file()));
    let note = "some names of files are not UTF-8: in `file`, `%` and two hexadecimal digits are a byte, and `%25` is `%`";
    assert_eq!(manifest(&bench, &format!("out/{TAG}"))["source_notes"], serde_json::json!([note]));
    bench.ok("features verify out");

    let run =
        list_on_stdin(&bench, b"in/caf\xe9.png\0in/caf\xe8.png\0in/caf\xe7.png\0", "extract - -o listed");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let index = csv(&bench.path("listed").join(TAG).join("index.csv"));
    assert_eq!((index[1][1].as_str(), index[2][1].as_str()), ("in/caf%E9.png", "in/caf%E8.png"));
    assert!(run.stderr.contains("no such picture: in/caf%E7.png"), "{}", run.stderr);
}

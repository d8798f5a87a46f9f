//! Files as numpy, pandas, scipy and MATLAB write them (`tests/fixtures/similarity/make.py`), and damaged ones.

use std::path::{Path, PathBuf};

use super::*;

const PAIRS: [f64; 15] = [3.5, 1.0, 4.0, 1.25, 5.0, 9.0, 2.0, 6.0, 5.5, 3.75, 8.0, 7.0, 9.5, 3.0, 2.5];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/similarity").join(name)
}

#[test]
fn every_form_is_read_to_the_same_pairs() {
    let forms: &[(&str, f64, Option<&str>)] = &[
        ("square.npy", 1.0, None),
        ("fortran.npy", 1.0, None),
        ("vector.npy", 1.0, None),
        ("big_endian.npy", 1.0, None),
        ("integers.npy", 4.0, None),
        ("upper.npy", 1.0, None),
        ("upper_nan.npy", 1.0, None),
        ("square.csv", 1.0, None),
        ("vector.csv", 1.0, None),
        ("named.csv", 1.0, None),
        ("v5.mat", 1.0, None),
        ("v5_compressed.mat", 1.0, None),
        ("v5_compressed.mat", 1.0, Some("rdm")),
        ("v5_single.mat", 1.0, None),
        ("v5_bytes.mat", 4.0, None),
        ("v5_two.mat", 2.0, Some("late")),
        ("v73.mat", 1.0, None),
        ("v73_two.mat", 1.0, Some("early")),
        ("v73_two.mat", 1.0, Some("late")),
    ];
    for (name, times, variable) in forms {
        if cfg!(not(feature = "hdf5")) && name.starts_with("v73") {
            continue;
        }
        let found = read_dissimilarities(&fixture(name), *variable).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(found.num_pictures, 6, "{name}");
        assert_eq!(found.pairs, PAIRS.map(|value| value * times), "{name}");
        let names = ["p3.png", "p0.png", "p5.png", "p1.png", "p4.png", "p2.png"];
        let named = (*name == "named.csv").then(|| names.map(str::to_owned).to_vec());
        assert_eq!(found.pictures, named, "{name}");
    }
}

#[test]
fn some_pictures_in_another_order_have_their_own_pairs() {
    let found = read_dissimilarities(&fixture("square.npy"), None).unwrap();
    // 4–1: 6, 4–0: 1.25, 1–0: 3.5
    assert_eq!(found.of_pictures(&[4, 1, 0]), [6.0, 1.25, 3.5]);
    assert_eq!(found.of_pictures(&[0, 1, 2, 3, 4, 5]), PAIRS);
}

#[test]
fn a_file_that_has_no_single_matrix_says_what_it_has() {
    let error = |name: &str, variable: Option<&str>| {
        let error = read_dissimilarities(&fixture(name), variable).unwrap_err().to_string();
        error.rsplit_once(": \"").unwrap().0.to_owned()
    };
    assert_eq!(error("v5_two.mat", None), "it has several variables that could be dissimilarities");
    assert_eq!(
        error("v5_two.mat", Some("middle")),
        "it has no variable `middle`; it has `early` (double 6×6), `late` (double 6×6), `words` (cell 1×2)"
    );
    assert_eq!(error("v5_two.mat", Some("words")), "`words` (cell 1×2) is no matrix of dissimilarities");
    assert_eq!(
        error("v5_struct.mat", None),
        "no variable at its top is a square matrix or a row of pairs; it has `RDMs` (struct 1×1)"
    );
    assert_eq!(
        error("v4.mat", None),
        "a file of MATLAB's version 4, which isn't read; save it again with `save('new.mat', 'rdm')`"
    );
    assert_eq!(
        error("square.npy", Some("rdm")),
        "a variable was named, and only files of MATLAB have variables"
    );
    if cfg!(feature = "hdf5") {
        assert_eq!(error("v73_two.mat", None), "it has several variables that could be dissimilarities");
        assert_eq!(error("v73_two.mat", Some("n")), "`n` (double 1×1) is no matrix of dissimilarities");
    }
    assert!(error("none.npy", None).starts_with("can't be read ("));
    assert_eq!(error("", None), "a matrix of dissimilarities is a file");
}

#[test]
fn damaged_files_are_errors_and_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged");
    for name in ["square.npy", "named.csv", "v5.mat", "v5_compressed.mat", "v5_two.mat", "v73.mat"] {
        let whole = std::fs::read(fixture(name)).unwrap();
        let step = (whole.len() / 150).max(1);
        for cut in (0..whole.len()).step_by(step) {
            // A cut text may still be a smaller table, and a cut file of MATLAB may still hold a whole variable.
            drop(dissimilarities_of(whole[..cut].to_vec(), None, &path));
        }
        for at in (0..whole.len()).step_by(step) {
            for value in [0, 0x7f, 0xff, whole[at] ^ 0x80] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                drop(dissimilarities_of(damaged, None, &path));
            }
        }
    }
    std::fs::write(&path, &std::fs::read(fixture("square.npy")).unwrap()[..300]).unwrap();
    let error = read_dissimilarities(&path, None).unwrap_err().to_string();
    assert!(error.starts_with("its shape 6×6 needs 288 bytes, and it has 172; copy it again: \""), "{error}");
    let huge = b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000, 4000000000), }\n";
    let mut huge = huge.to_vec();
    huge[8] = (huge.len() - 10) as u8;
    std::fs::write(&path, &huge).unwrap();
    let error = read_dissimilarities(&path, None).unwrap_err().to_string();
    assert!(error.starts_with("its shape 4000000000×4000000000 is too large"), "{error}");
}

//! Features of whole data sets, extracted by the real binary: the files written, the input refused, and that nothing is lost.

mod accidents;
mod cells;
mod comma;
mod formats;
mod hostile;
mod labelled;
mod missing;
mod more_sources;
mod odd_names;
mod resume;
mod retired;
mod shards;
mod sources;
mod told;

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::binary::Bench;
use crate::support::root;

/// Options for a quick run: a small network with a small input. A map has the shape (2, 2, 1280), pooled features have 1280 values.
pub const QUICK: &str = "--model tf_efficientnet_lite0.in1k --fit 64x64";
pub const TAG: &str = "tf_efficientnet_lite0.in1k";

/// A folder with the made-up drive as `drive`.
pub fn with_drive() -> Bench {
    let bench = Bench::new();
    copy(&root().join("assets/drive"), &bench.path("drive"));
    bench
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a folder, hidden ones included, with its bytes.
pub fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                walk(root, &entry.path(), found);
            } else {
                let name = entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

/// Asserts that two folders have the same files with the same bytes.
pub fn assert_same(a: &Path, b: &Path) {
    let (a, b) = (tree(a), tree(b));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(*bytes == b[name], "{name} differs");
    }
}

/// Reads a set's manifest.
pub fn manifest(bench: &Bench, set: &str) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(bench.path(set).join("manifest.json")).unwrap()).unwrap()
}

/// Reads a CSV file: the cells of each line, the header first.
pub fn csv(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

//! The rule of the house: a folder of `src/` is a layer, and imports point down.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::root;

/// What each layer may use of the others. `main.rs` and `lib.rs` stand above them.
const MAY_USE: [(&str, &[&str]); 12] = [
    ("tensor", &[]),
    ("graph", &["tensor"]),
    ("models", &["graph", "tensor"]),
    ("weights", &["graph", "tensor"]),
    ("input", &["tensor"]),
    ("mosaic", &["tensor"]),
    ("formats", &["mosaic", "tensor"]),
    ("engine", &["models", "weights", "graph", "input", "tensor"]),
    ("render", &["engine", "formats", "mosaic", "models", "weights", "input", "graph", "tensor"]),
    ("extract", &["engine", "formats", "mosaic", "models", "weights", "input", "graph", "tensor"]),
    (
        "cli",
        &[
            "extract", "render", "engine", "formats", "mosaic", "models", "weights", "input", "graph",
            "tensor",
        ],
    ),
    (
        "app",
        &[
            "extract", "render", "engine", "formats", "mosaic", "models", "weights", "input", "graph",
            "tensor",
        ],
    ),
];

/// Crates that only some layers may name.
const RESERVED: [(&str, &[&str]); 5] = [
    ("egui", &["app"]),
    ("eframe", &["app"]),
    ("rfd", &["app"]),
    ("candle_core", &["engine"]),
    ("candle_nn", &["engine"]),
];

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // Comments may name what code may not.
            let code: String = text
                .lines()
                .filter(|l| !l.trim_start().starts_with("//"))
                .fold(String::new(), |all, line| all + line + "\n");
            found.push((path.display().to_string(), code));
        }
    }
}

#[test]
fn imports_point_down() {
    let folders: BTreeSet<String> = std::fs::read_dir(root().join("src"))
        .unwrap()
        .map(|e| e.unwrap())
        .filter(|e| e.path().is_dir())
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = MAY_USE.iter().map(|(l, _)| (*l).to_owned()).collect();
    assert_eq!(folders, listed, "every folder of src/ is a layer with its rule here");
    let mut broken = Vec::new();
    for (layer, allowed) in &MAY_USE {
        let mut files = Vec::new();
        sources(&root().join("src").join(layer), &mut files);
        for (path, code) in &files {
            for other in listed.iter().filter(|o| *o != layer && !allowed.contains(&o.as_str())) {
                let groups = code.contains("use crate::{");
                assert!(!groups, "{path}: one `use crate::layer` a line, so that this test can read it");
                if code.contains(&format!("crate::{other}")) {
                    broken.push(format!("{path} uses {other}, but {layer} may not"));
                }
            }
            for (name, owners) in RESERVED {
                if !owners.contains(layer) && code.contains(&format!("{name}::")) {
                    broken.push(format!("{path} names the crate {name}, which is for {owners:?}"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

//! The rules for the code's structure: each folder of a crate's `src/` is a layer, layers import only from lower ones, and no files import each
//! other in a circle.

mod circles;
mod imports;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use self::circles::circles;
use self::imports::{Arrows, Crate};
use crate::support::root;

const BELOW_THE_TOP: &[&str] = &[
    "study",
    "similarity",
    "probe",
    "extract",
    "render",
    "engine",
    "features",
    "formats",
    "mosaic",
    "models",
    "weights",
    "input",
    "graph",
    "tensor",
];

/// What each layer may use of the others, as ARCHITECTURE.md lists it.
const MAY_USE: [(&str, &[&str]); 17] = [
    ("main", &["app", "cli", "engine", "render", "weights"]),
    ("app", BELOW_THE_TOP),
    ("cli", BELOW_THE_TOP),
    (
        "study",
        &[
            "similarity",
            "probe",
            "extract",
            "engine",
            "features",
            "formats",
            "mosaic",
            "models",
            "weights",
            "input",
            "graph",
            "tensor",
        ],
    ),
    (
        "extract",
        &["engine", "features", "formats", "mosaic", "models", "weights", "input", "graph", "tensor"],
    ),
    ("render", &["engine", "formats", "mosaic", "models", "weights", "input", "graph", "tensor"]),
    ("engine", &["models", "weights", "graph", "input", "tensor"]),
    ("similarity", &["features", "tensor"]),
    ("probe", &["tensor"]),
    ("features", &["formats", "tensor"]),
    ("formats", &["mosaic", "tensor"]),
    ("mosaic", &["tensor"]),
    ("models", &["graph", "tensor"]),
    ("weights", &["graph", "tensor"]),
    ("input", &["tensor"]),
    ("graph", &["tensor"]),
    ("tensor", &[]),
];

/// Crates that only some layers may use.
const RESERVED: [(&str, &[&str]); 5] = [
    ("egui", &["app"]),
    ("eframe", &["app"]),
    ("rfd", &["app"]),
    ("candle_core", &["engine"]),
    ("candle_nn", &["engine"]),
];

/// Folders in which code may create threads and channels. Rayon's parallel iterators may be used anywhere.
const MAKE_THREADS: [&str; 4] = ["src/app/runtime", "src/engine", "src/extract", "src/input/live"];

/// What each part of the window may use of the others.
const MAY_USE_IN_APP: [(&str, &[&str]); 6] = [
    ("shell", &["update", "runtime", "ui", "message", "model"]),
    ("update", &["message", "model"]),
    ("runtime", &["message", "model"]),
    ("ui", &["message", "model"]),
    ("message", &["model"]),
    ("model", &[]),
];

/// Reads the sources below `folder`, which is or lies in the source folder `base` of a crate; their names begin with `src/`.
fn read_sources(folder: &Path, base: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_sources(&path, base, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(base).unwrap().components();
            let name: Vec<_> = name.map(|part| part.as_os_str().to_str().unwrap()).collect();
            found.insert(format!("src/{}", name.join("/")), std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The source folders of the program and of the libraries below it.
fn source_folders() -> Vec<PathBuf> {
    let libraries = std::fs::read_dir(root().join("crates")).unwrap();
    libraries.map(|entry| entry.unwrap().path().join("src")).chain([root().join("src")]).collect()
}

/// All sources, as if the program were one crate: `crates/net/src/graph/op.rs` is called `src/graph/op.rs`. The crates' roots, which
/// only list the layers, are replaced by one list of all layers.
fn sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in source_folders() {
        read_sources(&folder, &folder, &mut found);
    }
    let layers = MAY_USE.iter().filter(|(layer, _)| *layer != "main");
    let lines: Vec<String> = layers.map(|(layer, _)| format!("pub mod {layer};")).collect();
    found.insert("src/lib.rs".to_owned(), lines.join("\n"));
    found
}

/// The program's own files. An item that `main.rs` uses from the library counts like one that a layer uses from another.
fn house() -> Crate {
    let mut files = sources();
    if let Some(main) = files.get_mut("src/main.rs") {
        *main = main.replace("filterscope::", "crate::");
    }
    Crate::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

/// The layer that a file belongs to: `graph` for `src/graph/op.rs`.
fn layer_of(file: &str) -> &str {
    let path = file.trim_start_matches("src/");
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

fn is_in(file: &str, places: &[&str]) -> bool {
    places
        .iter()
        .any(|place| file == *place || file.strip_prefix(place).is_some_and(|rest| rest.starts_with('/')))
}

fn forbidden_arrows(arrows: &Arrows) -> Vec<String> {
    let may_use: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    let mut found = Vec::new();
    for ((from, to), names) in arrows {
        let (layer, other) = (layer_of(from), layer_of(to));
        if layer != other && !may_use.get(layer).is_some_and(|allowed| allowed.contains(&other)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            found.push(format!(
                "{from} takes {} from {to}, but {layer} may not use {other}",
                names.join(", ")
            ));
        }
    }
    found
}

fn reserved_crates(house: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for (file, names) in house.names() {
        for (name, owners) in RESERVED {
            if names.contains(name) && !owners.contains(&layer_of(file)) {
                found.push(format!("{file} names the crate {name}, which is for {owners:?}"));
            }
        }
    }
    found
}

/// Files that create threads or channels, each with the path of the item it uses. `std::thread::sleep` creates none.
fn made_threads(house: &Crate) -> Vec<(String, String)> {
    let makes = |path: &str| {
        let mut names = path.split("::");
        match (names.next().unwrap_or_default(), names.next(), names.next()) {
            ("std", Some("thread"), Some(name)) => name != "sleep",
            ("std", Some("sync"), Some(name)) => name == "mpsc",
            ("rayon", Some(name), _) => name != "prelude",
            (first, ..) => first.starts_with("crossbeam") || ["flume", "tokio", "async_std"].contains(&first),
        }
    };
    let of_file = |(file, paths): (&str, BTreeSet<String>)| {
        paths.into_iter().filter(|path| makes(path)).map(|path| (file.to_owned(), path)).collect::<Vec<_>>()
    };
    house.full_paths().flat_map(of_file).collect()
}

/// The part of the window that a file belongs to: `ui` for `src/app/ui/panels/bar.rs`. `None` for files outside `src/app` and for
/// `src/app/mod.rs`, which lists the parts.
fn part_of_app(file: &str) -> Option<&str> {
    let part = file.strip_prefix("src/app/")?.split('/').next()?.trim_end_matches(".rs");
    (part != "mod").then_some(part)
}

fn forbidden_arrows_in_app(arrows: &Arrows) -> Vec<String> {
    let may_use: BTreeMap<&str, &[&str]> = MAY_USE_IN_APP.into_iter().collect();
    let of_arrow = |(from, to): &(String, String)| {
        let (part, other) = (part_of_app(from)?, part_of_app(to)?);
        let is_allowed = part == other || may_use.get(part).is_some_and(|allowed| allowed.contains(&other));
        (!is_allowed).then(|| format!("{from} uses {to}, but {part} may not use {other}"))
    };
    arrows.keys().filter_map(of_arrow).collect()
}

#[test]
fn imports_point_down() {
    let folders: BTreeSet<String> = source_folders()
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|e| e.unwrap())
        .filter(|e| e.path().is_dir())
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> =
        MAY_USE.iter().map(|(l, _)| (*l).to_owned()).filter(|l| l != "main").collect();
    assert_eq!(folders, listed, "every folder of a crate's src/ is a layer with its rule here");
    let house = house();
    let arrows = house.arrows();
    assert!(arrows.len() > 500, "only {} arrows were read", arrows.len());
    let broken =
        [forbidden_arrows(&arrows), forbidden_arrows_in_app(&arrows), reserved_crates(&house)].concat();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The list above must equal the one in ARCHITECTURE.md.
#[test]
fn allowed_imports_equal_those_in_the_architecture() {
    let document = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut read: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in document.lines() {
        let Some((layer, rest)) = line.split_once(" may use ") else { continue };
        if !layer.trim_end().chars().all(char::is_alphabetic) {
            continue;
        }
        let used = rest.split_once(" # ").map_or(rest, |(used, _)| used);
        let used = used.split_whitespace().filter(|word| *word != "nothing").collect();
        assert!(read.insert(layer.trim(), used).is_none(), "ARCHITECTURE.md lists {layer} twice");
    }
    let own = MAY_USE.into_iter().map(|(layer, used)| (layer, used.iter().copied().collect())).collect();
    assert_eq!(read, own);
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let found = circles(&house().arrows());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// An error has a remedy as data, and only the command line and the window put it into words. Code after `#[cfg(test)]` in a file isn't
/// checked.
#[test]
fn no_message_of_a_library_names_an_option_or_a_command() {
    let texts = sources();
    let named: Vec<String> = texts
        .iter()
        .filter(|(file, _)| !["app", "cli", "main"].contains(&layer_of(file)))
        .flat_map(|(file, text)| {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = code.lines().map(str::trim).filter(|line| !line.starts_with("//"));
            lines
                .filter(|line| line.contains("`--") || line.contains("`filterscope "))
                .map(move |line| format!("{file}: {line}"))
        })
        .collect();
    assert!(named.is_empty(), "these belong into a remedy:\n{}", named.join("\n"));
}

/// Two types with the same name are easily confused by readers and in searches.
#[test]
fn no_type_name_is_declared_twice() {
    let texts = sources();
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (file, text) in &texts {
        for line in text.split("#[cfg(test)]").next().unwrap_or_default().lines() {
            let Some(declared) = line.trim_start().strip_prefix("pub") else { continue };
            let declared = declared.split_once(' ').map_or("", |(_, rest)| rest);
            let mut words = declared.split(|c: char| !c.is_alphanumeric() && c != '_');
            if let (Some("struct" | "enum" | "trait" | "type"), Some(name)) = (words.next(), words.next()) {
                places.entry(name.to_owned()).or_default().push(file);
            }
        }
    }
    let twice: Vec<_> = places.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(places.len() > 400 && twice.is_empty(), "{} types; {twice:?}", places.len());
}

#[test]
fn threads_and_channels_are_created_only_where_allowed() {
    let made = made_threads(&house());
    let odd: Vec<_> = made.into_iter().filter(|(file, _)| !is_in(file, &MAKE_THREADS)).collect();
    assert!(odd.is_empty(), "not in {MAKE_THREADS:?}:\n{odd:#?}");
}

/// Tests of the checks, on small sets of files with planted violations.
mod planted {
    use super::*;

    fn arrows(files: &[(&str, &str)]) -> Vec<String> {
        let words = |((from, to), names): ((String, String), BTreeSet<String>)| {
            format!("{from} → {to}: {}", names.into_iter().collect::<Vec<_>>().join(", "))
        };
        Crate::new(files.iter().copied()).arrows().into_iter().map(words).collect()
    }

    fn num_circles(files: &[(&str, &str)]) -> usize {
        circles(&Crate::new(files.iter().copied()).arrows()).len()
    }

    /// A circle of two files is found in whichever way the second import is written.
    #[test]
    fn circles_are_found_however_they_are_written() {
        let face = "mod a; mod b; mod c; pub use a::{A, make}; pub use self::b::B as Other;";
        let b = "use super::a::A; pub struct B(A);";
        let ways = [
            "use super::b::B; pub struct A; fn make(b: B) {}",
            "use super::Other; pub struct A; fn make(b: Other) {}",
            "use crate::g::{Other, c::C}; pub struct A; fn make(b: Other) {}",
            "use super::{self as g}; pub struct A; fn make(b: g::Other) {}",
            "pub struct A; fn make() { super::b::B::new(); }",
            "pub struct A; fn make(b: &crate::g::b::B) {}",
            "pub struct A; fn make() { use super::b::*; B::new(); }",
            "use super::*; pub struct A; fn make(b: Other) {}",
            "use super::b; pub struct A; fn make(b: b::B) {}",
        ];
        for a in ways {
            let files = [
                ("src/g/mod.rs", face),
                ("src/g/a.rs", a),
                ("src/g/b.rs", b),
                ("src/g/c.rs", "pub struct C;"),
            ];
            assert_eq!(num_circles(&files), 1, "{a}: {:#?}", arrows(&files));
        }
    }

    #[test]
    fn a_circle_is_reported_with_its_files_and_names() {
        let files = [
            ("src/a.rs", "use crate::b::{B1, B2};"),
            ("src/b.rs", "pub use crate::c::C; pub struct B1; pub struct B2;  fn f(c: C) {}"),
            ("src/c.rs", "use crate::a; pub struct C; fn f() { a::f() }"),
            ("src/lib.rs", "mod a; mod b; mod c;"),
        ];
        let with_f = [("src/a.rs", "use crate::b::{B1, B2}; pub fn f() {}"), files[1], files[2], files[3]];
        assert_eq!(
            circles(&Crate::new(with_f).arrows()),
            [
                "3 files import each other in a circle:\n  src/a.rs → src/b.rs: B1, B2\n  src/b.rs → src/c.rs: C\n  \
              src/c.rs → src/a.rs: f"
            ]
        );
        assert_eq!(num_circles(&files), 0, "what isn't there ties nothing");
    }

    #[test]
    fn a_type_with_methods_in_several_files_connects_them() {
        let files = [
            ("src/walk.rs", "pub struct Walk; impl Walk { pub fn go(&mut self) { self.step() } }"),
            ("src/steps.rs", "use crate::walk::Walk; impl<'a> Walk { pub(super) fn step(&self) {} }"),
        ];
        assert_eq!(
            arrows(&files),
            ["src/steps.rs → src/walk.rs: Walk", "src/walk.rs → src/steps.rs: Walk::step"]
        );
        let with_field =
            [("src/walk.rs", "pub struct Walk; impl Walk { fn go(&self) { self.step; } }"), files[1]];
        assert_eq!(num_circles(&with_field), 0);
    }

    #[test]
    fn comments_texts_and_tests_connect_no_files() {
        let b = "pub struct B; use crate::a::A;";
        let ways = [
            "// use crate::b::B;\npub struct A;",
            "/* /* */ use crate::b::B; */ pub struct A;",
            "pub struct A; const TEXT: &str = \"use crate::b::B;\"; const C: char = '\"';",
            "pub struct A; const TEXT: &str = r#\"\" crate::b::B;\"#;",
            "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }",
            "pub struct A; #[cfg(all(test, unix))] #[ignore] fn f(b: crate::b::B) {}",
            "pub struct A; #[cfg(test)] use crate::b::{B, c};",
        ];
        let file = |a| [("src/a.rs", a), ("src/b.rs", b)];
        for a in ways {
            assert_eq!(arrows(&file(a)), ["src/b.rs → src/a.rs: A"], "{a}");
        }
        let of_tests = ("src/a/tests.rs", "use crate::b::B;");
        let [a, b_file] = file("pub struct A; #[cfg(test)] mod tests;");
        assert_eq!(arrows(&[a, b_file, of_tests]), ["src/b.rs → src/a.rs: A"]);
        let lifetime = "pub struct A; fn f<'a>(x: &'a str, b: &'a crate::b::B) {}";
        assert_eq!(num_circles(&file(lifetime)), 1, "a lifetime opens no quotes");
        assert_eq!(num_circles(&file("pub struct A; #[cfg(not(test))] use crate::b::B;")), 1);
    }

    /// A module that only re-exports is in no circle. A module is in one if it uses a child and defines an item that the child uses.
    #[test]
    fn a_re_export_is_no_use() {
        let a = ("src/g/a.rs", "use super::b::B; pub struct A(B);");
        let face = ("src/g/mod.rs", "mod a; mod b; pub(crate) use self::a::A; pub use b::B;");
        let b = ("src/g/b.rs", "pub struct B;");
        assert_eq!(arrows(&[face, a, b]), ["src/g/a.rs → src/g/b.rs: B"]);
        let defines = ("src/g/mod.rs", "mod a; pub use self::a::A; pub struct B; fn f(a: A) {}");
        let a = ("src/g/a.rs", "use super::B; pub struct A(B);");
        assert_eq!(num_circles(&[defines, a]), 1);
    }

    #[test]
    fn forbidden_arrows_are_found() {
        let files = [
            (
                "src/graph/op.rs",
                "use crate::{tensor::T, weights::{self, inner::W}}; fn f() { weights::inner::g() }",
            ),
            ("src/weights/mod.rs", "mod inner;"),
            ("src/weights/inner.rs", "pub struct W; pub fn g() {}"),
            ("src/tensor/mod.rs", "pub struct T;"),
        ];
        assert_eq!(
            forbidden_arrows(&Crate::new(files).arrows()),
            ["src/graph/op.rs takes W, g from src/weights/inner.rs, but graph may not use weights"]
        );
    }

    #[test]
    fn crates_and_threads_out_of_place_are_found() {
        let files = [
            (
                "src/mosaic/a.rs",
                "use egui::Color32; use std::thread; fn f() { thread::spawn(g); thread::sleep(n) }",
            ),
            (
                "src/mosaic/b.rs",
                "use std::{sync::mpsc::channel as c, thread::{self, sleep}}; use rayon::prelude::*;",
            ),
            (
                "src/mosaic/c.rs",
                "fn f() { rayon::scope(g); std::thread::Builder::new(); crossbeam_channel::bounded(1) }",
            ),
            ("src/app/d.rs", "use egui::Color32; // std::thread::spawn"),
        ];
        let house = Crate::new(files);
        assert_eq!(reserved_crates(&house), ["src/mosaic/a.rs names the crate egui, which is for [\"app\"]"]);
        let made: Vec<String> = made_threads(&house).into_iter().map(|(f, p)| format!("{f} {p}")).collect();
        assert_eq!(
            made,
            [
                "src/mosaic/a.rs std::thread::spawn",
                "src/mosaic/b.rs std::sync::mpsc::channel",
                "src/mosaic/c.rs crossbeam_channel::bounded",
                "src/mosaic/c.rs rayon::scope",
                "src/mosaic/c.rs std::thread::Builder::new",
            ]
        );
    }
}

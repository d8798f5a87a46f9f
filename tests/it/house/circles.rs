//! Finds files that import each other in a circle, directly or through other files.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::Arrows;

/// A description of each circle: its files and the names they take from each other.
pub fn circles(arrows: &Arrows) -> Vec<String> {
    let mut to: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, into) in arrows.keys() {
        to.entry(from).or_default().insert(into);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> = to.keys().map(|from| (*from, reach(&to, from))).collect();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (file, beyond) in &reached {
        if !beyond.contains(file) || !told.insert(*file) {
            continue;
        }
        let is_back = |other: &&&str| reached.get(**other).is_some_and(|back| back.contains(file));
        let circle: BTreeSet<&str> = beyond.iter().filter(is_back).copied().collect();
        told.extend(&circle);
        let mut lines = vec![format!("{} files import each other in a circle:", circle.len())];
        for ((from, into), names) in arrows {
            if circle.contains(from.as_str()) && circle.contains(into.as_str()) {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                lines.push(format!("  {from} → {into}: {}", names.join(", ")));
            }
        }
        found.push(lines.join("\n"));
    }
    found
}

/// All files that a file reaches through imports. The file itself is included only if it is in a circle.
fn reach<'a>(to: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = to.get(from).into_iter().flatten().copied().collect();
    while let Some(file) = open.pop() {
        if seen.insert(file) {
            open.extend(to.get(file).into_iter().flatten());
        }
    }
    seen
}

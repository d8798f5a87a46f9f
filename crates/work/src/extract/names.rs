//! File names for features, made from the names of their pictures: never outside the folder, and never the same name twice.

use std::collections::HashSet;

use super::shard::fnv1a;
use crate::features::{INDEX_NAME, MANIFEST_NAME, PICTURES_NAME, SKIPPED_NAME};

/// The most bytes in one part of a path: systems allow 255, and an ending follows.
const MAX_PART: usize = 200;
const ENDING: &str = ".npy";

/// Which pictures can't be named by their stem alone. Kept as hashes, because a data set may have a million pictures.
#[derive(Debug, Default)]
pub(super) struct Names {
    stems: Clashes,
    whole: Clashes,
}

/// Hashes of all names seen, and of those seen more than once.
#[derive(Debug, Default)]
struct Clashes {
    seen: HashSet<u64>,
    twice: HashSet<u64>,
}

impl Clashes {
    fn add(&mut self, name: &str) {
        let hash = fnv1a(name.to_lowercase().as_bytes());
        if !self.seen.insert(hash) {
            self.twice.insert(hash);
        }
    }

    fn has(&self, name: &str) -> bool {
        self.twice.contains(&fnv1a(name.to_lowercase().as_bytes()))
    }
}

impl Names {
    /// Adds a picture. All pictures of a data set must be added before the first name is made with [`Self::of`], even if only a shard
    /// is worked on.
    pub(super) fn add(&mut self, picture: &str) {
        let path = mirrored(picture);
        let stem = stem(&path);
        self.stems.add(stem);
        if stem != path {
            // The stem of `a.jpg.gif` must not take the name that `a.jpg` may need.
            self.stems.add(&path);
        }
        self.whole.add(&path);
    }

    /// Frees what was only needed while adding.
    pub(super) fn settle(&mut self) {
        self.stems.seen = HashSet::new();
        self.whole.seen = HashSet::new();
    }

    /// The path of the feature's file, with `/`: the picture's path with the ending `.npy` in place of its own. If another picture
    /// differs only in its ending, the picture's ending is kept too. If the same path is there twice, the row and camera are added.
    pub(super) fn of(&self, picture: &str, row: usize, camera: Option<&str>) -> String {
        let path = mirrored(picture);
        let stem = stem(&path);
        if !self.stems.has(stem) {
            format!("{stem}{ENDING}")
        } else if !self.whole.has(&path) {
            format!("{path}{ENDING}")
        } else {
            let camera = camera.map(|camera| format!(".{camera}")).unwrap_or_default();
            format!("{path}~row{row}{camera}{ENDING}")
        }
    }
}

/// The path without parts that lead out of a folder, and without characters that some system refuses in a name.
fn mirrored(picture: &str) -> String {
    let parts: Vec<&str> = picture.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    let Some((name, folders)) = parts.split_last() else { return "picture".to_owned() };
    let folders = folders.iter().map(|folder| {
        let folder = safe(folder);
        let plain = folder.to_lowercase();
        // One of our own files may have that name.
        let is_taken = plain.ends_with(ENDING)
            || [INDEX_NAME, MANIFEST_NAME, PICTURES_NAME, SKIPPED_NAME].contains(&plain.as_str());
        if is_taken { format!("{folder}_") } else { folder }
    });
    folders.chain(std::iter::once(safe(name))).collect::<Vec<_>>().join("/")
}

/// One part of a path with unsafe characters replaced, and shortened if it is too long.
fn safe(part: &str) -> String {
    // `~` is reserved: it separates the number of a row.
    let is_unsafe = |c: char| c.is_control() || r#"\:*?"<>|~"#.contains(c);
    let plain: String = part.chars().map(|c| if is_unsafe(c) { '_' } else { c }).collect();
    let plain = plain.trim_end_matches(['.', ' ']);
    let plain = if plain.is_empty() { "_" } else { plain };
    if plain.len() <= MAX_PART {
        return plain.to_owned();
    }
    // The hash still distinguishes two long names that differ where they are cut.
    let kept = &plain[..plain.floor_char_boundary(MAX_PART - 17)];
    format!("{kept}-{:016x}", fnv1a(plain.as_bytes()))
}

/// The path without the ending of its name.
fn stem(path: &str) -> &str {
    let name_at = path.rfind('/').map_or(0, |at| at + 1);
    match path[name_at..].rfind('.') {
        Some(dot) if dot > 0 => &path[..name_at + dot],
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pictures: &[&str]) -> Vec<String> {
        let mut names = Names::default();
        for picture in pictures {
            names.add(picture);
        }
        names.settle();
        pictures.iter().enumerate().map(|(row, picture)| names.of(picture, row, None)).collect()
    }

    #[test]
    fn names_mirror_their_pictures_and_never_clash() {
        assert_eq!(names(&["left/1.png", "right/1.png", "x"]), ["left/1.npy", "right/1.npy", "x.npy"]);
        assert_eq!(names(&["a.jpg", "A.png", "b.jpg"]), ["a.jpg.npy", "A.png.npy", "b.npy"]);
        assert_eq!(names(&["a.jpg", "a.jpg"]), ["a.jpg~row0.npy", "a.jpg~row1.npy"]);
        assert_eq!(names(&["a.jpg", "a.png", "a.jpg.gif"]), ["a.jpg.npy", "a.png.npy", "a.jpg.gif.npy"]);
        assert_eq!(
            names(&[r"back\slash.png", "back/slash.png", "back_slash.png"]),
            ["back_slash.png~row0.npy", "back/slash.npy", "back_slash.png~row2.npy"]
        );
        assert_eq!(names(&["a.npy/x.png", "a.png"]), ["a.npy_/x.npy", "a.npy"]);
        assert_eq!(
            names(&["index.csv/x.png", "Manifest.json/y.png"]),
            ["index.csv_/x.npy", "Manifest.json_/y.npy"]
        );
    }

    #[test]
    fn no_name_leads_out() {
        assert_eq!(names(&["../../x.png"]), ["x.npy"]);
        assert_eq!(names(&["/etc/passwd"]), ["etc/passwd.npy"]);
        assert_eq!(names(&[r"C:\Users\..\a.png"]), ["C__Users_.._a.npy"]);
        assert_eq!(names(&["C:/Users/../a.png"]), ["C_/Users/a.npy"]);
        assert_eq!(names(&["..", "a/. ./b\n.png"]), ["picture.npy", "a/_/b_.npy"]);
        let long = names(&[&"ü".repeat(300), &format!("{}a", "ü".repeat(300))]);
        assert!(long[0] != long[1] && long.iter().all(|name| name.len() < 256), "{long:?}");
    }
}

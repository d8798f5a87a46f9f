//! File names: which are hidden, which are pictures, and which exist in a folder.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::input::decode::{SNIFF_BYTES, Sniffed, sniff};

/// The beginning of messages that say that a file is a video.
pub(super) const VIDEO_WORDS: &str = "a video: ";

/// Extensions of the formats that can be decoded, in lower case.
const PICTURE_EXTENSIONS: [&str; 20] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "dib", "tif", "tiff", "webp", "pbm", "pgm", "ppm",
    "pnm", "pam", "ico", "qoi", "apng", "mpo",
];

/// Whether a name is that of a file which systems leave behind: dot files (`.DS_Store`, `._cat.jpg`), `Thumbs.db`, `desktop.ini`,
/// `__MACOSX`.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
        || ["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"]
            .iter()
            .any(|n| name.eq_ignore_ascii_case(n))
}

/// Whether the name has a picture's extension.
pub(super) fn has_picture_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    PICTURE_EXTENSIONS.contains(&extension.as_str())
}

/// Why a file is not a picture of a data set; `None` if it is one.
///
/// A known extension is enough: a broken file then fails when it is decoded, and is reported as broken. Of any other file the first
/// bytes are read, so that pictures without an extension are found and a HEIC is recognised.
pub(super) fn not_a_picture(path: &Path) -> Option<String> {
    use std::io::Read;
    if has_picture_extension(path) {
        return None;
    }
    let mut start = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(SNIFF_BYTES as u64).read_to_end(&mut start).map(drop));
    if let Err(e) = read {
        return Some(format!("can't be read ({e})"));
    }
    match sniff(&start) {
        Sniffed::Picture(_) => None,
        Sniffed::Foreign(kind) if kind.pictorial || kind.is_video() => {
            Some(format!("{}: {}", kind.what, kind.advice))
        }
        Sniffed::Foreign(kind) => Some(kind.what.to_owned()),
        Sniffed::Unknown => Some("not a picture".to_owned()),
    }
}

/// Whether a file is a picture, by its extension or else by its first bytes.
pub fn is_picture(path: &Path) -> bool {
    path.is_file() && not_a_picture(path).is_none()
}

/// Folders below a root. Each is listed once, so that the disk isn't accessed for every single file.
pub(super) struct PictureFolders {
    root: PathBuf,
    listings: HashMap<PathBuf, HashMap<String, Vec<OsString>>>,
}

impl PictureFolders {
    /// Folders below `root`.
    pub(super) fn below(root: &Path) -> Self {
        Self { root: root.to_owned(), listings: HashMap::new() }
    }

    /// The file with exactly that name in a folder, relative to the root.
    pub(super) fn named(&mut self, folder: &Path, name: &str) -> Option<PathBuf> {
        let wanted = Path::new(name);
        let found = self.alike(folder, wanted)?.iter().find(|file| file.as_os_str() == wanted.as_os_str())?;
        Some(folder.join(found))
    }

    /// Whether a file exists, by its path relative to the root.
    pub(super) fn is_there(&mut self, path: &Path) -> bool {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| self.named(&folder, name).is_some())
    }

    /// The only picture in a folder whose name differs from the given one in nothing but extension or case.
    pub(super) fn resembling(&mut self, folder: &Path, name: &str) -> Option<PathBuf> {
        let alike = self.alike(folder, Path::new(name))?;
        let mut pictures = alike.iter().filter(|file| has_picture_extension(Path::new(file)));
        match (pictures.next(), pictures.next()) {
            (Some(only), None) => Some(folder.join(only)),
            _ => None,
        }
    }

    /// Files in a folder that have the same stem, without regard to case.
    fn alike(&mut self, folder: &Path, wanted: &Path) -> Option<&Vec<OsString>> {
        if !self.listings.contains_key(folder) {
            let listing = listing(&self.root.join(folder));
            self.listings.insert(folder.to_owned(), listing);
        }
        self.listings.get(folder)?.get(&stem_key(wanted))
    }
}

/// The names in a folder by their stems in lower case; empty if there is no such folder.
fn listing(folder: &Path) -> HashMap<String, Vec<OsString>> {
    // A log that was named without a folder is in the current one.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut names: Vec<OsString> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    let mut by_stem: HashMap<String, Vec<OsString>> = HashMap::new();
    for name in names {
        if !is_hidden(&name.to_string_lossy()) {
            by_stem.entry(stem_key(Path::new(&name))).or_default().push(name);
        }
    }
    by_stem
}

fn stem_key(name: &Path) -> String {
    name.file_stem().unwrap_or_default().to_string_lossy().to_lowercase()
}

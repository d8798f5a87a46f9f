//! Lists what is below a folder, and decides what to do with links there.
//!
//! Owns the rule: each folder is listed once (under its own name, if it is really below the root), and a link to a folder that
//! contains it is not followed. Must not know what names mean.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

use super::files::{is_hidden, not_a_picture};
use super::{DatasetError, NameCoding};
use crate::tensor::shown;

/// How many levels of folders are listed.
const MAX_DEPTH: usize = 64;

/// What was found, in no particular order. Paths are relative to the root.
#[derive(Debug, Default)]
pub(super) struct WalkedFolder {
    pub(super) pictures: Vec<PathBuf>,
    /// What was left out, with the reason.
    pub(super) skipped: Vec<(PathBuf, String)>,
    /// Links to folders, and what was done with each.
    pub(super) links: Vec<(PathBuf, Link)>,
}

/// What was done with a link to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It was followed: the pictures are listed under the link's name.
    Followed,
    /// It was not followed: its folder is listed under another name.
    ListedElsewhere,
    /// It was not followed: it leads to a folder that contains it.
    Upwards,
}

/// Lists a folder and the folders below it. Links to folders come last, so that folders that are really here are listed under their
/// own names.
pub(super) fn walk(root: &Path) -> Result<WalkedFolder, DatasetError> {
    let real = root.canonicalize().map_err(|e| DatasetError::io(root, &e))?;
    let mut walk =
        Walk { root, real, found: WalkedFolder::default(), seen: HashSet::new(), waiting: VecDeque::new() };
    walk.folder(root, 0)?;
    while let Some((path, depth)) = walk.waiting.pop_front() {
        walk.link(&path, depth);
    }
    Ok(walk.found)
}

/// A note for the user about links to folders: under which names pictures are listed. `None` if there are no links.
pub(super) fn note_of(links: &[(PathBuf, Link)], names: NameCoding) -> Option<String> {
    let words = |kind: Link, what: &str| {
        let mut of_kind = links.iter().filter(|(_, link)| *link == kind);
        let name = shown(&names.name(&of_kind.next()?.0));
        Some(match of_kind.count() {
            0 => format!("`{name}` {what}"),
            num => format!("`{name}` and {num} other links to folders: each {what}"),
        })
    };
    let all: Vec<String> = [
        (Link::Followed, "is a link to a folder elsewhere, whose pictures have the link's name"),
        (Link::ListedElsewhere, "is a link to a folder that is listed under another name, and only there"),
        (Link::Upwards, "is a link to a folder that it lies in, and is not followed"),
    ]
    .into_iter()
    .filter_map(|(kind, what)| words(kind, what))
    .collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// A walk in progress.
struct Walk<'a> {
    root: &'a Path,
    /// The root's real path.
    real: PathBuf,
    found: WalkedFolder,
    /// The real paths of the folders that were listed.
    seen: HashSet<PathBuf>,
    /// Links to folders, with the depth of the folder that each is in.
    waiting: VecDeque<(PathBuf, usize)>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), DatasetError> {
        let real = folder.canonicalize().map_err(|e| DatasetError::io(folder, &e))?;
        if !self.seen.insert(real) {
            // A folder that was listed before, by way of a link.
            self.found.links.push((self.relative(folder), Link::ListedElsewhere));
            return Ok(());
        }
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|e| DatasetError::io(folder, &e))? {
            entries.push(entry.map_err(|e| DatasetError::io(folder, &e))?.path());
        }
        // Sorted, so that of two links to the same folder the first by name counts, in whatever order the file system lists them.
        entries.sort();
        for path in entries {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if is_hidden(&name) {
                continue;
            }
            match std::fs::metadata(&path) {
                Ok(kind) if kind.is_dir() && depth >= MAX_DEPTH => {
                    self.skip(&path, format!("deeper than {MAX_DEPTH} folders"));
                }
                Ok(kind) if kind.is_dir() && path.is_symlink() => self.waiting.push_back((path, depth)),
                Ok(kind) if kind.is_dir() => self.below(&path, depth),
                Ok(kind) if kind.is_file() => match not_a_picture(&path) {
                    None => self.found.pictures.push(self.relative(&path)),
                    Some(reason) => self.skip(&path, reason),
                },
                Ok(_) => self.skip(&path, "not a regular file".into()),
                Err(e) => self.skip(&path, format!("can't be read ({e})")),
            }
        }
        Ok(())
    }

    /// Lists a folder within one at the given depth. If it can't be read, it is left out and the walk goes on.
    fn below(&mut self, path: &Path, depth: usize) {
        if let Err(e) = self.folder(path, depth + 1) {
            self.skip(path, e.to_string());
        }
    }

    /// Handles a link to a folder, after everything else was listed.
    fn link(&mut self, path: &Path, depth: usize) {
        let target = match path.canonicalize() {
            Ok(target) => target,
            Err(e) => return self.skip(path, format!("can't be read ({e})")),
        };
        let lies_in = path.parent().and_then(|folder| folder.canonicalize().ok());
        let leads_up =
            [Some(&self.real), lies_in.as_ref()].into_iter().flatten().any(|real| real.starts_with(&target));
        let link = if leads_up {
            Link::Upwards
        } else if self.seen.contains(&target) {
            Link::ListedElsewhere
        } else {
            self.below(path, depth);
            Link::Followed
        };
        self.found.links.push((self.relative(path), link));
    }

    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.root).unwrap_or(path).to_owned()
    }

    fn skip(&mut self, path: &Path, reason: String) {
        self.found.skipped.push((self.relative(path), reason));
    }
}

//! What lies below a folder, and what becomes of links among it.
//!
//! Owns the rule: a folder is listed once, under its own name if it lies here, and no link leads to where it comes from. Must not know what
//! names mean.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

use super::files::{is_hidden, not_a_picture};
use super::{DatasetError, NameCoding};
use crate::tensor::shown;

/// Folders within folders that are followed.
const MAX_DEPTH: usize = 64;

/// What was found, in no order; paths are relative to the folder.
#[derive(Debug, Default)]
pub(super) struct WalkedFolder {
    pub(super) pictures: Vec<PathBuf>,
    /// What is left out, and why.
    pub(super) skipped: Vec<(PathBuf, String)>,
    /// Links to folders.
    pub(super) links: Vec<(PathBuf, Link)>,
}

/// What became of a link to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Its pictures are listed under its name.
    Followed,
    /// The folder is listed under another name.
    ListedElsewhere,
    /// It leads to a folder that it lies in.
    Upwards,
}

/// Goes through a folder and the folders below it. Links to folders come last, so that what lies here has its own name.
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

/// What a person should know of links: by which names pictures are listed.
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
    /// The folder's real path.
    real: PathBuf,
    found: WalkedFolder,
    /// Folders by their real paths.
    seen: HashSet<PathBuf>,
    /// Links to folders, with the depth that they lie at.
    waiting: VecDeque<(PathBuf, usize)>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), DatasetError> {
        let real = folder.canonicalize().map_err(|e| DatasetError::io(folder, &e))?;
        if !self.seen.insert(real) {
            // One that a link led into before.
            self.found.links.push((self.relative(folder), Link::ListedElsewhere));
            return Ok(());
        }
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|e| DatasetError::io(folder, &e))? {
            entries.push(entry.map_err(|e| DatasetError::io(folder, &e))?.path());
        }
        // Of a folder reached by two links, the first in order counts, whatever order the file system has.
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

    /// A folder within the one at a depth. One that can't be read is one thing left out, not the end.
    fn below(&mut self, path: &Path, depth: usize) {
        if let Err(e) = self.folder(path, depth + 1) {
            self.skip(path, e.to_string());
        }
    }

    /// A link to a folder, once all that lies here was listed.
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

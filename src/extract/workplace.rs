//! Where a merge puts its results together: a hidden folder of the results' own, from which they are moved when all are whole.
//!
//! Owns that folder, its lock, and what becomes of one that a killed merge left. Must not know what is merged. Nothing outside is removed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::lock::{Lock, take_lock};
use super::merge_error::MergeError;
use super::state_error::StateError;
use crate::formats::{WriteError, write_whole};

const FOLDER: &str = ".filterscope-merge";
/// The list of sets that are whole, by what they were made of; where it is, only moving them was left to do.
const WHOLE: &str = "whole.json";
const LOCK: &str = "lock";

/// The hashes of the shares that a set was made of, by the set's name.
pub(super) type Origins = BTreeMap<String, Vec<Option<String>>>;

/// The folder, held.
#[derive(Debug)]
pub(super) struct Workplace {
    out: PathBuf,
    folder: PathBuf,
    lock: Lock,
    was_there: bool,
}

impl Workplace {
    /// Takes hold of the folder in `out`. What a killed merge left half written there is removed; what was whole is moved to its place, and
    /// what it was made of is given back.
    pub(super) fn take(out: &Path, note: &mut dyn FnMut(String)) -> Result<(Self, Origins), MergeError> {
        let folder = out.join(FOLDER);
        let was_there = out.exists();
        // One that isn't ours. An empty one is what a merge leaves that was killed before it had its lock, or after.
        let is_empty = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_none());
        if folder.is_symlink() || folder.exists() && !is_empty && !folder.join(LOCK).is_file() {
            return Err(MergeError::AlreadyThere { path: folder });
        }
        std::fs::create_dir_all(&folder).map_err(|e| WriteError::new(e, &folder))?;
        let mut notes = Vec::new();
        let lock = take_lock(out, &folder, &mut |words| notes.push(words))?;
        // That of a killed run is said in other words below.
        notes.into_iter().filter(|words| !words.starts_with("an earlier run")).for_each(&mut *note);
        let place = Self { out: out.to_owned(), folder, lock, was_there };
        let before: Origins = std::fs::read(place.folder.join(WHOLE))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        if !before.is_empty() {
            place.move_sets(before.keys())?;
            note(
                "an earlier merge was killed as it moved what it had made to its place: that is done now"
                    .to_owned(),
            );
        }
        if place.clear()? > 0 && before.is_empty() {
            note("an earlier merge was killed: what it had half written is removed".to_owned());
        }
        Ok((place, before))
    }

    /// Where a set is put together.
    pub(super) fn folder_of(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Moves what is whole to its place.
    pub(super) fn place(&self, made_of: &Origins) -> Result<(), MergeError> {
        write_whole(&self.folder.join(WHOLE), |out| Ok(serde_json::to_writer(out, made_of)?))?;
        self.move_sets(made_of.keys())
    }

    fn move_sets<'a>(&self, names: impl Iterator<Item = &'a String>) -> Result<(), MergeError> {
        for name in names {
            let (from, to) = (self.folder.join(name), self.out.join(name));
            // Moved before.
            if !from.exists() {
                continue;
            }
            if to.exists() {
                return Err(MergeError::AlreadyThere { path: to });
            }
            std::fs::rename(&from, &to).map_err(|e| WriteError::new(e, &to))?;
        }
        Ok(())
    }

    /// Removes all but the lock; gives how much there was.
    fn clear(&self) -> Result<usize, MergeError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |reason| MergeError::State(StateError::io(reason, path))
        };
        let mut num = 0;
        for entry in std::fs::read_dir(&self.folder).map_err(io(&self.folder))? {
            let path = entry.map_err(io(&self.folder))?.path();
            if path.file_name().is_some_and(|name| name == LOCK) {
                continue;
            }
            let is_folder = path.symlink_metadata().is_ok_and(|there| there.is_dir());
            let removed =
                if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.map_err(io(&path))?;
            num += 1;
        }
        Ok(num)
    }

    /// Lets go: the folder goes, and the results' if it was made for it and nothing is in it.
    pub(super) fn leave(self) {
        // What can't be removed is removed by the next merge.
        drop(self.clear());
        let Self { out, folder, lock, was_there } = self;
        lock.remove_with(&folder);
        if !was_there {
            drop(std::fs::remove_dir(out));
        }
    }
}

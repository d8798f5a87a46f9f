//! The hidden folder in which a merge puts its results together. They are moved to the results' folder when all of them are whole.
//!
//! Owns that folder, its lock, and what happens to one that a killed merge left. Must not know what is merged. Removes nothing
//! outside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::lock::{Lock, take_lock};
use super::merge_error::MergeError;
use super::state_error::StateError;
use crate::formats::{WriteError, write_whole};

const FOLDER: &str = ".filterscope-merge";
/// Lists the sets that are whole, with the hashes of what they were made of. Where this file exists, only moving the sets was left to
/// do.
const WHOLE: &str = "whole.json";
const LOCK: &str = "lock";

/// For each set, by its name: the hashes of the shards that it was made of.
pub(super) type Origins = BTreeMap<String, Vec<Option<String>>>;

/// The hidden folder, locked.
#[derive(Debug)]
pub(super) struct Workplace {
    out: PathBuf,
    folder: PathBuf,
    lock: Lock,
    was_there: bool,
}

impl Workplace {
    /// Takes the folder in `out` and its lock. What a killed merge left half written there is removed. What was whole is moved to its
    /// place, and the hashes of what it was made of are returned.
    pub(super) fn take(out: &Path, note: &mut dyn FnMut(String)) -> Result<(Self, Origins), MergeError> {
        let folder = out.join(FOLDER);
        let was_there = out.exists();
        // Not a folder of ours. A merge that was killed just before it had its lock, or after it removed it, leaves an empty folder.
        let is_empty = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_none());
        if folder.is_symlink() || folder.exists() && !is_empty && !folder.join(LOCK).is_file() {
            return Err(MergeError::AlreadyThere { path: folder });
        }
        std::fs::create_dir_all(&folder).map_err(|e| WriteError::new(e, &folder))?;
        let mut notes = Vec::new();
        let lock = take_lock(out, &folder, &mut |words| notes.push(words))?;
        // The lock's own note on a killed run is left out: the notes below say it in the words of a merge.
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

    /// The folder in which the set of this name is put together.
    pub(super) fn folder_of(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Moves the sets, which are all whole now, to their place.
    pub(super) fn place(&self, made_of: &Origins) -> Result<(), MergeError> {
        write_whole(&self.folder.join(WHOLE), |out| Ok(serde_json::to_writer(out, made_of)?))?;
        self.move_sets(made_of.keys())
    }

    fn move_sets<'a>(&self, names: impl Iterator<Item = &'a String>) -> Result<(), MergeError> {
        for name in names {
            let (from, to) = (self.folder.join(name), self.out.join(name));
            // It was moved before.
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

    /// Removes everything but the lock; returns how many entries it removed.
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

    /// Releases the lock and removes the folder; also the results' folder, if it was made for this merge and is empty.
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

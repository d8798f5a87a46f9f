//! What a run leaves for the one that goes on after it: the lock, the plan and the parts, in a hidden folder of the results'.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::part::{Part, whole_parts};
use super::plan::ExtractPlan;
use super::state_error::StateError;
use crate::formats::features::{BadManifest, FeatureFormat, MANIFEST_NAME, Manifest, Mixed, Recipe};
use crate::formats::{remove_drafts, write_whole};
use crate::models::Retired;

/// The hidden folder. Where it holds a plan, a run is not finished.
pub(super) const FOLDER: &str = ".filterscope";
const LOCK: &str = "lock";
pub(super) const PLAN: &str = "plan.json";
pub(super) const PARTS: &str = "parts";

/// What may change between a run and its resumption, if the person allows it: neither which rows there are nor their extent.
const MAY_CHANGE: [&str; 18] = [
    "program",
    "weights",
    "weights_sha256",
    "weights_part",
    "fit",
    "preprocess",
    "input_size",
    "filter",
    "value_scale",
    "preprocessing_from",
    "engine",
    "dispatch_level",
    "device",
    "batch",
    "source_sha256",
    "num_pictures",
    "num_planned",
    "columns",
];

/// What to do where there are results already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Existing {
    /// Goes on with an unfinished run; leaves a finished one.
    pub resume: bool,
    /// Goes on although something changed.
    pub allow_mixed: bool,
    /// Removes them.
    pub overwrite: bool,
}

/// A run's hold on its folder. The lock goes with it.
#[derive(Debug)]
pub struct RunState {
    folder: PathBuf,
    _lock: Lock,
    pub(super) parts: Vec<Part>,
    pub(super) mixed: Vec<Mixed>,
}

/// The lock's file, held. The system lets go of the lock of a process that ends, however it ends; one that ends well empties the
/// file, so that a number in it tells of one that was killed.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // What stays says less than the truth, and harms nobody.
        drop(self.0.set_len(0));
    }
}

/// How a run begins.
#[derive(Debug)]
pub enum Begin {
    /// With something to do.
    Run(RunState),
    /// Everything was done before, with the same plan.
    NothingToDo,
}

#[derive(Serialize, Deserialize)]
struct PlanFile {
    recipes: Vec<Recipe>,
    mixed: Vec<Mixed>,
}

/// Takes hold of the plan's folder. `note` is told what a person should know.
pub fn begin(
    plan: &ExtractPlan,
    existing: Existing,
    note: &mut dyn FnMut(String),
) -> Result<Begin, StateError> {
    let folder = plan.folder.join(FOLDER);
    let io = |path: &Path| {
        let path = path.to_owned();
        move |reason| StateError::Io { reason, path }
    };
    let was_there = plan.folder.exists();
    std::fs::create_dir_all(&folder).map_err(io(&plan.folder))?;
    let lock = take_lock(plan, &folder, note)?;
    let begun = begin_locked(plan, existing, &folder, lock);
    if !matches!(begun, Ok(Begin::Run(_))) && !folder.join(PLAN).exists() {
        // Nothing was begun: what was made for the lock goes again, and a folder that was made for it.
        drop(std::fs::remove_dir_all(&folder));
        if !was_there {
            drop(std::fs::remove_dir(&plan.folder));
        }
    }
    begun
}

fn begin_locked(
    plan: &ExtractPlan,
    existing: Existing,
    folder: &Path,
    lock: Lock,
) -> Result<Begin, StateError> {
    let path = plan.folder.clone();
    let parts_folder = folder.join(PARTS);
    if existing.overwrite {
        remove_results(plan, folder)?;
    }
    let Some(before) = read_plan(folder, &path)? else {
        for set in &plan.sets {
            let place = plan.set_folder(set);
            if !place.exists() {
                continue;
            }
            match Manifest::read(&place) {
                Ok(manifest) if existing.resume => {
                    let changed = manifest.recipe.differences(&set.recipe);
                    if !changed.is_empty() {
                        return Err(StateError::Changed { changed, can_be_mixed: false, path: place });
                    }
                }
                Ok(_) => return Err(StateError::AlreadyThere { path: place }),
                Err(BadManifest::Missing { .. }) => return Err(StateError::Foreign { path: place }),
                Err(error) => return Err(error.into()),
            }
        }
        if existing.resume && plan.sets.iter().all(|set| is_complete(plan, &set.name)) {
            return Ok(Begin::NothingToDo);
        }
        if let Some(there) = plan.sets.iter().find(|set| is_complete(plan, &set.name)) {
            return Err(StateError::AlreadyThere { path: plan.set_folder(there) });
        }
        let state = RunState { folder: folder.to_owned(), _lock: lock, parts: Vec::new(), mixed: Vec::new() };
        state.write_plan(plan)?;
        std::fs::create_dir_all(&parts_folder)
            .map_err(|reason| StateError::Io { reason, path: parts_folder.clone() })?;
        return Ok(Begin::Run(state));
    };
    std::fs::create_dir_all(&parts_folder)
        .map_err(|reason| StateError::Io { reason, path: parts_folder.clone() })?;
    let parts = whole_parts(&parts_folder).map_err(|reason| StateError::Io { reason, path: parts_folder })?;
    let done = parts.last().map_or(0, |part| part.record.end());
    if !existing.resume {
        let total = before.recipes.first().map_or(0, |recipe| recipe.num_planned);
        return Err(StateError::Unfinished { done, total, path });
    }
    let mut state = RunState { folder: folder.to_owned(), _lock: lock, parts, mixed: before.mixed };
    state.check(plan, &before.recipes, existing.allow_mixed)?;
    for set in &plan.sets {
        remove_drafts(&plan.set_folder(set));
    }
    state.write_plan(plan)?;
    Ok(Begin::Run(state))
}

/// Locks the folder for as long as the file is held.
fn take_lock(plan: &ExtractPlan, folder: &Path, note: &mut dyn FnMut(String)) -> Result<Lock, StateError> {
    let path = folder.join(LOCK);
    let io = |reason| StateError::Io { reason, path: path.clone() };
    let mut lock =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
    let mut process = String::new();
    // What somebody wrote there is only for the message.
    drop((&lock).take(32).read_to_string(&mut process));
    let process = Some(process.trim().to_owned()).filter(|p| !p.is_empty());
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(StateError::Busy { process, path: plan.folder.clone() });
        }
        Err(TryLockError::Error(reason)) if reason.kind() == std::io::ErrorKind::Unsupported => {
            note("this file system has no locks: nothing keeps a second run from writing here".to_owned());
        }
        Err(TryLockError::Error(reason)) => return Err(io(reason)),
    }
    if let Some(process) = process {
        note(format!(
            "an earlier run (process {process}) left its lock behind: it was killed, and what it had finished is whole"
        ));
    }
    let write = |lock: &mut File| {
        lock.set_len(0)?;
        lock.rewind()?;
        write!(lock, "{}", std::process::id())
    };
    write(&mut lock).map_err(io)?;
    Ok(Lock(lock))
}

fn read_plan(folder: &Path, path: &Path) -> Result<Option<PlanFile>, StateError> {
    let bytes = match std::fs::read(folder.join(PLAN)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(reason) => return Err(StateError::Io { reason, path: folder.join(PLAN) }),
    };
    let bad = |e: serde_json::Error| StateError::BadPlan { reason: e.to_string(), path: path.to_owned() };
    serde_json::from_slice(&bytes).map(Some).map_err(bad)
}

fn is_complete(plan: &ExtractPlan, name: &str) -> bool {
    plan.folder.join(name).join(MANIFEST_NAME).is_file()
}

/// Removes what this plan's sets left here: finished sets, and those of the unfinished run. Nothing that isn't ours.
fn remove_results(plan: &ExtractPlan, folder: &Path) -> Result<(), StateError> {
    let is_unfinished = folder.join(PLAN).exists();
    for set in &plan.sets {
        let place = plan.set_folder(set);
        let is_link = place.symlink_metadata().is_ok_and(|m| m.is_symlink());
        let is_ours = is_complete(plan, &set.name) || is_unfinished;
        if place.exists() {
            if !is_ours || is_link {
                return Err(StateError::Foreign { path: place });
            }
            std::fs::remove_dir_all(&place).map_err(|reason| StateError::Io { reason, path: place })?;
        }
    }
    for name in [PLAN, PARTS] {
        let place = folder.join(name);
        let removed =
            if name == PARTS { std::fs::remove_dir_all(&place) } else { std::fs::remove_file(&place) };
        match removed {
            Err(reason) if reason.kind() != std::io::ErrorKind::NotFound => {
                return Err(StateError::Io { reason, path: place });
            }
            _ => {}
        }
    }
    Ok(())
}

impl RunState {
    /// Where parts lie.
    pub(super) fn parts_folder(&self) -> PathBuf {
        self.folder.join(PARTS)
    }

    /// Pictures that are done.
    pub fn num_done(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.record.end())
    }

    /// Of those, pictures that gave nothing.
    pub fn num_failed(&self) -> u64 {
        self.parts.iter().map(|part| part.record.failed.len() as u64).sum()
    }

    /// Whether a set's files are all there.
    pub(super) fn is_complete(plan: &ExtractPlan, name: &str) -> bool {
        is_complete(plan, name)
    }

    /// Lets go of a run that can't begin. One that has parts stays as it is.
    pub fn abandon(self) {
        if self.parts.is_empty() {
            // What can't be removed is told by the next run.
            drop(std::fs::remove_dir_all(&self.folder));
            if let Some(out) = self.folder.parent() {
                drop(std::fs::remove_dir(out));
            }
        }
    }

    /// Nothing is left to do: the hidden folder goes.
    pub(super) fn finish(self) -> Result<(), StateError> {
        // The plan first: without it there is no unfinished run.
        let Self { folder, _lock: lock, .. } = self;
        let io = |reason| StateError::Io { reason, path: folder.clone() };
        std::fs::remove_file(folder.join(PLAN)).map_err(io)?;
        std::fs::remove_dir_all(folder.join(PARTS)).map_err(io)?;
        drop(lock);
        std::fs::remove_dir_all(&folder).map_err(io)
    }

    fn write_plan(&self, plan: &ExtractPlan) -> Result<(), StateError> {
        let recipes = plan.sets.iter().map(|set| set.recipe.clone()).collect();
        let file = PlanFile { recipes, mixed: self.mixed.clone() };
        write_whole(&self.folder.join(PLAN), |out| Ok(serde_json::to_writer(out, &file)?))?;
        Ok(())
    }

    /// Whether the plan goes on with what was begun; notes changes that the person allows.
    fn check(&mut self, plan: &ExtractPlan, before: &[Recipe], allow_mixed: bool) -> Result<(), StateError> {
        let path = plan.folder.clone();
        let sets = |recipes: &mut dyn Iterator<Item = &Recipe>| {
            recipes.map(|r| format!("{} of {}", r.layer, r.tag)).collect::<Vec<_>>().join(", ")
        };
        let (ours, theirs) = (sets(&mut plan.sets.iter().map(|set| &set.recipe)), sets(&mut before.iter()));
        if ours != theirs {
            let retired = Retired::first_of(before.iter().map(|recipe| recipe.tag.as_str()));
            return Err(StateError::OtherSets { ours, theirs, retired, path });
        }
        let mut changed: Vec<(String, String, String)> = Vec::new();
        for (set, before) in plan.sets.iter().zip(before) {
            for difference in before.differences(&set.recipe) {
                if !changed.contains(&difference) {
                    changed.push(difference);
                }
            }
        }
        if !changed.is_empty() {
            let can_be_mixed = changed.iter().all(|(name, ..)| MAY_CHANGE.contains(&name.as_str()));
            if !can_be_mixed || !allow_mixed {
                return Err(StateError::Changed { changed, can_be_mixed, path });
            }
        }
        let done = self.num_done();
        let is_same = |part: &Part| {
            plan.rows.sha256_of(part.record.first..part.record.end()) == part.record.pictures_sha256
                && part.record.row_bytes == plan.row_bytes()
        };
        if done > plan.rows.len() || !self.parts.iter().all(is_same) {
            return Err(StateError::OtherPictures { done, path });
        }
        if !changed.is_empty() {
            // Sets that were complete were made as before; they are made again from the parts.
            if plan.settings.format != FeatureFormat::Folder {
                for set in &plan.sets {
                    drop(std::fs::remove_file(plan.set_folder(set).join(MANIFEST_NAME)));
                }
            }
            self.mixed.push(Mixed { from: done, changed });
        }
        Ok(())
    }
}

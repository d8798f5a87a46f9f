//! What a run keeps for the run that resumes it: the lock, the plan and the parts, in a hidden folder in the results' folder.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::changed::changed_since;
use super::kept::{keep_whole, keep_whole_sets};
use super::lock::{Lock, take_lock};
use super::part::{RunPart, find_parts, num_pictures};
use super::plan::{ExtractPlan, recipes_hash};
use super::rows::PlannedPicture;
use super::state_error::StateError;
use crate::features::{
    BadManifest, FeatureFormat, INDEX_NAME, MANIFEST_NAME, Manifest, Mixed, PICTURES_NAME, Recipe,
    SetOutcome, others_files,
};
use crate::formats::{UNSEALED, is_sealed, remove_drafts, seal, write_whole};
use crate::models::Retired;
use crate::tensor::is_refusal;

/// The hidden folder. If it holds a plan, its run is not finished.
pub(super) const FOLDER: &str = ".filterscope";
pub(super) const PLAN: &str = "plan.json";
pub(super) const PARTS: &str = "parts";
/// A set's folder is renamed to this while it is removed.
const REMOVED: &str = "removed";

/// Settings that may differ when a run is resumed, if the user allows it. Layer, pooling, storage and row selection must stay the same.
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

/// What to do if there are results already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Existing {
    /// Resume an unfinished run; leave a finished one as it is.
    pub resume: bool,
    /// Resume even if settings changed.
    pub allow_mixed: bool,
    /// Remove the results.
    pub overwrite: bool,
}

/// A run's folder, locked, and what is done so far. The lock is released with it.
#[derive(Debug)]
pub(super) struct RunState {
    folder: PathBuf,
    lock: Lock,
    /// In order; some pictures between two parts may be in none.
    pub(super) parts: Vec<RunPart>,
    pub(super) mixed: Vec<Mixed>,
    /// Hashes of the recipes that this run had before.
    recipes_before: Vec<String>,
}

/// How a run begins.
#[derive(Debug)]
pub(super) enum Begin {
    /// With something to do.
    Run(RunState),
    /// Everything was done before, with the same plan.
    NothingToDo {
        /// Pictures that gave no feature.
        num_failed: u64,
        /// Values that were too large for f16, over all sets.
        num_overflows: u64,
        /// Pictures whose files have changed since, in order.
        changed: Vec<PlannedPicture>,
    },
}

#[derive(Serialize, Deserialize)]
struct PlanFile {
    recipes: Vec<Recipe>,
    mixed: Vec<Mixed>,
    /// Hashes of all recipes that the run had before these: mixed settings that the user allowed, and copies of weights.
    #[serde(default)]
    recipes_before: Vec<String>,
    /// Hash over the file's text; files of the first version have none.
    #[serde(default)]
    plan_sha256: Option<String>,
}

/// The field that holds the plan file's own hash.
const SEAL: &str = "plan_sha256";

/// Locks the plan's folder and finds out what is left to do. `note` gets messages for the user.
pub(super) fn begin(
    plan: &ExtractPlan,
    existing: Existing,
    note: &mut dyn FnMut(String),
) -> Result<Begin, StateError> {
    let folder = plan.folder.join(FOLDER);
    let io = |path: &Path| {
        let path = path.to_owned();
        move |reason| StateError::io(reason, path)
    };
    let was_there = plan.folder.exists();
    std::fs::create_dir_all(&folder).map_err(io(&plan.folder))?;
    let mut lock = Some(take_lock(&plan.folder, &folder, note)?);
    let begun = begin_locked(plan, existing, &folder, &mut lock, note);
    if let Some(lock) = lock
        && !folder.join(PLAN).exists()
    {
        // Nothing was begun: remove what was made for the lock, and the results' folder if it was made for it.
        clear(&folder);
        lock.remove_with(&folder);
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
    lock: &mut Option<Lock>,
    note: &mut dyn FnMut(String),
) -> Result<Begin, StateError> {
    let path = plan.folder.clone();
    let hold = |lock: &mut Option<Lock>, parts, mixed, recipes_before| match lock.take() {
        Some(lock) => Ok(RunState { folder: folder.to_owned(), lock, parts, mixed, recipes_before }),
        None => Err(StateError::Busy { process: None, path: path.clone() }),
    };
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
            return finished_before(plan, note);
        }
        if let Some(there) = plan.sets.iter().find(|set| is_complete(plan, &set.name)) {
            return Err(StateError::AlreadyThere { path: plan.set_folder(there) });
        }
        write_plan(folder, plan, &[], &[])?;
        std::fs::create_dir_all(&parts_folder)
            .map_err(|reason| StateError::io(reason, parts_folder.clone()))?;
        return Ok(Begin::Run(hold(lock, Vec::new(), Vec::new(), Vec::new())?));
    };
    std::fs::create_dir_all(&parts_folder).map_err(|reason| StateError::io(reason, parts_folder.clone()))?;
    let mut found = find_parts(&parts_folder).map_err(|reason| StateError::io(reason, parts_folder))?;
    if !existing.resume {
        let (done, total) = (num_pictures(&found.parts), before.recipes.first().map_or(0, |r| r.num_planned));
        return Err(StateError::Unfinished { done, total, path });
    }
    let mut recipes = before.recipes_before;
    recipes.push(recipes_hash(before.recipes.iter()));
    found.set_foreign_aside(&recipes);
    let changed = changes(plan, &before.recipes, &found.parts, existing.allow_mixed)?;
    let parts = keep_whole(plan, found, note)?;
    keep_whole_sets(plan, note)?;
    for set in &plan.sets {
        remove_drafts(&plan.set_folder(set));
    }
    remove_drafts(folder);
    let now = plan.recipes_hash();
    recipes.retain(|hash| *hash != now);
    let mut state = hold(lock, parts, before.mixed, recipes)?;
    state.settle_mixed(plan, changed)?;
    write_plan(folder, plan, &state.mixed, &state.recipes_before)?;
    Ok(Begin::Run(state))
}

/// Checks, for sets that were finished before, that their files are there and that the pictures are still those that they were made of.
fn finished_before(plan: &ExtractPlan, note: &mut dyn FnMut(String)) -> Result<Begin, StateError> {
    let (mut num_failed, mut num_overflows, mut changed) = (0, 0, Vec::new());
    let mut is_unknown = false;
    for set in &plan.sets {
        let folder = plan.set_folder(set);
        let outcome = look_through(&folder)?;
        num_failed = num_failed.max(outcome.num_failed);
        num_overflows += outcome.num_overflows;
        if outcome.pictures_sha256.is_none() {
            is_unknown = true;
            continue;
        }
        for picture in changed_since(&plan.rows, &folder)? {
            if !changed.contains(&picture) {
                changed.push(picture);
            }
        }
    }
    if is_unknown {
        note(
            "an earlier version made these features and kept no hash of the pictures: pictures that were replaced since then are not found"
                .to_owned(),
        );
    }
    Ok(Begin::NothingToDo { num_failed, num_overflows, changed })
}

/// Checks that a finished set's files are there and have the right sizes. It doesn't read them; `verify` does.
fn look_through(folder: &Path) -> Result<SetOutcome, StateError> {
    let outcome = Manifest::read(folder)?.outcome;
    let pictures = outcome.pictures_sha256.is_some().then_some((PICTURES_NAME, None));
    let lists = [(INDEX_NAME, None)].into_iter().chain(pictures);
    for (name, num_bytes) in lists.chain(outcome.files.iter().map(|file| (&*file.name, file.num_bytes))) {
        let path = folder.join(name);
        let reason = match std::fs::metadata(&path) {
            Ok(there) if num_bytes.is_none_or(|num| num == there.len()) => continue,
            Ok(there) => format!("it has {} bytes, and {} were written", there.len(), num_bytes.unwrap_or(0)),
            Err(reason) if is_refusal(&reason) => return Err(StateError::io(reason, path)),
            Err(error) => error.to_string(),
        };
        return Err(StateError::NotWhole { reason, path });
    }
    Ok(outcome)
}

fn read_plan(folder: &Path, path: &Path) -> Result<Option<PlanFile>, StateError> {
    let bytes = match std::fs::read(folder.join(PLAN)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(reason) => return Err(StateError::io(reason, folder.join(PLAN))),
    };
    let bad = |reason: String| StateError::BadPlan { reason, path: path.to_owned() };
    let text = String::from_utf8(bytes).map_err(|e| bad(e.to_string()))?;
    let file: PlanFile = serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
    if is_sealed(&text, SEAL) == Some(false) {
        return Err(bad("it is not as it was written".to_owned()));
    }
    Ok(Some(file))
}

fn write_plan(
    folder: &Path,
    plan: &ExtractPlan,
    mixed: &[Mixed],
    recipes_before: &[String],
) -> Result<(), StateError> {
    let recipes = plan.sets.iter().map(|set| set.recipe.clone()).collect();
    let (mixed, recipes_before) = (mixed.to_vec(), recipes_before.to_vec());
    let file = PlanFile { recipes, mixed, recipes_before, plan_sha256: Some(UNSEALED.to_owned()) };
    write_whole(&folder.join(PLAN), |out| {
        use std::io::Write as _;
        out.write_all(seal(serde_json::to_string(&file)?, SEAL).as_bytes())
    })?;
    Ok(())
}

/// Removes from the hidden folder what earlier runs left and nobody needs. What can't be removed does no harm.
fn clear(folder: &Path) {
    for name in [PARTS, REMOVED] {
        drop(std::fs::remove_dir_all(folder.join(name)));
    }
    remove_drafts(folder);
}

fn is_complete(plan: &ExtractPlan, name: &str) -> bool {
    plan.folder.join(name).join(MANIFEST_NAME).is_file()
}

/// Removes what this plan's sets left here: finished sets, and those of the unfinished run. Refuses to remove anything that isn't ours.
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
            if let Ok(manifest) = Manifest::read(&place) {
                let names = others_files(&place, &manifest)?;
                if !names.is_empty() {
                    return Err(StateError::OthersFiles { names, path: place });
                }
            }
            // Renamed first, so that it disappears in one step: a half removed folder would not be known as ours any more.
            let aside = folder.join(REMOVED);
            drop(std::fs::remove_dir_all(&aside));
            let removed = std::fs::rename(&place, &aside).and_then(|()| std::fs::remove_dir_all(&aside));
            removed.map_err(|reason| StateError::io(reason, place))?;
        }
    }
    for name in [PLAN, PARTS] {
        let place = folder.join(name);
        let removed =
            if name == PARTS { std::fs::remove_dir_all(&place) } else { std::fs::remove_file(&place) };
        match removed {
            Err(reason) if reason.kind() != std::io::ErrorKind::NotFound => {
                return Err(StateError::io(reason, place));
            }
            _ => {}
        }
    }
    Ok(())
}

impl RunState {
    /// The folder of the parts.
    pub(super) fn parts_folder(&self) -> PathBuf {
        self.folder.join(PARTS)
    }

    /// Pictures that are done.
    pub(super) fn num_done(&self) -> u64 {
        num_pictures(&self.parts)
    }

    /// Pictures of `total` that are not done, by position.
    pub(super) fn gaps(&self, total: u64) -> Vec<Range<u64>> {
        let mut next = 0;
        let mut gaps = Vec::new();
        for part in &self.parts {
            gaps.push(next..part.record.first);
            next = part.record.end();
        }
        gaps.push(next..total);
        gaps.retain(|gap| gap.start < gap.end);
        gaps
    }

    /// Adds parts that were completed.
    pub(super) fn add(&mut self, parts: Vec<RunPart>) {
        self.parts.extend(parts);
        self.parts.sort_by_key(|part| part.record.first);
    }

    /// Of the pictures that are done, those that gave no feature.
    pub(super) fn num_failed(&self) -> u64 {
        self.parts.iter().map(|part| part.record.failed.len() as u64).sum()
    }

    /// Values that were too large for f16, over all sets.
    pub(super) fn num_overflows(&self) -> u64 {
        self.parts.iter().flat_map(|part| &part.record.overflows).sum()
    }

    /// Whether a set is complete here, that is, has its manifest.
    pub(super) fn is_complete(plan: &ExtractPlan, name: &str) -> bool {
        is_complete(plan, name)
    }

    /// Gives up a run that can't begin. If it has parts, it stays as it is.
    pub(super) fn abandon(self) {
        if self.parts.is_empty() {
            // If it can't be removed, the next run says so.
            drop(std::fs::remove_dir_all(&self.folder));
            if let Some(out) = self.folder.parent() {
                drop(std::fs::remove_dir(out));
            }
        }
    }

    /// Removes the hidden folder: nothing is left to do.
    pub(super) fn finish(self) -> Result<(), StateError> {
        // The plan first: without it there is no unfinished run.
        let Self { folder, lock, .. } = self;
        let io = |reason| StateError::io(reason, folder.clone());
        std::fs::remove_file(folder.join(PLAN)).map_err(io)?;
        std::fs::remove_dir_all(folder.join(PARTS)).map_err(io)?;
        clear(&folder);
        lock.remove_with(&folder);
        Ok(())
    }

    /// Records changes that the user allows, so that the record is true: from which position on pictures were made with other settings.
    fn settle_mixed(
        &mut self,
        plan: &ExtractPlan,
        changed: Vec<(String, String, String)>,
    ) -> Result<(), StateError> {
        if changed.is_empty() && self.mixed.is_empty() {
            return Ok(());
        }
        // Pictures after a gap were made with the old settings, and those in it would be made with the new: so all after the gap are
        // made again.
        let from = self.gaps(u64::MAX).first().map_or(0, |gap| gap.start);
        for part in self.parts.iter().filter(|part| part.record.first > from) {
            std::fs::remove_file(&part.path).map_err(|reason| StateError::io(reason, part.path.clone()))?;
        }
        self.parts.retain(|part| part.record.first < from);
        self.mixed.iter_mut().for_each(|mixed| mixed.from = mixed.from.min(from));
        if !changed.is_empty() {
            // Sets that were complete were made with the old settings; their files are made again from the parts.
            if plan.settings.format != FeatureFormat::Folder {
                for set in &plan.sets {
                    drop(std::fs::remove_file(plan.set_folder(set).join(MANIFEST_NAME)));
                }
            }
            self.mixed.push(Mixed { from, changed });
        }
        Ok(())
    }
}

/// What differs between the plan and the one that was begun. An error if the run can't be resumed with these differences.
fn changes(
    plan: &ExtractPlan,
    before: &[Recipe],
    parts: &[RunPart],
    allow_mixed: bool,
) -> Result<Vec<(String, String, String)>, StateError> {
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
    let is_same = |part: &RunPart| {
        plan.rows.sha256_of(part.record.first..part.record.end()) == part.record.pictures_sha256
            && part.record.row_bytes == plan.row_bytes()
    };
    let end = parts.last().map_or(0, |part| part.record.end());
    if end > plan.rows.len() || !parts.iter().all(is_same) {
        return Err(StateError::OtherPictures { done: num_pictures(parts), path });
    }
    Ok(changed)
}

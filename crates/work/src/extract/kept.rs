//! Checks the parts of an earlier run: a part is kept only if it still is what was written.
//!
//! Owns what happens to the others: they are removed and reported, and their pictures are worked on again.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::changed::{changed_in, words_of};
use super::hashes::digest;
use super::own_files::own_file;
use super::part::{FoundParts, RowsHash, RunPart};
use super::part_rows::OtherRows;
use super::plan::ExtractPlan;
use super::sizes::gib;
use super::state_error::StateError;
use crate::features::{FeatureFormat, MANIFEST_NAME, StoredFeatures, read_feature_npy};
use crate::tensor::refusal_in;

/// If the parts have at least this many bytes, the user is told that they are being checked.
const LARGE: u64 = 1 << 30;

/// Goes through the parts that were found and returns those that are kept. `note` gets what was wrong with the others, and what can't
/// be checked.
pub(super) fn keep_whole(
    plan: &ExtractPlan,
    found: FoundParts,
    note: &mut dyn FnMut(String),
) -> Result<Vec<RunPart>, StateError> {
    for path in &found.others {
        remove(path)?;
    }
    for part in &found.foreign {
        let (first, end) = (part.record.first + 1, part.record.end());
        let place = part.path.display();
        note(format!(
            "the part of the run before with pictures {first} to {end} is one of another run, which made them otherwise; it is made anew: \"{place}\""
        ));
        forget_all_complete_sets(plan);
        remove(&part.path)?;
    }
    for path in &found.damaged {
        let words = "a part of the run before is damaged: what it says of itself can't be read";
        note(format!("{words}; it is made anew: \"{}\"", path.display()));
        forget_complete_sets(plan);
        remove(path)?;
    }
    let num_bytes: u64 = found.parts.iter().map(|part| part.record.num_rows() * part.record.row_bytes).sum();
    if num_bytes >= LARGE {
        note(format!("checking {} of the run before", gib(num_bytes)));
    }
    let mut kept = Vec::with_capacity(found.parts.len());
    let (mut num_failed, mut changed) = (0, Vec::new());
    for part in found.parts {
        match check(plan, &part) {
            Ok(()) => {
                let changed_in_it = changed_in(&plan.rows, &part);
                if changed_in_it.is_empty() && part.record.failed.is_empty() {
                    kept.push(part);
                    continue;
                }
                // The cause of a failure may be gone by now.
                num_failed += part.record.failed.len();
                changed.extend(changed_in_it);
                forget_all_complete_sets(plan);
                remove(&part.path)?;
            }
            // The system refused to let it be read: that says nothing about the part.
            Err(reason) if refusal_in(&reason).is_some() => return Err(StateError::io(reason, part.path)),
            Err(reason) => {
                let (first, end) = (part.record.first + 1, part.record.end());
                let place = part.path.display();
                note(format!(
                    "the part of the run before with pictures {first} to {end} is damaged: {reason}; it is made anew: \"{place}\""
                ));
                forget_complete_sets(plan);
                remove(&part.path)?;
            }
        }
    }
    if num_failed > 0 {
        let pictures = if num_failed == 1 { "1 picture" } else { &format!("{num_failed} pictures") };
        note(format!("{pictures} of the run before gave no feature: the parts with such are made anew"));
    }
    if let Some(words) = words_of(&changed) {
        note(format!("{words} since the run before worked on it: the parts with such are made anew"));
    }
    let num_unknown: u64 =
        kept.iter().filter(|part| part.record.pictures.is_none()).map(|part| part.record.num).sum();
    if num_unknown > 0 {
        note(format!(
            "an earlier version worked on the first {num_unknown} pictures and kept neither hashes of them nor its recipe: pictures that were replaced since then, and parts of another run, are not found"
        ));
    }
    let num_unhashed: u64 =
        kept.iter().filter(|part| part.record.rows_hash.is_none()).map(|part| part.record.num).sum();
    if num_unhashed > 0 {
        note(format!(
            "an earlier version worked on the first {num_unhashed} pictures and kept no hash of their features: damage since then is not found"
        ));
    }
    Ok(kept)
}

/// Checks the sets that are complete although the run is not. A damaged one is put together again.
pub(super) fn keep_whole_sets(plan: &ExtractPlan, note: &mut dyn FnMut(String)) -> Result<(), StateError> {
    for set in &plan.sets {
        let folder = plan.set_folder(set);
        let manifest = folder.join(MANIFEST_NAME);
        if !manifest.is_file() {
            continue;
        }
        if let Err(reason) = StoredFeatures::open(&folder).and_then(|set| set.check_files(&|| true)) {
            if reason.is_refused() {
                return Err(reason.into());
            }
            note(format!("features of the run before are damaged ({reason}); they are put together anew"));
            remove(&manifest)?;
        }
    }
    Ok(())
}

/// Where each picture has a file of its own, no set is complete until its damaged parts are made again: removes the sets' manifests.
fn forget_complete_sets(plan: &ExtractPlan) {
    if plan.settings.format == FeatureFormat::Folder {
        forget_all_complete_sets(plan);
    }
}

/// Removes the manifests of all sets: pictures may have changed, so none counts as complete.
fn forget_all_complete_sets(plan: &ExtractPlan) {
    for set in &plan.sets {
        // Usually there is none.
        drop(std::fs::remove_file(plan.set_folder(set).join(MANIFEST_NAME)));
    }
}

fn remove(path: &Path) -> Result<(), StateError> {
    std::fs::remove_file(path).map_err(|reason| StateError::io(reason, path.to_owned()))
}

/// Reads a part's rows, and where each picture has a file of its own also those files, and compares them with their hashes.
fn check(plan: &ExtractPlan, part: &RunPart) -> io::Result<()> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(&part.path)?);
    let mut hashes = vec![RowsHash::default(); plan.sets.len()];
    let (mut row, mut values) = (Vec::new(), Vec::new());
    let mut failed = part.record.failed.iter().map(|(position, _)| *position).peekable();
    for position in part.record.first..part.record.end() {
        if failed.next_if_eq(&position).is_some() {
            continue;
        }
        for (set, hash) in plan.sets.iter().zip(&mut hashes) {
            row.resize(plan.stored_bytes(set) as usize, 0);
            file.read_exact(&mut row)?;
            hash.add(&row);
            if plan.settings.format != FeatureFormat::Folder {
                continue;
            }
            let path = plan.set_folder(set).join(own_file(&plan.rows, position));
            values.clear();
            read_feature_npy(&path, &set.recipe.stored.layout, &mut values)?;
            if digest(&values)[..] != row[..] {
                let words = format!("the numbers are not those that were written: \"{}\"", path.display());
                return Err(io::Error::other(words));
            }
        }
    }
    let hashes: Vec<String> = hashes.iter().map(RowsHash::hex).collect();
    match &part.record.rows_hash {
        Some(expected) if *expected != hashes => Err(io::Error::other(OtherRows)),
        _ => Ok(()),
    }
}

//! What is at the place where a run would write, found out without changing anything.

use super::part::{find_parts, num_pictures};
use super::plan::ExtractPlan;
use super::state::{FOLDER, PARTS, PLAN};
use crate::features::MANIFEST_NAME;

/// What a plan's folder holds already. A run that begins checks again, with the folder locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing that belongs to this plan.
    Nothing,
    /// A run that isn't finished.
    Unfinished {
        /// Pictures that are done.
        done: u64,
    },
    /// Features of one of the plan's sets, complete.
    Finished,
}

/// Finds out what the plan's folder holds.
pub fn look(plan: &ExtractPlan) -> Found {
    let folder = plan.folder.join(FOLDER);
    if folder.join(PLAN).is_file() {
        // If the parts can't be read, the run that resumes them says so.
        let found = find_parts(&folder.join(PARTS)).unwrap_or_default();
        return Found::Unfinished { done: num_pictures(&found.parts) };
    }
    let is_there = plan.sets.iter().any(|set| plan.set_folder(set).join(MANIFEST_NAME).is_file());
    if is_there { Found::Finished } else { Found::Nothing }
}

//! What lies where a run would write, looked at without touching it.

use super::part::{find_parts, num_pictures};
use super::plan::ExtractPlan;
use super::state::{FOLDER, PARTS, PLAN};
use crate::formats::features::MANIFEST_NAME;

/// What a plan's folder holds already. A run that begins looks again, and under its lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing of this plan's.
    Nothing,
    /// A run that isn't finished.
    Unfinished {
        /// Pictures that are done.
        done: u64,
    },
    /// Features of one of the plan's sets, complete.
    Finished,
}

/// Looks into the plan's folder.
pub fn look(plan: &ExtractPlan) -> Found {
    let folder = plan.folder.join(FOLDER);
    if folder.join(PLAN).is_file() {
        // Parts that can't be looked at are told by the run that goes on with them.
        let found = find_parts(&folder.join(PARTS)).unwrap_or_default();
        return Found::Unfinished { done: num_pictures(&found.parts) };
    }
    let is_there = plan.sets.iter().any(|set| plan.set_folder(set).join(MANIFEST_NAME).is_file());
    if is_there { Found::Finished } else { Found::Nothing }
}

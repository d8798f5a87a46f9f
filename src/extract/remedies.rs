//! What a person can do about a run that stopped: what its cause says.
//!
//! Owns which errors have such a cause.

use super::finish::FinishError;
use super::pipeline::ExtractError;
use super::state_error::StateError;
use crate::tensor::{Remedied, Remedy, Setting, is_out_of_files};

impl Remedied for ExtractError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Engine { reason, .. } => reason.remedy(),
            Self::Write(error) => error.remedy(),
            Self::Shortage { remedy, .. } => remedy.clone(),
            Self::Thread | Self::Start(_) => None,
        }
    }
}

impl Remedied for StateError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Write(error) => error.remedy(),
            Self::Io { reason, .. } if is_out_of_files(reason) => Some(Remedy::AllowMoreFiles),
            // What is no folder, isn't there, or is someone else's.
            Self::Io { .. } => Some(Remedy::OtherFolder),
            Self::Changed { changed, .. } => settings_as_before(changed),
            Self::Features(error) if error.remedy() == Some(Remedy::RaiseFileLimit) => {
                Some(Remedy::AllowMoreFiles)
            }
            Self::Features(error) => error.remedy(),
            Self::NotWhole { .. } => Some(Remedy::MakeAllAnew),
            Self::Busy { .. }
            | Self::Unfinished { .. }
            | Self::AlreadyThere { .. }
            | Self::Foreign { .. }
            | Self::OtherSets { .. }
            | Self::OtherPictures { .. }
            | Self::BadPlan { .. }
            | Self::Manifest(_) => None,
        }
    }
}

/// Settings that a person chose and that differ, with what they were.
fn settings_as_before(changed: &[(String, String, String)]) -> Option<Remedy> {
    let known = |(name, before, _): &(String, String, String)| Some((Setting::of(name)?, before.clone()));
    let settings: Vec<_> = changed.iter().filter_map(known).collect();
    (!settings.is_empty()).then_some(Remedy::SettingsAsBefore { settings })
}

/// Settings that shares must have in common and that differ.
pub(super) fn settings_alike(differences: &[(String, String, String)]) -> Option<Remedy> {
    let settings: Vec<Setting> = differences.iter().filter_map(|(name, ..)| Setting::of(name)).collect();
    (!settings.is_empty()).then_some(Remedy::SettingsAlike { settings })
}

impl Remedied for FinishError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Write(error) => error.remedy(),
            Self::State(error) => error.remedy(),
            Self::Part { .. } | Self::PictureChanged(_) => Some(Remedy::GoOn),
            Self::PartUnread { reason, .. } => is_out_of_files(reason).then_some(Remedy::AllowMoreFiles),
            Self::NoSpace { .. } | Self::Cells(_) | Self::Incomplete { .. } => None,
        }
    }
}

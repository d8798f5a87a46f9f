//! What the user can do about a run that stopped, by the cause of the error.
//!
//! Owns which errors have such a remedy.

use super::finish::FinishError;
use super::pipeline::ExtractError;
use super::shard::ShardError;
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
            // The place is no folder, doesn't exist, or belongs to someone else.
            Self::Io { .. } => Some(Remedy::OtherFolder),
            Self::Unfinished { .. } => Some(Remedy::GoOnOrBeginAgain),
            Self::AlreadyThere { .. } => Some(Remedy::ReplaceFeatures),
            Self::NotWhole { .. } => Some(Remedy::MakeAllAnew),
            Self::Changed { changed, can_be_mixed, .. } => Some(Remedy::SettingsAsBefore {
                settings: settings_as_before(changed),
                can_be_mixed: *can_be_mixed,
            }),
            Self::OtherSets { .. } | Self::OtherPictures { .. } | Self::BadPlan { .. } => {
                Some(Remedy::BeginAgain)
            }
            Self::Features(error) if error.remedy() == Some(Remedy::RaiseFileLimit) => {
                Some(Remedy::AllowMoreFiles)
            }
            Self::Features(error) => error.remedy(),
            Self::Busy { .. } | Self::OthersFiles { .. } | Self::Foreign { .. } | Self::Manifest(_) => None,
        }
    }
}

impl Remedied for ShardError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::NoVariable => Some(Remedy::NameShard),
            Self::NoCount { .. } => Some(Remedy::NameShardCount),
            Self::Unknown(_) | Self::UnknownWay(_) | Self::BadVariable { .. } => None,
        }
    }
}

/// Settings chosen by the user that differ, with their values before.
fn settings_as_before(changed: &[(String, String, String)]) -> Vec<(Setting, String)> {
    let known = |(name, before, _): &(String, String, String)| Some((Setting::of(name)?, before.clone()));
    changed.iter().filter_map(known).collect()
}

/// Settings that differ although all shards must have them in common.
pub(super) fn settings_alike(differences: &[(String, String, String)]) -> Option<Remedy> {
    let settings: Vec<Setting> = differences.iter().filter_map(|(name, ..)| Setting::of(name)).collect();
    (!settings.is_empty()).then_some(Remedy::SettingsAlike { settings })
}

impl Remedied for FinishError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Write(error) => error.remedy(),
            Self::State(error) => error.remedy(),
            Self::RunPart { .. } | Self::PictureChanged(_) => Some(Remedy::GoOn),
            Self::PartUnread { reason, .. } => is_out_of_files(reason).then_some(Remedy::AllowMoreFiles),
            Self::NoSpace { .. } | Self::Cells(_) | Self::Incomplete { .. } => None,
        }
    }
}

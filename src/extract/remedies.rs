//! What a person can do about a run that stopped: what its cause says.
//!
//! Owns which errors have such a cause.

use super::finish::FinishError;
use super::pipeline::ExtractError;
use super::plan::PlanProblem;
use super::shard::ShardError;
use super::state_error::StateError;
use crate::tensor::{Remedied, Remedy, is_out_of_files};

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
            Self::Io { reason, .. } => is_out_of_files(reason).then_some(Remedy::AllowMoreFiles),
            Self::Unfinished { .. } => Some(Remedy::GoOnOrBeginAgain),
            Self::AlreadyThere { .. } | Self::NotWhole { .. } => Some(Remedy::ReplaceFeatures),
            Self::Changed { can_be_mixed: true, .. } => Some(Remedy::MixOrBeginAgain),
            Self::Changed { can_be_mixed: false, .. }
            | Self::OtherSets { .. }
            | Self::OtherPictures { .. }
            | Self::BadPlan { .. } => Some(Remedy::BeginAgain),
            Self::Busy { .. } | Self::Foreign { .. } | Self::Manifest(_) | Self::Features(_) => None,
        }
    }
}

impl Remedied for PlanProblem {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::NothingSelected { .. } => Some(Remedy::SelectOthers),
            Self::SizesVary { .. } => Some(Remedy::BringToOneSize),
            Self::SameName { .. } => Some(Remedy::RenameColumn),
            Self::Engine { reason, .. } => reason.remedy(),
            Self::TakesBytes { .. } => None,
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

//! What a person can do about a run that stopped: what its cause says.
//!
//! Owns which errors have such a cause.

use super::finish::FinishError;
use super::pipeline::ExtractError;
use super::state_error::StateError;
use crate::tensor::{Remedied, Remedy};

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

impl Remedied for FinishError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Write(error) | Self::State(StateError::Write(error)) => error.remedy(),
            Self::Part { .. } | Self::PictureChanged(_) => Some(Remedy::GoOn),
            Self::NoSpace { .. } | Self::State(_) | Self::Cells(_) | Self::Incomplete { .. } => None,
        }
    }
}

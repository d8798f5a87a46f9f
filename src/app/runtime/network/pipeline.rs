//! The state of the network's thread, and the ways in which a job can stop early.

use std::sync::Arc;

use crate::app::message::remedy::told;
use crate::app::model::cache::LruCache;
use crate::app::runtime::network::keys::{ModelKey, PictureKey, Prepared, PreparedKey, Run, RunKey};
use crate::app::runtime::tell::Tell;
use crate::engine::{EngineChoice, Session, WeightStore};
use crate::input::decode::Picture;
use crate::tensor::{Remedied, SelectionError};

/// Greatest number of models kept loaded: one for each view.
pub(crate) const MAX_SESSIONS: usize = 4;

/// Memory budget for layers' values, in bytes, so that a layer can be shown again without running the network.
const VALUE_BUDGET_BYTES: usize = 256 << 20;

/// Memory budget for decoded pictures, in bytes.
const PICTURE_BUDGET_BYTES: usize = 128 << 20;

/// Memory budget for preprocessed pictures and their thumbnails, in bytes.
const PREPARED_BUDGET_BYTES: usize = 64 << 20;

/// Everything that the network's thread keeps from job to job.
pub(crate) struct Pipeline {
    pub(crate) store: WeightStore,
    pub(crate) cat: &'static [u8],
    pub(crate) engine: EngineChoice,
    pub(crate) tell: Tell,
    /// Bytes of memory to count with, if the system isn't to be asked.
    pub(crate) memory: Option<u64>,
    pub(crate) sessions: Vec<(ModelKey, Session)>,
    pub(crate) pictures: LruCache<PictureKey, Arc<Picture>>,
    pub(crate) prepared: LruCache<PreparedKey, Arc<Prepared>>,
    pub(crate) runs: LruCache<RunKey, Arc<Run>>,
}

/// Why a job stopped early.
pub(crate) enum Stop {
    /// It was cancelled: another job goes first, or its result is no longer wanted.
    Cancelled,
    /// It failed; the text is for the user.
    Failed(String),
}

/// A failure with an error's message and its remedy, worded for the window.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(crate) fn failed(error: impl Remedied) -> Stop {
    Stop::Failed(told(&error))
}

/// The reason why a run's channels could not be ordered.
pub(crate) fn unordered(error: SelectionError) -> Stop {
    match error {
        SelectionError::Interrupted => Stop::Cancelled,
        SelectionError::NotSeen(_) => failed(error),
    }
}

impl Pipeline {
    pub(crate) fn new(store: WeightStore, cat: &'static [u8], engine: EngineChoice, tell: Tell) -> Self {
        Self {
            store,
            cat,
            engine,
            tell,
            memory: None,
            sessions: Vec::new(),
            pictures: LruCache::new(PICTURE_BUDGET_BYTES),
            prepared: LruCache::new(PREPARED_BUDGET_BYTES),
            runs: LruCache::new(VALUE_BUDGET_BYTES),
        }
    }
}

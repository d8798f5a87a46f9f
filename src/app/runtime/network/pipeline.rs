//! All that the network's thread keeps, and how a job of it can end.

use std::sync::Arc;

use crate::app::message::remedy::told;
use crate::app::model::cache::LruCache;
use crate::app::runtime::network::keys::{ModelKey, PictureKey, Prepared, PreparedKey, Run, RunKey};
use crate::app::runtime::tell::Tell;
use crate::engine::{EngineChoice, Session, WeightStore};
use crate::input::decode::Picture;
use crate::tensor::Remedied;

/// Models kept loaded: as many as views stand side by side.
pub(crate) const MAX_SESSIONS: usize = 4;

/// Values of layers kept, so that another look at a layer, or a step back, runs no network.
const VALUE_BUDGET_BYTES: usize = 256 << 20;

/// Decoded pictures kept.
const PICTURE_BUDGET_BYTES: usize = 128 << 20;

/// Preprocessed pictures kept, with the small ones made of them.
const PREPARED_BUDGET_BYTES: usize = 64 << 20;

/// Everything the worker keeps from job to job.
pub(crate) struct Pipeline {
    pub(crate) store: WeightStore,
    pub(crate) cat: &'static [u8],
    pub(crate) engine: EngineChoice,
    pub(crate) tell: Tell,
    pub(crate) sessions: Vec<(ModelKey, Session)>,
    pub(crate) pictures: LruCache<PictureKey, Arc<Picture>>,
    pub(crate) prepared: LruCache<PreparedKey, Arc<Prepared>>,
    pub(crate) runs: LruCache<RunKey, Arc<Run>>,
}

/// A job that didn't come to its end.
pub(crate) enum Stop {
    /// A newer job is waiting.
    Cancelled,
    /// Told to the person.
    Failed(String),
}

/// Of an error, with its remedy in the window's words.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(crate) fn failed(error: impl Remedied) -> Stop {
    Stop::Failed(told(&error))
}

impl Pipeline {
    pub(crate) fn new(store: WeightStore, cat: &'static [u8], engine: EngineChoice, tell: Tell) -> Self {
        Self {
            store,
            cat,
            engine,
            tell,
            sessions: Vec::new(),
            pictures: LruCache::new(PICTURE_BUDGET_BYTES),
            prepared: LruCache::new(PREPARED_BUDGET_BYTES),
            runs: LruCache::new(VALUE_BUDGET_BYTES),
        }
    }
}

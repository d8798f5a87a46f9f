//! A flag that a run checks between steps, and between the parts of a step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared between a run and whoever may want to stop it. Once cancelled it stays cancelled; a new run takes a new token.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that isn't cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop as soon as it can.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the run should stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

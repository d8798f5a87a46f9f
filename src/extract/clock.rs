//! Where a run's time goes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where the time went. Reading and resizing are done by several threads at once, and writing beside the rest, so the sum is
/// not the time that passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Reading files and decoding.
    pub decode: Duration,
    /// To the network's size and values.
    pub resize: Duration,
    /// Through the networks.
    pub forward: Duration,
    /// Pooling, order and type.
    pub encode: Duration,
    /// Waiting for pictures.
    pub wait: Duration,
    /// To the disk.
    pub write: Duration,
    /// That passed.
    pub elapsed: Duration,
}

/// Time summed over threads.
#[derive(Debug, Default)]
pub(super) struct Stopwatch(AtomicU64);

impl Stopwatch {
    pub(super) fn add(&self, elapsed: Duration) {
        self.0.fetch_add(elapsed.as_nanos() as u64, Ordering::Relaxed);
    }

    pub(super) fn total(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// One stopwatch a kind of work.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) decode: Stopwatch,
    pub(super) resize: Stopwatch,
    pub(super) forward: Stopwatch,
    pub(super) encode: Stopwatch,
    pub(super) wait: Stopwatch,
    pub(super) write: Stopwatch,
}

//! Measures where a run's time goes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where the time went. Several threads read and resize at once, and writing goes on in parallel with the rest, so the times don't
/// add up to the elapsed time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Reading files and decoding.
    pub decode: Duration,
    /// Resizing to the network's input size, and normalising.
    pub resize: Duration,
    /// The networks' forward passes.
    pub forward: Duration,
    /// Pooling, ordering the values and converting them to their stored type.
    pub encode: Duration,
    /// Waiting for pictures.
    pub wait: Duration,
    /// Writing to the disk.
    pub write: Duration,
    /// Wall-clock time of the run.
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

/// One stopwatch for each kind of work.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) decode: Stopwatch,
    pub(super) resize: Stopwatch,
    pub(super) forward: Stopwatch,
    pub(super) encode: Stopwatch,
    pub(super) wait: Stopwatch,
    pub(super) write: Stopwatch,
}

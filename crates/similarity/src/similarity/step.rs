//! How far a comparison is, and whether it goes on.

use super::error::SimilarityError;

/// What a comparison is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimilarityStep {
    /// Reads layers and compares their pictures with each other.
    Layers,
    /// Compares the layers.
    Pairs,
    /// Draws pictures again and again, for the intervals.
    Resamples,
}

/// Reports steps to the caller, and stops when the caller wants that.
pub(super) struct Pace<'a> {
    watch: &'a mut dyn FnMut(SimilarityStep, u64, u64) -> bool,
    step: SimilarityStep,
    done: u64,
    total: u64,
}

impl<'a> Pace<'a> {
    /// `watch` gets the step, what is done of it, and its total; it returns whether to go on.
    pub(super) fn new(watch: &'a mut dyn FnMut(SimilarityStep, u64, u64) -> bool) -> Self {
        Self { watch, step: SimilarityStep::Layers, done: 0, total: 0 }
    }

    /// Begins a step of this many parts.
    pub(super) fn begin(&mut self, step: SimilarityStep, total: u64) -> Result<(), SimilarityError> {
        (self.step, self.done, self.total) = (step, 0, total);
        self.go_on()
    }

    /// A part is done.
    pub(super) fn done(&mut self) -> Result<(), SimilarityError> {
        self.done += 1;
        self.go_on()
    }

    /// Nothing new is done: asks whether to go on.
    pub(super) fn go_on(&mut self) -> Result<(), SimilarityError> {
        if (self.watch)(self.step, self.done, self.total) {
            Ok(())
        } else {
            Err(SimilarityError::Interrupted)
        }
    }
}

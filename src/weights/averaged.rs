//! Averaged weights (EMA): what tells them from others.

/// Weights that a training loop averages over its steps (EMA) stand beside the others in many files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Averaged {
    /// Whether those that were taken are called EMA.
    pub(super) is_taken: bool,
    /// Whether there are others, which are the opposite.
    pub(super) has_others: bool,
}

/// Whether a part of names or a key says that it holds averaged weights.
pub(super) fn is_ema(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("ema") || word.eq_ignore_ascii_case("averaged"))
}

//! Averaged weights (EMA), and how they are recognised by their names.

/// Which weights were taken from a file that may hold both averaged (EMA) and ordinary ones. Many files hold both: a training loop
/// averages its weights over the steps and saves the averages next to the weights themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Averaged {
    /// Whether the weights that were taken are the averaged ones, by their name in the file.
    pub(super) is_taken: bool,
    /// Whether the file also holds the other kind: ordinary weights if averaged ones were taken, averaged ones otherwise.
    pub(super) has_others: bool,
}

/// Whether a name, name prefix or dictionary key says that it holds averaged weights.
pub(super) fn is_ema(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case("ema") || word.eq_ignore_ascii_case("averaged"))
}

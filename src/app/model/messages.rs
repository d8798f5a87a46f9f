//! Messages to the user: shown until dismissed, and kept in a log.

/// Greatest number of messages shown at once; older ones are in the log only.
pub(crate) const MAX_MESSAGES: usize = 6;

/// Greatest number of messages kept in the log.
pub(crate) const MAX_LOG: usize = 200;

/// Whether a message is good or bad news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something worked.
    Good,
    /// Something failed.
    Bad,
}

/// A message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

//! What the person is told, in sight until taken away, and all of it to be read again.

/// Messages kept in sight; older ones stay in the log.
pub(crate) const MAX_MESSAGES: usize = 6;

/// Messages that can be read again.
pub(crate) const MAX_LOG: usize = 200;

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something worked.
    Good,
    /// Something failed.
    Bad,
}

/// A message to the person, until taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

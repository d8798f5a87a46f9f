//! Queued work that the person asked for and waits for: a file to save, a weight file to read.

/// One piece of queued work that isn't finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Errand {
    pub(crate) id: u64,
    /// What is done, such as `Saving cat.png…`.
    pub(crate) words: String,
    /// Whether the network's thread has begun with it.
    pub(crate) has_begun: bool,
}

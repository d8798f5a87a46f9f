//! What is reported while features are studied.

/// A remark, or how far it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StudyNews<'a> {
    /// A remark for the user.
    Note(&'a str),
    /// This many heads are to be scored from here on.
    Heads { total: u64 },
    /// The heads on these features are next.
    Features(&'a str),
    /// This many pictures go through a network from here on.
    Pictures { what: &'a str, total: u64 },
    /// So many of them are done.
    Reach(u64),
    /// All of them are done, and something without an extent follows.
    Over,
}

//! What is reported while features are studied, and who tells it from several threads.

use std::sync::{Mutex, PoisonError};

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
    /// So many steps of the present fit are done, of so many. Comes from several threads, and may overtake itself.
    Steps { done: usize, of: usize },
    /// All of them are done, and something without an extent follows.
    Over,
}

/// Passes news on from any thread, one at a time.
pub(crate) struct StudyTeller<'a>(Mutex<&'a mut (dyn FnMut(StudyNews<'_>) + Send)>);

impl<'a> StudyTeller<'a> {
    pub(crate) fn new(tell: &'a mut (dyn FnMut(StudyNews<'_>) + Send)) -> Self {
        Self(Mutex::new(tell))
    }

    pub(crate) fn say(&self, news: StudyNews<'_>) {
        let mut tell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (*tell)(news);
    }
}

//! Files that wait to be opened, one after the other: weights before pictures, and each question before the next file.

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::app::model::view::ViewId;
use crate::weights::PartChoice;

/// A file, or several, to be opened.
#[derive(Clone, Debug)]
pub(crate) enum ToOpen {
    /// A weight file.
    Weights {
        path: PathBuf,
        choice: PartChoice,
        /// Tag of the model that it is meant for, if that is known; if it doesn't fit that one, the user is asked.
        wanted: Option<String>,
        /// The view that is to show it; the active one if none.
        view: Option<ViewId>,
    },
    /// A picture, figure or data set; several are a set of pictures.
    Pictures { paths: Vec<PathBuf>, view: ViewId },
}

/// The weight file that is being looked at.
#[derive(Clone, Debug)]
pub(crate) struct LookedAt {
    pub(crate) wanted: Option<String>,
    pub(crate) view: Option<ViewId>,
    /// Number of the errand that looks at it.
    pub(crate) errand: u64,
}

/// What is being opened, and what waits for it.
#[derive(Default)]
pub(crate) struct Opening {
    pub(crate) waiting: VecDeque<ToOpen>,
    pub(crate) fitting: Option<LookedAt>,
}

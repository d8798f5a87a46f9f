//! What the worker does for the window, and what it tells it.

use std::path::PathBuf;
use std::sync::Arc;

use super::shown::Shown;
use crate::input::dataset::{Camera, Source};
use crate::models::Row;
use crate::mosaic::{MosaicSettings, Paper};
use crate::render::InputChoices;

/// A picture, before it is read.
#[derive(Clone)]
pub(super) enum PictureChoice {
    /// The one the program carries.
    Cat,
    /// A file.
    File(PathBuf),
    /// A moment of an open data set.
    Frame {
        /// The data set.
        source: Arc<dyn Source>,
        /// Where it was opened.
        place: PathBuf,
        /// The moment, from 0.
        index: usize,
        /// Whose picture of that moment.
        camera: Option<Camera>,
    },
}

/// Which layer is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LayerChoice {
    /// The model's last.
    Final,
    /// One by name.
    Named(String),
}

/// All that decides what is on screen. The worker works out what of it is new.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) picture: PictureChoice,
    pub(super) row: &'static Row,
    pub(super) weights_file: Option<PathBuf>,
    pub(super) layer: LayerChoice,
    pub(super) input: InputChoices,
    pub(super) settings: MosaicSettings,
    /// Longest side of a texture here.
    pub(super) max_texture_side: usize,
}

/// Work for the worker. `Show` is replaced by a newer one; the others are all done.
pub(super) enum Job {
    /// Bring this on screen. The number comes back with the answer.
    Show(u64, Box<Wanted>),
    /// Look at a path that may be a picture, a folder or a log. Replaced by a newer wish, as showing is.
    Open(u64, PathBuf),
    /// Find the models that a weight file fits.
    Fit(PathBuf),
    /// Write what is shown as PNG.
    Save {
        /// What to write.
        shown: Arc<Shown>,
        /// Where.
        path: PathBuf,
        /// Whether a file there may be replaced: a dialog has asked about this very name.
        may_replace: bool,
        /// With caption, colour bar and legend.
        has_caption: bool,
        /// What the figure is made for.
        paper: Paper,
    },
}

/// What the worker tells. Errors are values; the window shows each once.
pub(super) enum Event {
    /// What it is doing for a job.
    Busy(u64, &'static str),
    /// A job's result.
    Shown(u64, Arc<Shown>),
    /// A job failed; what was shown stays.
    Failed(u64, String),
    /// A path turned out to be a data set.
    Source(u64, PathBuf, Arc<dyn Source>),
    /// A path is taken for a picture.
    Picture(u64, PathBuf),
    /// A path is neither.
    OpenFailed(u64, String),
    /// Models that a weight file fits, at least one.
    Fits(PathBuf, Vec<&'static Row>),
    /// An errand came to nothing.
    ErrandFailed(String),
    /// A file was written.
    Saved(PathBuf),
    /// A dialog came back before anyone can have seen it.
    NoDialog,
    /// A dialog gave a path (or was closed with none).
    Picked(Picked),
}

impl Picked {
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Open(None) | Self::Weights(None) | Self::Save(None, _))
    }
}

/// An answer of a file dialog.
pub(super) enum Picked {
    /// To open.
    Open(Option<PathBuf>),
    /// Weights.
    Weights(Option<PathBuf>),
    /// Where to save what was on screen when the question was asked.
    Save(Option<PathBuf>, Arc<Shown>),
}

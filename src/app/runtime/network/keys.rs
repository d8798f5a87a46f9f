//! What the network's thread keeps from job to job, and what it is kept under.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use egui::ColorImage;

use crate::app::model::shown::{NUM_BINS, histogram};
use crate::engine::DeviceChoice;
use crate::graph::NodeId;
use crate::input::decode::Picture;
use crate::render::{InputChoices, View};
use crate::tensor::{Activation, LayerStats};
use crate::weights::PartChoice;

/// A file as it was when it was read: a changed one under the same path is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileKey {
    pub(crate) path: PathBuf,
    pub(crate) changed: Option<SystemTime>,
    pub(crate) num_bytes: u64,
}

impl FileKey {
    pub(crate) fn of(path: &Path) -> Self {
        let info = std::fs::metadata(path).ok();
        Self {
            path: path.to_owned(),
            changed: info.as_ref().and_then(|i| i.modified().ok()),
            num_bytes: info.map_or(0, |i| i.len()),
        }
    }
}

/// What identifies a picture's pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PictureKey {
    Carried,
    File(FileKey),
    /// A frame of a stream, or a picture of the clipboard, by its number.
    Frame(u64),
    Pasted(u64),
}

/// What identifies a loaded model: its tag, its file, where it runs.
pub(crate) type ModelKey = (&'static str, Option<(FileKey, PartChoice)>, DeviceChoice);

/// What identifies a preprocessed picture.
#[derive(Clone, PartialEq)]
pub(crate) struct PreparedKey {
    pub(crate) picture: PictureKey,
    pub(crate) model: ModelKey,
    pub(crate) input: InputChoices,
}

/// A picture as a network gets it, and what is drawn of it.
pub(crate) struct Prepared {
    pub(crate) view: Arc<View>,
    pub(crate) seen: Arc<ColorImage>,
    pub(crate) thumbnail: Arc<ColorImage>,
}

/// What identifies a run's values.
#[derive(Clone, PartialEq)]
pub(crate) struct RunKey {
    pub(crate) picture: PictureKey,
    pub(crate) model: ModelKey,
    pub(crate) input: InputChoices,
    pub(crate) node: NodeId,
}

/// A layer's values, and what is drawn of them beside the mosaic.
pub(crate) struct Run {
    pub(crate) elapsed: Duration,
    pub(crate) activation: Activation,
    pub(crate) stats: Arc<LayerStats>,
    pub(crate) histogram: [u32; NUM_BINS],
}

impl Run {
    pub(crate) fn new(activation: Activation, elapsed: Duration) -> Self {
        let stats = Arc::new(LayerStats::of(&activation));
        let histogram = histogram(activation.values(), stats.min, stats.max);
        Self { elapsed, activation, stats, histogram }
    }
}

/// A picture on its way through a model.
pub(crate) struct Subject {
    pub(crate) picture: Arc<Picture>,
    pub(crate) path: Option<PathBuf>,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) key: PictureKey,
}

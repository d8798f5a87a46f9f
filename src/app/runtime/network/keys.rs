//! The results that the network's thread keeps from job to job, and the keys of its caches.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use egui::ColorImage;

use crate::app::model::shown::{NUM_BINS, histogram};
use crate::engine::DeviceChoice;
use crate::graph::NodeId;
use crate::input::decode::Picture;
use crate::render::{InputChoices, View};
use crate::tensor::{Activation, LayerStats};
use crate::weights::PartChoice;

/// Identifies a file's contents: its path, time of change and size. A changed file under the same path has another key.
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

/// Identifies a picture's pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PictureKey {
    Carried,
    File(FileKey),
    /// A frame of a stream, by its number.
    Frame(u64),
    Pasted(u64),
}

/// Identifies a loaded model: its tag, its weight file if one was given, and its device.
pub(crate) type ModelKey = (&'static str, Option<(FileKey, PartChoice)>, DeviceChoice);

/// Identifies a preprocessed picture.
#[derive(Clone, PartialEq)]
pub(crate) struct PreparedKey {
    pub(crate) picture: PictureKey,
    pub(crate) model: ModelKey,
    pub(crate) input: InputChoices,
}

/// A preprocessed picture, and the images that are drawn of it.
pub(crate) struct Prepared {
    pub(crate) view: Arc<View>,
    pub(crate) seen: Arc<ColorImage>,
    pub(crate) thumbnail: Arc<ColorImage>,
}

/// Identifies a layer's values in a run.
#[derive(Clone, PartialEq)]
pub(crate) struct RunKey {
    pub(crate) picture: PictureKey,
    pub(crate) model: ModelKey,
    pub(crate) input: InputChoices,
    pub(crate) node: NodeId,
}

/// A layer's values. Their statistics and histogram are computed when they are first asked for, because most of the layers that a run
/// passes are never shown.
pub(crate) struct Run {
    /// From the start of the run to this layer.
    pub(crate) elapsed: Duration,
    pub(crate) activation: Activation,
    stats: OnceLock<Arc<LayerStats>>,
}

impl Run {
    pub(crate) const fn new(activation: Activation, elapsed: Duration) -> Self {
        Self { elapsed, activation, stats: OnceLock::new() }
    }

    pub(crate) fn stats(&self) -> &Arc<LayerStats> {
        self.stats.get_or_init(|| Arc::new(LayerStats::of(&self.activation)))
    }

    pub(crate) fn histogram(&self) -> [u32; NUM_BINS] {
        let stats = self.stats();
        histogram(self.activation.values(), stats.min, stats.max)
    }
}

/// A decoded picture and its preprocessed form, ready to be run.
pub(crate) struct Subject {
    pub(crate) picture: Arc<Picture>,
    pub(crate) path: Option<PathBuf>,
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) key: PictureKey,
}

//! What the threads are given to do, and what they need for it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::shown::Shown;
use super::state::SaveLooks;
use super::view_state::OpenSource;
use super::wanted::{PictureChoice, PinnedFilter, ViewId, Wanted};
use crate::engine::{CancelToken, DeviceChoice, WeightStore};
use crate::formats::PictureRecord;
use crate::graph::NodeId;
use crate::input::dataset::{Camera, Source};
use crate::mosaic::{MosaicSettings, Paper, SeenPart};
use crate::render::{BatchLayers, BatchModel, BatchPlan, InputChoices};
use crate::tensor::Sifting;
use crate::weights::PartChoice;

/// A moment's small picture.
#[derive(Clone)]
pub(super) struct ThumbKey {
    pub(super) source: Arc<dyn Source>,
    pub(super) index: usize,
    pub(super) camera: Option<Camera>,
}

impl PartialEq for ThumbKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && (self.index, self.camera) == (other.index, other.camera)
    }
}

/// Work for the worker. `Show` and `Open` are replaced by a newer one of their view; the others are all done.
pub(super) enum Job {
    /// Bring this on screen. The number comes back with the answer.
    Show(u64, Box<Wanted>),
    /// Look at a path that may be a picture, a folder or a log; a table where the column with the paths is named. Replaced by a newer
    /// wish, as showing is.
    Open(u64, PathBuf, Option<String>),
    /// Find the models that a weight file fits.
    Fit(PathBuf, PartChoice),
    /// The same of an ONNX file that is to end at this layer.
    EndAt(PathBuf, String),
    /// Look at many layers of one run at once: a small picture and the numbers of each. Makes way for what is wanted on screen.
    Walk {
        wanted: Box<Wanted>,
        nodes: Vec<NodeId>,
        /// Cancelled once the window wants another walk.
        stale: CancelToken,
    },
    /// Paint pinned filters of the wanted model for its picture. Makes way too.
    Pins { wanted: Box<Wanted>, pins: Vec<PinnedFilter>, stale: CancelToken },
    /// Write what is shown as PNG.
    Save {
        /// What to write.
        shown: Arc<Shown>,
        /// Where.
        path: PathBuf,
        /// Whether a file there may be replaced: a dialog has asked about this very name.
        may_replace: bool,
        /// At what size, with what around it.
        looks: SaveLooks,
    },
    /// Write a layer's values.
    SaveValues { shown: Arc<Shown>, path: PathBuf },
    /// Write one filter's map.
    SaveFilter { shown: Arc<Shown>, channel: usize, path: PathBuf, looks: SaveLooks },
    /// Write the part of the mosaic that is in sight, as it is on screen.
    SavePart { shown: Arc<Shown>, seen: Box<SeenView>, path: PathBuf },
    /// Write the picture and all views on one sheet.
    SaveSheet { views: Vec<Arc<Shown>>, path: PathBuf, paper: Paper },
    /// Make what saving would write, for the clipboard.
    Copy { shown: Arc<Shown>, looks: SaveLooks },
    /// Write many figures; makes way after each.
    Batch(Box<BatchJob>),
}

/// What a view shows of its mosaic, and at how many pixels of the screen.
pub(super) struct SeenView {
    pub(super) part: SeenPart,
    pub(super) size: (u32, u32),
    /// Behind and around the mosaic.
    pub(super) ground: [u8; 4],
    /// Outlined in this colour.
    pub(super) selected: Option<(usize, [u8; 4])>,
}

/// A batch at work, and what is left of it.
pub(super) struct BatchJob {
    pub(super) plan: Arc<BatchPlan>,
    pub(super) folder: PathBuf,
    pub(super) device: DeviceChoice,
    /// The run that is next.
    pub(super) next: usize,
    pub(super) input: InputChoices,
    pub(super) settings: MosaicSettings,
    pub(super) sifting: Sifting,
    pub(super) looks: SaveLooks,
    pub(super) has_values: bool,
    /// Writes anew what was there before.
    pub(super) replaces: bool,
    pub(super) called_off: CancelToken,
    pub(super) written: HashSet<PathBuf>,
    pub(super) news: BatchNews,
}

/// How far a batch is, and what came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct BatchNews {
    pub(super) num_runs: usize,
    pub(super) num_runs_done: usize,
    pub(super) num_written: usize,
    /// Figures that were there already.
    pub(super) num_kept: usize,
    /// Picture and reason.
    pub(super) failed: Vec<(String, String)>,
    /// Time spent on it, not waiting.
    pub(super) busy: Duration,
    pub(super) is_called_off: bool,
    pub(super) is_over: bool,
}

impl BatchNews {
    /// Time left if it goes on as it did; none before the first run is done.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let left = self.num_runs.saturating_sub(self.num_runs_done);
        (self.num_runs_done > 0).then(|| self.busy / self.num_runs_done as u32 * left as u32)
    }

    /// One line at the end.
    pub(super) fn summary(&self) -> String {
        let nothing = self.num_written + self.num_kept == 0 && !self.failed.is_empty();
        let how = match (self.is_called_off, nothing) {
            (true, _) => "batch cancelled",
            (false, true) => "batch failed",
            (false, false) => "batch done",
        };
        let kept = match self.num_kept {
            0 => String::new(),
            num => format!(", {num} were there already and kept"),
        };
        let failed = match self.failed.len() {
            0 => String::new(),
            num => format!(", {num} pictures failed"),
        };
        format!("{how}: {} figures written{kept}{failed}", self.num_written)
    }
}

/// What a batch is to be of, before it is settled.
pub(super) struct PlanRequest {
    pub(super) picture: PictureChoice,
    /// The data set, where all its moments are meant.
    pub(super) source: Option<OpenSource>,
    /// First and last of them.
    pub(super) moments: (usize, usize),
    pub(super) models: Vec<BatchModel>,
    pub(super) layers: BatchLayers,
    pub(super) folder: PathBuf,
    /// Whether each figure's values are written too.
    pub(super) has_values: bool,
}

/// Work for the second thread, which is never busy with a network.
pub(super) enum SideJob {
    /// Look into one filter.
    Inspect(Arc<Shown>, usize),
    /// Find out which devices can be had.
    Devices,
    /// Find out which models' weights are on this machine.
    Here(WeightStore),
    /// Settle what a batch would write.
    Plan(Box<PlanRequest>),
    /// Is this the picture that a figure was made from?
    Check(Arc<Shown>, PictureRecord),
    /// Make a moment's small picture.
    Thumb(ThumbKey),
    /// Work out what a data set's labels look like over time.
    Labels(Arc<dyn Source>),
    /// Find the filters of one view that answer as a filter of another does.
    Match {
        from: Arc<Shown>,
        channel: usize,
        to: Arc<Shown>,
        /// The view that is searched, and the one the filter is from with its name.
        view: ViewId,
        of: (ViewId, String),
    },
}

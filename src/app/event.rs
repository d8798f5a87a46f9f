//! What the worker does for the window, and what it tells it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::ColorImage;

use super::command::Export;
use super::download::DownloadNews;
use super::run_state::{AnimatePreview, ExtractPreview, RunEnd, RunNews};
use super::shown::{Inspected, Shown};
use super::state::SaveLooks;
use super::view_state::OpenSource;
use super::words::in_the_window;
use crate::engine::{CancelToken, DeviceChoice, WeightStore};
use crate::formats::{FigureRecord, PictureRecord};
use crate::graph::NodeId;
use crate::input::dataset::{Camera, Source};
use crate::input::live::{FeedEnd, Frame, Grown};
use crate::models::Row;
use crate::mosaic::{MosaicSettings, Paper, SeenPart};
use crate::render::{BatchLayers, BatchModel, BatchPlan, InputChoices};
use crate::tensor::{FilterStats, KindCounts, MapShape, Sifting};

/// A view's number, stable while others come and go.
pub(super) type ViewId = u64;

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
    /// A frame of a stream.
    Live(Frame),
    /// A picture from the clipboard.
    Pasted(Frame),
}

impl PartialEq for PictureChoice {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cat, Self::Cat) => true,
            (Self::File(a), Self::File(b)) => a == b,
            (
                Self::Frame { source: a, index: i, camera: c, .. },
                Self::Frame { source: b, index: j, camera: d, .. },
            ) => Arc::ptr_eq(a, b) && (i, c) == (j, d),
            (Self::Live(a), Self::Live(b)) | (Self::Pasted(a), Self::Pasted(b)) => a.number == b.number,
            _ => false,
        }
    }
}

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

/// A data set's labels over its moments.
pub(super) struct LabelLines {
    pub(super) source: Arc<dyn Source>,
    /// Name, and (moment, value) by moment.
    pub(super) lines: Vec<(String, Vec<[f64; 2]>)>,
}

/// Which layer is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LayerChoice {
    /// The model's last.
    Final,
    /// One by name.
    Named(String),
}

/// All that decides what a view shows. The worker works out what of it is new.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) picture: PictureChoice,
    /// The picture whose answers are subtracted, in a view of a difference.
    pub(super) minus: Option<PictureChoice>,
    pub(super) row: &'static Row,
    pub(super) weights_file: Option<PathBuf>,
    pub(super) device: DeviceChoice,
    pub(super) layer: LayerChoice,
    pub(super) input: InputChoices,
    pub(super) settings: MosaicSettings,
    pub(super) sifting: Sifting,
    /// Counts what a person opened anew: the same path may hold another file since.
    pub(super) generation: u64,
    /// Longest side of a texture here.
    pub(super) max_texture_side: usize,
}

impl Wanted {
    /// Whether two wishes are of one model, run on one picture, whatever is looked at of it.
    pub(super) fn is_same_run(&self, other: &Self) -> bool {
        self.row.tag == other.row.tag
            && self.picture == other.picture
            && self.minus == other.minus
            && self.weights_file == other.weights_file
            && self.device == other.device
            && self.input == other.input
            && self.generation == other.generation
    }
}

impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_run(other)
            && self.layer == other.layer
            && self.settings == other.settings
            && self.sifting == other.sifting
            && self.max_texture_side == other.max_texture_side
    }
}

/// A filter that a person keeps in sight.
#[derive(Clone, Debug)]
pub(super) struct PinnedFilter {
    pub(super) id: u64,
    pub(super) layer: String,
    pub(super) channel: usize,
}

/// Work for the worker. `Show` and `Open` are replaced by a newer one of their view; the others are all done.
pub(super) enum Job {
    /// Bring this on screen. The number comes back with the answer.
    Show(u64, Box<Wanted>),
    /// Look at a path that may be a picture, a folder or a log; a table where the column with the paths is named. Replaced by a newer
    /// wish, as showing is.
    Open(u64, PathBuf, Option<String>),
    /// Find the models that a weight file fits.
    Fit(PathBuf),
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
    pub(super) called_off: CancelToken,
    pub(super) written: Vec<PathBuf>,
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
        let how = if self.is_called_off { "batch cancelled" } else { "batch done" };
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

/// A figure of this program that was opened.
pub(super) struct RestoredFigure {
    pub(super) path: PathBuf,
    pub(super) record: FigureRecord,
    /// Its picture, where one with that hash was found.
    pub(super) picture: Option<PictureChoice>,
    /// The same of the one that was subtracted.
    pub(super) minus: Option<PictureChoice>,
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
        /// The view that is searched, and the name of the one the filter is from.
        view: ViewId,
        of: String,
    },
}

/// One layer of a walk.
#[derive(Clone)]
pub(super) struct LayerSummary {
    pub(super) name: String,
    pub(super) shape: MapShape,
    pub(super) counts: KindCounts,
    pub(super) min: f32,
    pub(super) mean: f32,
    pub(super) max: f32,
    pub(super) deviation: f32,
    pub(super) zero_share: f32,
    /// The mean of all its maps, small.
    pub(super) mean_map: Arc<ColorImage>,
}

/// Many layers of one run.
pub(super) struct Walked {
    pub(super) wanted: Box<Wanted>,
    pub(super) layers: HashMap<NodeId, LayerSummary>,
}

/// A pinned filter as it answers to a picture.
#[derive(Clone)]
pub(super) struct PinImage {
    pub(super) id: u64,
    pub(super) picture: String,
    pub(super) map: Arc<ColorImage>,
    pub(super) stats: FilterStats,
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
    /// The same, with something to be said of it.
    PictureWithNote(u64, PathBuf, String),
    /// A path is a table, and of its columns one has the pictures' paths; which, a person must say.
    WhichColumn(u64, PathBuf, Vec<String>),
    /// A path is neither.
    OpenFailed(u64, String),
    /// Models that a weight file fits, at least one.
    Fits(PathBuf, Vec<&'static Row>),
    /// Layers were looked at.
    Walked(Arc<Walked>),
    /// Pinned filters were painted.
    Pins(Vec<PinImage>),
    /// A filter was looked into.
    Inspected(Box<Inspected>),
    /// Filters of a view that answer as another view's filter (named) does, best first.
    Matched(ViewId, String, Vec<(usize, f64)>),
    /// A moment's small picture; none where it can't be read.
    Thumb(ThumbKey, Option<Arc<ColorImage>>),
    /// A data set's labels.
    Labels(LabelLines),
    /// A path is a figure of this program.
    Figure(u64, Box<RestoredFigure>),
    /// Whether a picture is the one that a figure was made from, and its name there.
    Checked(bool, String),
    /// Devices, and why one can't be had.
    Devices(Vec<(DeviceChoice, Result<(), String>)>),
    /// Tags whose weights are on this machine.
    Here(Vec<&'static str>),
    /// What a batch would write, or why nothing.
    Planned(Result<Arc<BatchPlan>, String>),
    /// How far the batch is.
    Batch(BatchNews),
    /// What an extraction would write, or why nothing; how far it is.
    ExtractPlanned(Result<Arc<ExtractPreview>, String>),
    Extract(RunNews),
    /// The same of a moving picture.
    AnimationPlanned(Result<AnimatePreview, String>),
    Animation(RunNews),
    /// A picture for the clipboard.
    Copied(Arc<ColorImage>),
    /// What a download has to say, and whose weights it is of.
    Download(&'static Row, DownloadNews),
    /// A watched folder has something new.
    Grown(Grown),
    /// A stream of frames is over.
    FeedEnded(FeedEnd),
    /// An errand came to nothing.
    ErrandFailed(String),
    /// A file was written.
    Saved(PathBuf),
    /// A dialog came back before anyone can have seen it.
    NoDialog,
    /// A dialog gave a path (or was closed with none).
    Picked(Picked),
}

impl Event {
    /// The same with messages that advise what can be done at a window.
    pub(super) fn in_the_window(self) -> Self {
        fn of<T>(result: Result<T, String>) -> Result<T, String> {
            result.map_err(|reason| in_the_window(&reason))
        }
        let of_run = |mut news: RunNews| {
            if let Some(RunEnd::Failed(reason)) = &mut news.end {
                *reason = in_the_window(reason);
            }
            news
        };
        match self {
            Self::Failed(job, reason) => Self::Failed(job, in_the_window(&reason)),
            Self::OpenFailed(job, reason) => Self::OpenFailed(job, in_the_window(&reason)),
            Self::ErrandFailed(reason) => Self::ErrandFailed(in_the_window(&reason)),
            Self::Devices(devices) => {
                Self::Devices(devices.into_iter().map(|(device, found)| (device, of(found))).collect())
            }
            Self::Planned(plan) => Self::Planned(of(plan)),
            Self::ExtractPlanned(plan) => Self::ExtractPlanned(of(plan)),
            Self::AnimationPlanned(plan) => Self::AnimationPlanned(of(plan)),
            Self::Extract(news) => Self::Extract(of_run(news)),
            Self::Animation(news) => Self::Animation(of_run(news)),
            Self::Batch(mut news) => {
                news.failed.iter_mut().for_each(|(_, reason)| *reason = in_the_window(reason));
                Self::Batch(news)
            }
            other => other,
        }
    }
}

impl Picked {
    pub(super) fn is_none(&self) -> bool {
        matches!(
            self,
            Self::Open(None)
                | Self::Weights(None)
                | Self::Save(None, _)
                | Self::Export(None, _)
                | Self::BatchFolder(None)
                | Self::ExtractFolder(None)
                | Self::AnimationFile(None)
        )
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
    /// Where to export to.
    Export(Option<PathBuf>, Export),
    /// A batch's folder.
    BatchFolder(Option<PathBuf>),
    /// Where features go.
    ExtractFolder(Option<PathBuf>),
    /// Where a moving picture goes.
    AnimationFile(Option<PathBuf>),
}

//! What the threads tell the window.

use std::path::PathBuf;
use std::sync::Arc;

use egui::ColorImage;

use crate::app::message::question::Question;
use crate::app::model::dataset::{LabelLines, ThumbKey};
use crate::app::model::download::DownloadNews;
use crate::app::model::layers::Walked;
use crate::app::model::pins::PinImage;
use crate::app::model::restored::RestoredFigure;
use crate::app::model::shown::{Inspected, Shown};
use crate::app::model::task::run_news::RunNews;
use crate::app::model::task::{Task, TaskPlan};
use crate::app::model::view::Busy;
use crate::app::model::view::ViewId;
use crate::app::model::weights::WeightsOffer;
use crate::engine::DeviceChoice;
use crate::input::dataset::Source;
use crate::input::live::{FeedEnd, Grown};
use crate::models::ModelSpec;

/// What came of a view's newest request, or how far it is. Errors are values; the window shows each once.
pub(crate) enum ViewEvent {
    /// What is done for it.
    Busy(Busy),
    /// Its result.
    Shown(Arc<Shown>),
    /// It failed; what was shown stays.
    Failed(String),
    /// A path turned out to be a data set.
    Source(PathBuf, Arc<dyn Source>),
    /// A path is taken for a picture; and what is to be said of it, if anything.
    Picture(PathBuf, Option<String>),
    /// A path is a figure of this program.
    Figure(Box<RestoredFigure>),
    /// A path is a table, and of its columns one has the pictures' paths; which, a person must say.
    WhichColumn(PathBuf, Vec<String>),
    /// A path is none of these.
    OpenFailed(String),
}

/// What the threads tell.
pub(crate) enum Event {
    /// Of a view's request, by its number; answers to older requests of the view are stale.
    View(u64, ViewEvent),
    /// Models that a weight file fits, at least one.
    Fits(PathBuf, Vec<WeightsOffer>),
    /// Layers were looked at.
    Walked(Arc<Walked>),
    /// Pinned channels were painted.
    Pins(Vec<PinImage>),
    /// A channel was looked into.
    Inspected(Box<Inspected>),
    /// Channels of a view that answer as another view's channel (named) does, best first.
    Matched(ViewId, (ViewId, String), Vec<(usize, f64)>),
    /// A frame's small picture; none where it can't be read.
    Thumb(ThumbKey, Option<Arc<ColorImage>>),
    /// Nobody has time for a small picture now.
    ThumbRefused(ThumbKey),
    /// A data set's labels.
    Labels(LabelLines),
    /// Whether a picture is the one that a figure was made from, and its name there.
    Checked(bool, String),
    /// Devices, and why one can't be had.
    Devices(Vec<(DeviceChoice, Result<(), String>)>),
    /// Tags whose weights are on this machine.
    Here(Vec<&'static str>),
    /// What a task would write, or why nothing.
    TaskPlanned(TaskPlan),
    /// How far a task is.
    TaskNews(Task, RunNews),
    /// A picture for the clipboard.
    Copied(Arc<ColorImage>),
    /// What a download has to say, and whose weights it is of.
    Download(&'static ModelSpec, DownloadNews),
    /// A watched folder has something new.
    Grown(Grown),
    /// A stream of frames is over.
    FeedEnded(FeedEnd),
    /// The folder can't be watched.
    NotWatched(String),
    /// Queued work came to nothing.
    JobFailed(String),
    /// A file was written.
    Saved(PathBuf),
    /// A dialog came back before anyone can have seen it.
    NoDialog,
    /// A dialog gave a path (or was closed with none).
    Picked(Question, Option<PathBuf>),
}

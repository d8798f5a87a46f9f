//! What the threads tell the window.

use std::path::PathBuf;
use std::sync::Arc;

use egui::ColorImage;

use crate::app::message::words::in_the_window;
use crate::app::model::animation::AnimatePreview;
use crate::app::model::batch::BatchNews;
use crate::app::model::dataset::{LabelLines, ThumbKey};
use crate::app::model::download::DownloadNews;
use crate::app::model::extraction::ExtractPreview;
use crate::app::model::layers::Walked;
use crate::app::model::pins::PinImage;
use crate::app::model::restored::RestoredFigure;
use crate::app::model::save::Export;
use crate::app::model::shown::{Inspected, Shown};
use crate::app::model::task::{RunEnd, RunNews};
use crate::app::model::view::ViewId;
use crate::app::model::weights::WeightsOffer;
use crate::engine::DeviceChoice;
use crate::input::dataset::Source;
use crate::input::live::{FeedEnd, Grown};
use crate::models::Row;
use crate::render::BatchPlan;

/// What the worker tells. Errors are values; the window shows each once.
pub(crate) enum Event {
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
    Fits(PathBuf, Vec<WeightsOffer>),
    /// Layers were looked at.
    Walked(Arc<Walked>),
    /// Pinned filters were painted.
    Pins(Vec<PinImage>),
    /// A filter was looked into.
    Inspected(Box<Inspected>),
    /// Filters of a view that answer as another view's filter (named) does, best first.
    Matched(ViewId, (ViewId, String), Vec<(usize, f64)>),
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
    pub(crate) fn in_the_window(self) -> Self {
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
    pub(crate) fn is_none(&self) -> bool {
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
pub(crate) enum Picked {
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

//! Events: what the threads report to the window.

use std::path::PathBuf;
use std::sync::Arc;

use egui::ColorImage;

use crate::app::message::question::Question;
use crate::app::model::dataset::{LabelLines, OpenedFrom, ThumbKey};
use crate::app::model::download::DownloadNews;
use crate::app::model::layers::Walked;
use crate::app::model::pins::PinImage;
use crate::app::model::restored::RestoredFigure;
use crate::app::model::save::SaveRequest;
use crate::app::model::session::Reopened;
use crate::app::model::shown::{Inspected, Shown};
use crate::app::model::studied::{StudyResult, TellRequest};
use crate::app::model::task::run_news::RunNews;
use crate::app::model::task::{Task, TaskPlan};
use crate::app::model::view::Busy;
use crate::app::model::view::ViewId;
use crate::app::model::weights::WeightsOffer;
use crate::engine::DeviceChoice;
use crate::input::dataset::Source;
use crate::input::live::{FeedEnd, Grown};
use crate::models::ModelSpec;
use crate::study::head_file::StoredHead;
use crate::study::predictor::ToldValue;

/// The result of a view's newest request, or its progress. Errors are values too; the window shows each once.
pub(crate) enum ViewEvent {
    /// What is being done for it.
    Busy(Busy),
    /// Its result.
    Shown(Arc<Shown>),
    /// It failed, for this reason; the last result stays on screen.
    Failed(String),
    /// The opened path, or the set of files, is a data set.
    Source(PathBuf, OpenedFrom, Arc<dyn Source>),
    /// The opened path is taken to be a picture; the text is a note about it for the user, if there is one.
    Picture(PathBuf, Option<String>),
    /// The opened path is a figure of this program.
    Figure(Box<RestoredFigure>),
    /// The opened path is a table with these columns; the user must choose the one that holds the pictures' paths.
    WhichColumn(PathBuf, Vec<String>),
    /// The path can't be opened, for this reason.
    OpenFailed(String),
}

/// How keeping a model's weights ended.
pub(crate) enum Kept {
    /// They are kept in this file; the text says what was imported.
    Done(PathBuf, String),
    /// Others are kept in this file.
    IsThere(PathBuf),
    /// It failed, for this reason.
    Failed(String),
}

/// What a thread reports.
pub(crate) enum Event {
    /// About a view's request, identified by its number; answers to older requests of the view are stale.
    View(u64, ViewEvent),
    /// The models that a weight file fits, at least one.
    Fits(PathBuf, Vec<WeightsOffer>),
    /// A weight file fits no model, or can't be read, for this reason.
    NoFit(String),
    /// What of the last time was found again.
    Reopened(Box<Reopened>),
    /// Those of the recently used weight files that can't be opened, and why.
    GoneWeights(Vec<(PathBuf, String)>),
    /// A model's weights were kept, or why not.
    Kept(&'static ModelSpec, Kept),
    /// The overview of layers is finished.
    Walked(Arc<Walked>),
    /// Images of pinned channels are ready.
    Pins(Vec<PinImage>),
    /// Details of a channel are ready.
    Inspected(Box<Inspected>),
    /// The channels of a view that are most similar to a channel of another view, best first, with their correlations. The second field
    /// is that other view, and the channel in words.
    Matched(ViewId, (ViewId, String), Vec<(usize, f64)>),
    /// The thumbnail of a frame; none if it can't be read.
    Thumb(ThumbKey, Option<Arc<ColorImage>>),
    /// The thumbnail of a frame can't be made now, because the queue is full.
    ThumbRefused(ThumbKey),
    /// A data set's labels.
    Labels(LabelLines),
    /// Whether a picture is the one that a figure was made from, and the file name in the figure's record.
    Checked(bool, String),
    /// The devices, each with the reason if it can't be used.
    Devices(Vec<(DeviceChoice, Result<(), String>)>),
    /// Tags of the models whose weights are on this machine.
    Here(Vec<&'static str>),
    /// What a task would write, or why it can't.
    TaskPlanned(TaskPlan),
    /// Progress of a task, or its end.
    TaskNews(Task, RunNews),
    /// What a comparison or a probe found.
    Studied(StudyResult),
    /// A head was read from this file.
    HeadRead(PathBuf, Box<StoredHead>),
    /// A frame was told by the head in use, or can't be.
    Told(Box<TellRequest>, Result<ToldValue, String>),
    /// The head of this number can't be used with this data set, for this reason.
    HeadRefused(Box<TellRequest>, String),
    /// A picture for the clipboard.
    Copied(Arc<ColorImage>),
    /// News of a download, and the model whose weights it is for.
    Download(&'static ModelSpec, DownloadNews),
    /// A watched folder has new pictures.
    Grown(Grown),
    /// A stream of frames has ended.
    FeedEnded(FeedEnd),
    /// The folder can't be watched, for this reason.
    NotWatched(String),
    /// Queued work failed, for this reason.
    JobFailed(String),
    /// Something that a person should know about a run that goes on.
    Noted(String),
    /// The network's thread begins with queued work of this number.
    ErrandBegun(u64),
    /// Queued work of this number is over; the text says why it was refused, if it was.
    ErrandOver(u64, Option<String>),
    /// A file was written.
    Saved(PathBuf),
    /// A file of that name is there already, and the person wasn't asked yet.
    WouldReplace(Box<SaveRequest>),
    /// A dialog returned too quickly for anyone to have seen it.
    NoDialog(Question),
    /// The answer of a dialog; none if it was cancelled.
    Picked(Question, Option<PathBuf>),
}

//! Effects: what is to be done after a message. Slow work goes to the threads, the rest to the user interface (`ui::face`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use egui::ColorImage;

use crate::app::message::job::{HeadJob, Job, RunJob, SideJob};
use crate::app::message::question::Question;
use crate::app::model::dataset::ThumbKey;
use crate::app::model::view::ViewId;
use crate::engine::CancelToken;
use crate::models::ModelSpec;
use crate::mosaic::{PixelRect, SeenPart};
use crate::weights::fetch::{FetchOptions, Offer};
use crate::weights::{FilePart, Folders};

/// Something to do after a message.
pub(crate) enum Effect {
    /// For the threads.
    Work(Work),
    /// For the user interface.
    Face(FaceEffect),
}

/// Work that is slow, or that needs the operating system.
pub(crate) enum Work {
    /// Put a job into a view's latest-wins slot. A job that waits there is dropped, one that runs is cancelled.
    Latest(ViewId, Job),
    /// Drop or cancel the job in a view's slot.
    Withdraw(ViewId),
    /// Queue a job: it is done in its turn and never replaced.
    Queue(Job),
    /// A job for the second thread, which never runs a network.
    Side(SideJob),
    /// Plan or do a task.
    Run(RunJob),
    /// Read a head, or tell a frame with it.
    Head(HeadJob),
    /// Ask the user for a path.
    Ask(Question),
    /// Ask a server what it offers for a model.
    AskOffer(&'static ModelSpec, FetchOptions),
    /// Download what a server offers.
    Fetch(Box<FetchRequest>),
    /// Keep a copy of weights.
    Keep(Box<KeepRequest>),
    /// Watch a folder for files added since a time.
    Watch(PathBuf, SystemTime),
    /// Stop watching.
    StopWatching,
}

/// Weights to keep.
pub(crate) struct KeepRequest {
    pub(crate) spec: &'static ModelSpec,
    pub(crate) file: FilePart,
    /// Hash of the file as it was shown: another one is not kept in its place.
    pub(crate) sha256: String,
    pub(crate) target: PathBuf,
    /// Whether weights that are kept already may be replaced.
    pub(crate) may_replace: bool,
}

/// Weights to download.
pub(crate) struct FetchRequest {
    pub(crate) spec: &'static ModelSpec,
    pub(crate) options: FetchOptions,
    pub(crate) offer: Offer,
    pub(crate) folders: Folders,
    pub(crate) cancel: CancelToken,
}

/// Work for the user interface: it needs egui, or state that only drawing has.
pub(crate) enum FaceEffect {
    CopyText(String),
    CopyImage(Arc<ColorImage>),
    /// Use the dark theme, or the light one if false.
    SetTheme(bool),
    /// Draw again after at most this many seconds.
    DrawAfter(f64),
    /// Move the active view's mosaic.
    Move(Motion),
    /// If zoom is linked, give the other views the zoom and pan of this one.
    Lead(ViewId),
    /// Make this part of a view's mosaic visible.
    ShowPart(ViewId, SeenPart),
    /// Keep the thumbnail of a frame; none if it can't be read.
    Thumb(ThumbKey, Option<Arc<ColorImage>>),
    /// Close the window.
    Close,
}

/// How a mosaic is moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Motion {
    /// Make all of it visible.
    Fit,
    /// Zoom by a factor about the middle.
    Zoom(f32),
    /// One mosaic pixel per screen pixel.
    ActualSize,
    /// Bring this part of it to the middle, no smaller than it is.
    Center(PixelRect),
    /// Fill the view with this part of it; if that fills it already, make all of it visible.
    Large(PixelRect),
}

/// The effects of a message, in order.
#[derive(Default)]
pub(crate) struct Effects(Vec<Effect>);

impl Effects {
    /// Adds work for the threads.
    pub(crate) fn push(&mut self, work: Work) {
        self.0.push(Effect::Work(work));
    }

    /// Adds a queued job for the network's thread.
    pub(crate) fn queue(&mut self, job: Job) {
        self.push(Work::Queue(job));
    }

    /// A job for the second thread, which never runs a network.
    pub(crate) fn side(&mut self, job: SideJob) {
        self.push(Work::Side(job));
    }

    /// Adds something for the user interface to do.
    pub(crate) fn face(&mut self, effect: FaceEffect) {
        self.0.push(Effect::Face(effect));
    }

    pub(crate) fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.0)
    }
}

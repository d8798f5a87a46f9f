//! What is to be done after a message: slow work for the threads, and what only the face can do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use egui::ColorImage;

use crate::app::message::job::{Job, RunJob, SideJob};
use crate::app::message::question::Question;
use crate::app::model::dataset::ThumbKey;
use crate::app::model::view::ViewId;
use crate::engine::CancelToken;
use crate::models::ModelSpec;
use crate::mosaic::{PixelRect, SeenPart};
use crate::weights::Folders;
use crate::weights::fetch::{FetchOptions, Offer};

/// Something to be done.
pub(crate) enum Effect {
    /// By the threads.
    Work(Work),
    /// By the face.
    Face(FaceEffect),
}

/// What is slow, or asks the system.
pub(crate) enum Work {
    /// Work for a view, in place of what it waits for.
    Latest(ViewId, Job),
    /// Nobody wants what a view waits for any more.
    Withdraw(ViewId),
    /// Work that is done in its turn.
    Queue(Job),
    /// Work for the thread that is never busy with a network.
    Side(SideJob),
    /// Long work.
    Run(RunJob),
    /// Ask a person for a path.
    Ask(Question),
    /// Ask a server what it has for a model.
    AskOffer(&'static ModelSpec, FetchOptions),
    /// Fetch what a server has.
    Fetch(Box<FetchRequest>),
    /// Look for what is put into a folder since a time.
    Watch(PathBuf, SystemTime),
    /// Stop that.
    StopWatching,
}

/// Weights that are to be fetched.
pub(crate) struct FetchRequest {
    pub(crate) spec: &'static ModelSpec,
    pub(crate) options: FetchOptions,
    pub(crate) offer: Offer,
    pub(crate) folders: Folders,
    pub(crate) cancel: CancelToken,
}

/// What needs the desktop, or what drawing keeps.
pub(crate) enum FaceEffect {
    CopyText(String),
    CopyImage(Arc<ColorImage>),
    /// Dark or light.
    SetTheme(bool),
    /// Draw again after so many seconds at the latest.
    DrawAfter(f64),
    /// Move the active view's mosaic.
    Move(Motion),
    /// Where zoom is linked, let the others lie as this view does.
    Lead(ViewId),
    /// Bring this part of a view's mosaic into sight.
    ShowPart(ViewId, SeenPart),
    /// A frame's small picture came; none where it can't be read.
    Thumb(ThumbKey, Option<Arc<ColorImage>>),
    /// Close the window.
    Close,
}

/// How a mosaic is moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Motion {
    /// All of it in sight.
    Fit,
    /// By a factor about the middle.
    Zoom(f32),
    /// One of its pixels to one of the screen.
    ActualSize,
    /// This part of it in the middle.
    Center(PixelRect),
}

/// Effects of a message, in order.
#[derive(Default)]
pub(crate) struct Effects(Vec<Effect>);

impl Effects {
    /// Something for the threads.
    pub(crate) fn push(&mut self, work: Work) {
        self.0.push(Effect::Work(work));
    }

    /// Work for the network's thread in its turn.
    pub(crate) fn queue(&mut self, job: Job) {
        self.push(Work::Queue(job));
    }

    /// Work for the thread that is never busy with a network.
    pub(crate) fn side(&mut self, job: SideJob) {
        self.push(Work::Side(job));
    }

    /// Something for the face.
    pub(crate) fn face(&mut self, effect: FaceEffect) {
        self.0.push(Effect::Face(effect));
    }

    pub(crate) fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.0)
    }
}

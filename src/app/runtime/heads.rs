//! The thread that tells frames with a kept head. It has a network of its own, so views never wait for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};

use crate::app::message::event::Event;
use crate::app::message::job::{HeadJob, HeadToTell};
use crate::app::runtime::studies::told_any;
use crate::app::runtime::tell::Tell;
use crate::engine::{Backbone, ComputeDevice, Session};
use crate::input::dataset::{Camera, Source};
use crate::models::Registry;
use crate::study::head_file::read;
use crate::study::predictor::Predictor;

/// The head in use with its network.
struct Ready {
    id: u64,
    source: Arc<dyn Source>,
    camera: Option<Camera>,
    /// Or why it can't be used.
    predictor: Result<Predictor, String>,
}

/// What the thread keeps from frame to frame.
#[derive(Default)]
pub(crate) struct Heads {
    ready: Option<Ready>,
}

impl Heads {
    /// Does one job. A panic is a bug in this program, and is reported as an event.
    pub(crate) fn handle(&mut self, job: HeadJob, tell: &Tell) {
        let done = catch_unwind(AssertUnwindSafe(|| match job {
            HeadJob::Read(path) => tell.event(match read(&path, "a probe kept") {
                Ok(kept) => Event::HeadRead(path, Box::new(kept)),
                Err(error) => Event::JobFailed(told_any(&error)),
            }),
            HeadJob::Tell(job) => tell.event(self.told(&job)),
        }));
        if done.is_err() {
            self.ready = None;
            let bug = "an internal error, which is a bug of this program; details are on the terminal";
            tell.event(Event::JobFailed(bug.to_owned()));
        }
    }

    fn told(&mut self, job: &HeadToTell) -> Event {
        let of = job.of.clone();
        let is_ready = self.ready.as_ref().is_some_and(|ready| {
            ready.id == of.id && Arc::ptr_eq(&ready.source, &of.source) && ready.camera == of.camera
        });
        if !is_ready {
            // The network of the head before goes first.
            self.ready = None;
            let predictor = predictor(job).map_err(|error| told_any(&error));
            self.ready =
                Some(Ready { id: of.id, source: Arc::clone(&of.source), camera: of.camera, predictor });
        }
        match self.ready.as_mut().map(|ready| &mut ready.predictor) {
            Some(Ok(predictor)) => {
                let told = tell_frame(predictor, job).map_err(|error| told_any(&error));
                Event::Told(Box::new(of), told)
            }
            Some(Err(reason)) => Event::HeadRefused(Box::new(of), reason.clone()),
            None => Event::HeadRefused(Box::new(of), "no head is in use".to_owned()),
        }
    }
}

fn predictor(job: &HeadToTell) -> anyhow::Result<Predictor> {
    let spec = Registry::find(&job.kept.about.tag).with_context(|| {
        format!("the head was fitted on {}, which the program hasn't open", job.kept.about.tag)
    })?;
    let file: Option<(&Path, _)> = job.weights_file.as_ref().map(|file| (&*file.path, &file.choice));
    let backbone = Arc::new(Backbone::load_part(spec, &job.store, file)?);
    let session = Session::with_engine(backbone, ComputeDevice::open(job.device)?, job.engine)?;
    Predictor::new(Arc::clone(&job.kept), session, &job.of.source, job.of.camera)
}

fn tell_frame(
    predictor: &mut Predictor,
    job: &HeadToTell,
) -> anyhow::Result<crate::study::predictor::ToldValue> {
    let sample = job.of.source.sample(job.of.index).ok_or_else(|| anyhow!("there is no such frame"))?;
    let view =
        sample.view(job.of.camera).ok_or_else(|| anyhow!("the frame has no picture of this camera"))?;
    predictor.tell(&view.picture.load()?)
}

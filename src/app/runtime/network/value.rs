//! Computes a layer's values for a picture: decoding, preprocessing and the run, with a cache for the result of each.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::app::message::event::{Event, ViewEvent};
use crate::app::message::remedy::told;
use crate::app::model::beside::stages_beside;
use crate::app::model::request::FullRequest;
use crate::app::model::tiles as textures;
use crate::app::model::view::Busy;
use crate::app::runtime::network::keys::{
    FileKey, ModelKey, PictureKey, Prepared, PreparedKey, Run, RunKey, Subject,
};
use crate::app::runtime::network::pipeline::{MAX_SESSIONS, Pipeline, Stop, failed};
use crate::engine::{Backbone, CancelToken, ComputeDevice, NodesDone, Outcome, Session, Watch};
use crate::graph::NodeId;
use crate::input::dataset::PictureLocation;
use crate::input::decode::{Picture, decode_bytes};
use crate::render::{LayerChoice, PictureChoice, View};
use crate::tensor::{PixelSize, available_memory};

/// A number that no request of a view has (these count from 1), so that progress events of this work are ignored.
pub(crate) const NO_JOB: u64 = 0;

/// A run that takes longer tells how far it is.
const SHORT_RUN: Duration = Duration::from_secs(1);

/// Least time between two such events, in milliseconds.
const PROGRESS_MILLIS: u64 = 100;

/// What is kept of a run beside the layers that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    Nothing,
    /// The stages on its way, so that walking among them needs no other run.
    Stages,
}

/// Longest side of the picture's thumbnail, in pixels.
const THUMBNAIL_SIDE: u32 = 512;

impl Pipeline {
    /// The requested layer's node. Loads the model if necessary.
    pub(crate) fn node(&mut self, id: u64, wanted: &FullRequest) -> Result<NodeId, Stop> {
        let at = self.load_model(id, wanted)?;
        let graph = self.sessions[at].1.backbone().graph();
        match &wanted.of.layer {
            LayerChoice::Final => Ok(graph.final_node()),
            LayerChoice::Named(name) => graph.resolve(name, wanted.of.spec.tag).map_err(failed),
        }
    }

    /// Decodes and preprocesses a picture, or takes it from the caches.
    pub(crate) fn subject(
        &mut self,
        id: u64,
        choice: &PictureChoice,
        wanted: &FullRequest,
        cancel: &CancelToken,
    ) -> Result<Subject, Stop> {
        let (key, picture) = self.read_picture(id, choice)?;
        if cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let prepared_key =
            PreparedKey { picture: key.clone(), model: model_key(wanted), input: wanted.of.input };
        let prepared = if let Some(prepared) = self.prepared.get(&prepared_key) {
            prepared
        } else {
            let at = self.load_model(id, wanted)?;
            let spec = *self.sessions[at].1.backbone().preprocessing().spec();
            let view = View::new(&spec, &picture.rgb, wanted.of.input).map_err(failed)?;
            let side = wanted.max_texture_side as u32;
            let prepared = Arc::new(Prepared {
                seen: textures::from_rgb(&fitted(&view.preprocessed.seen, side)),
                thumbnail: textures::from_rgb(&fitted(&picture.rgb, THUMBNAIL_SIDE)),
                view: Arc::new(view),
            });
            let pixels = prepared.seen.pixels.len() + prepared.thumbnail.pixels.len();
            let values = size_of_val(prepared.view.preprocessed.batch.values());
            self.prepared.insert(prepared_key, Arc::clone(&prepared), pixels * 7 + values);
            prepared
        };
        let path = match &key {
            PictureKey::File(file) => Some(file.path.clone()),
            PictureKey::Carried | PictureKey::Frame(_) | PictureKey::Pasted(_) => None,
        };
        Ok(Subject { picture, path, prepared, key })
    }

    /// A layer's values, if they are kept.
    pub(crate) fn kept(&mut self, subject: &Subject, wanted: &FullRequest, node: NodeId) -> Option<Arc<Run>> {
        self.runs.get(&run_key(subject, wanted, node))
    }

    /// Keeps values, so that their layers can be shown without a run. The first are dropped first.
    pub(crate) fn keep(&mut self, subject: &Subject, wanted: &FullRequest, runs: Vec<(NodeId, Arc<Run>)>) {
        for (node, run) in runs {
            let num_bytes = size_of_val(run.activation.values());
            self.runs.insert(run_key(subject, wanted, node), run, num_bytes);
        }
    }

    /// Values of some layers for a picture, in the order of `nodes`. Those in the cache are reused; the others are computed in one run,
    /// and what it passes may be kept too.
    pub(crate) fn values(
        &mut self,
        id: u64,
        subject: &Subject,
        wanted: &FullRequest,
        nodes: &[NodeId],
        beside: Beside,
        cancel: &CancelToken,
    ) -> Result<Vec<Arc<Run>>, Stop> {
        let mut found: Vec<Option<Arc<Run>>> =
            nodes.iter().map(|node| self.kept(subject, wanted, *node)).collect();
        let missing: Vec<NodeId> =
            nodes.iter().zip(&found).filter(|(_, run)| run.is_none()).map(|(node, _)| *node).collect();
        if let Some(last) = missing.iter().max().copied() {
            self.tell.event(Event::View(id, ViewEvent::Busy(Busy::Running)));
            let also = match beside {
                Beside::Stages if wanted.is_lasting() => self.beside(subject, wanted, (last, last))?,
                Beside::Stages | Beside::Nothing => Vec::new(),
            };
            let fresh = self.run(id, subject, wanted, (&missing, &also), cancel)?;
            for (place, node) in nodes.iter().enumerate() {
                if let Some((_, run)) = fresh.iter().find(|(computed, _)| computed == node) {
                    found[place] = Some(Arc::clone(run));
                }
            }
            self.keep(subject, wanted, fresh);
        }
        // The engine delivers every tap of a run that finished.
        found.into_iter().collect::<Option<Vec<_>>>().ok_or(Stop::Cancelled)
    }

    /// The stages that a run for the first layer passes, the nearest to the second first, as far as they fit the budget and aren't kept
    /// already.
    pub(crate) fn beside(
        &mut self,
        subject: &Subject,
        wanted: &FullRequest,
        (run_for, near): (NodeId, NodeId),
    ) -> Result<Vec<NodeId>, Stop> {
        let size = size_of_input(subject);
        let session = self.session(NO_JOB, wanted)?;
        let passed = session.passed_by(size, &[run_for]).map_err(failed)?;
        let graph = Arc::clone(session.backbone().graph());
        let infos = subject.prepared.view.infos(&graph).map_err(failed)?;
        let mut stages = stages_beside(&graph, &infos, &passed, near);
        stages.retain(|stage| self.kept(subject, wanted, *stage).is_none());
        Ok(stages)
    }

    /// Runs the network for some layers and others beside them. Those that should be dropped last come last.
    pub(crate) fn run(
        &mut self,
        id: u64,
        subject: &Subject,
        wanted: &FullRequest,
        (nodes, also): (&[NodeId], &[NodeId]),
        cancel: &CancelToken,
    ) -> Result<Vec<(NodeId, Arc<Run>)>, Stop> {
        let available = self.memory.or_else(available_memory);
        let (tell, last_told) = (self.tell.clone(), AtomicU64::new(0));
        let session = self.session(id, wanted)?;
        let size = size_of_input(subject);
        let taps = [nodes, also].concat();
        let infos = subject.prepared.view.infos(session.backbone().graph()).map_err(failed)?;
        // The largest of the layers is planned for anyway.
        let kept: usize = also.iter().map(|node| infos[node.0].shape.len() * size_of::<f32>()).sum();
        session.check_memory(size, nodes, kept as u64, available).map_err(failed)?;
        let started = Instant::now();
        let on_progress = |progress: NodesDone| {
            let now = started.elapsed();
            let millis = now.as_millis() as u64;
            let is_due = millis >= last_told.load(Ordering::Relaxed) + PROGRESS_MILLIS;
            if id != NO_JOB && now >= SHORT_RUN && is_due {
                last_told.store(millis, Ordering::Relaxed);
                let NodesDone { done, total } = progress;
                tell.event(Event::View(id, ViewEvent::Busy(Busy::RunningAt { done, total })));
            }
        };
        let mut fresh: Vec<(NodeId, Arc<Run>)> = Vec::with_capacity(taps.len());
        let batch = &subject.prepared.view.preprocessed.batch;
        let report = session
            .run_watched(batch, &taps, Watch { cancel, on_progress: &on_progress }, &mut |tap| {
                fresh.push((tap.node, Arc::new(Run::new(tap.activation, started.elapsed()))));
                ControlFlow::Continue(())
            })
            .map_err(failed)?;
        if report.outcome != Outcome::Finished {
            return Err(Stop::Cancelled);
        }
        // The nearest stage comes first in `also`, and stays longest.
        let rank = |node: &NodeId| also.iter().position(|other| other == node).map_or(0, |rank| rank + 1);
        fresh.sort_by_key(|(node, _)| std::cmp::Reverse(rank(node)));
        Ok(fresh)
    }

    /// The session of the requested model. If the model has to be loaded, the request `id` gets a progress event.
    pub(crate) fn session(&mut self, id: u64, wanted: &FullRequest) -> Result<&mut Session, Stop> {
        let at = self.load_model(id, wanted)?;
        Ok(&mut self.sessions[at].1)
    }

    fn read_picture(&mut self, id: u64, choice: &PictureChoice) -> Result<(PictureKey, Arc<Picture>), Stop> {
        let location = match choice {
            PictureChoice::Cat => None,
            PictureChoice::Live(frame) => {
                // The pixels are copied, because the frame is shared.
                let picture = Picture {
                    name: format!("frame {}", frame.number),
                    rgb: (*frame.rgb).clone(),
                    notes: Vec::new(),
                };
                return Ok((PictureKey::Frame(frame.number), Arc::new(picture)));
            }
            PictureChoice::Pasted(frame) => {
                let name = format!("pasted picture {}", frame.number);
                let picture = Picture { name, rgb: (*frame.rgb).clone(), notes: Vec::new() };
                return Ok((PictureKey::Pasted(frame.number), Arc::new(picture)));
            }
            PictureChoice::File(path) => Some(PictureLocation::File(path.clone())),
            PictureChoice::Frame { source, place, index, camera } => {
                let sample = source
                    .sample(*index)
                    .ok_or_else(|| Stop::Failed("that frame is not in the log".to_owned()))?;
                let found = sample.view(*camera).ok_or_else(|| {
                    let row = sample.row;
                    Stop::Failed(format!(
                        "frame {row} has no picture of that camera: \"{}\"",
                        place.display()
                    ))
                })?;
                Some(found.picture.clone())
            }
        };
        let key = location.as_ref().map_or(PictureKey::Carried, |l| PictureKey::File(FileKey::of(l.path())));
        if let Some(picture) = self.pictures.get(&key) {
            return Ok((key, picture));
        }
        self.tell.event(Event::View(id, ViewEvent::Busy(Busy::ReadingPicture)));
        let picture = match location {
            None => decode_bytes("cat.png", self.cat),
            Some(location) => location.load(),
        };
        let picture = Arc::new(picture.map_err(failed)?);
        self.pictures.insert(key.clone(), Arc::clone(&picture), picture.rgb.as_raw().len());
        Ok((key, picture))
    }

    /// Index of the requested model's session; loads the model first if it isn't loaded.
    fn load_model(&mut self, id: u64, wanted: &FullRequest) -> Result<usize, Stop> {
        let at = self.loaded_model(id, wanted)?;
        let backbone = self.sessions[at].1.backbone();
        backbone.check_values(wanted.of.input.values).map_err(|error| Stop::Failed(told(&error)))?;
        Ok(at)
    }

    fn loaded_model(&mut self, id: u64, wanted: &FullRequest) -> Result<usize, Stop> {
        let key = model_key(wanted);
        if let Some(at) = self.sessions.iter().position(|(kept, _)| *kept == key) {
            // The most recently used session is last, so the first is the one to drop.
            let session = self.sessions.remove(at);
            self.sessions.push(session);
            return Ok(self.sessions.len() - 1);
        }
        self.tell.event(Event::View(id, ViewEvent::Busy(Busy::LoadingWeights)));
        let device = ComputeDevice::open(wanted.device).map_err(failed)?;
        let file = wanted.weights_file.as_ref().map(|file| (file.path.as_path(), &file.choice));
        let backbone = Backbone::load_part(wanted.of.spec, &self.store, file)
            .map_err(|error| Stop::Failed(told(&error)))?;
        if self.sessions.len() >= MAX_SESSIONS {
            self.sessions.remove(0);
        }
        let session = Session::with_engine(Arc::new(backbone), device, self.engine).map_err(failed)?;
        tracing::debug!("weights of {} read", wanted.of.spec.tag);
        self.sessions.push((key, session));
        Ok(self.sessions.len() - 1)
    }
}

fn size_of_input(subject: &Subject) -> PixelSize {
    let batch = &subject.prepared.view.preprocessed.batch;
    PixelSize::new(batch.width(), batch.height())
}

fn run_key(subject: &Subject, wanted: &FullRequest, node: NodeId) -> RunKey {
    RunKey { picture: subject.key.clone(), model: model_key(wanted), input: wanted.of.input, node }
}

fn model_key(wanted: &FullRequest) -> ModelKey {
    let file = wanted.weights_file.as_ref().map(|file| (FileKey::of(&file.path), file.choice.clone()));
    (wanted.of.spec.tag, file, wanted.device)
}

/// The picture scaled down to a longest side of at most `side` pixels, for display only; the network never gets it.
fn fitted(picture: &image::RgbImage, side: u32) -> image::RgbImage {
    let longest = picture.width().max(picture.height()).max(1);
    if longest <= side {
        return picture.clone();
    }
    let scaled = |n: u32| ((u64::from(n) * u64::from(side) / u64::from(longest)) as u32).max(1);
    image::imageops::thumbnail(picture, scaled(picture.width()), scaled(picture.height()))
}

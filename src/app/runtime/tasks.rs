//! The work of the task threads: features of whole data sets through `extract`, moving pictures through `render`, as on the command
//! line; and the plans of all tasks. A run shares the processor with the views' networks; neither waits for the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::app::message::event::Event;
use crate::app::message::job::RunJob;
use crate::app::message::remedy::{told, words};
use crate::app::model::studied::StudyResult;
use crate::app::model::task::animate::{AnimatePreview, AnimateRequest};
use crate::app::model::task::extract::{ExtractPreview, ExtractRequest};
use crate::app::model::task::run_news::{RunEnd, RunNews};
use crate::app::model::task::{Task, TaskPlan, TaskRequest};
use crate::app::runtime::existing::WeightHashes;
use crate::app::runtime::studies;
use crate::app::runtime::tell::Tell;
use crate::app::runtime::teller::Teller;
use crate::engine::{Backbone, CancelToken, ComputeDevice, Session};
use crate::extract::{
    End, Executed, Existing, ExtractPlan, ModelToRun, execute, look, needed_bytes, overflow_words,
};
use crate::input::dataset::PictureRef;
use crate::models::ModelSpec;
use crate::render::{
    AnimatedPicture, Animation, AnimationError, AnimationMode, BatchLayers, animated_layers,
    animation_extent, animation_format,
};
use crate::tensor::counted;
use crate::tensor::{Remedied, shown};
use crate::weights::FilePart;

/// What one of the threads keeps from job to job: the networks it has loaded.
#[derive(Default)]
pub(crate) struct Runs {
    loaded: Vec<(&'static str, Option<FilePart>, Arc<Backbone>)>,
    hashes: WeightHashes,
}

impl Runs {
    /// Does one job. A panic is a bug in this program, and is reported as an event.
    pub(crate) fn handle(&mut self, job: RunJob, token: &CancelToken, tell: &Tell) {
        let task = match &job {
            RunJob::Plan(request) | RunJob::Run(request, ..) => request.task(),
            RunJob::Save(StudyResult::Compared(_), ..) => Task::Similarity,
            RunJob::Save(StudyResult::Probed(_), ..) => Task::Probe,
        };
        let (is_plan, is_save) = (matches!(job, RunJob::Plan(_)), matches!(job, RunJob::Save(..)));
        let done = catch_unwind(AssertUnwindSafe(|| match job {
            RunJob::Plan(request) => tell.event(Event::TaskPlanned(self.planned(request))),
            RunJob::Run(request, existing, called_off) => {
                let mut teller = Teller::new(tell, &called_off, token, task);
                let end = match request {
                    TaskRequest::Extract(request) => self.extract(&request, existing, &mut teller),
                    TaskRequest::Animate(request) => self.animate(&request, &mut teller),
                    TaskRequest::Similarity(request) => studies::compare(&request, &mut teller),
                    TaskRequest::Probe(request) => studies::probe_features(&request, &mut teller),
                    TaskRequest::Batch(_) => Err("batches are done by the network's thread".to_owned()),
                };
                teller.end(end);
            }
            RunJob::Save(result, path, may_replace) => {
                tell.event(match studies::save(&result, &path, may_replace) {
                    Ok(()) => Event::Saved(path),
                    Err(reason) => Event::JobFailed(reason),
                });
            }
        }));
        if done.is_err() {
            self.loaded.clear();
            let bug = "an internal error, which is a bug of this program; details are on the terminal";
            tell.event(if is_save {
                Event::JobFailed(bug.to_owned())
            } else if is_plan {
                Event::TaskPlanned(TaskPlan::refused(task, bug.to_owned()))
            } else {
                let end = Some(RunEnd::Failed(bug.to_owned()));
                Event::TaskNews(task, RunNews { end, ..RunNews::default() })
            });
        }
    }

    /// What a task would write.
    fn planned(&mut self, request: TaskRequest) -> TaskPlan {
        match request {
            TaskRequest::Batch(request) => {
                TaskPlan::Batch(self.hashes.preview(&request).map(Arc::new).map_err(|error| told(&error)))
            }
            TaskRequest::Extract(request) => TaskPlan::Extract(self.preview(&request).map(Arc::new)),
            TaskRequest::Animate(request) => TaskPlan::Animate(preview_animation(&request)),
            TaskRequest::Similarity(request) => {
                TaskPlan::Similarity(studies::preview_comparison(&request).map(Arc::new))
            }
            TaskRequest::Probe(request) => TaskPlan::Probe(studies::preview_probe(&request).map(Arc::new)),
        }
    }

    fn backbone(
        &mut self,
        spec: &'static ModelSpec,
        file: Option<&FilePart>,
        store: &crate::engine::WeightStore,
    ) -> Result<Arc<Backbone>, String> {
        let found = self.loaded.iter().find(|(tag, kept, _)| *tag == spec.tag && kept.as_ref() == file);
        if let Some((.., backbone)) = found {
            return Ok(Arc::clone(backbone));
        }
        let backbone = Arc::new(
            Backbone::load_part(spec, store, file.map(|file| (file.path.as_path(), &file.choice)))
                .map_err(|error| told(&error))?,
        );
        self.loaded.push((spec.tag, file.cloned(), Arc::clone(&backbone)));
        Ok(backbone)
    }

    fn plan(&mut self, request: &ExtractRequest) -> Result<ExtractPlan, String> {
        if request.models.is_empty() {
            return Err("no network to run: choose at least one whose weights are installed".to_owned());
        }
        let out = &request.settings.out;
        if out.as_os_str().is_empty() {
            return Err("no folder to write into: type its path or choose it".to_owned());
        }
        if out.exists() && !out.is_dir() {
            return Err(format!("features go into a folder, and this is a file: \"{}\"", out.display()));
        }
        let device = ComputeDevice::open(request.device).map_err(|error| told(&error))?;
        self.loaded.retain(|(tag, file, _)| {
            request.models.iter().any(|model| model.spec.tag == *tag && model.weights_file == *file)
        });
        let mut models = Vec::with_capacity(request.models.len());
        for model in &request.models {
            let backbone = self.backbone(model.spec, model.weights_file.as_ref(), &request.store)?;
            backbone.check_values(request.settings.values).map_err(|error| told(&error))?;
            let graph = backbone.graph();
            let layers = match &request.layers {
                BatchLayers::Final => vec![graph.final_node()],
                BatchLayers::AllStages => graph.stages().to_vec(),
                BatchLayers::Named(name) => {
                    vec![graph.resolve(name, model.spec.tag).map_err(|error| told(&error))?]
                }
            };
            let session = Session::with_engine(Arc::clone(&backbone), device.clone(), request.engine)
                .map_err(|error| told(&error))?;
            models.push(ModelToRun { session, layers });
        }
        ExtractPlan::new(Arc::clone(&request.source), models, request.settings.clone())
            .map_err(|error| told(&error))
    }

    fn preview(&mut self, request: &ExtractRequest) -> Result<ExtractPreview, String> {
        let plan = self.plan(request)?;
        let left_out = plan.rows.skipped_by_source();
        let sets = plan.sets.iter().map(|set| {
            let recipe = &set.recipe;
            let shape: Vec<String> = recipe.stored.layout.shape.iter().map(ToString::to_string).collect();
            let shape =
                if shape.is_empty() { "maps of their own sizes".to_owned() } else { shape.join("×") };
            (set.name.clone(), format!("{}, {shape} {}", recipe.layer, recipe.stored.layout.dtype))
        });
        Ok(ExtractPreview {
            num_pictures: plan.rows.len(),
            num_left_out: left_out.len(),
            first_left_out: left_out.first().map(|skipped| format!("{} ({})", skipped.file, skipped.reason)),
            sets: sets.collect(),
            needed_bytes: needed_bytes(&plan, 0),
            found: look(&plan),
        })
    }

    fn extract(
        &mut self,
        request: &ExtractRequest,
        existing: Existing,
        teller: &mut Teller<'_>,
    ) -> Result<RunEnd, String> {
        let mut plan = self.plan(request)?;
        let folders: Vec<String> =
            plan.sets.iter().map(|set| format!("\"{}\"", plan.set_folder(set).display())).collect();
        let made: Vec<String> =
            plan.sets.iter().map(|set| plan.set_folder(set).display().to_string()).collect();
        let (folders, total) = (folders.join(", "), plan.rows.len());
        teller.news.total = total;
        let cancel = teller.called_off.clone();
        let kept = |done: u64| {
            format!(
                "{done} of {total} pictures are done and kept: Go on, or `filterscope extract … --resume`, continues"
            )
        };
        let done = execute(&mut plan, existing, &cancel, &mut |event| teller.extract(event));
        let Executed { end, num_done, num_failed, num_overflows, .. } =
            done.map_err(|error| match error.kept {
                None => told(&*error),
                Some((done, _)) => {
                    let remedy = error.remedy().map(|remedy| format!(". {}", words(&remedy)));
                    format!("{error}; {}{}", kept(done), remedy.unwrap_or_default())
                }
            })?;
        if !matches!(end, End::Interrupted) && num_failed < total {
            teller.news.made = made;
        }
        let infinite = infinite_words(num_overflows);
        match end {
            End::NothingToDo { changed } => {
                let mut wrong = Vec::new();
                if num_failed > 0 {
                    wrong.push(format!("; pictures without a feature: {num_failed} (skipped.csv says why)"));
                }
                if let Some(first) = changed.first() {
                    let (num, file) = (changed.len(), shown(&first.file));
                    wrong.push(format!("; pictures that changed since: {num} (the first: {file})"));
                }
                Ok(RunEnd::Done(if wrong.is_empty() {
                    format!("nothing to do, the features are complete{infinite}: {folders}")
                } else {
                    format!("nothing to do, the run is over{}{infinite}: {folders}", wrong.concat())
                }))
            }
            End::Interrupted => Ok(RunEnd::Stopped(format!("stopped: {}", kept(num_done)))),
            End::Done if num_failed == total && total > 0 => {
                Err(format!("none of {} gave a feature", counted(total as usize, "picture")))
            }
            End::Done => {
                let skipped = if num_failed == 0 { String::new() } else { format!("; {num_failed} skipped") };
                let num = total - num_failed;
                Ok(RunEnd::Done(format!(
                    "wrote features of {}{skipped}{infinite}: {folders}",
                    counted(num as usize, "picture")
                )))
            }
        }
    }

    fn animate(&mut self, request: &AnimateRequest, teller: &mut Teller<'_>) -> Result<RunEnd, String> {
        let model = &request.model;
        self.loaded.retain(|(tag, file, _)| model.spec.tag == *tag && model.weights_file == *file);
        let device = ComputeDevice::open(request.device).map_err(|error| told(&error))?;
        let backbone = self.backbone(model.spec, model.weights_file.as_ref(), &request.store)?;
        backbone.check_values(request.choices.input.values).map_err(|error| told(&error))?;
        let session = Session::with_engine(backbone, device, request.engine).map_err(|error| told(&error))?;
        let mut animation = Animation::new(session, pictures(request), request.choices.clone())
            .map_err(|error| told(&error))?;
        teller.news.total = animation.extent().map_err(|error| told(&error))?.num_frames as u64;
        teller.tell_now();
        let cancel = teller.called_off.clone();
        let written = animation.write(&request.output, &cancel, &mut |event| teller.animation(event));
        let place = request.output.display();
        match written {
            Err(AnimationError::Interrupted) => {
                let kept = match animation_format(&request.output) {
                    Ok(crate::formats::AnimationFormat::Frames) => "the frames that are written stay",
                    _ => "nothing was written",
                };
                Ok(RunEnd::Stopped(format!("stopped: {kept}; starting again begins anew")))
            }
            Err(error) => Err(told(&error)),
            Ok(extent) => {
                let (num, width, height) = (extent.num_frames, extent.width, extent.height);
                Ok(RunEnd::Done(format!("wrote {num} frames of {width}×{height} pixels: \"{place}\"")))
            }
        }
    }
}

/// A remark on values that became infinite, to follow other words; empty if there are none.
fn infinite_words(num: u64) -> String {
    if num == 0 { String::new() } else { format!("; {} (f32 under Type keeps them)", overflow_words(num)) }
}

/// The pictures of an animation: the data set's frames for a drive, otherwise the picture on screen.
fn pictures(request: &AnimateRequest) -> Vec<AnimatedPicture> {
    if request.choices.mode == AnimationMode::Drive {
        let Some(open) = &request.source else { return Vec::new() };
        return (0..open.source.len())
            .filter_map(|index| {
                PictureRef::of_sample(&open.place, index, &open.source.sample(index)?, open.camera)
            })
            .map(AnimatedPicture::Ref)
            .collect();
    }
    request
        .picture
        .iter()
        .map(|(label, picture)| AnimatedPicture::Decoded(label.clone(), Arc::clone(picture)))
        .collect()
}

fn preview_animation(request: &AnimateRequest) -> Result<AnimatePreview, String> {
    let (spec, choices) = (request.model.spec, &request.choices);
    if choices.mode == AnimationMode::Drive && request.source.is_none() {
        return Err("a drive is of a data set: open a folder or a driving log first".to_owned());
    }
    let graph = spec.graph().map_err(|error| told(&error))?;
    let layers = animated_layers(&graph, choices, spec.tag).map_err(|error| told(&error))?;
    let infos =
        graph.infer(request.input_size.unwrap_or(spec.preprocess.size)).map_err(|error| told(&error))?;
    let shapes: Vec<_> = layers.iter().map(|id| infos[id.0].shape).collect();
    let num_pictures = request.source.as_ref().map_or(1, |open| open.source.len());
    let extent = animation_extent(choices, &shapes, num_pictures).map_err(|error| told(&error))?;
    if request.output.as_os_str().is_empty() {
        return Err("no file to write: type a name that ends in .gif or .png, or that of a folder".to_owned());
    }
    animation_format(&request.output).map_err(|error| told(&error))?;
    let is_empty_folder =
        std::fs::read_dir(&request.output).is_ok_and(|mut entries| entries.next().is_none());
    Ok(AnimatePreview { extent, is_there: request.output.exists() && !is_empty_folder })
}

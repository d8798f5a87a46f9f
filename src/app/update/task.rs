//! Commands about long runs: features of the open data set, moving pictures.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::message::command::Command;
use crate::app::message::effect::RunJob;
use crate::app::message::event::{Event, Picked};
use crate::app::model::animation::{AnimateRequest, AnimateScope};
use crate::app::model::batch::BatchLayer;
use crate::app::model::extraction::{ExtractRequest, ExtractScope};
use crate::app::model::messages::Tone;
use crate::app::model::task::{RunEnd, RunNews};
use crate::app::shell::App;
use crate::engine::{CancelToken, EngineChoice};
use crate::extract::{Encoding, Existing, ExtractSettings, Selection};
use crate::input::dataset::Camera;
use crate::mosaic::Normalisation;
use crate::render::{AnimationChoices, AnimationLook, BatchLayers, BatchModel};
use crate::tensor::PixelSize;

/// The threads' one lane: plans, of which the newest counts.
const PLAN_LANE: u64 = 0;

/// Pictures that go through a network together: few, so that a view doesn't wait long for the threads that compute. The engine that
/// this is for takes them one by one anyway.
const BATCH: usize = 4;

/// As on the command line.
const PART_ROWS: u64 = 1024;

impl App {
    pub(crate) fn apply_to_runs(&mut self, ctx: &egui::Context, command: &Command) {
        match command {
            Command::ToggleExtract => {
                self.state.open.extract = !self.state.open.extract;
                if self.state.open.extract && self.state.extract.scope.folder.is_empty() {
                    self.state.extract.scope.tags =
                        std::iter::once(self.state.view().row.tag.to_owned()).collect();
                }
                self.plan_extract();
            }
            Command::SetExtract(scope) => {
                self.state.extract.scope = (**scope).clone();
                self.plan_extract();
            }
            Command::ChooseExtractFolder => self.ask(ctx, |d| Picked::ExtractFolder(d.open_folder(None))),
            Command::StartExtract(existing) => self.start_extract(*existing),
            Command::CancelExtract => self.state.extract.cancel(),
            Command::ToggleAnimate => {
                self.state.open.animate = !self.state.open.animate;
                self.plan_animation();
            }
            Command::SetAnimate(scope) => {
                self.state.animate.scope = (**scope).clone();
                self.plan_animation();
            }
            Command::ChooseAnimationPlace => {
                let name = self.state.view().shown.as_ref().map_or("moving".to_owned(), |s| s.stem.clone());
                self.ask(ctx, move |d| Picked::AnimationFile(d.save_animation(&format!("{name}.gif"))));
            }
            Command::StartAnimate => self.start_animate(),
            Command::CancelAnimate => self.state.animate.cancel(),
            // Nothing else is left.
            _ => {}
        }
    }

    pub(crate) fn take_run_event(&mut self, event: Event) {
        match event {
            Event::ExtractPlanned(plan) => self.state.extract.plan = Some(plan),
            Event::AnimationPlanned(plan) => self.state.animate.plan = Some(plan),
            Event::Extract(news) => {
                self.tell_end(&news);
                if self.state.extract.take(news) {
                    self.plan_extract();
                }
            }
            Event::Animation(news) => {
                self.tell_end(&news);
                if self.state.animate.take(news) {
                    self.plan_animation();
                }
            }
            Event::Picked(Picked::ExtractFolder(Some(path))) => {
                let folder = path.display().to_string();
                let scope = ExtractScope { folder, ..self.state.extract.scope.clone() };
                self.commands.push(Command::SetExtract(Box::new(scope)));
            }
            Event::Picked(Picked::AnimationFile(Some(path))) => {
                let output = path.display().to_string();
                let scope = AnimateScope { output, ..self.state.animate.scope.clone() };
                self.commands.push(Command::SetAnimate(Box::new(scope)));
            }
            // Dialogs closed without an answer.
            _ => {}
        }
    }

    fn tell_end(&mut self, news: &RunNews) {
        match &news.end {
            None => {}
            Some(RunEnd::Done(words)) => self.state.say(Tone::Good, words.clone()),
            Some(RunEnd::Stopped(words) | RunEnd::Failed(words)) => self.state.say(Tone::Bad, words.clone()),
        }
    }

    fn extract_request(&self) -> Option<ExtractRequest> {
        let (scope, view) = (&self.state.extract.scope, self.state.view());
        let open = view.source.as_ref()?;
        let cameras: Vec<Camera> =
            if scope.has_all_cameras { Vec::new() } else { open.camera.into_iter().collect() };
        let models = self.state.models_of(&scope.tags);
        let layers = match scope.layers {
            BatchLayer::Final => BatchLayers::Final,
            BatchLayer::AllStages => BatchLayers::AllStages,
            BatchLayer::This => BatchLayers::Named(view.graph.node(view.node()).name.clone()),
        };
        Some(ExtractRequest {
            source: Arc::clone(&open.source),
            models,
            layers,
            device: self.state.device,
            engine: self.engine,
            store: self.state.store.clone(),
            settings: ExtractSettings {
                selection: Selection {
                    cameras,
                    start: scope.start,
                    every: scope.every.max(1),
                    limit: (scope.limit > 0).then_some(scope.limit),
                    labels_by_folder: scope.labels_by_folder,
                },
                share: None,
                fit: view.input.fit,
                values: view.input.values,
                encoding: Encoding { pool: scope.pool, order: scope.order, dtype: scope.dtype },
                format: scope.format,
                out: PathBuf::from(scope.folder.trim()),
                // Others' last digits may depend on it, so theirs is the command line's.
                batch: (self.engine != EngineChoice::Candle).then_some(BATCH),
                part_rows: PART_ROWS,
            },
        })
    }

    /// Has settled what an extraction would write, for the preview.
    pub(crate) fn plan_extract(&mut self) {
        if !self.state.open.extract || self.state.extract.running.is_some() {
            return;
        }
        self.state.extract.plan = None;
        if let Some(request) = self.extract_request() {
            self.extractor.post(PLAN_LANE, RunJob::PlanExtract(Box::new(request)));
        } else {
            let reason = "no data set is open: open a folder of pictures or a driving log first";
            self.state.extract.plan = Some(Err(reason.to_owned()));
        }
    }

    fn start_extract(&mut self, existing: Existing) {
        let is_ready = matches!(self.state.extract.plan, Some(Ok(_))) && self.state.extract.running.is_none();
        let Some(request) = self.extract_request().filter(|_| is_ready) else { return };
        let called_off = CancelToken::new();
        self.state.extract.running = Some((RunNews::default(), called_off.clone()));
        self.state.extract.report = None;
        // Nothing else waits there: plans are not made while a run is on.
        drop(self.extractor.enqueue(RunJob::Extract(Box::new(request), existing, called_off)));
    }

    fn animate_request(&self) -> Option<AnimateRequest> {
        let (scope, view) = (&self.state.animate.scope, self.state.view());
        let shown = view.shown.as_ref().filter(|shown| shown.minus.is_none())?;
        let words = scope.layers.split(',').map(str::trim).filter(|word| !word.is_empty());
        let normalisation = match view.settings.normalisation {
            // A lone filter has no neighbours to share a position's range with.
            Normalisation::Cell => Normalisation::Filter,
            other => other,
        };
        let batch = &shown.view.preprocessed.batch;
        Some(AnimateRequest {
            picture: Some((shown.label.clone(), Arc::clone(&shown.picture))),
            source: view.source.clone(),
            model: BatchModel { row: view.row, weights_file: self.state.weights_file(view.row).cloned() },
            choices: AnimationChoices {
                mode: scope.mode,
                layers: words.map(str::to_owned).collect(),
                fps: scope.fps.clamp(0.1, 50.0),
                look: AnimationLook {
                    side: scope.side.clamp(16, 4096),
                    colour: view.settings.colour,
                    paper: view.settings.paper,
                    normalisation,
                },
                has_own_scale: matches!(normalisation, Normalisation::Fixed { .. }),
                input: view.input,
            },
            input_size: (shown.row().tag == view.row.tag)
                .then(|| PixelSize::new(batch.width(), batch.height())),
            device: self.state.device,
            engine: self.engine,
            store: self.state.store.clone(),
            output: PathBuf::from(scope.output.trim()),
        })
    }

    /// Has settled what a moving picture would be, for the preview.
    pub(crate) fn plan_animation(&mut self) {
        if !self.state.open.animate || self.state.animate.running.is_some() {
            return;
        }
        self.state.animate.plan = None;
        if let Some(request) = self.animate_request() {
            self.animator.post(PLAN_LANE, RunJob::PlanAnimation(Box::new(request)));
        } else {
            let reason = "nothing to animate: the view shows no picture's own answers";
            self.state.animate.plan = Some(Err(reason.to_owned()));
        }
    }

    fn start_animate(&mut self) {
        let is_ready = matches!(self.state.animate.plan, Some(Ok(_))) && self.state.animate.running.is_none();
        let Some(request) = self.animate_request().filter(|_| is_ready) else { return };
        let called_off = CancelToken::new();
        self.state.animate.running = Some((RunNews::default(), called_off.clone()));
        self.state.animate.report = None;
        drop(self.animator.enqueue(RunJob::Animate(Box::new(request), called_off)));
    }
}

//! What is worked out beside what a view shows: its selected channel, pinned channels, layers at a glance, labels, previews.
//!
//! Asks for it; must not know how a view comes to be shown.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::message::effect::{Effects, Work};
use crate::app::message::job::{Job, RunJob, SideJob};
use crate::app::model::Model;
use crate::app::model::animation::AnimateRequest;
use crate::app::model::batch::{BatchLayer, PlanRequest};
use crate::app::model::download::Stage;
use crate::app::model::extraction::ExtractRequest;
use crate::app::model::pins::PinnedChannel;
use crate::app::model::task::Task;
use crate::app::model::windows::LeftTab;
use crate::engine::{CancelToken, EngineChoice};
use crate::extract::{Encoding, ExtractSettings, Selection};
use crate::input::dataset::{Camera, Source};
use crate::models::ModelSpec;
use crate::mosaic::Normalisation;
use crate::render::{AnimationChoices, AnimationLook, BatchLayers, BatchModel};
use crate::tensor::PixelSize;

/// Pictures that go through a network together: few, so that a view doesn't wait long for the threads that compute. The engine that
/// this is for takes them one by one anyway.
const BATCH: usize = 4;
/// As on the command line.
const PART_ROWS: u64 = 1024;

/// Has the selected channel of the active view looked into.
pub(crate) fn inspect_selected(model: &mut Model, effects: &mut Effects) {
    let view = model.view();
    match view.shown.clone().zip(view.selected) {
        Some((shown, channel)) => effects.side(SideJob::Inspect(shown, channel)),
        None => model.inspected = None,
    }
}

/// Has the layers at a glance made anew where they are looked at and are of something else.
pub(crate) fn ask_for_walk(model: &mut Model, effects: &mut Effects) {
    let is_seen = model.tab == LeftTab::Layers || model.open.table;
    let view = model.view();
    if !is_seen || view.shown.is_none() || view.busy.is_some() || !view.is_plain() {
        return;
    }
    let Ok(wanted) = model.full_request(view) else { return };
    let every_node = model.lists_every_node;
    let is_asked =
        model.walk.asked.as_ref().is_some_and(|(w, every, _)| w.is_same_run(&wanted) && *every == every_node);
    if is_asked || !model.has_weights(wanted.of.spec) {
        return;
    }
    let nodes = view.walk(every_node);
    if let Some((_, _, stale)) = &model.walk.asked {
        stale.cancel();
    }
    let stale = CancelToken::new();
    let wanted = Box::new(wanted);
    model.walk.asked = Some((wanted.clone(), every_node, stale.clone()));
    effects.queue(Job::Walk { wanted, nodes, stale });
}

/// Has the pinned channels of the active view's model painted for its picture.
pub(crate) fn paint_pins(model: &mut Model, effects: &mut Effects) {
    let view = model.view();
    let pins: Vec<PinnedChannel> = model
        .pins
        .iter()
        .filter(|pin| pin.spec.tag == view.request.spec.tag)
        .map(|pin| pin.pinned.clone())
        .collect();
    let wanted = model.full_request(view).ok().filter(|w| w.minus.is_none());
    let Some(wanted) = wanted.filter(|_| !pins.is_empty() && view.trouble.is_none()) else { return };
    model.pins_asked.cancel();
    model.pins_asked = CancelToken::new();
    effects.queue(Job::Pins { wanted: Box::new(wanted), pins, stale: model.pins_asked.clone() });
}

/// A data set is open: what its labels look like over time is worked out beside.
pub(crate) fn ask_for_labels(model: &mut Model, effects: &mut Effects, source: &Arc<dyn Source>) {
    (model.labels, model.plotted_label) = (None, None);
    if !source.label_names().is_empty() {
        effects.side(SideJob::Labels(Arc::clone(source)));
    }
}

/// Asks the server what it has for a model whose weights are not here, unless that was done.
pub(crate) fn ask_offer(model: &mut Model, effects: &mut Effects, spec: &'static ModelSpec) {
    let Some(downloads) = &mut model.downloads else { return };
    let is_known =
        matches!(downloads.by_tag.get(spec.tag), Some(stage) if !matches!(stage, Stage::Failed(_)));
    if is_known || spec.download().is_none() || downloads.options.offline_by.is_some() {
        return;
    }
    downloads.by_tag.insert(spec.tag, Stage::Asking);
    effects.push(Work::AskOffer(spec, downloads.options.clone()));
}

/// Has settled what a task would write, for the preview, where one is seen.
pub(crate) fn plan_task(model: &mut Model, task: Task, effects: &mut Effects) {
    let run = model.tasks.run(task);
    if !run.is_open || run.running.is_some() {
        return;
    }
    match task {
        Task::Batch => plan_batch(model, effects),
        Task::Extract => plan_extract(model, effects),
        Task::Animate => plan_animation(model, effects),
    }
}

fn plan_batch(model: &mut Model, effects: &mut Effects) {
    let scope = &model.tasks.batch.scope;
    let models = model.models_of(&scope.tags);
    let view = model.view();
    let layers = match scope.layers {
        BatchLayer::Final => BatchLayers::Final,
        BatchLayer::AllStages => BatchLayers::AllStages,
        BatchLayer::This => BatchLayers::Named(view.graph.node(view.node()).name.clone()),
    };
    let request = PlanRequest {
        picture: view.request.picture.clone(),
        source: view.source.clone().filter(|_| scope.is_whole_source),
        frames: (scope.first, scope.last),
        models,
        layers,
        folder: PathBuf::from(scope.folder.trim()),
        has_values: scope.has_values,
    };
    model.tasks.batch.plan = None;
    effects.side(SideJob::Plan(Box::new(request)));
}

pub(crate) fn extract_request(model: &Model) -> Option<ExtractRequest> {
    let (scope, view) = (&model.tasks.extract.scope, model.view());
    let open = view.source.as_ref()?;
    let cameras: Vec<Camera> =
        if scope.has_all_cameras { Vec::new() } else { open.camera.into_iter().collect() };
    let models = model.models_of(&scope.tags);
    let layers = match scope.layers {
        BatchLayer::Final => BatchLayers::Final,
        BatchLayer::AllStages => BatchLayers::AllStages,
        BatchLayer::This => BatchLayers::Named(view.graph.node(view.node()).name.clone()),
    };
    Some(ExtractRequest {
        source: Arc::clone(&open.source),
        models,
        layers,
        device: model.device,
        engine: model.engine,
        store: model.store.clone(),
        settings: ExtractSettings {
            selection: Selection {
                cameras,
                start: scope.start,
                every: scope.every.max(1),
                limit: (scope.limit > 0).then_some(scope.limit),
                labels_by_folder: scope.labels_by_folder,
            },
            share: None,
            fit: view.request.input.fit,
            values: view.request.input.values,
            encoding: Encoding { pool: scope.pool, order: scope.order, dtype: scope.dtype },
            format: scope.format,
            out: PathBuf::from(scope.folder.trim()),
            // Others' last digits may depend on it, so theirs is the command line's.
            batch: (model.engine != EngineChoice::Candle).then_some(BATCH),
            part_rows: PART_ROWS,
        },
    })
}

fn plan_extract(model: &mut Model, effects: &mut Effects) {
    model.tasks.extract.plan = None;
    if let Some(request) = extract_request(model) {
        effects.push(Work::Run(RunJob::PlanExtract(Box::new(request))));
    } else {
        let reason = "no data set is open: open a folder of pictures or a driving log first";
        model.tasks.extract.plan = Some(Err(reason.to_owned()));
    }
}

pub(crate) fn animate_request(model: &Model) -> Option<AnimateRequest> {
    let (scope, view) = (&model.tasks.animate.scope, model.view());
    let shown = view.shown.as_ref().filter(|shown| shown.minus.is_none())?;
    let words = scope.layers.split(',').map(str::trim).filter(|word| !word.is_empty());
    let normalisation = view.request.settings.normalisation.for_one_channel();
    let batch = &shown.view.preprocessed.batch;
    Some(AnimateRequest {
        picture: Some((shown.label.clone(), Arc::clone(&shown.picture))),
        source: view.source.clone(),
        model: BatchModel {
            spec: view.request.spec,
            weights_file: model.weights_file(view.request.spec).cloned(),
        },
        choices: AnimationChoices {
            mode: scope.mode,
            layers: words.map(str::to_owned).collect(),
            fps: scope.fps.clamp(0.1, 50.0),
            look: AnimationLook {
                side: scope.side.clamp(16, 4096),
                colour: view.request.settings.colour,
                paper: view.request.settings.paper,
                normalisation,
            },
            has_own_scale: matches!(normalisation, Normalisation::Fixed { .. }),
            input: view.request.input,
        },
        input_size: (shown.spec().tag == view.request.spec.tag)
            .then(|| PixelSize::new(batch.width(), batch.height())),
        device: model.device,
        engine: model.engine,
        store: model.store.clone(),
        output: PathBuf::from(scope.output.trim()),
    })
}

fn plan_animation(model: &mut Model, effects: &mut Effects) {
    model.tasks.animate.plan = None;
    if let Some(request) = animate_request(model) {
        effects.push(Work::Run(RunJob::PlanAnimation(Box::new(request))));
    } else {
        let reason = "nothing to animate: the view shows no picture's own answers";
        model.tasks.animate.plan = Some(Err(reason.to_owned()));
    }
}

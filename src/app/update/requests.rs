//! Requests for what is computed in addition to the views: details of the selected channel, pinned channels, the overview of layers,
//! labels, previews of tasks.
//!
//! Must not know how a view itself is computed.

use std::path::Path;
use std::sync::Arc;

use crate::app::message::effect::{Effects, Work};
use crate::app::message::job::{Job, RunJob, SideJob};
use crate::app::model::Model;
use crate::app::model::download::Stage;
use crate::app::model::errand::Errand;
use crate::app::model::pins::PinnedChannel;
use crate::app::model::task::basis::Basis;
use crate::app::model::task::{Task, TaskPlan};
use crate::engine::CancelToken;
use crate::input::dataset::Source;
use crate::models::{ModelSpec, Registry};
use crate::render::BatchModel;

/// Queues work that the person waits for, and returns its number. Until it is over, the status bar says in these words what is done or waits.
pub(crate) fn errand(model: &mut Model, effects: &mut Effects, words: String, job: Job) -> u64 {
    model.newest.errand += 1;
    let id = model.newest.errand;
    model.errands.push(Errand { id, words, has_begun: false });
    effects.queue(Job::Errand(id, Box::new(job)));
    id
}

/// What is said while a weight file is read.
pub(crate) fn reading(path: &Path) -> String {
    format!("Reading {}…", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Requests the details of the active view's selected channel.
pub(crate) fn inspect_selected(model: &mut Model, effects: &mut Effects) {
    let view = model.view();
    match view.shown.clone().zip(view.selected) {
        Some((shown, channel)) => effects.side(SideJob::Inspect(shown, channel)),
        None => model.inspected = None,
    }
}

/// Requests the overview of layers, if it is visible and the newest request for it was for another run or another list of layers.
pub(crate) fn ask_for_walk(model: &mut Model, effects: &mut Effects) {
    let is_seen = model.preferences.shows_left || model.open.table;
    let view = model.view();
    if !is_seen || view.shown.is_none() || view.busy.is_some() || !view.is_plain() {
        return;
    }
    let Ok(wanted) = model.full_request(view) else { return };
    let every_node = model.preferences.lists_every_node;
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

/// Requests the stages behind the layer that the active view shows, once for each run, while nothing plays: then the next picture comes
/// before anybody goes to another layer.
pub(crate) fn ask_ahead(model: &mut Model, effects: &mut Effects) {
    let view = model.view();
    let is_moving = model.playing_frames.is_some() || model.watched.is_some();
    if is_moving || view.shown.is_none() || view.busy.is_some() || view.trouble.is_some() || !view.is_plain()
    {
        return;
    }
    let Ok(wanted) = model.full_request(view) else { return };
    let is_asked = model.ahead.as_ref().is_some_and(|(asked, _)| asked.is_same_run(&wanted));
    if is_asked || !wanted.is_lasting() {
        return;
    }
    // A run for the last layer has passed all stages.
    let has_more = view.node() != view.graph.final_node();
    if let Some((_, stale)) = &model.ahead {
        stale.cancel();
    }
    let stale = CancelToken::new();
    let wanted = Box::new(wanted);
    model.ahead = Some((wanted.clone(), stale.clone()));
    if has_more {
        effects.queue(Job::Ahead { wanted, stale });
    }
}

/// Requests images of the pinned channels of the active view's model for its picture.
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

/// Requests a newly opened data set's labels over time.
pub(crate) fn ask_for_labels(model: &mut Model, effects: &mut Effects, source: &Arc<dyn Source>) {
    (model.labels, model.plotted_label) = (None, None);
    if !source.label_names().is_empty() {
        effects.side(SideJob::Labels(Arc::clone(source)));
    }
}

/// Asks the server what it offers for a model whose weights are not here, unless it has been asked already.
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

/// The state that tasks are planned or started from.
pub(crate) fn basis(model: &Model) -> Basis {
    let view = model.view();
    let all = Registry::specs().chain(Registry::opened());
    Basis {
        request: view.request.clone(),
        layer: view.graph.node(view.node()).name.clone(),
        source: view.source.clone(),
        shown: view.shown.clone(),
        models: all
            .map(|spec| BatchModel { spec, weights_file: model.weights_file(spec).cloned() })
            .collect(),
        looks: model.saved,
        device: model.device,
        engine: model.engine,
        store: model.store.clone(),
    }
}

/// Requests the plans of all tasks that use what the active view shows (`needs_mosaic`), or of all that use only its request.
pub(crate) fn plan_tasks(model: &mut Model, needs_mosaic: bool, effects: &mut Effects) {
    for task in Task::ALL.iter().filter(|task| task.about().needs_mosaic == needs_mosaic) {
        plan_task(model, *task, effects);
    }
}

/// Requests the plan of a task for its preview, if its window is open and it isn't running.
pub(crate) fn plan_task(model: &mut Model, task: Task, effects: &mut Effects) {
    let run = model.tasks.run(task);
    if !run.is_open || run.running.is_some() {
        return;
    }
    match model.tasks.request(task, &basis(model)) {
        Ok(request) => {
            model.tasks.forget_plan(task);
            effects.push(Work::Run(RunJob::Plan(request)));
        }
        Err(reason) => model.tasks.take_plan(TaskPlan::refused(task, reason)),
    }
}

//! Handlers about results of comparisons and probes.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::message::effect::{Effects, Work};
use crate::app::message::job::RunJob;
use crate::app::message::question::Question;
use crate::app::message::remedy::told;
use crate::app::model::Model;
use crate::app::model::links::Arrangement;
use crate::app::model::messages::Tone;
use crate::app::model::studied::StudyResult;
use crate::app::model::task::Task;
use crate::app::model::view::ViewState;
use crate::app::update::show::{set_views, show};
use crate::graph::Graph;
use crate::models::{ModelSpec, Registry};
use crate::render::{Change, LayerChoice};
use crate::study::compared::FeaturesOf;

/// Keeps a result until the next one.
pub(crate) fn take_result(model: &mut Model, result: StudyResult) {
    match result {
        StudyResult::Compared(compared) => model.studied.compared = Some(compared),
        StudyResult::Probed(probed) => model.studied.probed = Some(probed),
    }
}

/// The network and the layer that features are of, or why the program can't show them.
fn network_of(of: &FeaturesOf) -> Result<(&'static ModelSpec, Arc<Graph>, LayerChoice), String> {
    let spec = Registry::find(&of.tag).map_err(|_| {
        format!("the program hasn't the network {} open: load its file with \"Load weights…\" first", of.tag)
    })?;
    let graph = spec.graph().map_err(|error| told(&error))?;
    let node = graph.find(&of.layer).ok_or_else(|| {
        format!("{} has no layer `{}` here: it isn't the network that the features are of", of.tag, of.layer)
    })?;
    let layer = if node == graph.final_node() {
        LayerChoice::Final
    } else {
        LayerChoice::Named(graph.node(node).name.clone())
    };
    Ok((spec, Arc::new(graph), layer))
}

/// Shows two of the compared layers side by side, with the picture of the active view.
pub(crate) fn show_pair(model: &mut Model, effects: &mut Effects, a: usize, b: usize) {
    let Some(compared) = model.studied.compared.clone() else { return };
    let places = if a == b { vec![a] } else { vec![a, b] };
    let mut networks = Vec::new();
    for of in places.iter().filter_map(|place| compared.of.get(*place)) {
        match network_of(of) {
            Ok(network) => networks.push((of.clone(), network)),
            Err(reason) => return model.say(Tone::Warning, reason),
        }
    }
    let active = model.view().clone();
    let plain =
        if active.is_plain() { Some(&active) } else { model.views.iter().find(|view| view.is_plain()) };
    let Some(like) = plain.cloned() else { return };
    let mut views: Vec<ViewState> = Vec::with_capacity(networks.len());
    for (_, (spec, graph, layer)) in &networks {
        let mut view = model.fresh_copy(&like);
        view.request.set_network(spec);
        view.graph = Arc::clone(graph);
        view.request.apply(&Change::ClassMap(None));
        view.request.apply(&Change::Layer(layer.clone()));
        views.push(view);
    }
    model.arrangement = Arrangement::SideBySide;
    // The matrix would lie over what was asked for; it stays in the task's window.
    model.tasks.run_mut(Task::Similarity).is_open = false;
    let ids: Vec<_> = views.iter().map(|view| view.id).collect();
    model.pairs_shown = ids.iter().copied().zip(networks.into_iter().map(|(of, _)| of)).collect();
    set_views(model, effects, views, 0);
    for id in ids {
        show(model, effects, id);
    }
}

/// Asks where to save a result.
pub(crate) fn choose_result_place(effects: &mut Effects, task: Task) {
    let name = match task {
        Task::Similarity => "similarity.png",
        Task::Probe => "probe.csv",
        Task::Batch | Task::Extract | Task::Animate => return,
    };
    effects.push(Work::Ask(Question::ResultPlace(task, name.to_owned())));
}

/// Writes a result.
pub(crate) fn save_result(
    model: &Model,
    effects: &mut Effects,
    task: Task,
    path: PathBuf,
    may_replace: bool,
) {
    let result = match task {
        Task::Similarity => model.studied.compared.clone().map(StudyResult::Compared),
        Task::Probe => model.studied.probed.clone().map(StudyResult::Probed),
        Task::Batch | Task::Extract | Task::Animate => None,
    };
    if let Some(result) = result {
        effects.push(Work::Run(RunJob::Save(result, path, may_replace)));
    }
}

//! Sends requests of views to the network's thread, and puts the results on screen.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::message::effect::{Effects, Work};
use crate::app::message::job::Job;
use crate::app::message::remedy::told;
use crate::app::model::Model;
use crate::app::model::messages::Tone;
use crate::app::model::request::FullRequest;
use crate::app::model::shown::Shown;
use crate::app::model::view::{Busy, Trouble, ViewId, ViewState};
use crate::app::update::expected::{check_expected, note_weights};
use crate::app::update::requests::{ask_offer, inspect_selected, paint_pins, plan_tasks};
use crate::app::update::telling::{check_pair, tell_frame};
use crate::models::ModelSpec;
use crate::render::{Change, LayerChoice};
use crate::tensor::ChannelKind;

pub(crate) fn show_active(model: &mut Model, effects: &mut Effects) {
    show(model, effects, model.view().id);
}

/// Requests what a view should show now, and cancels an older request of the view. A result that is in the cache is on screen in the
/// next frame. For a model without weights nothing is posted; the view says so instead. Differences that use the view are requested
/// again too.
pub(crate) fn show(model: &mut Model, effects: &mut Effects, id: ViewId) {
    model.newest.job += 1;
    let job = model.newest.job;
    let Some(at) = model.views.iter().position(|view| view.id == id) else { return };
    let wanted = model.full_request(&model.views[at]);
    let has_weights = wanted.as_ref().is_ok_and(|w| model.has_weights(w.of.spec));
    let is_here_known = model.is_here_known;
    let view = &mut model.views[at];
    (view.job, view.busy, view.trouble, view.ready) = (job, None, None, None);
    match wanted {
        Err(reason) => {
            view.trouble = Some(Trouble::NoDifference(reason));
            view.shown = None;
            effects.push(Work::Withdraw(id));
        }
        Ok(_) if !has_weights && !is_here_known => {
            // The answer of the second thread calls this function again.
            view.busy = Some(Busy::LookingForWeights);
            effects.push(Work::Withdraw(id));
        }
        Ok(_) if !has_weights => {
            view.trouble = Some(Trouble::NeedsWeights);
            let spec = view.request.spec;
            effects.push(Work::Withdraw(id));
            ask_offer(model, effects, spec);
        }
        Ok(wanted) => {
            if let Some(shown) = model.kept.get(&wanted) {
                effects.push(Work::Withdraw(id));
                take_shown(model, effects, at, &shown);
            } else {
                view.busy = Some(Busy::Waiting);
                effects.push(Work::Latest(id, Job::Show(job, Box::new(wanted))));
            }
        }
    }
    if id == model.view().id {
        plan_tasks(model, false, effects);
    }
    let depends = |of: Option<(ViewId, ViewId)>| of.is_some_and(|(a, b)| a == id || b == id);
    let dependents: Vec<ViewId> =
        model.views.iter().filter(|v| depends(v.difference_of)).map(|v| v.id).collect();
    for dependent in dependents {
        show(model, effects, dependent);
    }
}

/// Puts a finished view on screen, or keeps it until the other views of the same frame are ready.
pub(crate) fn take_shown(model: &mut Model, effects: &mut Effects, at: usize, shown: &Arc<Shown>) {
    let wanted = model.full_request(&model.views[at]).ok();
    if is_new_frame(&model.views[at]) && waits_for_others(model, &model.views[at]) {
        let view = &mut model.views[at];
        (view.busy, view.ready) = (Some(Busy::InStep), Some((Arc::clone(shown), wanted)));
        return;
    }
    put_on_screen(model, effects, at, shown, wanted);
    share_scale(model, effects);
}

/// Whether a view goes to another frame of its data set than the one on screen.
fn is_new_frame(view: &ViewState) -> bool {
    let asked = ViewState::frame_of(&view.request.picture);
    let shown = view.good.as_ref().and_then(|good| ViewState::frame_of(&good.of.picture));
    asked.is_some() && asked != shown
}

/// Whether another view of the same frame isn't ready yet.
fn waits_for_others(model: &Model, view: &ViewState) -> bool {
    let is_same_source = |other: &ViewState| match (&view.source, &other.source) {
        (Some(own), Some(theirs)) => Arc::ptr_eq(&own.source, &theirs.source) && own.index == theirs.index,
        _ => false,
    };
    let is_at_work = |other: &ViewState| other.busy.is_some_and(|busy| busy != Busy::InStep);
    model.links.pictures
        && view.is_plain()
        && model.views.iter().any(|other| {
            other.id != view.id && other.is_plain() && is_same_source(other) && is_at_work(other)
        })
}

/// Puts the views of a frame on screen together, once all of them are ready. Called after each message.
pub(crate) fn show_in_step(model: &mut Model, effects: &mut Effects) {
    let is_complete = |view: &&ViewState| view.ready.is_some() && !waits_for_others(model, view);
    let ids: Vec<ViewId> = model.views.iter().filter(is_complete).map(|view| view.id).collect();
    if ids.is_empty() {
        return;
    }
    for id in ids {
        let Some(at) = model.views.iter().position(|view| view.id == id) else { continue };
        if let Some((shown, wanted)) = model.views[at].ready.take() {
            put_on_screen(model, effects, at, &shown, wanted);
        }
    }
    share_scale(model, effects);
}

fn put_on_screen(
    model: &mut Model,
    effects: &mut Effects,
    at: usize,
    shown: &Arc<Shown>,
    wanted: Option<FullRequest>,
) {
    let view = &mut model.views[at];
    let num_channels = shown.activation.shape().channels;
    // A class map lies over the picture as soon as it is there.
    if shown.class_map.is_some() {
        if !std::mem::replace(&mut view.is_on_class_map, true) {
            view.before_class_map = view.selected;
        }
        view.selected = Some(0);
    } else if std::mem::take(&mut view.is_on_class_map) {
        view.selected = view.before_class_map.take();
    }
    // Another network, or a layer with fewer channels: its strongest takes the place of the selected one, so that there is something to
    // look into; and so it does in another picture, if the one that was chosen for the person is dead there. In a data set the channel
    // stays, because it is followed over the frames.
    let is_foreign = std::mem::take(&mut view.selects_strongest);
    let is_dead = |channel: usize| {
        let stats = shown.stats.channels.get(channel);
        !view.is_own_choice && view.source.is_none() && stats.is_some_and(|s| s.kind == ChannelKind::Dead)
    };
    if view.selected.is_some_and(|channel| is_foreign || channel >= num_channels || is_dead(channel)) {
        (view.selected, view.is_own_choice) = (shown.strongest.first().copied(), false);
    }
    let is_same_layer = view.shown.as_ref().is_some_and(|old| {
        old.spec().tag == shown.spec().tag && old.node == shown.node && Arc::ptr_eq(&old.view, &shown.view)
    });
    let id = view.id;
    if !is_same_layer {
        view.closest = None;
    }
    (view.busy, view.trouble) = (None, None);
    view.shown = Some(Arc::clone(shown));
    if let Some(wanted) = wanted {
        if wanted.is_lasting() {
            model.kept.insert(wanted.clone(), Arc::clone(shown), shown.num_bytes());
        }
        view.good = Some(wanted);
        view.good_source.clone_from(&view.source);
    }
    if std::mem::take(&mut model.selects_first) && model.views[at].selected.is_none() {
        model.views[at].selected = shown.strongest.first().copied();
    }
    if at == model.active {
        inspect_selected(model, effects);
        paint_pins(model, effects);
        plan_tasks(model, true, effects);
    }
    if !is_same_layer {
        model.forget_closest_to(id);
    }
    note_weights(model, shown);
    check_expected(model, effects, at, shown);
    check_pair(model, at);
    trace(model, at);
    if at == model.active {
        tell_frame(model, effects);
    }
}

/// Keeps what the channels of the active view answered to a frame.
fn trace(model: &mut Model, at: usize) {
    if at != model.active {
        return;
    }
    let view = model.view();
    let is_own = view.is_plain() && view.request.class_map.is_none();
    if let (true, Some(open), Some(shown)) = (is_own, view.source.clone(), view.shown.clone()) {
        model.trace.take(&open, &shown);
    }
}

/// Updates the range that all views share, and shows the plain views again if it has changed.
pub(crate) fn share_scale(model: &mut Model, effects: &mut Effects) {
    let range = model.range_of_all();
    if range == model.shared_range {
        return;
    }
    model.shared_range = range;
    let plain: Vec<ViewId> = model.views.iter().filter(|v| v.is_plain()).map(|v| v.id).collect();
    for id in plain {
        show(model, effects, id);
    }
}

/// Asks the worker to find out what a path is. As with showing, only the newest request of the view counts.
pub(crate) fn open(model: &mut Model, effects: &mut Effects, path: PathBuf, path_column: Option<String>) {
    model.newest.job += 1;
    let job = model.newest.job;
    let view = model.view_mut();
    (view.job, view.busy) = (job, Some(Busy::Opening));
    let id = view.id;
    effects.push(Work::Latest(id, Job::Open(job, path, path_column)));
}

/// Asks the worker to make a data set of files, in the order given.
pub(crate) fn open_set(model: &mut Model, effects: &mut Effects, paths: Vec<PathBuf>) {
    model.newest.job += 1;
    let job = model.newest.job;
    let view = model.view_mut();
    (view.job, view.busy) = (job, Some(Busy::Opening));
    let id = view.id;
    effects.push(Work::Latest(id, Job::OpenSet(job, paths)));
}

pub(crate) fn set_model(model: &mut Model, effects: &mut Effects, spec: &'static ModelSpec) {
    match spec.graph() {
        Ok(graph) => {
            let view = model.view_mut();
            // The other model may have a layer of the same name; if not, its last layer is shown.
            if let LayerChoice::Named(name) = &view.request.layer
                && graph.find(name).is_none()
            {
                view.request.layer = LayerChoice::Final;
            }
            if view.request.spec.tag != spec.tag {
                // A range of another network's values means nothing here.
                view.end_hold();
                view.selects_strongest = view.selected.is_some();
            }
            view.request.set_network(spec);
            view.graph = Arc::new(graph);
            show_active(model, effects);
        }
        Err(error) => model.say(Tone::Bad, told(&error)),
    }
}

/// Changes the picture of a view, and of all other plain views if pictures are linked.
pub(crate) fn change_pictures(
    model: &mut Model,
    effects: &mut Effects,
    id: ViewId,
    change: impl Fn(&mut ViewState),
) {
    let is_linked = model.links.pictures && model.find(id).is_some_and(ViewState::is_plain);
    let mut changed = Vec::new();
    for view in &mut model.views {
        if view.id == id || (is_linked && view.is_plain()) {
            change(view);
            changed.push(view.id);
        }
    }
    // Before the first is shown, perhaps from the cache, so that it waits for the others.
    for view in model.views.iter_mut().filter(|view| changed.contains(&view.id)) {
        view.busy = Some(Busy::Waiting);
    }
    for id in changed {
        show(model, effects, id);
    }
}

pub(crate) fn set_layer(model: &mut Model, effects: &mut Effects, layer: LayerChoice) {
    model.view_mut().leave_layer();
    model.view_mut().request.apply(&Change::Layer(layer));
    show_active(model, effects);
}

/// Replaces all views, and returns the numbers of the new ones. The caller has to show them.
pub(crate) fn replace_views(
    model: &mut Model,
    effects: &mut Effects,
    views: Vec<ViewState>,
    active: usize,
) -> Vec<ViewId> {
    let ids = views.iter().map(|v| v.id).collect();
    set_views(model, effects, views, active);
    ids
}

/// Replaces the list of views; some may be the same as before.
pub(crate) fn set_views(model: &mut Model, effects: &mut Effects, views: Vec<ViewState>, active: usize) {
    let old: Vec<ViewId> = model.views.iter().map(|v| v.id).collect();
    (model.views, model.active) = (views, active);
    for id in old {
        if model.find(id).is_none() {
            let_go(model, effects, id);
        }
    }
    inspect_selected(model, effects);
}

/// Cleans up after a view that was closed.
pub(crate) fn let_go(model: &mut Model, effects: &mut Effects, id: ViewId) {
    model.forget_closest_to(id);
    effects.push(Work::Withdraw(id));
}

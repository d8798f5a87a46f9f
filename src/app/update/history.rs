//! Undo and redo of what was requested of the views.

use std::sync::Arc;

use crate::app::message::Now;
use crate::app::message::effect::Effects;
use crate::app::message::remedy::told;
use crate::app::model::Model;
use crate::app::model::history::{Asked, Gesture, MAX_STEPS, OpenGesture, Snapshot};
use crate::app::model::messages::Tone;
use crate::app::update::requests::ask_for_labels;
use crate::app::update::show::{set_views, share_scale, show};
use crate::input::dataset::Source;
use crate::weights::FilePart;

/// Adds the state before a command to the undo history, if the command changed anything; returns whether it did.
pub(crate) fn keep_step(model: &mut Model, before: Snapshot) -> bool {
    if model.snapshot().is_same(&before) {
        return false;
    }
    let history = &mut model.history;
    history.future.clear();
    history.past.push(before);
    if history.past.len() > MAX_STEPS {
        history.past.remove(0);
    }
    true
}

/// Adds the state before a command to the undo history as [`keep_step`] does, unless the command goes on with a movement whose step is
/// there already.
pub(crate) fn keep_step_of(model: &mut Model, before: Snapshot, gesture: Option<Gesture>, now: &Now) {
    let goes_on = model.history.gesture.is_some_and(|open| Some(open.of) == gesture);
    if goes_on {
        model.history.future.clear();
    } else if !keep_step(model, before) {
        return;
    }
    let is_movement = goes_on || now.is_down || gesture == Some(Gesture::Frames);
    model.history.gesture =
        gesture.filter(|_| is_movement).map(|of| OpenGesture::new(of, now.secs, now.is_down));
}

pub(crate) fn step_back(model: &mut Model, effects: &mut Effects) {
    model.history.gesture = None;
    let Some(to) = model.history.past.pop() else { return };
    let now = now_before(model, &to);
    model.history.future.push(now);
    take_snapshot(model, effects, &to);
}

pub(crate) fn step_forward(model: &mut Model, effects: &mut Effects) {
    let Some(to) = model.history.future.pop() else { return };
    let now = now_before(model, &to);
    model.history.past.push(now);
    take_snapshot(model, effects, &to);
}

/// The present, to come back to from a step to `to`.
fn now_before(model: &Model, to: &Snapshot) -> Snapshot {
    Snapshot { saved: to.saved.map(|_| model.saved), ..model.snapshot() }
}

/// Restores a snapshot. Views that were closed since come back under their old numbers, so that differences find them; newer views
/// are closed.
fn take_snapshot(model: &mut Model, effects: &mut Effects, to: &Snapshot) {
    model.saved = to.saved.unwrap_or(model.saved);
    let mut views = Vec::with_capacity(to.views.len());
    let mut changed = Vec::new();
    for asked in &to.views {
        let old = model.find(asked.id);
        let has_file = |files: &[(&'static str, FilePart)]| {
            files.iter().find(|(tag, _)| *tag == asked.request.spec.tag).map(|(_, path)| path.clone())
        };
        let is_same = old.is_some_and(|view| Asked::of(view).is_same(asked))
            && has_file(&to.weight_files) == has_file(&model.weight_files);
        let graph = match old {
            Some(view) if view.request.spec.tag == asked.request.spec.tag => Arc::clone(&view.graph),
            _ => match asked.request.spec.graph() {
                Ok(graph) => Arc::new(graph),
                Err(error) => {
                    model.say(Tone::Bad, told(&error));
                    continue;
                }
            },
        };
        let old = old.cloned();
        if is_same {
            views.extend(old);
        } else {
            changed.push(asked.id);
            views.push(asked.view(old, graph));
        }
    }
    if views.is_empty() {
        return;
    }
    model.expected.clear();
    model.links = to.links;
    model.weight_files.clone_from(&to.weight_files);
    let active = views.iter().position(|view| view.id == to.active).unwrap_or(0);
    let labelled = labelled_source(model);
    set_views(model, effects, views, active);
    for id in changed {
        show(model, effects, id);
    }
    share_scale(model, effects);
    ask_for_new_labels(model, effects, labelled.as_ref());
}

/// Asks for the labels of the active view's data set, unless it is the one that was open before.
pub(crate) fn ask_for_new_labels(model: &mut Model, effects: &mut Effects, before: Option<&Arc<dyn Source>>) {
    if let Some(source) =
        labelled_source(model).filter(|source| before.is_none_or(|old| !Arc::ptr_eq(source, old)))
    {
        ask_for_labels(model, effects, &source);
    }
}

/// The active view's data set, whose labels are plotted.
pub(crate) fn labelled_source(model: &Model) -> Option<Arc<dyn Source>> {
    model.view().source.as_ref().map(|open| Arc::clone(&open.source))
}

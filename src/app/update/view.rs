//! Handlers about the active view: what it shows, and how.

use std::sync::Arc;

use crate::app::message::Now;
use crate::app::message::effect::{Effects, FaceEffect, Motion, Work};
use crate::app::message::job::SideJob;
use crate::app::message::question::Question;
use crate::app::message::view::ViewCommand;
use crate::app::model::Model;
use crate::app::model::dataset::{OpenSource, Playing, frame};
use crate::app::model::messages::Tone;
use crate::app::model::view::{Trouble, ViewId, ViewState};
use crate::app::update::history::{ask_for_new_labels, labelled_source};
use crate::app::update::opening::open_all;
use crate::app::update::requests::inspect_selected;
use crate::app::update::show::{change_pictures, open, set_layer, set_model, show, show_active};
use crate::app::update::weights;
use crate::graph::NodeId;
use crate::mosaic::PixelRect;
use crate::render::{Change, PictureChoice, is_weights_path};

/// Handles a command about the active view.
pub(crate) fn apply(model: &mut Model, command: ViewCommand, now: &Now, effects: &mut Effects) {
    match command {
        ViewCommand::ChoosePicture => effects.push(Work::Ask(Question::Picture(model.folder.clone()))),
        ViewCommand::ChooseFolder => effects.push(Work::Ask(Question::Folder(model.folder.clone()))),
        ViewCommand::Open(path) if is_weights_path(&path) => weights::fit(model, effects, path),
        ViewCommand::Open(path) => open(model, effects, path, None),
        ViewCommand::OpenAll(paths) => open_all(model, effects, paths),
        ViewCommand::OpenTable(path, column) => {
            model.column_question = None;
            open(model, effects, path, Some(column));
        }
        ViewCommand::DropTable => model.column_question = None,
        ViewCommand::OpenCat => {
            let id = model.view().id;
            // Whoever asks for the cat doesn't wait for a figure's picture.
            for expected in model.expected.iter_mut().filter(|expected| expected.view == id) {
                expected.picture = None;
            }
            change_pictures(model, effects, id, |view| {
                view.source = None;
                view.request.picture = PictureChoice::Cat;
            });
        }
        ViewCommand::PastePicture(image) => paste(model, effects, &image),
        ViewCommand::SetModel(row) => {
            effects.side(SideJob::Here(model.store.clone()));
            set_model(model, effects, row);
        }
        ViewCommand::Change(change) => change_views(model, effects, &change),
        ViewCommand::StepLayer(steps) => step_layer(model, effects, steps),
        ViewCommand::TogglePlay => {
            model.playing = match model.playing {
                Some(_) => None,
                None => Some(Playing { next_secs: now.secs }),
            };
        }
        ViewCommand::Select(channel) => {
            model.view_mut().choose_channel(channel);
            inspect_selected(model, effects);
        }
        ViewCommand::Fit => effects.face(FaceEffect::Move(Motion::Fit)),
        ViewCommand::Zoom(factor) => effects.face(FaceEffect::Move(Motion::Zoom(factor))),
        ViewCommand::ActualSize => effects.face(FaceEffect::Move(Motion::ActualSize)),
        ViewCommand::ShowSelected => show_selected(model, effects, Motion::Center),
        ViewCommand::ShowLarge => show_selected(model, effects, Motion::Large),
        ViewCommand::Retry => {
            model.view_mut().generation = model.next_generation();
            show_active(model, effects);
        }
        ViewCommand::GoBack => go_back(model, effects),
        ViewCommand::StopRuns => stop_runs(model, effects),
    }
}

/// Changes part of a request: looks in all views if looks are linked, anything else in the active view.
fn change_views(model: &mut Model, effects: &mut Effects, change: &Change) {
    let active = model.view().id;
    let is_linked = change.is_look() && model.links.looks && model.view().is_plain();
    let mut changed: Vec<ViewId> = Vec::new();
    for view in &mut model.views {
        if view.id == active || (is_linked && view.is_plain()) {
            if matches!(change, Change::Layer(_)) {
                view.leave_layer();
            }
            view.request.apply(change);
            changed.push(view.id);
        }
    }
    for id in changed {
        show(model, effects, id);
    }
}

/// Goes back to the request that what is on screen answers.
fn go_back(model: &mut Model, effects: &mut Effects) {
    let Some(good) = model.view().good.clone() else { return };
    model.weight_files.retain(|(tag, _)| *tag != good.of.spec.tag);
    model.weight_files.extend(good.weights_file.map(|file| (good.of.spec.tag, file)));
    let labelled = labelled_source(model);
    let view = model.view_mut();
    let row = good.of.spec;
    if view.is_plain() {
        view.request = good.of;
        source_of_good(view);
    }
    ask_for_new_labels(model, effects, labelled.as_ref());
    set_model(model, effects, row);
}

/// Opens the data set again that the view's picture, a good one, is of. If a picture was added to it since, the set with it stays.
fn source_of_good(view: &mut ViewState) {
    let is_same = |open: &OpenSource, good: &OpenSource| open.place == good.place && open.from == good.from;
    let good = view.good_source.clone();
    match (&mut view.source, good) {
        (Some(open), Some(good)) if is_same(open, &good) => {
            (open.index, open.camera) = (good.index, good.camera);
            view.request.picture = frame(open);
        }
        (_, good) => view.source = good,
    }
}

/// Stops what is computed for the views. A view that shows something goes back to the request for it, so that nothing on screen belongs
/// to another request than the panels say.
pub(crate) fn stop_runs(model: &mut Model, effects: &mut Effects) {
    (model.playing, model.playing_frames) = (None, None);
    let labelled = labelled_source(model);
    for at in 0..model.views.len() {
        if !model.views[at].can_be_stopped() {
            continue;
        }
        model.newest.job += 1;
        let job = model.newest.job;
        effects.push(Work::Withdraw(model.views[at].id));
        let view = &mut model.views[at];
        (view.job, view.busy) = (job, None);
        let good = view.good.clone().filter(|_| view.shown.is_some() && view.is_plain());
        // The graph of a network that could be shown is sound.
        match good.and_then(|good| Some((good.of.spec.graph().ok()?, good))) {
            Some((graph, good)) => {
                view.graph = Arc::new(graph);
                view.generation = good.generation;
                model.weight_files.retain(|(tag, _)| *tag != good.of.spec.tag);
                model.weight_files.extend(good.weights_file.map(|file| (good.of.spec.tag, file)));
                view.request = good.of;
                source_of_good(view);
            }
            None => view.trouble = Some(Trouble::Stopped),
        }
    }
    ask_for_new_labels(model, effects, labelled.as_ref());
    // A difference that was stopped may be the one on screen again.
    for at in 0..model.views.len() {
        let view = &model.views[at];
        let is_on_screen = !view.is_plain()
            && view.trouble == Some(Trouble::Stopped)
            && view.shown.is_some()
            && view.good.is_some()
            && model.full_request(view).ok() == view.good;
        if is_on_screen {
            model.views[at].trouble = None;
        }
    }
}

fn show_selected(model: &Model, effects: &mut Effects, motion: fn(PixelRect) -> Motion) {
    let view = model.view();
    let rect = view.shown.as_ref().zip(view.selected).and_then(|(shown, channel)| {
        let position = shown.mosaic.order.position_of(channel)?;
        let tile = shown.mosaic.geometry.channel_rect(position)?;
        // On the screen a tile takes the gap after it, but for a separator.
        let (gap, whole) = (shown.mosaic.geometry.gap(), &shown.mosaic.pixels);
        let width = (tile.width + gap).min(whole.width() - tile.x);
        let height = (tile.height + gap).min(whole.height() - tile.y);
        Some(PixelRect { width, height, ..tile })
    });
    if let Some(r) = rect {
        effects.face(FaceEffect::Move(motion(r)));
    }
}

fn paste(model: &mut Model, effects: &mut Effects, image: &egui::ColorImage) {
    let [width, height] = image.size;
    let bytes: Vec<u8> = image.pixels.iter().flat_map(|p| [p.r(), p.g(), p.b()]).collect();
    let Some(rgb) = image::RgbImage::from_raw(width as u32, height as u32, bytes) else {
        model.say(Tone::Bad, "the clipboard's picture can't be read");
        return;
    };
    model.newest.pasted += 1;
    let frame = crate::input::live::Frame { number: model.newest.pasted, rgb: Arc::new(rgb) };
    let id = model.view().id;
    change_pictures(model, effects, id, |view| {
        view.source = None;
        view.request.picture = PictureChoice::Pasted(frame.clone());
    });
}

/// The layer that is this many steps further in the list of layers, if there is one.
fn layer_at_step(model: &Model, steps: isize) -> Option<NodeId> {
    let view = model.view();
    let (nodes, chosen) = (view.walk(model.preferences.lists_every_node), view.node());
    // From a node between two stages, a step goes to the next stage on that side.
    let at = match nodes.binary_search(&chosen) {
        Ok(at) => at.checked_add_signed(steps)?,
        Err(after) if steps > 0 => after.checked_add_signed(steps - 1)?,
        Err(after) => after.checked_add_signed(steps)?,
    };
    nodes.get(at).copied()
}

fn step_layer(model: &mut Model, effects: &mut Effects, steps: isize) {
    if let Some(node) = layer_at_step(model, steps) {
        let layer = model.view().layer_choice(node);
        set_layer(model, effects, layer);
    }
}

/// Goes to the next layer when it is due and the current one is shown; starts again from the first after the last layer.
pub(crate) fn play_on(model: &mut Model, effects: &mut Effects, now: &Now) {
    let Some(playing) = model.playing else { return };
    let now = now.secs;
    let view = model.view();
    if view.trouble.is_some() {
        model.playing = None;
        return;
    }
    if view.busy.is_none() && now >= playing.next_secs {
        let first = view.walk(model.preferences.lists_every_node).first().copied();
        let pause = 1.0 / f64::from(model.preferences.layers_a_second);
        model.playing = Some(Playing { next_secs: now + pause });
        if let Some(node) = layer_at_step(model, 1).or(first) {
            let layer = model.view().layer_choice(node);
            set_layer(model, effects, layer);
        }
    }
    if let Some(playing) = model.playing {
        effects.face(FaceEffect::DrawAfter((playing.next_secs - now).max(0.0)));
    }
}

//! Handlers about data sets: frames and cameras, a watched folder, frames of a stream.

use std::sync::Arc;
use std::time::SystemTime;

use crate::app::message::Now;
use crate::app::message::dataset::DatasetCommand;
use crate::app::message::effect::{Effects, FaceEffect, Work};
use crate::app::message::job::SideJob;
use crate::app::model::Model;
use crate::app::model::dataset::{OpenSource, OpenedFrom, Playing, frame, is_watched, listed_by};
use crate::app::model::links::Arrangement;
use crate::app::model::messages::Tone;
use crate::app::model::view::{MAX_VIEWS, ViewId, ViewState};
use crate::app::update::history::keep_step;
use crate::app::update::preferences::remember_opened;
use crate::app::update::requests::ask_for_labels;
use crate::app::update::show::{change_pictures, replace_views, set_views, show, show_active};
use crate::input::dataset::{Camera, Source};
use crate::input::live::{Frame, Grown};
use crate::mosaic::Normalisation;
use crate::render::PictureChoice;
use crate::tensor::counted;

/// Greatest number of files that a message names.
const MAX_TOLD: usize = 4;

/// Handles a command about the open data set.
pub(crate) fn apply(model: &mut Model, command: DatasetCommand, now: &Now, effects: &mut Effects) {
    match command {
        DatasetCommand::SetFrame(index) => set_frame(model, effects, index),
        DatasetCommand::SetCamera(camera) => set_camera(model, effects, camera),
        DatasetCommand::TogglePlayFrames => {
            if model.playing_frames.take().is_none() {
                // At the last frame, playback starts again from the first.
                if model.view().source.as_ref().is_some_and(|o| o.index + 1 >= o.source.len()) {
                    set_frame(model, effects, 0);
                }
                model.playing_frames = Some(Playing { next_secs: now.secs });
            }
        }
        DatasetCommand::HoldScale(is_held) => hold_scale(model, effects, is_held),
        DatasetCommand::ThreeCameras => three_cameras(model, effects),
        DatasetCommand::ToggleWatch => toggle_watch(model, effects),
        DatasetCommand::SetPlottedLabel(at) => model.plotted_label = Some(at),
        DatasetCommand::ShowThumb(key) => {
            if model.may_ask_for_thumb(&key) {
                model.thumbs_asked.push(key.clone());
                effects.side(SideJob::Thumb(key));
            }
        }
    }
}

pub(crate) fn set_frame(model: &mut Model, effects: &mut Effects, index: usize) {
    let view = model.view();
    let (id, open) = (view.id, view.source.clone());
    let Some(open) = open.filter(|open| index < open.source.len() && index != open.index) else { return };
    change_pictures(model, effects, id, |view| {
        if let Some(own) = &mut view.source
            && Arc::ptr_eq(&own.source, &open.source)
        {
            own.index = index;
            view.request.picture = frame(own);
        }
    });
}

/// Changes the camera of the active view alone, even if pictures are linked, so that different cameras of one frame can be compared.
fn set_camera(model: &mut Model, effects: &mut Effects, camera: Camera) {
    let view = model.view_mut();
    if let Some(open) = &mut view.source {
        open.camera = Some(camera);
        view.request.picture = frame(open);
        show_active(model, effects);
    }
}

/// Shows everything from now on in the range of what is on screen, where the whole layer has one, or lets that range go.
fn hold_scale(model: &mut Model, effects: &mut Effects, is_held: bool) {
    let active = model.view().id;
    let is_linked = model.links.looks;
    let mut changed = Vec::new();
    for view in &mut model.views {
        if !view.is_plain() || (view.id != active && !is_linked) {
            continue;
        }
        if !is_held {
            // A range of a restored figure was never held here.
            if !view.end_hold() && view.has_fixed_range() {
                view.request.settings.normalisation = Normalisation::Layer;
            }
        } else if let Some((low, high)) = view.range_to_hold() {
            view.before_hold = Some(view.request.settings.normalisation);
            view.request.settings.normalisation = Normalisation::Fixed { low, high };
        } else {
            continue;
        }
        changed.push(view.id);
    }
    for id in changed {
        show(model, effects, id);
    }
}

/// Shows the cameras of one frame side by side in linked views: the first ones, as many as there may be views. Where they are shown
/// already, only the active one stays.
fn three_cameras(model: &mut Model, effects: &mut Effects) {
    let view = model.view().clone();
    let Some(open) = &view.source else { return };
    if model.shows_all_cameras() {
        if model.arrangement == Arrangement::SideBySide {
            model.arrangement = Arrangement::Automatic;
        }
        set_views(model, effects, vec![view], 0);
        return;
    }
    let cameras: Vec<Camera> = open.source.cameras().iter().copied().take(MAX_VIEWS).collect();
    if cameras.len() < 2 {
        model.say(Tone::Warning, "this data set has pictures of one camera only");
        return;
    }
    let mut views: Vec<ViewState> = Vec::with_capacity(MAX_VIEWS);
    for camera in cameras {
        let mut copy = model.fresh_copy(&view);
        (copy.selected, copy.is_own_choice) = (view.selected, view.is_own_choice);
        if let Some(own) = &mut copy.source {
            own.camera = Some(camera);
            copy.request.picture = frame(own);
        }
        views.push(copy);
    }
    let active =
        views.iter().position(|v| v.source.as_ref().map(|o| o.camera) == Some(open.camera)).unwrap_or(0);
    model.links.pictures = true;
    model.arrangement = Arrangement::SideBySide;
    for id in replace_views(model, effects, views, active) {
        show(model, effects, id);
    }
}

/// Goes to the next frame when it is due and all views show the current one.
pub(crate) fn play_frames(model: &mut Model, effects: &mut Effects, now: &Now) {
    let Some(playing) = model.playing_frames else { return };
    let now = now.secs;
    let next = model.view().source.as_ref().map(|open| (open.index + 1, open.source.len()));
    let Some((next, len)) = next else {
        model.playing_frames = None;
        return;
    };
    if next >= len || model.view().trouble.is_some() {
        model.playing_frames = None;
        return;
    }
    if now >= playing.next_secs && model.views.iter().all(|view| view.busy.is_none()) {
        let pause = 1.0 / f64::from(model.preferences.frames_a_second);
        model.playing_frames = Some(Playing { next_secs: now + pause });
        set_frame(model, effects, next);
    }
    effects.face(FaceEffect::DrawAfter((playing.next_secs - now).max(0.0)));
}

/// Starts or stops watching the open folder.
fn toggle_watch(model: &mut Model, effects: &mut Effects) {
    if model.watched.take().is_some() {
        effects.push(Work::StopWatching);
        return;
    }
    let Some(open) = &model.view().source else { return };
    if !open.source.cameras().is_empty() || !open.from.files.is_empty() {
        let what = if open.from.files.is_empty() { "a log" } else { "a set of files" };
        model.say(Tone::Warning, format!("only a folder can be watched; this is {what}"));
        return;
    }
    let (place, listed) = (open.place.clone(), open.listed);
    effects.push(Work::Watch(place.clone(), listed));
    model.watched = Some(place);
}

/// Shows the newest picture of a watched folder in the views that have this folder open.
pub(crate) fn take_grown(model: &mut Model, effects: &mut Effects, grown: &Grown) {
    let is_current = model.watched.as_ref() == Some(&grown.place);
    let mut changed = Vec::new();
    let generation = model.next_generation();
    for view in model.views.iter_mut().filter(|_| is_current) {
        if let Some(open) = view.source.as_mut().filter(|open| is_watched(Some(&grown.place), open)) {
            open.source = Arc::clone(&grown.source);
            open.index = grown.newest;
            view.request.picture = frame(open);
            // A path may hold a different picture than before.
            view.generation = generation;
            changed.push(view.id);
        }
    }
    for id in changed {
        show(model, effects, id);
    }
}

/// Shows the newest frame of a stream, once no view is busy with the one before.
pub(crate) fn take_frame(model: &mut Model, frame: &Frame, effects: &mut Effects) {
    if model.newest.frame >= frame.number || model.views.iter().any(|view| view.busy.is_some()) {
        return;
    }
    model.newest.frame = frame.number;
    let id = model.view().id;
    change_pictures(model, effects, id, |view| {
        view.source = None;
        view.request.picture = PictureChoice::Live(frame.clone());
    });
}

pub(crate) fn open_source(
    model: &mut Model,
    effects: &mut Effects,
    id: ViewId,
    place: &std::path::Path,
    from: OpenedFrom,
    source: &Arc<dyn Source>,
) {
    let cameras = source.cameras();
    let camera = cameras
        .iter()
        .find(|c| **c == crate::input::dataset::Camera::Center)
        .or_else(|| cameras.first())
        .copied();
    let skipped = source.skipped().len();
    if skipped > 0 && !from.files.is_empty() {
        // These were named one by one, so each is told.
        let each = |s: &crate::input::dataset::Skipped| format!("\"{}\" ({})", s.place, s.reason);
        let told: Vec<String> = source.skipped().iter().take(MAX_TOLD).map(each).collect();
        let more = skipped.saturating_sub(MAX_TOLD);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        model.say(Tone::Bad, format!("not opened with the others: {}{more}", told.join(", ")));
    } else if skipped > 0 {
        let first = source.skipped().first().map_or_else(String::new, |s| s.reason.clone());
        model.say(
            Tone::Warning,
            format!("left out of \"{}\": {}; the first: {first}", place.display(), counted(skipped, "row")),
        );
    }
    for note in source.notes() {
        model.say(Tone::Good, format!("{note}: \"{}\"", place.display()));
    }
    let listed = listed_by(SystemTime::now());
    if from.files.is_empty() {
        remember_opened(model, place);
    } else {
        // The folder holds other files too, so it isn't what was opened.
        model.folder = Some(place.to_owned());
    }
    let open =
        OpenSource { source: Arc::clone(source), place: place.to_owned(), from, listed, index: 0, camera };
    ask_for_labels(model, effects, source);
    let (before, generation) = (model.snapshot(), model.next_generation());
    // Another data set was playing.
    model.playing_frames = None;
    change_pictures(model, effects, id, |view| {
        // A range of another data set means nothing here.
        view.end_hold();
        view.generation = generation;
        view.request.picture = frame(&open);
        view.source = Some(open.clone());
    });
    keep_step(model, before);
}

//! What is open, kept for the next start: writing it, and showing what of it was found again.

use crate::app::message::effect::{Effects, Work};
use crate::app::message::job::Job;
use crate::app::model::Model;
use crate::app::model::messages::Tone;
use crate::app::model::pins::{MAX_PINS, Pin, PinnedChannel};
use crate::app::model::session::{
    KeptPicture, KeptPin, KeptView, KeptWeights, LastTime, MAX_BYTES, Reopened, VERSION,
};
use crate::app::model::view::{Busy, ViewState};
use crate::app::update::requests::ask_for_labels;
use crate::app::update::show::{replace_views, show, show_active};
use crate::models::Registry;
use crate::render::{KeptLooks, LayerChoice, PictureChoice};

/// What is open, as text; empty if it isn't to be opened again.
pub(crate) fn kept(model: &Model) -> String {
    if !model.preferences.opens_last {
        return String::new();
    }
    // What was open the last time is still being looked for.
    if let Some(text) = &model.reopening {
        return text.clone();
    }
    let at = |id| model.views.iter().position(|view| view.id == id);
    let views = model.views.iter().map(|view| KeptView {
        picture: picture(view),
        model: view.request.spec.tag.to_owned(),
        layer: match &view.request.layer {
            LayerChoice::Final => None,
            LayerChoice::Named(name) => Some(name.clone()),
        },
        fit: view.request.input.fit.to_string(),
        values: view.request.input.values.to_string(),
        looks: KeptLooks::exactly(&view.request),
        grid: view.request.settings.grid.map(|grid| grid.to_string()),
        class: view.request.class_map.as_ref().map(ToString::to_string),
        selected: view.selected,
        difference_of: view.difference_of.and_then(|(a, b)| at(a).zip(at(b))),
        sha256: model.weights_hash(view.request.spec).map(str::to_owned),
    });
    let weights = model.weight_files.iter().filter_map(|(tag, file)| {
        let spec = Registry::find(tag).ok()?;
        let opened = spec.opened();
        // A path that isn't text can't be written.
        let path = absolute(&file.path).filter(|path| path.to_str().is_some())?;
        Some(KeptWeights {
            tag: (*tag).to_owned(),
            path,
            prefix: file.choice.prefix.clone(),
            ema: file.choice.ema,
            sha256: model.weights_hash(spec).map(str::to_owned),
            is_onnx: opened.is_some(),
            final_layer: opened.and_then(|opened| opened.final_asked.clone()),
        })
    });
    let pins = model.pins.iter().map(|pin| KeptPin {
        model: pin.spec.tag.to_owned(),
        layer: pin.pinned.layer.clone(),
        channel: pin.pinned.channel,
    });
    let session = LastTime {
        version: VERSION,
        active: model.active,
        views: views.collect(),
        weights: weights.collect(),
        pins: pins.collect(),
    };
    serde_json::to_string(&session).unwrap_or_default()
}

/// A path that means the same wherever the program is started.
fn absolute(path: &std::path::Path) -> Option<std::path::PathBuf> {
    std::path::absolute(path).ok()
}

/// A view's picture, as it can be found again.
fn picture(view: &ViewState) -> KeptPicture {
    // A difference has the pictures of its two views.
    if !view.is_plain() {
        return KeptPicture::Cat;
    }
    let no_text = || KeptPicture::Gone("the path of its picture isn't text and can't be kept".to_owned());
    match (&view.request.picture, &view.source) {
        (PictureChoice::Cat, _) => KeptPicture::Cat,
        (PictureChoice::File(path), _) => {
            absolute(path).filter(|path| path.to_str().is_some()).map_or_else(no_text, KeptPicture::File)
        }
        (PictureChoice::Frame { source, place, index, camera }, open) => {
            // A view of a figure that was restored knows the data set's path, but has no data set open.
            let (column, files) = open
                .as_ref()
                .map_or((None, Vec::new()), |open| (open.from.path_column.clone(), open.from.files.clone()));
            let place = open.as_ref().map_or(place, |open| &open.place);
            let is_text = files.iter().chain([place]).all(|path| path.to_str().is_some());
            match (absolute(place).filter(|_| is_text), source.sample(*index)) {
                (Some(place), Some(sample)) => KeptPicture::Frame {
                    place,
                    column,
                    files: files.iter().filter_map(|path| absolute(path)).collect(),
                    row: sample.row,
                    id: sample.id,
                    camera: camera.map(|camera| camera.name().to_owned()),
                },
                _ => no_text(),
            }
        }
        (PictureChoice::Pasted(_), _) => {
            KeptPicture::Gone("its picture came from the clipboard, which isn't kept".to_owned())
        }
        (PictureChoice::Live(_), _) => {
            KeptPicture::Gone("its picture came from a stream, which isn't kept".to_owned())
        }
    }
}

/// Begins to open what was open the last time. Text that can't be read costs nothing but a message.
pub(crate) fn take(model: &mut Model, effects: &mut Effects, text: &str) {
    if text.trim().is_empty() || !model.preferences.opens_last {
        return;
    }
    let session = match read(text) {
        Ok(session) => session,
        Err(reason) => {
            model.say(Tone::Bad, format!("what was open last is not opened again: {reason}"));
            return;
        }
    };
    model.reopening = Some(text.to_owned());
    // Nothing else is computed in the meantime.
    model.newest.job += 1;
    let job = model.newest.job;
    let view = model.view_mut();
    (view.job, view.busy) = (job, Some(Busy::Opening));
    let id = view.id;
    effects.push(Work::Withdraw(id));
    effects.queue(Job::Reopen(Box::new(session)));
}

/// Gives up opening what was open the last time, because the user has begun something else.
pub(crate) fn give_up(model: &mut Model, effects: &mut Effects) {
    if model.reopening.take().is_some() {
        show_active(model, effects);
    }
}

fn read(text: &str) -> Result<LastTime, String> {
    if text.len() > MAX_BYTES {
        return Err("its record is too long".to_owned());
    }
    let session: LastTime =
        serde_json::from_str(text).map_err(|error| format!("its record can't be read ({error})"))?;
    if session.version > VERSION {
        return Err("its record was written by a later version".to_owned());
    }
    Ok(session)
}

/// Shows what was found again of the last time, unless the user has begun something else meanwhile.
pub(crate) fn take_reopened(model: &mut Model, effects: &mut Effects, found: Reopened) {
    if model.reopening.take().is_none() {
        return;
    }
    model.selects_first &= found.views.is_empty();
    for lost in found.lost {
        model.say(Tone::Bad, format!("not opened again from the last time: {lost}"));
    }
    model.weight_files.extend(found.weights);
    for (spec, layer, channel) in found.pins.into_iter().take(MAX_PINS) {
        model.newest.pin += 1;
        let pinned = PinnedChannel { id: model.newest.pin, layer, channel };
        model.pins.push(Pin { spec, pinned, image: None });
    }
    if found.views.is_empty() {
        show_active(model, effects);
        return;
    }
    let generation = model.next_generation();
    let first = model.newest.view + 1;
    let places: Vec<usize> = found.views.iter().map(|(at, _)| *at).collect();
    let id_of = |at: usize| places.iter().position(|place| *place == at).map(|n| first + n as u64);
    let mut views = Vec::new();
    for (_, kept) in found.views {
        model.newest.view += 1;
        let id = model.newest.view;
        let tag = kept.request.spec.tag;
        if let Some(sha256) = kept.sha256
            && model.weights_before.iter().all(|(of, _)| *of != tag)
        {
            model.weights_before.push((tag, sha256));
        }
        let mut view = ViewState::new(id, kept.request.spec, kept.graph);
        view.request = kept.request;
        view.source = kept.source;
        view.selected = kept.selected;
        view.generation = generation;
        view.difference_of = kept.difference_of.and_then(|(a, b)| id_of(a).zip(id_of(b)));
        views.push(view);
    }
    let has_difference = views.iter().any(|view| !view.is_plain());
    model.shares_for_difference = model.links.scale && has_difference;
    let active = places.iter().position(|place| *place == found.active).unwrap_or(0);
    let ids = replace_views(model, effects, views, active);
    if let Some(open) = model.view().source.clone() {
        ask_for_labels(model, effects, &open.source);
    }
    for id in ids {
        show(model, effects, id);
    }
}

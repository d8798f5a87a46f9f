//! Handlers about several views: opening, closing, linking and comparing them; and pinned channels.

use std::sync::Arc;

use crate::app::message::effect::{Effects, FaceEffect};
use crate::app::message::job::SideJob;
use crate::app::message::remedy::told;
use crate::app::message::views::ViewsCommand;
use crate::app::model::Model;
use crate::app::model::links::Arrangement;
use crate::app::model::messages::Tone;
use crate::app::model::pins::{MAX_PINS, Pin, PinnedChannel};
use crate::app::model::view::{ClosestChannels, MAX_VIEWS, ViewId, ViewState, no_difference};
use crate::app::update::history::{step_back, step_forward};
use crate::app::update::opening::activate;
use crate::app::update::requests::{inspect_selected, paint_pins};
use crate::app::update::show::{let_go, set_layer, set_model, share_scale, show, show_active};
use crate::render::{Change, LayerChoice};

/// Handles a command about several views.
pub(crate) fn apply(model: &mut Model, command: ViewsCommand, effects: &mut Effects) {
    match command {
        ViewsCommand::AddView => add_view(model, effects, None),
        ViewsCommand::CompareCarried => {
            model.arrangement = Arrangement::default();
            // A layer in the middle of one network has no equal in the others: all show their last.
            if !matches!(model.view().request.layer, LayerChoice::Final) {
                set_layer(model, effects, LayerChoice::Final);
            }
            for spec in model.other_carried() {
                add_view(model, effects, None);
                // The copied mosaic is another network's.
                let view = model.view_mut();
                (view.shown, view.good) = (None, None);
                set_model(model, effects, spec);
            }
        }
        ViewsCommand::AddDifference => add_difference(model, effects),
        ViewsCommand::CloseView(id) => close_view(model, effects, id),
        ViewsCommand::Activate(id) => activate(model, effects, id),
        ViewsCommand::SetLinks(links) => {
            let is_zoom_new = links.zoom && !model.links.zoom;
            model.links = links;
            model.shares_for_difference = false;
            if is_zoom_new {
                effects.face(FaceEffect::Lead(model.view().id));
            }
            share_scale(model, effects);
        }
        ViewsCommand::Arrange(arrangement) => model.arrangement = arrangement,
        ViewsCommand::FindClosest(id) => find_closest(model, effects, id),
        ViewsCommand::Pin(channel) => pin(model, effects, channel),
        ViewsCommand::Unpin(id) => model.pins.retain(|pin| pin.pinned.id != id),
        ViewsCommand::GoToPin(id) => go_to_pin(model, effects, id),
        ViewsCommand::Back => step_back(model, effects),
        ViewsCommand::Forward => step_forward(model, effects),
        ViewsCommand::SetDevice(device) => set_device(model, effects, device),
    }
}

fn add_view(model: &mut Model, effects: &mut Effects, difference_of: Option<(ViewId, ViewId)>) {
    if model.views.len() >= MAX_VIEWS {
        model.say(Tone::Warning, format!("{MAX_VIEWS} views stand side by side at most; close one first"));
        return;
    }
    let mut view = model.view().clone();
    if !view.is_plain() && difference_of.is_none() {
        // A difference can't be copied: the first plain view is copied instead.
        if let Some(first) = model.views.iter().find(|v| v.is_plain()) {
            view = first.clone();
        }
    }
    let (selected, is_own_choice) = (view.selected, view.is_own_choice);
    view = model.fresh_copy(&view);
    view.difference_of = difference_of;
    if difference_of.is_some() {
        (view.shown, view.good) = (None, None);
    } else {
        (view.selected, view.is_own_choice) = (selected, is_own_choice);
    }
    let id = view.id;
    model.views.push(view);
    model.active = model.views.len() - 1;
    inspect_selected(model, effects);
    show(model, effects, id);
}

/// Whether the difference of two views is of two layers, whose values have ranges of their own.
fn is_of_layers(model: &Model, (a, b): (ViewId, ViewId)) -> bool {
    model.find(a).zip(model.find(b)).is_some_and(|(a, b)| a.node() != b.node())
}

fn add_difference(model: &mut Model, effects: &mut Effects) {
    let plain: Vec<&ViewState> = model.views.iter().filter(|v| v.is_plain()).collect();
    let pairs = plain.iter().enumerate().flat_map(|(i, a)| plain[i + 1..].iter().map(move |b| (*a, *b)));
    let mut reason = "a difference needs two views: add one first".to_owned();
    let mut found = None;
    for (a, b) in pairs {
        match no_difference(a, b) {
            None => {
                found = Some((a.id, b.id));
                break;
            }
            Some(why) => reason = why,
        }
    }
    match found {
        Some(pair) if is_of_layers(model, pair) => add_view(model, effects, Some(pair)),
        Some(pair) => {
            // Two pictures' mosaics and their difference can only be compared in one range.
            if !model.links.scale {
                model.say(
                    Tone::Good,
                    "\"Share colour range\" is on until the difference is closed: both its sides have one range, and the difference its own about zero",
                );
                (model.links.scale, model.shares_for_difference) = (true, true);
            }
            add_view(model, effects, Some(pair));
            share_scale(model, effects);
        }
        None => model.say(Tone::Warning, reason),
    }
}

fn close_view(model: &mut Model, effects: &mut Effects, id: ViewId) {
    if model.views.len() < 2 {
        return;
    }
    let active = model.view().id;
    model.views.retain(|view| view.id != id);
    let_go(model, effects, id);
    let at = model.views.iter().position(|view| view.id == active);
    model.active = at.unwrap_or(0).min(model.views.len() - 1);
    let dependents: Vec<ViewId> = model
        .views
        .iter()
        .filter(|v| v.difference_of.is_some_and(|(a, b)| a == id || b == id))
        .map(|v| v.id)
        .collect();
    for dependent in dependents {
        show(model, effects, dependent);
    }
    if model.shares_for_difference && model.views.iter().all(ViewState::is_plain) {
        (model.links.scale, model.shares_for_difference) = (false, false);
    }
    share_scale(model, effects);
    inspect_selected(model, effects);
}

fn set_device(model: &mut Model, effects: &mut Effects, device: crate::engine::DeviceChoice) {
    model.device = device;
    let ids: Vec<ViewId> = model.views.iter().map(|view| view.id).collect();
    for id in ids {
        show(model, effects, id);
    }
}

fn find_closest(model: &mut Model, effects: &mut Effects, target: ViewId) {
    let active = model.view();
    let from = active.shown.clone().zip(active.selected);
    let number = model.number(active.id);
    let to = model.find(target).and_then(|view| view.shown.clone());
    let Some(((from, channel), to)) = from.zip(to) else {
        model.say(Tone::Warning, "select a channel first: its closest one in the other view is then found");
        return;
    };
    let of = (active.id, format!("channel {channel} of view {number}"));
    effects.side(SideJob::Match { from, channel, to, view: target, of });
}

pub(crate) fn take_match(
    model: &mut Model,
    effects: &mut Effects,
    id: ViewId,
    (of_view, of): (ViewId, String),
    found: Vec<(usize, f64)>,
) {
    let number = model.number(id);
    let Some(view) = model.views.iter_mut().find(|view| view.id == id) else { return };
    if found.is_empty() {
        let why = format!(
            "no channel of view {number} can be compared with {of}: it has no variance where both networks look"
        );
        model.say(Tone::Warning, why);
        return;
    }
    view.choose_channel(found.first().map(|(channel, _)| *channel));
    view.closest = Some(ClosestChannels { of_view, of, found });
    inspect_selected(model, effects);
}

fn pin(model: &mut Model, effects: &mut Effects, channel: usize) {
    let view = model.view();
    if !view.is_plain() {
        return;
    }
    if view.request.class_map.is_some() {
        model.say(Tone::Warning, "a class map is no channel of the layer: show all channels, then pin one");
        return;
    }
    // The channel is one of what is on screen, which may not be what is asked for yet.
    let (spec, layer) = view.layer_on_screen();
    let layer = layer.to_owned();
    if model.pin_of(channel).is_some() {
        return;
    }
    if model.pins.len() >= MAX_PINS {
        model.say(Tone::Warning, format!("the tray holds {MAX_PINS} channels; unpin one first"));
        return;
    }
    model.newest.pin += 1;
    let pinned = PinnedChannel { id: model.newest.pin, layer, channel };
    model.pins.push(Pin { spec, pinned, image: None });
    paint_pins(model, effects);
}

fn go_to_pin(model: &mut Model, effects: &mut Effects, id: u64) {
    let Some(pin) = model.pins.iter().find(|pin| pin.pinned.id == id) else { return };
    let (spec, pinned) = (pin.spec, pin.pinned.clone());
    model.view_mut().choose_channel(Some(pinned.channel));
    model.view_mut().request.apply(&Change::ClassMap(None));
    model.view_mut().request.apply(&Change::Layer(LayerChoice::Named(pinned.layer.clone())));
    if model.view().request.spec.tag != spec.tag {
        apply_model(model, spec);
    }
    model.view_mut().selects_strongest = false;
    if let Some(node) = model.view().graph.find(&pinned.layer) {
        let layer = model.view().layer_choice(node);
        model.view_mut().request.apply(&Change::Layer(layer));
    }
    show_active(model, effects);
}

/// Sets the model of the active view without showing it yet.
fn apply_model(model: &mut Model, spec: &'static crate::models::ModelSpec) {
    match spec.graph() {
        Ok(graph) => {
            let view = model.view_mut();
            view.request.set_network(spec);
            view.graph = Arc::new(graph);
        }
        Err(error) => model.say(Tone::Bad, told(&error)),
    }
}

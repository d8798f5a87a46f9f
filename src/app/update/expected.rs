//! Checks views that were restored from a figure against its record, once they show something.

use std::sync::Arc;

use crate::app::message::effect::{Effects, FaceEffect};
use crate::app::message::job::SideJob;
use crate::app::model::Model;
use crate::app::model::messages::Tone;
use crate::app::model::restored::{Expected, MadeBy, short};
use crate::app::model::shown::Shown;
use crate::formats::WeightsId;
use crate::mosaic::ColourChoice;

/// Tells the user if the figure was made with other weights, or on another engine or device. The window's own engine and device stay
/// as chosen, so values may differ in their last digits.
fn tell_run(model: &mut Model, made_by: &MadeBy, shown: &Shown) {
    let sha256 = &made_by.weights_sha256;
    let then = WeightsId {
        sha256,
        source_sha256: made_by.weights_source_sha256.as_deref(),
        part: made_by.weights_part.as_deref(),
    };
    let origin = shown.run_by.backbone.origin();
    let now =
        WeightsId { sha256: origin.sha256(), source_sha256: origin.source_sha256(), part: origin.part() };
    if !sha256.is_empty() && then.sha256 == now.sha256 && !then.is_same_as(&now) {
        let part = short(then.part.unwrap_or_default(), 40);
        model.say(
            Tone::Warning,
            format!("the figure was made with another network of this weight file: the one under {part}"),
        );
    } else if !sha256.is_empty() && !then.is_same_as(&now) {
        let (tag, start) = (shown.spec().tag, short(sha256, 12));
        model.say(
            Tone::Warning,
            format!("the figure was made with other weights of {tag} than those here: their hash begins with {start}"),
        );
    }
    let (engine, device) = (&shown.run_by.engine, &shown.run_by.device);
    if made_by.engine != *engine || made_by.device != *device {
        model.say(
            Tone::Good,
            format!(
                "the figure was computed by {} on {}, and is by {engine} on {device} here: values may differ in their last digits",
                short(&made_by.engine, 40),
                short(&made_by.device, 40),
            ),
        );
    }
}

/// Checks a restored view, which now shows something, against what the figure was made from.
pub(crate) fn check_expected(model: &mut Model, effects: &mut Effects, at: usize, shown: &Arc<Shown>) {
    let id = model.views[at].id;
    let Some(place) = model.expected.iter().position(|expected| expected.view == id) else { return };
    let mut expected = model.expected.swap_remove(place);
    if let Some(made_by) = expected.made_by.take() {
        tell_run(model, &made_by, shown);
    }
    if let Some(part) = expected.part {
        effects.face(FaceEffect::ShowPart(id, part));
    }
    usual_colours(model, at, expected.colour, shown);
    if let Some((record, in_its_place)) = expected.picture.take() {
        if model.views[at].request.picture == in_its_place {
            // The user has not opened another picture yet.
            model.expected.push(Expected {
                view: id,
                picture: Some((record, in_its_place)),
                made_by: None,
                part: None,
                colour: expected.colour,
            });
        } else {
            effects.side(SideJob::Check(Arc::clone(shown), record));
        }
    }
}

/// A record names the colour map that was used, whether it was chosen or not. If it is the one that the layer's values ask for, the view
/// goes on with the usual choice, so that a signed layer that it shows next isn't drawn with a map for unsigned values. The picture on
/// screen is the same.
fn usual_colours(model: &mut Model, at: usize, recorded: ColourChoice, shown: &Shown) {
    let view = &mut model.views[at];
    let is_usual = recorded == ColourChoice::Map(ColourChoice::Auto.resolve(&shown.stats));
    if !is_usual || !view.is_plain() || view.request.settings.colour != recorded {
        return;
    }
    view.request.settings.colour = ColourChoice::Auto;
    if let Some(good) = &mut view.good {
        good.of.settings.colour = ColourChoice::Auto;
    }
}

/// Notes the weights that a view shows, and tells the user if they are others than the last time. Carried weights are left out: they
/// are always those of the program.
pub(crate) fn note_weights(model: &mut Model, shown: &Shown) {
    let origin = shown.run_by.backbone.origin();
    let tag = shown.spec().tag;
    let before = model.weights_before.iter().position(|(of, _)| *of == tag);
    let before = before.map(|place| model.weights_before.swap_remove(place).1);
    model.weight_hashes.retain(|(kept, _)| *kept != tag);
    if origin.is_carried() {
        if before.is_some() {
            model.say(Tone::Bad, format!("{tag} has the built-in weights now, and had others the last time"));
        }
        return;
    }
    let sha256 = origin.sha256();
    if let Some(before) = before.filter(|before| before != sha256) {
        let (then, now, place) = (short(&before, 12), short(sha256, 12), origin.name());
        model.say(
            Tone::Bad,
            format!("the weights of {tag} are others than the last time: their hash began with {then}, and begins with {now} now (\"{place}\")"),
        );
    }
    model.weight_hashes.push((tag, sha256.to_owned()));
}

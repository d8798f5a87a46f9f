//! Restores figures of this program: the model, layer, settings and pictures they were made with, as far as available.

use std::path::Path;
use std::sync::Arc;

use crate::app::message::effect::Effects;
use crate::app::model::Model;
use crate::app::model::messages::Tone;
use crate::app::model::restored::{Expected, Restored, RestoredFigure};
use crate::app::model::view::{MAX_VIEWS, ViewId, ViewState};
use crate::app::update::history::keep_step;
use crate::app::update::show::{replace_views, share_scale, show};
use crate::formats::PictureRecord;
use crate::mosaic::{ColourChoice, MosaicSettings, Normalisation};
use crate::render::{DEFAULT_TAG, PictureChoice, ViewRequest};

/// Restores a figure that was opened. A figure of one mosaic changes the view at index `at`; a difference or a sheet replaces all
/// views.
pub(crate) fn take_figure(model: &mut Model, effects: &mut Effects, at: usize, mut figure: RestoredFigure) {
    // A picture that was not found next to the figure may be on screen.
    if figure.picture.is_none() {
        figure.picture = on_screen(model, &figure.record.picture);
    }
    if let (None, Some(minus)) = (&figure.minus, &figure.record.minus) {
        figure.minus = on_screen(model, minus);
    }
    for (panel, found) in figure.record.panels.iter().zip(&mut figure.pictures) {
        if let (Some(own), None) = (&panel.picture, &*found) {
            *found = on_screen(model, own);
        }
    }
    let figure = &figure;
    let record = &figure.record;
    let (mut restored, mut pictures) = (Vec::new(), Vec::new());
    for (at, panel) in record.panels.iter().enumerate().take(MAX_VIEWS) {
        match Restored::of(panel, &record.kind) {
            Ok(one) => {
                restored.push(one);
                pictures.push(figure.picture_of(at));
            }
            Err(reason) => model.say(Tone::Bad, reason),
        }
    }
    if restored.is_empty() {
        show(model, effects, model.views[at].id);
        return;
    }
    let (mut before, generation) = (model.snapshot(), model.next_generation());
    let base = model.views[at].clone();
    model.expected.clear();
    if let [one] = &restored[..]
        && let Some(saved) = one.saved
    {
        before.saved = Some(std::mem::replace(&mut model.saved, saved));
    }
    let mut not_taken: Vec<String> = restored.iter_mut().flat_map(|one| one.not_taken.drain(..)).collect();
    not_taken.dedup();
    let retired = restored.iter().find_map(|one| one.in_place_of);
    let has_models = restored.iter().any(|one| one.in_place_of.is_none());
    let missing = figure.picture.is_none().then_some(&record.picture);
    let ids = if record.minus.is_some() || restored[0].minus_layer.is_some() {
        restore_difference(model, effects, &base, restored.swap_remove(0), figure)
    } else if restored.len() == 1 {
        if model.views.len() > 1 {
            own_ranges(model);
        }
        expect(model, base.id, &restored[0], missing, true, &base);
        restored.swap_remove(0).into_view(&mut model.views[at], figure.picture.as_ref(), generation);
        vec![base.id]
    } else {
        own_ranges(model);
        let mut views = Vec::new();
        for (one, (of, found)) in restored.into_iter().zip(pictures) {
            let mut view = model.fresh_copy(&base);
            expect(model, view.id, &one, found.is_none().then_some(of), true, &base);
            one.into_view(&mut view, found, generation);
            views.push(view);
        }
        if record.panels.iter().any(|panel| panel.picture.is_some()) {
            // Each keeps its own.
            model.links.pictures = false;
        }
        replace_views(model, effects, views, 0)
    };
    if let Some(retired) = retired {
        model.say(Tone::Warning, format!("{retired}: {DEFAULT_TAG} is shown in its place"));
    }
    tell_restored(model, figure, has_models, &not_taken);
    for id in ids {
        show(model, effects, id);
    }
    share_scale(model, effects);
    keep_step(model, before);
}

/// Unlinks the colour range: each restored mosaic has the range that its record says, not one with the other views.
fn own_ranges(model: &mut Model) {
    if model.links.scale {
        model.links.scale = false;
        model.say(
            Tone::Good,
            "\"Share colour range\" is off now: each mosaic of the figure has the range that its record says",
        );
    }
}

/// The picture of a record, if a view shows it.
fn on_screen(model: &Model, record: &PictureRecord) -> Option<PictureChoice> {
    model.views.iter().find_map(|view| {
        let (shown, good) = (view.shown.as_ref()?, view.good.as_ref()?);
        let (rgb, name) = (&shown.picture.rgb, Path::new(&shown.picture.name));
        // Hashing a picture takes time, so only one with the same name is compared.
        let is_named = name.file_name().is_some_and(|name| name == record.file_name.as_str());
        let is_it = || PictureRecord::new(name, rgb.width(), rgb.height(), rgb.as_raw()) == *record;
        (view.is_plain() && is_named && is_it()).then(|| good.of.picture.clone())
    })
}

/// Opens three views: one for each picture or layer, and one for the difference.
fn restore_difference(
    model: &mut Model,
    effects: &mut Effects,
    base: &ViewState,
    one: Restored,
    figure: &RestoredFigure,
) -> Vec<ViewId> {
    let generation = model.next_generation();
    let of_one = (&figure.picture, &figure.record.picture);
    let of_other = figure.record.minus.as_ref().map_or(of_one, |minus| (&figure.minus, minus));
    let layers = [&one.request.layer, one.minus_layer.as_ref().unwrap_or(&one.request.layer)];
    let mut views = Vec::new();
    for ((found, record), layer) in [of_one, of_other].into_iter().zip(layers) {
        let mut view = model.fresh_copy(base);
        expect(model, view.id, &one, found.is_none().then_some(record), true, base);
        let settings = MosaicSettings {
            // The range and colours of the difference mean nothing for its two pictures.
            normalisation: Normalisation::usual_for(one.request.settings.layout),
            colour: ColourChoice::Auto,
            ..one.request.settings.clone()
        };
        let side = Restored {
            request: ViewRequest { settings, layer: layer.clone(), ..one.request.clone() },
            graph: Arc::clone(&one.graph),
            selected: None,
            part: None,
            saved: None,
            made_by: one.made_by.clone(),
            not_taken: Vec::new(),
            minus_layer: None,
            in_place_of: one.in_place_of,
        };
        side.into_view(&mut view, found.as_ref(), generation);
        views.push(view);
    }
    let pair = (views[0].id, views[1].id);
    let mut view = model.fresh_copy(base);
    expect(model, view.id, &one, None, false, base);
    one.into_view(&mut view, figure.picture.as_ref(), generation);
    view.difference_of = Some(pair);
    (view.shown, view.good) = (None, None);
    views.push(view);
    model.links.pictures = figure.record.minus.is_none();
    // Two layers have ranges of their own.
    model.links.scale = figure.record.minus.is_some();
    model.shares_for_difference = model.links.scale;
    replace_views(model, effects, views, 2)
}

/// Notes what is to be checked once the view shows something. `is_run` is false for a difference, which has no run of its own.
fn expect(
    model: &mut Model,
    view: ViewId,
    one: &Restored,
    picture: Option<&PictureRecord>,
    is_run: bool,
    base: &ViewState,
) {
    model.expected.push(Expected {
        view,
        picture: picture.map(|record| (record.clone(), base.request.picture.clone())),
        made_by: one.made_by.clone().filter(|_| is_run),
        part: one.part,
        colour: one.request.settings.colour,
    });
}

fn tell_restored(model: &mut Model, figure: &RestoredFigure, has_models: bool, not_taken: &[String]) {
    let path = figure.path.display();
    let (taken, taken_alone) = if has_models {
        ("model, layer, settings", "model, layer and settings")
    } else {
        ("settings", "settings")
    };
    let record = &figure.record;
    let mut asked = vec![
        (Some(&record.picture), figure.picture.as_ref()),
        (record.minus.as_ref(), figure.minus.as_ref()),
    ];
    asked.extend(
        (0..record.panels.len()).map(|at| figure.picture_of(at)).map(|(of, found)| (Some(of), found)),
    );
    let mut missing: Vec<&str> = asked
        .iter()
        .filter_map(|(record, found)| record.filter(|_| found.is_none()).map(|r| r.file_name.as_str()))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    match missing[..] {
        [] => model
            .say(Tone::Good, format!("took {taken} and picture from \"{path}\"")),
        [name] => model.say(
            Tone::Warning,
            format!(
                "took {taken_alone} from \"{path}\"; its picture {name} was not found beside it: open it, and it is checked"
            ),
        ),
        _ => model.say(
            Tone::Warning,
            format!(
                "took {taken_alone} from \"{path}\"; its pictures {} were not found beside it: open each in its view, and it is checked",
                missing.join(" and ")
            ),
        ),
    }
    if !not_taken.is_empty() {
        model.say(Tone::Warning, format!("not taken from the figure: {}", not_taken.join(", ")));
    }
    if record.panels.len() > MAX_VIEWS {
        let num = record.panels.len();
        model.say(Tone::Warning, format!("the figure shows {num} mosaics; the first {MAX_VIEWS} were taken"));
    }
}

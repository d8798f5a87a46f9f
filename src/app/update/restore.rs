//! Figures of this program that come back.

use std::path::Path;
use std::sync::Arc;

use crate::app::message::effect::SideJob;
use crate::app::model::messages::Tone;
use crate::app::model::request::PictureChoice;
use crate::app::model::restored::{Expected, MadeBy, Restored, RestoredFigure, short};
use crate::app::model::shown::Shown;
use crate::app::model::view::{MAX_VIEWS, ViewId, ViewState};
use crate::app::shell::App;
use crate::formats::{PictureRecord, WeightsId};
use crate::mosaic::{ColourChoice, MosaicSettings, Normalisation};
use crate::render::DEFAULT_TAG;

impl App {
    /// A figure of this program came back. One of a single mosaic changes a view; a difference and a sheet take the place of all.
    pub(crate) fn take_figure(&mut self, at: usize, mut figure: RestoredFigure) {
        // What isn't beside the figure may be on screen.
        if figure.picture.is_none() {
            figure.picture = self.on_screen(&figure.record.picture);
        }
        if let (None, Some(minus)) = (&figure.minus, &figure.record.minus) {
            figure.minus = self.on_screen(minus);
        }
        let figure = &figure;
        let record = &figure.record;
        let mut restored = Vec::new();
        for panel in record.panels.iter().take(MAX_VIEWS) {
            match Restored::of(panel, &record.kind) {
                Ok(one) => restored.push(one),
                Err(reason) => self.state.say(Tone::Bad, reason),
            }
        }
        if restored.is_empty() {
            self.show(self.state.views[at].id);
            return;
        }
        let (before, generation) = (self.snapshot(), self.next_generation());
        let base = self.state.views[at].clone();
        self.expected.clear();
        if let [one] = &restored[..]
            && let Some(saved) = one.saved
        {
            self.state.saved = saved;
        }
        let mut not_taken: Vec<String> =
            restored.iter_mut().flat_map(|one| one.not_taken.drain(..)).collect();
        not_taken.dedup();
        let retired = restored.iter().find_map(|one| one.in_place_of);
        let has_models = restored.iter().any(|one| one.in_place_of.is_none());
        let missing = figure.picture.is_none().then_some(&record.picture);
        let ids = if let Some(minus) = &record.minus {
            self.restore_difference(&base, restored.swap_remove(0), figure, minus)
        } else if restored.len() == 1 {
            self.expect(base.id, &restored[0], missing, true, &base);
            restored.swap_remove(0).into_view(&mut self.state.views[at], figure.picture.as_ref(), generation);
            vec![base.id]
        } else {
            let mut views = Vec::new();
            for one in restored {
                let mut view = self.fresh_copy(&base);
                self.expect(view.id, &one, missing, true, &base);
                one.into_view(&mut view, figure.picture.as_ref(), generation);
                views.push(view);
            }
            self.replace_views(views, 0)
        };
        if let Some(retired) = retired {
            self.state.say(Tone::Bad, format!("{retired}: {DEFAULT_TAG} is shown in its place"));
        }
        self.tell_restored(figure, has_models, &not_taken);
        for id in ids {
            self.show(id);
        }
        self.keep_step(before);
    }

    /// A picture that a view shows, if it is the one of a record.
    fn on_screen(&self, record: &PictureRecord) -> Option<PictureChoice> {
        self.state.views.iter().find_map(|view| {
            let (shown, good) = (view.shown.as_ref()?, view.good.as_ref()?);
            let (rgb, name) = (&shown.picture.rgb, Path::new(&shown.picture.name));
            // Reading all of a picture takes time: only one of that name is worth it.
            let is_named = name.file_name().is_some_and(|name| name == record.file_name.as_str());
            let is_it = || PictureRecord::new(name, rgb.width(), rgb.height(), rgb.as_raw()) == *record;
            (view.is_plain() && is_named && is_it()).then(|| good.picture.clone())
        })
    }

    /// Both pictures in a view each, and their difference.
    fn restore_difference(
        &mut self,
        base: &ViewState,
        one: Restored,
        figure: &RestoredFigure,
        minus: &PictureRecord,
    ) -> Vec<ViewId> {
        let generation = self.next_generation();
        let sides = [(&figure.picture, &figure.record.picture), (&figure.minus, minus)];
        let mut views = Vec::new();
        for (found, record) in sides {
            let mut view = self.fresh_copy(base);
            self.expect(view.id, &one, found.is_none().then_some(record), true, base);
            let side = Restored {
                row: one.row,
                input: one.input,
                sifting: one.sifting,
                selected: None,
                part: None,
                saved: None,
                graph: Arc::clone(&one.graph),
                layer: one.layer.clone(),
                settings: MosaicSettings {
                    // The difference's own range and colours mean nothing for its sides.
                    normalisation: Normalisation::usual_for(one.settings.layout),
                    colour: ColourChoice::Auto,
                    ..one.settings.clone()
                },
                made_by: one.made_by.clone(),
                not_taken: Vec::new(),
                in_place_of: one.in_place_of,
            };
            side.into_view(&mut view, found.as_ref(), generation);
            views.push(view);
        }
        let pair = (views[0].id, views[1].id);
        let mut view = self.fresh_copy(base);
        self.expect(view.id, &one, None, false, base);
        one.into_view(&mut view, figure.picture.as_ref(), generation);
        view.difference_of = Some(pair);
        (view.shown, view.good) = (None, None);
        views.push(view);
        self.state.links.pictures = false;
        self.state.links.scale = true;
        self.replace_views(views, 2)
    }

    /// Notes what is to be looked at once the view shows something. A difference has no run of its own.
    fn expect(
        &mut self,
        view: ViewId,
        one: &Restored,
        picture: Option<&PictureRecord>,
        is_run: bool,
        base: &ViewState,
    ) {
        self.expected.push(Expected {
            view,
            picture: picture.map(|record| (record.clone(), base.picture.clone())),
            made_by: one.made_by.clone().filter(|_| is_run),
            part: one.part,
        });
    }

    fn tell_restored(&mut self, figure: &RestoredFigure, has_models: bool, not_taken: &[String]) {
        let path = figure.path.display();
        let (taken, taken_alone) = if has_models {
            ("model, layer, settings", "model, layer and settings")
        } else {
            ("settings", "settings")
        };
        let record = &figure.record;
        let asked = [(Some(&record.picture), &figure.picture), (record.minus.as_ref(), &figure.minus)];
        let missing: Vec<&str> = asked
            .iter()
            .filter_map(|(record, found)| record.filter(|_| found.is_none()).map(|r| r.file_name.as_str()))
            .collect();
        match missing[..] {
            [] => self
                .state
                .say(Tone::Good, format!("took {taken} and picture from \"{path}\"")),
            [name] => self.state.say(
                Tone::Bad,
                format!(
                    "took {taken_alone} from \"{path}\"; its picture {name} was not found beside it: open it, and it is checked"
                ),
            ),
            _ => self.state.say(
                Tone::Bad,
                format!(
                    "took {taken_alone} from \"{path}\"; its pictures {} were not found beside it: open each in its view, and it is checked",
                    missing.join(" and ")
                ),
            ),
        }
        if !not_taken.is_empty() {
            self.state.say(Tone::Bad, format!("not taken from the figure: {}", not_taken.join(", ")));
        }
        if record.panels.len() > MAX_VIEWS {
            let num = record.panels.len();
            self.state
                .say(Tone::Bad, format!("the figure shows {num} mosaics; the first {MAX_VIEWS} were taken"));
        }
    }

    /// The device and engine of the window stay as they are chosen; values of others differ in their last digits, and that is told.
    fn tell_run(&mut self, made_by: &MadeBy, shown: &Shown) {
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
            self.state.say(
                Tone::Bad,
                format!("the figure was made with another network of this weight file: the one under {part}"),
            );
        } else if !sha256.is_empty() && !then.is_same_as(&now) {
            let (tag, start) = (shown.row().tag, short(sha256, 12));
            self.state.say(
                Tone::Bad,
                format!("the figure was made with other weights of {tag} than those here: their hash begins with {start}"),
            );
        }
        let (engine, device) = (&shown.run_by.engine, &shown.run_by.device);
        if made_by.engine != *engine || made_by.device != *device {
            self.state.say(
                Tone::Good,
                format!(
                    "the figure was computed by {} on {}, and is by {engine} on {device} here: values may differ in their last digits",
                    short(&made_by.engine, 40),
                    short(&made_by.device, 40),
                ),
            );
        }
    }

    /// Something is shown of a view that a figure brought back: is it what the figure was made from?
    pub(crate) fn check_expected(&mut self, at: usize, shown: &Arc<Shown>) {
        let id = self.state.views[at].id;
        let Some(place) = self.expected.iter().position(|expected| expected.view == id) else { return };
        let mut expected = self.expected.swap_remove(place);
        if let Some(made_by) = expected.made_by.take() {
            self.tell_run(&made_by, shown);
        }
        let pixels = &shown.mosaic.pixels;
        let size = egui::vec2(pixels.width() as f32, pixels.height() as f32);
        let scratch = self.scratch.views.entry(id).or_default();
        if let (Some(part), Some(panel)) = (expected.part, scratch.panel) {
            scratch.viewport.show_part(panel, size, part);
            expected.part = None;
        }
        if let Some((record, in_its_place)) = expected.picture.take() {
            let is_opened = self.state.views[at].picture != in_its_place;
            let is_asked =
                is_opened && self.side.enqueue(SideJob::Check(Arc::clone(shown), record.clone())).is_ok();
            if !is_asked {
                expected.picture = Some((record, in_its_place));
            }
        }
        if expected.picture.is_some() || expected.part.is_some() {
            self.expected.push(expected);
        }
    }
}

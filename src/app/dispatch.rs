//! Commands applied, each in one place, after drawing.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command::{Command, Wish};
use super::dialogs::{Dialogs, with_extension};
use super::event::{Event, Job, LayerChoice, Picked, PictureChoice};
use super::state::Tone;
use super::viewport::{Viewport, mosaic_rect};
use super::window::App;
use crate::models::Row;
use crate::mosaic::Normalisation;

/// A dialog that comes back sooner without an answer was never seen: the system has none.
const QUICKEST_PERSON: Duration = Duration::from_millis(120);

impl App {
    /// Does one command.
    pub(super) fn apply(&mut self, ctx: &egui::Context, command: Command) {
        if command.is_new_work() {
            self.state.messages.clear();
        }
        match command {
            Command::ChoosePicture => self.ask(ctx, |d| Picked::Open(d.open_picture())),
            Command::ChooseFolder => self.ask(ctx, |d| Picked::Open(d.open_folder())),
            Command::ChooseWeights => self.ask(ctx, |d| Picked::Weights(d.open_weights())),
            Command::ChooseSavePlace => {
                if let Some(shown) = self.state.shown.clone() {
                    self.ask(ctx, move |d| Picked::Save(d.save_png(&shown.file_name()), shown));
                }
            }
            Command::Open(path) if is_weights(&path) => self.errand(Job::Fit(path)),
            Command::Open(path) => self.open(path),
            Command::OpenCat => {
                self.state.source = None;
                self.state.picture = PictureChoice::Cat;
                self.show();
            }
            Command::OpenWeights(path) => self.errand(Job::Fit(path)),
            Command::UseWeights(row, path) => {
                self.state.weights_question = None;
                self.state.weight_files.retain(|(kept, _)| *kept != row.tag);
                self.state.weight_files.push((row.tag, path));
                self.set_model(row);
            }
            Command::ForgetWeights => {
                let tag = self.state.row.tag;
                self.state.weight_files.retain(|(kept, _)| *kept != tag);
                self.show();
            }
            Command::DropWeights => self.state.weights_question = None,
            Command::SetModel(row) => self.set_model(row),
            Command::Want(wish) => {
                self.want(wish);
                self.show();
            }
            Command::SetFrame(index) => {
                if let Some(open) = &mut self.state.source
                    && index < open.source.len()
                    && index != open.index
                {
                    open.index = index;
                    self.show_frame();
                }
            }
            Command::SetCamera(camera) => {
                if let Some(open) = &mut self.state.source {
                    open.camera = Some(camera);
                    self.show_frame();
                }
            }
            Command::Select(channel) => self.state.selected = channel,
            Command::Fit => self.scratch.viewport.is_fitted = true,
            Command::Zoom(factor) => {
                self.on_viewport(|v, panel, size| v.zoom(panel, size, panel.center(), factor));
            }
            Command::ActualSize => {
                let scale = 1.0 / ctx.pixels_per_point();
                self.on_viewport(|v, panel, size| v.zoom(panel, size, panel.center(), scale / v.scale));
            }
            Command::ShowSelected => self.show_selected(),
            Command::Save(path, shown) => {
                let (has_caption, paper) = (self.state.has_caption, self.state.saved_paper);
                // A dialog asks about the name as typed; one that gets its extension here is another.
                let named = with_extension(path.clone());
                let may_replace = named == path;
                self.errand(Job::Save { shown, path: named, may_replace, has_caption, paper });
            }
            Command::SaveTyped(path) => {
                if let Some(shown) = self.state.shown.clone() {
                    let (has_caption, paper) = (self.state.has_caption, self.state.saved_paper);
                    let path = with_extension(path);
                    self.errand(Job::Save { shown, path, may_replace: false, has_caption, paper });
                }
            }
            Command::SetCaption(has_caption) => self.state.has_caption = has_caption,
            Command::SetSavedPaper(paper) => self.state.saved_paper = paper,
            Command::Retry => self.show(),
            Command::GoBack => self.go_back(),
            Command::Complain(text) => self.state.say(Tone::Bad, text),
            Command::Dismiss(at) => {
                self.state.messages.remove(at);
            }
            Command::ToggleTheme => {
                let is_dark = ctx.theme() == egui::Theme::Dark;
                ctx.set_theme(if is_dark { egui::Theme::Light } else { egui::Theme::Dark });
            }
            Command::ToggleHelp => self.state.is_help_open = !self.state.is_help_open,
            Command::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    /// Changes what is wanted of the picture and model at hand.
    fn want(&mut self, wish: Wish) {
        let state = &mut self.state;
        match wish {
            Wish::Layer(layer) => state.layer = layer,
            Wish::Layout(layout) => {
                // A range that goes with the old layout's tiles becomes the one that goes with the new one's.
                let settings = &mut state.settings;
                if settings.normalisation == Normalisation::usual_for(settings.layout) {
                    settings.normalisation = Normalisation::usual_for(layout);
                }
                settings.layout = layout;
            }
            Wish::Normalisation(normalisation) => state.settings.normalisation = normalisation,
            Wish::Colour(colour) => state.settings.colour = colour,
            Wish::Fit(fit) => state.input.fit = fit,
            Wish::Values(values) => state.input.values = values,
        }
    }

    fn set_model(&mut self, row: &'static Row) {
        match (row.build)() {
            Ok(graph) => {
                // A layer of that name may be in the other model too; where not, its last is shown.
                if let LayerChoice::Named(name) = &self.state.layer
                    && graph.find(name).is_none()
                {
                    self.state.layer = LayerChoice::Final;
                }
                self.state.row = row;
                self.state.graph = Arc::new(graph);
                self.show();
            }
            Err(error) => self.state.say(Tone::Bad, error.to_string()),
        }
    }

    /// Wants again what is on screen.
    fn go_back(&mut self) {
        let Some(good) = self.state.good.clone() else { return };
        let state = &mut self.state;
        if let (PictureChoice::Frame { index, camera, .. }, Some(open)) = (&good.picture, &mut state.source) {
            (open.index, open.camera) = (*index, *camera);
        }
        state.weight_files.retain(|(tag, _)| *tag != good.row.tag);
        state.weight_files.extend(good.weights_file.map(|file| (good.row.tag, file)));
        (state.picture, state.layer) = (good.picture, good.layer);
        (state.input, state.settings) = (good.input, good.settings);
        self.set_model(good.row);
    }

    fn on_viewport(&mut self, change: impl FnOnce(&mut Viewport, egui::Rect, egui::Vec2)) {
        if let (Some(panel), Some(shown)) = (self.scratch.mosaic_panel, &self.state.shown) {
            let pixels = &shown.mosaic.pixels;
            let size = egui::vec2(pixels.width() as f32, pixels.height() as f32);
            change(&mut self.scratch.viewport, panel, size);
        }
    }

    fn show_selected(&mut self) {
        let rect = self.state.shown.as_ref().zip(self.state.selected).and_then(|(shown, channel)| {
            let position = shown.mosaic.order.position_of(channel)?;
            shown.mosaic.geometry.filter_rect(position)
        });
        if let Some(r) = rect {
            let rect = mosaic_rect(r.x, r.y, r.width, r.height);
            self.on_viewport(|v, panel, size| v.show_rect(panel, size, rect));
        }
    }

    /// Asks on a thread of its own; the answer comes as an event.
    fn ask(&mut self, ctx: &egui::Context, question: impl FnOnce(&dyn Dialogs) -> Picked + Send + 'static) {
        let (dialogs, sender, wake) = (Arc::clone(&self.dialogs), self.sender.clone(), ctx.clone());
        let spawned = std::thread::Builder::new().name("dialog".into()).spawn(move || {
            let asked = Instant::now();
            let answer = question(&*dialogs);
            let event = if answer.is_none() && asked.elapsed() < QUICKEST_PERSON {
                Event::NoDialog
            } else {
                Event::Picked(answer)
            };
            if sender.send(event).is_ok() {
                wake.request_repaint();
            }
        });
        if let Err(error) = spawned {
            self.state
                .say(Tone::Bad, format!("can't open a dialog ({error}); type the path or drop the file"));
        }
    }
}

/// By its name: a weight file typed or dropped where a picture may be.
pub(super) fn is_weights(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("safetensors"))
}

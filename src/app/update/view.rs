//! Commands applied, each in one place, after drawing. Those about views as such are in `arrange`.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use crate::app::message::command::{Command, Wish};
use crate::app::message::effect::{Job, SideJob};
use crate::app::message::event::{Event, Picked};
use crate::app::model::dataset::frame;
use crate::app::model::messages::Tone;
use crate::app::model::paths::with_extension;
use crate::app::model::request::{LayerChoice, PictureChoice};
use crate::app::model::save::Export;
use crate::app::model::view::{ViewId, ViewState};
use crate::app::runtime::dialogs::Dialogs;
use crate::app::shell::App;
use crate::app::ui::viewport::{Viewport, mosaic_rect};
use crate::input::dataset::Camera;
use crate::models::Row;
use crate::mosaic::Normalisation;
use crate::render::is_weights_path;
use crate::weights::{FilePart, PartChoice};

/// A dialog that comes back sooner without an answer was never seen: the system has none.
const QUICKEST_PERSON: Duration = Duration::from_millis(120);

impl App {
    /// Does one command.
    pub(crate) fn apply(&mut self, ctx: &egui::Context, command: Command) {
        if command.is_new_work() {
            self.state.messages.clear();
        }
        let before = command.is_step().then(|| self.snapshot());
        self.apply_one(ctx, command);
        if let Some(before) = before {
            self.keep_step(before);
        }
    }

    /// Runs a model with weights from a file from now on.
    fn use_weights(&mut self, row: &'static Row, file: FilePart) {
        self.state.weights_question = None;
        self.state.weight_files.retain(|(kept, _)| *kept != row.tag);
        self.state.weight_files.push((row.tag, file));
        if let Some(why) = row.opened().and_then(|opened| opened.why_final.as_deref()) {
            self.state.say(Tone::Good, format!("{}: {why}", row.tag));
        }
        self.state.view_mut().generation = self.next_generation();
        self.set_model(row);
    }

    fn apply_one(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::ChoosePicture => {
                let from = self.state.folder.clone();
                self.ask(ctx, move |d| Picked::Open(d.open_picture(from.as_deref())));
            }
            Command::ChooseFolder => {
                let from = self.state.folder.clone();
                self.ask(ctx, move |d| Picked::Open(d.open_folder(from.as_deref())));
            }
            Command::ChooseWeights => self.ask(ctx, |d| Picked::Weights(d.open_weights())),
            Command::ChooseSavePlace => {
                if let Some(shown) = self.state.view().shown.clone() {
                    self.ask(ctx, move |d| Picked::Save(d.save_png(&shown.file_name()), shown));
                }
            }
            Command::Open(path) if is_weights_path(&path) => self.fit(path),
            Command::Open(path) => self.open(path, None),
            Command::OpenTable(path, column) => {
                self.state.column_question = None;
                self.open(path, Some(column));
            }
            Command::DropTable => self.state.column_question = None,
            Command::OpenCat => {
                let id = self.state.view().id;
                self.change_pictures(id, |view| {
                    view.source = None;
                    view.picture = PictureChoice::Cat;
                });
            }
            Command::OpenWeights(path) => self.fit(path),
            Command::EndAt(path, layer) => self.errand(Job::EndAt(path, layer)),
            Command::UseWeights(row, file) => self.use_weights(row, file),
            Command::ForgetWeights => {
                let tag = self.state.view().row.tag;
                self.state.weight_files.retain(|(kept, _)| *kept != tag);
                self.show_active();
            }
            Command::DropWeights => self.state.weights_question = None,
            Command::Download(row, wish) => self.take_download_wish(row, wish),
            Command::SetModel(row) => {
                self.errand_beside(SideJob::Here(self.state.store.clone()));
                self.set_model(row);
            }
            Command::Want(wish) => self.want(&wish),
            Command::SetFrame(index) => self.set_frame(index),
            Command::SetCamera(camera) => self.set_camera(camera),
            Command::Select(channel) => self.select(channel),
            Command::Fit => self.on_viewport(|v, _, _| v.is_fitted = true),
            Command::Zoom(factor) => {
                self.on_viewport(|v, panel, size| v.zoom(panel, size, panel.center(), factor));
            }
            Command::ActualSize => {
                let scale = 1.0 / ctx.pixels_per_point();
                self.on_viewport(|v, panel, size| v.zoom(panel, size, panel.center(), scale / v.scale));
            }
            Command::ShowSelected => self.show_selected(),
            Command::Save(path, shown) => {
                let looks = self.state.saved;
                // A dialog asks about the name as typed; one that gets its extension here is another.
                let named = with_extension(path.clone());
                let may_replace = named == path;
                self.errand(Job::Save { shown, path: named, may_replace, looks });
            }
            Command::SaveTyped(path) => self.export(ctx, self.state.save_what, &path),
            Command::ChooseExportPlace(what) => {
                if let Some(shown) = self.state.view().shown.clone() {
                    let selected = self.state.view().selected;
                    let name = export_name(what, &shown, selected);
                    self.ask(ctx, move |d| Picked::Export(d.save_png(&name), what));
                }
            }
            Command::SetSaveLooks(looks) => self.state.saved = looks,
            Command::SetSaveWhat(what) => self.state.save_what = what,
            Command::Retry => {
                self.state.view_mut().generation = self.next_generation();
                self.show_active();
            }
            Command::GoBack => self.go_back(),
            Command::Complain(text) => self.state.say(Tone::Bad, text),
            Command::Dismiss(at) => {
                self.state.messages.remove(at);
            }
            Command::SetOverlay(opacity) => self.state.overlay_opacity = opacity.clamp(0.0, 1.0),
            Command::Copy(text, what) => {
                ctx.copy_text(text);
                self.state.say(Tone::Good, format!("copied {what}"));
            }
            Command::ToggleTheme => {
                self.state.is_dark = ctx.theme() != egui::Theme::Dark;
                ctx.set_theme(if self.state.is_dark { egui::Theme::Dark } else { egui::Theme::Light });
            }
            Command::SetDevice(device) => self.set_device(device),
            Command::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            of_views => self.apply_to_views(ctx, &of_views),
        }
    }

    /// Changes what is wanted of the picture and model at hand: looks in all linked views, the rest in the active one.
    fn want(&mut self, wish: &Wish) {
        let is_look =
            matches!(wish, Wish::Layout(_) | Wish::Normalisation(_) | Wish::Colour(_) | Wish::Grid(_));
        let active = self.state.view().id;
        let is_linked = is_look && self.state.links.looks && self.state.view().is_plain();
        let mut changed: Vec<ViewId> = Vec::new();
        for view in &mut self.state.views {
            if view.id == active || (is_linked && view.is_plain()) {
                change(view, wish);
                changed.push(view.id);
            }
        }
        for id in changed {
            self.show(id);
        }
    }

    fn set_model(&mut self, row: &'static Row) {
        match row.graph() {
            Ok(graph) => {
                let view = self.state.view_mut();
                // A layer of that name may be in the other model too; where not, its last is shown.
                if let LayerChoice::Named(name) = &view.layer
                    && graph.find(name).is_none()
                {
                    view.layer = LayerChoice::Final;
                }
                view.row = row;
                view.graph = Arc::new(graph);
                self.show_active();
            }
            Err(error) => self.state.say(Tone::Bad, error.to_string()),
        }
    }

    /// Changes the pictures of a view, and of all others where pictures are linked.
    pub(crate) fn change_pictures(&mut self, id: ViewId, change: impl Fn(&mut ViewState)) {
        let is_linked = self.state.links.pictures && self.state.find(id).is_some_and(ViewState::is_plain);
        let mut changed = Vec::new();
        for view in &mut self.state.views {
            if view.id == id || (is_linked && view.is_plain()) {
                change(view);
                changed.push(view.id);
            }
        }
        for id in changed {
            self.show(id);
        }
    }

    pub(crate) fn set_frame(&mut self, index: usize) {
        let view = self.state.view();
        let (id, open) = (view.id, view.source.clone());
        let Some(open) = open.filter(|open| index < open.source.len() && index != open.index) else { return };
        self.change_pictures(id, |view| {
            if let Some(own) = &mut view.source
                && Arc::ptr_eq(&own.source, &open.source)
            {
                own.index = index;
                view.picture = frame(own);
            }
        });
    }

    /// Cameras are of one view even where pictures are linked: left, centre and right of one moment stand side by side.
    fn set_camera(&mut self, camera: Camera) {
        let view = self.state.view_mut();
        if let Some(open) = &mut view.source {
            open.camera = Some(camera);
            view.picture = frame(open);
            self.show_active();
        }
    }

    fn set_device(&mut self, device: crate::engine::DeviceChoice) {
        self.state.device = device;
        let ids: Vec<ViewId> = self.state.views.iter().map(|view| view.id).collect();
        for id in ids {
            self.show(id);
        }
    }

    /// Finds out what a weight file is for; of several a person is asked.
    fn fit(&mut self, path: std::path::PathBuf) {
        self.errand(Job::Fit(path, PartChoice::default()));
    }

    /// Wants again what is on screen.
    fn go_back(&mut self) {
        let Some(good) = self.state.view().good.clone() else { return };
        self.state.weight_files.retain(|(tag, _)| *tag != good.row.tag);
        self.state.weight_files.extend(good.weights_file.map(|file| (good.row.tag, file)));
        let view = self.state.view_mut();
        if let (PictureChoice::Frame { index, camera, .. }, Some(open)) = (&good.picture, &mut view.source) {
            (open.index, open.camera) = (*index, *camera);
        }
        if view.is_plain() {
            (view.picture, view.layer, view.input) = (good.picture, good.layer, good.input);
            (view.settings, view.sifting) = (good.settings, good.sifting);
        }
        self.set_model(good.row);
    }

    pub(crate) fn select(&mut self, channel: Option<usize>) {
        let view = self.state.view_mut();
        view.selected = channel;
        self.inspect_selected();
    }

    /// Changes the active view's place, and with it that of all others where zoom is linked.
    fn on_viewport(&mut self, change: impl FnOnce(&mut Viewport, egui::Rect, egui::Vec2)) {
        let view = self.state.view();
        let Some(shown) = &view.shown else { return };
        let pixels = &shown.mosaic.pixels;
        let size = egui::vec2(pixels.width() as f32, pixels.height() as f32);
        let id = view.id;
        let scratch = self.scratch.views.entry(id).or_default();
        if let Some(panel) = scratch.panel {
            change(&mut scratch.viewport, panel, size);
            self.lead_viewports(id);
        }
    }

    fn show_selected(&mut self) {
        let view = self.state.view();
        let rect = view.shown.as_ref().zip(view.selected).and_then(|(shown, channel)| {
            let position = shown.mosaic.order.position_of(channel)?;
            shown.mosaic.geometry.filter_rect(position)
        });
        if let Some(r) = rect {
            let rect = mosaic_rect(r.x, r.y, r.width, r.height);
            self.on_viewport(|v, panel, size| v.show_rect(panel, size, rect));
        }
    }

    /// Asks on a thread of its own; the answer comes as an event.
    pub(crate) fn ask(
        &mut self,
        ctx: &egui::Context,
        question: impl FnOnce(&dyn Dialogs) -> Picked + Send + 'static,
    ) {
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

/// What a dialog proposes.
fn export_name(what: Export, shown: &crate::app::model::shown::Shown, selected: Option<usize>) -> String {
    let name = shown.file_name();
    let stem = name.strip_suffix(".png").unwrap_or(&name);
    match (what, selected) {
        (Export::Values, _) => format!("{stem}.npy"),
        (Export::Filter, Some(channel)) => format!("{stem}__filter_{channel}.png"),
        (Export::Filter, None) | (Export::Mosaic, _) => name,
        (Export::View, _) => format!("{stem}__view.png"),
        (Export::Sheet, _) => format!("{stem}__sheet.png"),
    }
}

fn change(view: &mut ViewState, wish: &Wish) {
    match wish {
        Wish::Layer(layer) => view.layer = layer.clone(),
        Wish::Layout(layout) => {
            // A range that goes with the old layout's tiles becomes the one that goes with the new one's.
            let settings = &mut view.settings;
            if settings.normalisation == Normalisation::usual_for(settings.layout) {
                settings.normalisation = Normalisation::usual_for(*layout);
            }
            settings.layout = *layout;
        }
        Wish::Normalisation(normalisation) => view.settings.normalisation = *normalisation,
        Wish::Colour(colour) => view.settings.colour = *colour,
        Wish::Grid(grid) => view.settings.grid = *grid,
        Wish::Fit(fit) => view.input.fit = *fit,
        Wish::Values(values) => view.input.values = *values,
        Wish::Sift(sifting) => view.sifting = *sifting,
    }
}

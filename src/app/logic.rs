//! What happens between frames: worker events in, keys and dropped files in, commands applied.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Key, KeyboardShortcut, Modifiers};

use super::command::Command;
use super::dialogs::with_extension;
use super::event::{Event, Job, LayerChoice, Picked, PictureChoice};
use super::state::{OpenSource, Tone, Trouble};
use super::viewport::mosaic_rect;
use super::window::App;
use crate::input::dataset::Source;
use crate::models::Row;
use crate::mosaic::Normalisation;

/// Events are taken for at most this long a frame; the rest waits for the next.
const DRAIN_BUDGET: Duration = Duration::from_millis(8);

const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
const SAVE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::S);
const QUIT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Q);

/// Keys and what they do, for the help window; those without modifiers count only while no text is being typed.
pub(super) const KEYS: [(&str, &str); 10] = [
    ("Ctrl+O", "open a picture or a driving log"),
    ("Ctrl+S", "save the mosaic"),
    ("F", "fit the mosaic to the window"),
    ("+ / −", "zoom"),
    ("1", "one value to one screen pixel"),
    ("arrow keys", "select the neighbouring filter"),
    ("Enter", "show the selected filter large"),
    ("Esc", "select no filter"),
    ("Page up / down", "previous or next moment of a data set"),
    ("F1", "this help"),
];

impl App {
    /// Posts what is wanted now; whatever ran for an older wish is cancelled. A model without weights is no job but a state.
    pub(super) fn show(&mut self) {
        self.newest_job += 1;
        self.state.trouble = None;
        if self.state.has_weights() {
            self.state.busy = Some("Waiting for the worker…");
            self.worker.post(Job::Show(self.newest_job, Box::new(self.state.wanted())));
        } else {
            self.state.busy = None;
            self.state.trouble = Some(Trouble::NeedsWeights);
        }
    }

    /// Has the worker find out what a path is; the newest wish wins here too.
    pub(super) fn open(&mut self, path: PathBuf) {
        self.newest_job += 1;
        self.state.busy = Some("Opening…");
        self.worker.post(Job::Open(self.newest_job, path));
    }

    fn errand(&mut self, job: Job) {
        if self.worker.enqueue(job).is_err() {
            self.state.say(Tone::Bad, "too much is waiting to be done; try again when it is");
        }
    }

    pub(super) fn drain_events(&mut self) {
        let started = Instant::now();
        while started.elapsed() < DRAIN_BUDGET {
            let Ok(event) = self.events.try_recv() else { return };
            self.take_event(event);
        }
    }

    fn take_event(&mut self, event: Event) {
        let newest = self.newest_job;
        let state = &mut self.state;
        match event {
            Event::Busy(job, what) if job == newest => state.busy = Some(what),
            Event::Shown(job, shown) if job == newest => {
                let num_filters = shown.activation.shape().channels;
                if state.selected.is_some_and(|channel| channel >= num_filters) {
                    state.selected = None;
                }
                let is_same_size = state.shown.as_ref().is_some_and(|old| {
                    old.mosaic.pixels.width() == shown.mosaic.pixels.width()
                        && old.mosaic.pixels.height() == shown.mosaic.pixels.height()
                });
                if !is_same_size {
                    self.scratch.viewport.is_fitted = true;
                }
                self.scratch.hovered = None;
                state.busy = None;
                state.trouble = None;
                state.shown = Some(shown);
                state.good = Some(state.wanted());
            }
            Event::Failed(job, reason) if job == newest => {
                state.busy = None;
                state.trouble = Some(Trouble::Failed(reason));
            }
            Event::Picture(job, path) if job == newest => {
                state.source = None;
                state.picture = PictureChoice::File(path);
                self.show();
            }
            Event::Source(job, place, source) if job == newest => self.open_source(place, source),
            Event::OpenFailed(job, reason) if job == newest => {
                state.say(Tone::Bad, reason);
                // What was wanted before still is.
                self.show();
            }
            Event::Fits(path, rows) => match rows[..] {
                [row] => self.commands.push(Command::UseWeights(row, path)),
                _ => state.weights_question = Some((path, rows)),
            },
            Event::ErrandFailed(reason) => state.say(Tone::Bad, reason),
            Event::Saved(path) => state.say(Tone::Good, format!("saved \"{}\"", path.display())),
            Event::Picked(Picked::Open(Some(path))) => self.open(path),
            Event::Picked(Picked::Weights(Some(path))) => self.commands.push(Command::OpenWeights(path)),
            Event::Picked(Picked::Save(Some(path), shown)) => self.commands.push(Command::Save(path, shown)),
            // Answers to wishes that have been replaced, and dialogs closed without an answer.
            Event::Busy(..)
            | Event::Shown(..)
            | Event::Failed(..)
            | Event::Picture(..)
            | Event::Source(..)
            | Event::OpenFailed(..)
            | Event::Picked(Picked::Open(None) | Picked::Weights(None) | Picked::Save(None, _)) => {}
        }
    }

    fn open_source(&mut self, place: PathBuf, source: Arc<dyn Source>) {
        let cameras = source.cameras();
        let camera = cameras
            .iter()
            .find(|c| **c == crate::input::dataset::Camera::Center)
            .or_else(|| cameras.first())
            .copied();
        let skipped = source.skipped().len();
        if skipped > 0 {
            let first = source.skipped().first().map_or_else(String::new, |s| s.reason.clone());
            self.state.say(
                Tone::Bad,
                format!("{skipped} rows of \"{}\" are left out; the first: {first}", place.display()),
            );
        }
        self.state.source = Some(OpenSource { source, place, index: 0, camera });
        self.show_frame();
    }

    fn show_frame(&mut self) {
        if let Some(open) = &self.state.source {
            self.state.picture = PictureChoice::Frame {
                source: Arc::clone(&open.source),
                place: open.place.clone(),
                index: open.index,
                camera: open.camera,
            };
            self.show();
        }
    }

    /// Dropped files and keys become commands.
    pub(super) fn take_input(&mut self, ctx: &egui::Context) {
        let dropped: Vec<PathBuf> =
            ctx.input(|i| i.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        if dropped.len() > 1 {
            self.state.say(
                Tone::Bad,
                "several files were dropped; the first is opened (drop their folder to see all)",
            );
        }
        if let Some(path) = dropped.into_iter().next() {
            let is_weights = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("safetensors"));
            self.commands.push(if is_weights { Command::OpenWeights(path) } else { Command::Open(path) });
        }
        let pressed = |shortcut: &KeyboardShortcut| ctx.input_mut(|i| i.consume_shortcut(shortcut));
        for (shortcut, command) in
            [(OPEN, Command::ChoosePicture), (SAVE, Command::ChooseSavePlace), (QUIT, Command::Quit)]
        {
            if pressed(&shortcut) {
                self.commands.push(command);
            }
        }
        if ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::F1)) {
            self.commands.push(Command::ToggleHelp);
        }
        // Keys belong to a widget that has the focus: a text field, a list.
        if ctx.memory(egui::Memory::focused).is_none() {
            self.take_plain_keys(ctx);
        }
    }

    fn take_plain_keys(&mut self, ctx: &egui::Context) {
        let key = |key| ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key));
        if key(Key::F) {
            self.commands.push(Command::Fit);
        }
        if key(Key::Num1) {
            self.commands.push(Command::ActualSize);
        }
        if key(Key::Plus) || key(Key::Equals) {
            self.commands.push(Command::Zoom(1.5));
        }
        if key(Key::Minus) {
            self.commands.push(Command::Zoom(1.0 / 1.5));
        }
        if key(Key::Enter) {
            self.commands.push(Command::ShowSelected);
        }
        if key(Key::Escape) {
            self.commands.push(Command::Select(None));
        }
        if let Some(open) = &self.state.source {
            let index = open.index;
            if key(Key::PageDown) {
                self.commands.push(Command::SetFrame(index + 1));
            }
            if key(Key::PageUp) {
                self.commands.push(Command::SetFrame(index.saturating_sub(1)));
            }
        }
        let steps =
            [(Key::ArrowLeft, 0, -1), (Key::ArrowRight, 0, 1), (Key::ArrowUp, -1, 0), (Key::ArrowDown, 1, 0)];
        for (arrow, rows, columns) in steps {
            if key(arrow)
                && let Some(channel) = self.neighbour(rows, columns)
            {
                self.commands.push(Command::Select(Some(channel)));
            }
        }
    }

    /// The filter a step away from the selected one in the mosaic; the first where none is selected.
    fn neighbour(&self, rows: isize, columns: isize) -> Option<usize> {
        let shown = self.state.shown.as_ref()?;
        let grid = shown.mosaic.geometry.grid();
        let Some(selected) = self.state.selected else { return shown.mosaic.order.channel_at(0) };
        let position = shown.mosaic.order.position_of(selected)?;
        let (row, column) = (position / grid.columns, position % grid.columns);
        let row = row.checked_add_signed(rows).filter(|r| *r < grid.rows)?;
        let column = column.checked_add_signed(columns).filter(|c| *c < grid.columns)?;
        shown.mosaic.order.channel_at(row * grid.columns + column)
    }

    /// Does one command.
    pub(super) fn apply(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::ChoosePicture => self.ask(ctx, |d| Picked::Open(d.open_picture())),
            Command::ChooseFolder => self.ask(ctx, |d| Picked::Open(d.open_folder())),
            Command::ChooseWeights => self.ask(ctx, |d| Picked::Weights(d.open_weights())),
            Command::ChooseSavePlace => {
                if let Some(shown) = self.state.shown.clone() {
                    self.ask(ctx, move |d| Picked::Save(d.save_png(&shown.file_name()), shown));
                }
            }
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
            Command::SetLayer(layer) => {
                self.state.layer = layer;
                self.show();
            }
            Command::SetLayout(layout) => {
                // A range that goes with the old layout's tiles becomes the one that goes with the new one's.
                let settings = &mut self.state.settings;
                if settings.normalisation == Normalisation::usual_for(settings.layout) {
                    settings.normalisation = Normalisation::usual_for(layout);
                }
                settings.layout = layout;
                self.show();
            }
            Command::SetNormalisation(normalisation) => {
                self.state.settings.normalisation = normalisation;
                self.show();
            }
            Command::SetColour(colour) => {
                self.state.settings.colour = colour;
                self.show();
            }
            Command::SetFit(fit) => {
                self.state.input.fit = fit;
                self.show();
            }
            Command::SetValues(values) => {
                self.state.input.values = values;
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
                self.errand(Job::Save { shown, path: with_extension(path), has_caption, paper });
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

    fn on_viewport(&mut self, change: impl FnOnce(&mut super::viewport::Viewport, egui::Rect, egui::Vec2)) {
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
    fn ask(
        &mut self,
        ctx: &egui::Context,
        question: impl FnOnce(&dyn super::dialogs::Dialogs) -> Picked + Send + 'static,
    ) {
        let (dialogs, sender, wake) = (Arc::clone(&self.dialogs), self.sender.clone(), ctx.clone());
        let spawned = std::thread::Builder::new().name("dialog".into()).spawn(move || {
            let answer = question(&*dialogs);
            if sender.send(Event::Picked(answer)).is_ok() {
                wake.request_repaint();
            }
        });
        if let Err(error) = spawned {
            self.state
                .say(Tone::Bad, format!("can't open a dialog ({error}); type the path or drop the file"));
        }
    }
}

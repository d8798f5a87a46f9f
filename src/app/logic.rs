//! What happens between frames: worker events in, keys and dropped files in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Key, KeyboardShortcut, Modifiers};

use super::command::Command;
use super::event::{Event, Job, Picked, PictureChoice};
use super::state::{OpenSource, Tone, Trouble};
use super::window::App;
use crate::input::dataset::Source;

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
    ("Esc", "select no filter; close this"),
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

    pub(super) fn errand(&mut self, job: Job) {
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
            Event::NoDialog => state.say(
                Tone::Bad,
                "no file dialog opened (this system may have none): type a path on the left, or drop the file here",
            ),
            Event::Saved(path) => state.say(Tone::Good, format!("saved \"{}\"", path.display())),
            Event::Picked(Picked::Open(Some(path))) => self.commands.push(Command::Open(path)),
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

    pub(super) fn show_frame(&mut self) {
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
            self.commands.push(Command::Open(path));
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
            let is_help_open = self.state.is_help_open;
            self.commands.push(if is_help_open { Command::ToggleHelp } else { Command::Select(None) });
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
}

//! Keys and dropped files become commands.

use std::path::PathBuf;

use egui::Key;
use egui::KeyboardShortcut;
use egui::Modifiers;

use crate::app::message::command::Command;
use crate::app::model::messages::Tone;
use crate::app::shell::App;

const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);

const SAVE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::S);

const QUIT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Q);

const BACK: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);

const FORWARD: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);

const FORWARD_TOO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Y);

const BATCH: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::E);

const ADD_VIEW: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::T);

const CLOSE_VIEW: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::W);

/// Keys and what they do, for the help window; those without modifiers count only while no text is being typed.
pub(crate) const KEYS: [(&str, &str); 24] = [
    ("Ctrl+O", "open a picture or a driving log"),
    ("Ctrl+S", "save the mosaic"),
    ("Ctrl+E", "export many figures"),
    ("Ctrl+C / Ctrl+V", "copy the mosaic as a picture; look at a copied picture"),
    ("Ctrl+Z / Ctrl+Y", "back to what was asked of the views before; forward again"),
    ("Ctrl+T / Ctrl+W", "add a view beside the others; close this one"),
    ("Ctrl+1 … 4", "make the panels be about that view"),
    ("D", "difference of two views"),
    ("C", "closest filter in the other views"),
    ("F", "fit the mosaic to the window"),
    ("+ / −", "zoom"),
    ("1", "one value to one screen pixel"),
    ("Up / Down", "layer before or after; with a filter selected, the filter above or below"),
    ("Alt+Up / Down", "layer before or after"),
    (
        "Left / Right",
        "with a filter selected, the filter beside it; else the moment before or after of a data set",
    ),
    ("Space", "play through the moments of a data set, or else the layers; or stop"),
    ("L", "play through the layers, or stop"),
    ("Enter", "show the selected filter large"),
    ("P", "pin the selected filter, or take it out of the tray"),
    ("Esc", "close what lies over the mosaic; with nothing there, dismiss messages and select no filter"),
    ("Page up / down", "previous or next moment of a data set"),
    ("Tab", "next widget; Space or Enter presses it"),
    ("F1 or ?", "this help"),
    ("Ctrl+Q", "quit"),
];

/// Whether the active view is one of a data set.
fn view_has_moments(app: &App) -> bool {
    app.state.view().source.is_some()
}

impl App {
    /// Dropped files and keys become commands.
    pub(crate) fn take_input(&mut self, ctx: &egui::Context) {
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
        // A question that waits for its answer has the keys.
        if self.state.column_question.is_some() || self.state.weights_question.is_some() {
            return;
        }
        let pressed = |shortcut: &KeyboardShortcut| ctx.input_mut(|i| i.consume_shortcut(shortcut));
        for (shortcut, command) in
            [(OPEN, Command::ChoosePicture), (SAVE, Command::ChooseSavePlace), (QUIT, Command::Quit)]
        {
            if pressed(&shortcut) {
                self.commands.push(command);
            }
        }
        for shortcut in [FORWARD, FORWARD_TOO] {
            if pressed(&shortcut) {
                self.commands.push(Command::Forward);
            }
        }
        if pressed(&BACK) {
            self.commands.push(Command::Back);
        }
        let pasted = ctx.input(|i| {
            i.events.iter().find_map(|event| match event {
                egui::Event::PasteImage(image) => Some(std::sync::Arc::clone(image)),
                _ => None,
            })
        });
        if let Some(image) = pasted {
            self.commands.push(Command::PastePicture(image));
        }
        let is_copied = ctx.input(|i| i.events.iter().any(|event| matches!(event, egui::Event::Copy)));
        if is_copied && ctx.memory(egui::Memory::focused).is_none() {
            self.commands.push(Command::CopyMosaic);
        }
        if pressed(&BATCH) {
            self.commands.push(Command::ToggleBatch);
        }
        if pressed(&ADD_VIEW) {
            self.commands.push(Command::AddView);
        }
        if pressed(&CLOSE_VIEW) {
            self.commands.push(Command::CloseView(self.state.view().id));
        }
        let numbers = [Key::Num1, Key::Num2, Key::Num3, Key::Num4];
        for (key, view) in numbers.into_iter().zip(&self.state.views) {
            if pressed(&KeyboardShortcut::new(Modifiers::COMMAND, key)) {
                self.commands.push(Command::Activate(view.id));
            }
        }
        let press = |modifiers, key| ctx.input_mut(|i| i.consume_key(modifiers, key));
        if press(Modifiers::NONE, Key::F1) {
            self.commands.push(Command::ToggleHelp);
        }
        for (key, steps) in [(Key::ArrowUp, -1), (Key::ArrowDown, 1)] {
            if press(Modifiers::ALT, key) {
                self.commands.push(Command::StepLayer(steps));
            }
        }
        // Keys belong to a widget that has the focus: a text field, a list.
        if ctx.memory(egui::Memory::focused).is_none() && !egui::Popup::is_any_open(ctx) {
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
        if key(Key::Questionmark) {
            self.commands.push(Command::ToggleHelp);
        }
        if key(Key::Enter) {
            self.commands.push(Command::ShowSelected);
        }
        if key(Key::L) {
            self.commands.push(Command::TogglePlay);
        }
        if key(Key::Space) {
            self.commands.push(if view_has_moments(self) {
                Command::TogglePlayFrames
            } else {
                Command::TogglePlay
            });
        }
        if key(Key::D) {
            self.commands.push(Command::AddDifference);
        }
        let view = self.state.view();
        if key(Key::C) {
            let others = self.state.views.iter().filter(|other| other.id != view.id);
            others.for_each(|other| self.commands.push(Command::FindClosest(other.id)));
        }
        if let Some(channel) = view.selected
            && key(Key::P)
        {
            self.commands.push(match self.state.pin_of(channel) {
                Some(id) => Command::Unpin(id),
                None => Command::Pin(channel),
            });
        }
        if key(Key::Escape) {
            // What lies over the others goes first.
            let open = self.state.open;
            let command = match open {
                _ if open.help => Command::ToggleHelp,
                _ if open.log => Command::ToggleLog,
                _ if open.animate => Command::ToggleAnimate,
                _ if open.extract => Command::ToggleExtract,
                _ if open.batch => Command::ToggleBatch,
                _ if open.table => Command::ToggleTable,
                _ => {
                    let num_said = self.state.messages.len();
                    self.commands.extend((0..num_said).map(|_| Command::Dismiss(0)));
                    Command::Select(None)
                }
            };
            self.commands.push(command);
        }
        let moment = view.source.as_ref().map(|open| open.index);
        let mut to_moment = |steps: isize| {
            if let Some(index) = moment.and_then(|index| index.checked_add_signed(steps)) {
                self.commands.push(Command::SetFrame(index));
            }
        };
        if key(Key::PageDown) {
            to_moment(1);
        }
        if key(Key::PageUp) {
            to_moment(-1);
        }
        let is_selected = view.selected.is_some();
        let arrows =
            [(Key::ArrowLeft, 0, -1), (Key::ArrowRight, 0, 1), (Key::ArrowUp, -1, 0), (Key::ArrowDown, 1, 0)];
        for (arrow, rows, columns) in arrows {
            if !key(arrow) {
                continue;
            }
            if is_selected {
                if let Some(channel) = self.neighbour(rows, columns) {
                    self.commands.push(Command::Select(Some(channel)));
                }
            } else if rows != 0 {
                self.commands.push(Command::StepLayer(rows));
            } else if let Some(index) = moment.and_then(|index| index.checked_add_signed(columns)) {
                self.commands.push(Command::SetFrame(index));
            }
        }
    }

    /// The filter a step away from the selected one in the mosaic; the first where none is selected.
    fn neighbour(&self, rows: isize, columns: isize) -> Option<usize> {
        let view = self.state.view();
        let shown = view.shown.as_ref()?;
        let grid = shown.mosaic.geometry.grid();
        let selected = view.selected?;
        let position = shown.mosaic.order.position_of(selected)?;
        let (row, column) = (position / grid.columns, position % grid.columns);
        let row = row.checked_add_signed(rows).filter(|r| *r < grid.rows)?;
        let column = column.checked_add_signed(columns).filter(|c| *c < grid.columns)?;
        shown.mosaic.order.channel_at(row * grid.columns + column)
    }
}

//! Keys and dropped files become commands.

use std::path::PathBuf;

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::app::message::command::{
    Command, Commands, DatasetCommand, SaveCommand, TaskCommand, ViewCommand, ViewsCommand, WindowCommand,
};
use crate::app::model::Model;

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

/// Dropped files and keys become commands.
pub(crate) fn take(ctx: &egui::Context, model: &Model, commands: &mut Commands) {
    let dropped: Vec<PathBuf> =
        ctx.input(|i| i.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
    let num_dropped = dropped.len();
    if let Some(path) = dropped.into_iter().next() {
        commands.push(ViewCommand::Open(path));
    }
    if num_dropped > 1 {
        let text = "several files were dropped; the first is opened (drop their folder to see all)";
        commands.push(WindowCommand::Complain(text.to_owned()));
    }
    // A question that waits for its answer has the keys.
    if model.column_question.is_some() || model.weights_question.is_some() {
        return;
    }
    let pressed = |shortcut: &KeyboardShortcut| ctx.input_mut(|i| i.consume_shortcut(shortcut));
    for (shortcut, command) in [
        (OPEN, Command::from(ViewCommand::ChoosePicture)),
        (SAVE, SaveCommand::ChooseSavePlace.into()),
        (QUIT, WindowCommand::Quit.into()),
    ] {
        if pressed(&shortcut) {
            commands.push(command);
        }
    }
    for shortcut in [FORWARD, FORWARD_TOO] {
        if pressed(&shortcut) {
            commands.push(ViewsCommand::Forward);
        }
    }
    if pressed(&BACK) {
        commands.push(ViewsCommand::Back);
    }
    let pasted = ctx.input(|i| {
        i.events.iter().find_map(|event| match event {
            egui::Event::PasteImage(image) => Some(std::sync::Arc::clone(image)),
            _ => None,
        })
    });
    if let Some(image) = pasted {
        commands.push(ViewCommand::PastePicture(image));
    }
    let is_copied = ctx.input(|i| i.events.iter().any(|event| matches!(event, egui::Event::Copy)));
    if is_copied && ctx.memory(egui::Memory::focused).is_none() {
        commands.push(SaveCommand::CopyMosaic);
    }
    if pressed(&BATCH) {
        commands.push(TaskCommand::ToggleBatch);
    }
    if pressed(&ADD_VIEW) {
        commands.push(ViewsCommand::AddView);
    }
    if pressed(&CLOSE_VIEW) {
        commands.push(ViewsCommand::CloseView(model.view().id));
    }
    let numbers = [Key::Num1, Key::Num2, Key::Num3, Key::Num4];
    for (key, view) in numbers.into_iter().zip(&model.views) {
        if pressed(&KeyboardShortcut::new(Modifiers::COMMAND, key)) {
            commands.push(ViewsCommand::Activate(view.id));
        }
    }
    let press = |modifiers, key| ctx.input_mut(|i| i.consume_key(modifiers, key));
    if press(Modifiers::NONE, Key::F1) {
        commands.push(WindowCommand::ToggleHelp);
    }
    for (key, steps) in [(Key::ArrowUp, -1), (Key::ArrowDown, 1)] {
        if press(Modifiers::ALT, key) {
            commands.push(ViewCommand::StepLayer(steps));
        }
    }
    // Keys belong to a widget that has the focus: a text field, a list.
    if ctx.memory(egui::Memory::focused).is_none() && !egui::Popup::is_any_open(ctx) {
        take_plain_keys(ctx, model, commands);
    }
}

fn take_plain_keys(ctx: &egui::Context, model: &Model, commands: &mut Commands) {
    let key = |key| ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    if key(Key::F) {
        commands.push(ViewCommand::Fit);
    }
    if key(Key::Num1) {
        commands.push(ViewCommand::ActualSize);
    }
    if key(Key::Plus) || key(Key::Equals) {
        commands.push(ViewCommand::Zoom(1.5));
    }
    if key(Key::Minus) {
        commands.push(ViewCommand::Zoom(1.0 / 1.5));
    }
    if key(Key::Questionmark) {
        commands.push(WindowCommand::ToggleHelp);
    }
    if key(Key::Enter) {
        commands.push(ViewCommand::ShowSelected);
    }
    if key(Key::L) {
        commands.push(ViewCommand::TogglePlay);
    }
    if key(Key::Space) {
        let has_moments = model.view().source.is_some();
        let play = if has_moments {
            Command::from(DatasetCommand::TogglePlayFrames)
        } else {
            ViewCommand::TogglePlay.into()
        };
        commands.push(play);
    }
    if key(Key::D) {
        commands.push(ViewsCommand::AddDifference);
    }
    let view = model.view();
    if key(Key::C) {
        let others = model.views.iter().filter(|other| other.id != view.id);
        others.for_each(|other| commands.push(ViewsCommand::FindClosest(other.id)));
    }
    if let Some(channel) = view.selected
        && key(Key::P)
    {
        commands.push(match model.pin_of(channel) {
            Some(id) => ViewsCommand::Unpin(id),
            None => ViewsCommand::Pin(channel),
        });
    }
    if key(Key::Escape) {
        // What lies over the others goes first.
        let open = model.open;
        let over: Command = match open {
            _ if open.help => WindowCommand::ToggleHelp.into(),
            _ if open.log => WindowCommand::ToggleLog.into(),
            _ if open.animate => TaskCommand::ToggleAnimate.into(),
            _ if open.extract => TaskCommand::ToggleExtract.into(),
            _ if open.batch => TaskCommand::ToggleBatch.into(),
            _ if open.table => WindowCommand::ToggleTable.into(),
            _ => {
                (0..model.messages.len()).for_each(|_| commands.push(WindowCommand::Dismiss(0)));
                ViewCommand::Select(None).into()
            }
        };
        commands.push(over);
    }
    let moment = view.source.as_ref().map(|open| open.index);
    let mut to_moment = |steps: isize| {
        if let Some(index) = moment.and_then(|index| index.checked_add_signed(steps)) {
            commands.push(DatasetCommand::SetFrame(index));
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
            if let Some(channel) = neighbour(model, rows, columns) {
                commands.push(ViewCommand::Select(Some(channel)));
            }
        } else if rows != 0 {
            commands.push(ViewCommand::StepLayer(rows));
        } else if let Some(index) = moment.and_then(|index| index.checked_add_signed(columns)) {
            commands.push(DatasetCommand::SetFrame(index));
        }
    }
}

/// The filter a step away from the selected one in the mosaic; the first where none is selected.
fn neighbour(model: &Model, rows: isize, columns: isize) -> Option<usize> {
    let view = model.view();
    let shown = view.shown.as_ref()?;
    let grid = shown.mosaic.geometry.grid();
    let selected = view.selected?;
    let position = shown.mosaic.order.position_of(selected)?;
    let (row, column) = (position / grid.columns, position % grid.columns);
    let row = row.checked_add_signed(rows).filter(|r| *r < grid.rows)?;
    let column = column.checked_add_signed(columns).filter(|c| *c < grid.columns)?;
    shown.mosaic.order.channel_at(row * grid.columns + column)
}

//! Turns keys, dropped files and pasted pictures into commands.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use egui::{Context, KeyboardShortcut, Modifiers};

use crate::app::message::command::{AnyAction, Commands, actions};
use crate::app::message::save::SaveCommand;
use crate::app::message::view::ViewCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::Model;

/// Handles the input since the last frame.
pub(crate) fn take(ctx: &Context, model: &Model, commands: &mut Commands) {
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
    // While a question waits for its answer, shortcuts and pasting are off.
    if model.column_question.is_some() || model.weights_question.is_some() {
        return;
    }
    let pasted = ctx.input(|i| {
        i.events.iter().find_map(|event| match event {
            egui::Event::PasteImage(image) => Some(Arc::clone(image)),
            _ => None,
        })
    });
    if let Some(image) = pasted {
        commands.push(ViewCommand::PastePicture(image));
    }
    // Keys without modifiers go to the widget that has the focus, such as a text field or a list.
    let is_free = ctx.memory(egui::Memory::focused).is_none() && !egui::Popup::is_any_open(ctx);
    // The key for copying arrives as an event of its own.
    let is_copied = ctx.input(|i| i.events.iter().any(|event| matches!(event, egui::Event::Copy)));
    if is_copied && ctx.memory(egui::Memory::focused).is_none() {
        commands.push(SaveCommand::CopyMosaic);
    }
    for shortcut in SHORTCUTS.iter().copied() {
        if (shortcut.modifiers == Modifiers::NONE && !is_free)
            || !ctx.input_mut(|i| i.consume_shortcut(&shortcut))
        {
            continue;
        }
        if let Some(action) = done_by(shortcut, model) {
            commands.extend(action.commands(model));
        }
    }
}

/// The first action with this shortcut that is enabled. If none is, the first of all, so that its command can say why it isn't possible.
fn done_by(shortcut: KeyboardShortcut, model: &Model) -> Option<&'static AnyAction> {
    let mut of_key = actions().iter().filter(|action| action.keys.contains(&shortcut));
    of_key.clone().find(|action| action.is_enabled(model)).or_else(|| of_key.next())
}

/// All shortcuts of actions, each once. Shortcuts with more modifiers come first, because they would also match the same key with
/// fewer modifiers.
static SHORTCUTS: LazyLock<Vec<KeyboardShortcut>> = LazyLock::new(|| {
    let mut all: Vec<KeyboardShortcut> = Vec::new();
    for shortcut in actions().iter().flat_map(|action| action.keys) {
        if !all.contains(shortcut) {
            all.push(*shortcut);
        }
    }
    let num =
        |m: &Modifiers| [m.alt, m.shift, m.ctrl || m.command].into_iter().filter(|is_on| *is_on).count();
    all.sort_by_key(|shortcut| std::cmp::Reverse(num(&shortcut.modifiers)));
    all
});

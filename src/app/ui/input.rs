//! Turns keys, dropped files and pasted pictures into commands.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use egui::{Context, KeyboardShortcut, Modifiers};

use crate::app::message::command::{AnyAction, Commands, actions};
use crate::app::message::save::SaveCommand;
use crate::app::message::task::TaskCommand;
use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::model::Model;
use crate::app::model::task::Task;
use crate::app::model::view::ViewId;
use crate::app::ui::scratch::Scratch;

/// Handles the input since the last frame.
pub(crate) fn take(ctx: &Context, model: &Model, scratch: &mut Scratch, commands: &mut Commands) {
    take_dropped(ctx, model, scratch, commands);
    // While a question waits for its answer, shortcuts and pasting are off.
    if model.is_asking() {
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
    // Keys without modifiers, or with Shift alone, go to the widget that has the focus, such as a text field or a list.
    let is_free = ctx.memory(egui::Memory::focused).is_none() && !egui::Popup::is_any_open(ctx);
    // The key for copying arrives as an event of its own.
    let is_copied = ctx.input(|i| i.events.iter().any(|event| matches!(event, egui::Event::Copy)));
    if is_copied && ctx.memory(egui::Memory::focused).is_none() {
        commands.push(SaveCommand::CopyMosaic);
    }
    for shortcut in SHORTCUTS.iter().copied() {
        let is_plain = shortcut.modifiers == Modifiers::NONE || shortcut.modifiers == Modifiers::SHIFT;
        if (is_plain && !is_free) || !ctx.input_mut(|i| i.consume_shortcut(&shortcut)) {
            continue;
        }
        if let Some(action) = done_by(shortcut, model) {
            commands.extend(action.commands(model));
        }
    }
}

/// Longest time that dropped files wait for the pointer, in seconds.
const POINTER_WAIT: f64 = 0.5;

/// Opens dropped files in the view under the pointer. While files are dragged over the window, the window system tells nothing of the
/// pointer, so the first place of it after the drop counts; where none comes soon, the active view takes them.
fn take_dropped(ctx: &Context, model: &Model, scratch: &mut Scratch, commands: &mut Commands) {
    let (now, new): (f64, Vec<PathBuf>) =
        ctx.input(|i| (i.time, i.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect()));
    if !new.is_empty() {
        // The files of one drop may arrive in several frames.
        scratch.dropped.get_or_insert_with(|| (Vec::new(), now)).0.extend(new);
    }
    let Some((_, since)) = &scratch.dropped else { return };
    let pointer = ctx.input(|i| {
        i.events.iter().find_map(|event| match event {
            egui::Event::PointerMoved(at) | egui::Event::PointerButton { pos: at, .. } => Some(*at),
            _ => None,
        })
    });
    let is_over = now - since >= POINTER_WAIT;
    if model.views.len() > 1 && pointer.is_none() && !is_over {
        ctx.request_repaint_after_secs((POINTER_WAIT - (now - since)) as f32);
        return;
    }
    let Some((paths, _)) = scratch.dropped.take() else { return };
    // While folders of features are being chosen, that is what dropped folders are for.
    let takes_folders = [Task::Probe, Task::Similarity].into_iter().find(|task| {
        let run = model.tasks.run(*task);
        run.is_open && run.running.is_none()
    });
    let (folders, paths): (Vec<PathBuf>, Vec<PathBuf>) =
        paths.into_iter().partition(|path| takes_folders.is_some() && path.is_dir());
    if let (Some(task), false) = (takes_folders, folders.is_empty()) {
        commands.push(TaskCommand::AddFolders(task, folders));
    }
    if paths.is_empty() {
        return;
    }
    let is_under = |id: &ViewId| {
        let place = scratch.views.get(id).and_then(|view| view.place);
        pointer.zip(place).is_some_and(|(at, place)| place.contains(at))
    };
    if let Some(id) = model.views.iter().map(|view| view.id).find(is_under) {
        commands.push(ViewsCommand::Activate(id));
    }
    commands.push(ViewCommand::OpenAll(paths));
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

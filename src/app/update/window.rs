//! Handlers about the window itself: floating windows, messages, preferences.

use crate::app::message::Now;
use crate::app::message::effect::{Effects, FaceEffect};
use crate::app::message::window::WindowCommand;
use crate::app::model::Model;
use crate::app::model::messages::Tone;
use crate::app::model::preferences::Preference;
use crate::app::model::task::Task;
use crate::app::update::requests::inspect_selected;
use crate::app::update::view::stop_runs;

/// Handles a command about the window.
pub(crate) fn apply(model: &mut Model, command: WindowCommand, now: &Now, effects: &mut Effects) {
    match command {
        WindowCommand::ToggleRight if model.is_narrow => model.open.right = !model.open.right,
        WindowCommand::ToggleRight => {
            let is_shown = model.preferences.shows_right;
            model.preferences.set(Preference::ShowsRight(!is_shown));
        }
        WindowCommand::Prefer(preference) => model.preferences.set(preference),
        WindowCommand::ToggleTable => model.open.table = !model.open.table,
        WindowCommand::ToggleLog => model.open.log = !model.open.log,
        WindowCommand::ToggleHelp => model.open.help = !model.open.help,
        WindowCommand::TogglePalette => model.open.palette = !model.open.palette,
        WindowCommand::CloseTop => close_top(model, effects),
        WindowCommand::ToggleTheme => {
            model.preferences.is_dark = !now.is_dark;
            effects.face(FaceEffect::SetTheme(model.preferences.is_dark));
        }
        WindowCommand::Complain(text) => model.say(Tone::Warning, text),
        WindowCommand::Dismiss(at) => {
            model.messages.remove(at);
        }
        WindowCommand::Quit => effects.face(FaceEffect::Close),
    }
}

/// Closes the topmost floating window; if none is open, dismisses all messages; then deselects the channel; with nothing of these, stops
/// what is computed.
fn close_top(model: &mut Model, effects: &mut Effects) {
    let (open, tasks) = (&mut model.open, &mut model.tasks);
    let over = [&mut open.palette, &mut open.help, &mut open.log, &mut open.head];
    if let Some(top) = over.into_iter().find(|is_open| **is_open) {
        *top = false;
        return;
    }
    if let Some(task) = Task::ALL.iter().copied().rev().find(|task| tasks.run(*task).is_open) {
        tasks.run_mut(task).is_open = false;
        return;
    }
    if std::mem::take(&mut open.table) {
        return;
    }
    if !model.messages.is_empty() {
        model.messages.clear();
        return;
    }
    if model.view().selected.is_none() {
        stop_runs(model, effects);
        return;
    }
    model.view_mut().choose_channel(None);
    inspect_selected(model, effects);
}

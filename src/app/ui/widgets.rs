//! Small widgets that several panels use.

use crate::app::message::command::actions;
use crate::render::Share;

/// A part of a picture on screen, where the whole picture lies in `whole`.
pub(crate) fn share_rect(whole: egui::Rect, share: Share) -> egui::Rect {
    let at = |x: f64, y: f64| whole.min + whole.size() * egui::vec2(x as f32, y as f32);
    egui::Rect::from_min_max(at(share.left, share.top), at(share.right, share.bottom))
}

/// A widget's tooltip and, where it shows no words, its name for the accessibility tree.
pub(crate) fn named(response: egui::Response, kind: egui::Role, name: &str) -> egui::Response {
    response.widget_info(|| egui::WidgetInfo::labeled(kind, true, name));
    response
}

/// A path that is typed again takes the place of the last one, as in an address bar; "Go" again still has it.
pub(crate) fn select_on_focus(ui: &egui::Ui, field: &egui::Response, text: &str) {
    if !field.gained_focus() {
        return;
    }
    if let Some(mut state) = egui::TextEdit::load_state(ui.ctx(), field.id) {
        let ends = [0, text.chars().count()].map(egui::text::CCursor::new);
        state.cursor.set_char_range(Some(egui::text::CCursorRange::two(ends[0], ends[1])));
        state.store(ui.ctx(), field.id);
    }
}

/// A search field that takes what is typed as soon as its list opens; says whether Enter was pressed in it.
pub(crate) fn search(ui: &mut egui::Ui, name: &str, text: &mut String) -> bool {
    let label = ui.label(name);
    let field = ui.text_edit_singleline(text).labelled_by(label.id);
    let is_entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    // Opened by a key, the list's button has the focus still.
    let now = ui.ctx().cumulative_pass_nr();
    let last = ui.data_mut(|data| {
        let last = data.get_temp::<u64>(field.id);
        data.insert_temp(field.id, now);
        last
    });
    let is_just_opened = last.is_none_or(|last| last + 1 < now);
    if is_just_opened || (!is_entered && ui.memory(|m| m.focused().is_none())) {
        field.request_focus();
    }
    is_entered
}

/// What the action of that name does and its first key, for the tooltip of a button that does the same.
pub(crate) fn tip(ctx: &egui::Context, label: &str) -> String {
    let found = actions().iter().find(|action| action.label == label);
    debug_assert!(found.is_some(), "no action is called `{label}`");
    let Some(action) = found else { return label.to_owned() };
    let mut letters = action.help.chars();
    let words: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let key = action.keys.first().map(|key| format!(" ({})", ctx.format_shortcut(key)));
    words + &key.unwrap_or_default()
}

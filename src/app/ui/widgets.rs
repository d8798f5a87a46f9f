//! Small widgets that several panels use.

use crate::app::message::command::actions;
use crate::render::Share;

/// The rectangle on screen of a part of a picture, if the whole picture is drawn in `whole`.
pub(crate) fn share_rect(whole: egui::Rect, share: Share) -> egui::Rect {
    let at = |x: f64, y: f64| whole.min + whole.size() * egui::vec2(x as f32, y as f32);
    egui::Rect::from_min_max(at(share.left, share.top), at(share.right, share.bottom))
}

/// Gives a widget a role and a name in the accessibility tree; returns its response.
pub(crate) fn named(response: egui::Response, kind: egui::Role, name: &str) -> egui::Response {
    response.widget_info(|| egui::WidgetInfo::labeled(kind, true, name));
    response
}

/// Selects a field's text when the field gets the focus, so that a newly typed path replaces the last one, as in an address bar.
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

/// A search field that gets the focus as soon as its list opens. Returns whether Enter was pressed in it.
pub(crate) fn search(ui: &mut egui::Ui, name: &str, text: &mut String) -> bool {
    let label = ui.label(name);
    let field = ui.text_edit_singleline(text).labelled_by(label.id);
    let is_entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    // If the list was opened with a key, its button still has the focus.
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

/// Keys as the system writes them. egui's formatter writes out the names of characters such as `?`, which a person types as they are.
pub(crate) fn keys(ctx: &egui::Context, shortcut: egui::KeyboardShortcut) -> String {
    let (key, written) = (shortcut.logical_key, ctx.format_shortcut(&shortcut));
    let symbol = key.symbol_or_name();
    match written.strip_suffix(key.name()) {
        Some(modifiers) if symbol.is_ascii() => format!("{modifiers}{symbol}"),
        _ => written,
    }
}

/// The tooltip of a button that does the same as the action with this label: the action's help text and its first key.
pub(crate) fn tip(ctx: &egui::Context, label: &str) -> String {
    let found = actions().iter().find(|action| action.label == label);
    debug_assert!(found.is_some(), "no action is called `{label}`");
    let Some(action) = found else { return label.to_owned() };
    let mut letters = action.help.chars();
    let words: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let key = action.keys.first().map(|key| format!(" ({})", keys(ctx, *key)));
    words + &key.unwrap_or_default()
}

//! Small widgets that several panels use.

use crate::app::message::command::action;
use crate::app::ui::theme;
use crate::render::Share;

/// The head of a section of a panel, with small buttons on its right; returns the head's response, by which a control can be labelled.
pub(crate) fn section(ui: &mut egui::Ui, name: &str, actions: impl FnOnce(&mut egui::Ui)) -> egui::Response {
    ui.add_space(SECTION_SPACE);
    let response = ui
        .horizontal(|ui| {
            let text = egui::RichText::new(name).text_style(theme::head_style()).color(theme::of(ui).quiet);
            let response = ui.label(text);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), actions);
            response
        })
        .inner;
    ui.add_space(2.0);
    response
}

/// Space above a section's head.
const SECTION_SPACE: f32 = 8.0;

/// A small button without a frame, for the right of a section's head.
pub(crate) fn small_action(ui: &mut egui::Ui, name: &str) -> egui::Response {
    let text = egui::RichText::new(name).small().color(theme::of(ui).quiet);
    ui.add(egui::Button::new(text).frame_when_inactive(false))
}

/// A button that is an icon: `name` is its name in the accessibility tree and its tooltip, if `hint` is empty.
pub(crate) fn icon_button(ui: &mut egui::Ui, icon: &str, name: &str, hint: &str) -> egui::Response {
    let text = egui::RichText::new(icon).text_style(theme::icon_style()).color(theme::of(ui).quiet);
    let response = ui.add(egui::Button::new(text).frame_when_inactive(false));
    named(response, egui::Role::Button, name).on_hover_text(if hint.is_empty() { name } else { hint })
}

/// A card: a group of things on a ground of its own, as wide as the panel.
pub(crate) fn card<R>(ui: &mut egui::Ui, contents: impl FnOnce(&mut egui::Ui) -> R) -> R {
    egui::Frame::new()
        .fill(theme::of(ui).card)
        .corner_radius(theme::CARD_RADIUS)
        .inner_margin(10)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui)
        })
        .inner
}

/// A fact: a quiet name on the left, the value beside it. The row is as high without a value.
pub(crate) fn fact(ui: &mut egui::Ui, name: &str, value: &str) {
    let tokens = theme::of(ui);
    let whole = egui::vec2(ui.available_width(), FACT_HEIGHT);
    ui.allocate_ui_with_layout(whole, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        let width = (whole.x * 0.25).min(LABEL_WIDTH);
        ui.allocate_ui_with_layout(
            egui::vec2(width, FACT_HEIGHT),
            egui::Layout::left_to_right(egui::Align::Center),
            |ui| {
                ui.set_width(width);
                ui.add(egui::Label::new(egui::RichText::new(name).color(tokens.quiet)).truncate());
            },
        );
        let text = egui::RichText::new(value).color(tokens.strong);
        // A long value is written smaller, rather than cut.
        let text = if value.chars().count() > LONG_VALUE { text.small() } else { text };
        ui.add(egui::Label::new(text).truncate());
    });
}

/// A fact's value with more characters is written smaller.
const LONG_VALUE: usize = 28;

/// Height of a fact's row.
const FACT_HEIGHT: f32 = 17.0;

/// A row of settings: a label on the left, and its control over the rest of the row. `control` is given the width that it may take.
/// Returns what `control` returns, labelled by the label.
pub(crate) fn setting(
    ui: &mut egui::Ui,
    name: &str,
    hint: &str,
    control: impl FnOnce(&mut egui::Ui, f32) -> egui::Response,
) -> egui::Response {
    ui.horizontal(|ui| {
        let width = ui.available_width();
        let label_width = (width * 0.38).min(LABEL_WIDTH);
        let label = ui
            .allocate_ui_with_layout(
                egui::vec2(label_width, ui.spacing().interact_size.y),
                egui::Layout::left_to_right(egui::Align::Center),
                |ui| {
                    ui.set_width(label_width);
                    ui.add(egui::Label::new(name).truncate())
                },
            )
            .inner;
        let label = if hint.is_empty() { label } else { label.on_hover_text(hint) };
        let room = ui.available_width();
        control(ui, room).labelled_by(label.id)
    })
    .inner
}

/// Draws `contents` so that its widgets stay the same ones whatever is drawn before them. egui counts widgets to tell them apart: without
/// this, a line that appears above a field takes the focus from it while somebody types. `name` is the only one of its kind in the panel.
pub(crate) fn steady<R>(ui: &mut egui::Ui, name: &str, contents: impl FnOnce(&mut egui::Ui) -> R) -> R {
    let id = ui.make_persistent_id(("steady", name));
    ui.scope_builder(egui::UiBuilder::new().scope_id(id), contents).inner
}

/// Greatest width of the labels of settings.
const LABEL_WIDTH: f32 = 110.0;

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

/// Whether something drawn under this name wasn't drawn in the last frame, so that it has just been opened.
pub(crate) fn is_just_opened(ui: &egui::Ui, name: &str) -> bool {
    let id = egui::Id::unique(("opened", name));
    let now = ui.ctx().cumulative_pass_nr();
    let last = ui.data_mut(|data| {
        let last = data.get_temp::<u64>(id);
        data.insert_temp(id, now);
        last
    });
    last.is_none_or(|last| last + 1 < now)
}

/// A search field that is empty and gets the focus as soon as its list opens. Returns whether Enter was pressed in it.
pub(crate) fn search(ui: &mut egui::Ui, name: &str, text: &mut String) -> bool {
    let is_opened = is_just_opened(ui, name);
    if is_opened {
        text.clear();
    }
    let label = ui.label(name);
    let field = ui.text_edit_singleline(text).labelled_by(label.id);
    let is_entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    // If the list was opened with a key, its button still has the focus.
    if is_opened || (!is_entered && ui.memory(|m| m.focused().is_none())) {
        field.request_focus();
    }
    is_entered
}

/// Keys as the system writes them. egui's formatter writes out the names of characters such as `?`, which a person types as they are.
pub(crate) fn keys(ctx: &egui::Context, shortcut: egui::KeyboardShortcut) -> String {
    let (key, written) = (shortcut.logical_key, ctx.format_shortcut(&shortcut));
    // egui's sign for this key is no ASCII.
    let symbol = if key == egui::Key::Minus { "-" } else { key.symbol_or_name() };
    match written.strip_suffix(key.name()) {
        Some(modifiers) if symbol.is_ascii() => format!("{modifiers}{symbol}"),
        _ => written,
    }
}

/// The tooltip of a button that does the same as the action with this label: the action's help text and its first key.
pub(crate) fn tip(ctx: &egui::Context, label: &str) -> String {
    let found = action(label);
    debug_assert!(found.is_some(), "no action is called `{label}`");
    let Some(action) = found else { return label.to_owned() };
    let mut letters = action.help.chars();
    let words: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let key = action.keys.first().map(|key| format!(" ({})", keys(ctx, *key)));
    words + &key.unwrap_or_default()
}

/// Allocates a square, and places something of these proportions in its middle; what is there senses the pointer as asked.
pub(crate) fn in_square(
    ui: &mut egui::Ui,
    size: egui::Vec2,
    side: f32,
    sense: egui::Sense,
) -> (egui::Rect, egui::Response) {
    let (square, _) = ui.allocate_exact_size(egui::vec2(side, side), egui::Sense::hover());
    ui.painter().rect_filled(square, 4.0, theme::of(ui).canvas);
    let rect = egui::Rect::from_center_size(square.center(), size * (side / size.max_elem().max(1.0)));
    let id = ui.next_auto_id();
    ui.skip_ahead_auto_ids(1);
    (rect, ui.interact(rect, id, sense))
}

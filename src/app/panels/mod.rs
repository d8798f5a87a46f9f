//! The parts of the window, one file each. They read the state and push commands; text half typed and the place of the mosaic
//! are all they change themselves.

mod animate;
mod bar;
mod batch;
mod canvas;
mod choices;
mod controls;
mod details;
mod dialog;
mod download;
mod extract;
mod filter;
mod help;
mod layers;
mod log;
mod models;
mod notice;
mod pins;
mod runs;
mod save;
mod sift;
mod spinner;
mod status;
mod table;
mod timeline;
mod transport;
mod tree;
mod views;

use super::command::Commands;
use super::state::{Scratch, State};
use super::textures::Textures;
use crate::render::Share;

/// What a panel gets to draw with.
pub(super) struct Context<'a> {
    pub(super) state: &'a State,
    pub(super) textures: &'a Textures,
    pub(super) scratch: &'a mut Scratch,
    pub(super) commands: &'a mut Commands,
}

/// Draws the whole window.
pub(super) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    bar::draw(ui, cx);
    status::draw(ui, cx);
    controls::draw(ui, cx);
    // On a window too narrow for all, the mosaic matters most: the left side has the rest behind a tab.
    cx.scratch.is_narrow = ui.available_width() <= super::theme::DETAILS_WIDTH + 260.0;
    if !cx.scratch.is_narrow {
        details::draw(ui, cx);
    }
    timeline::draw(ui, cx);
    egui::CentralPanel::no_frame().show(ui, |ui| views::draw(ui, cx));
    models::ask(ui.ctx(), cx);
    notice::ask_column(ui.ctx(), cx);
    table::draw(ui.ctx(), cx);
    batch::draw(ui.ctx(), cx);
    extract::draw(ui.ctx(), cx);
    animate::draw(ui.ctx(), cx);
    log::draw(ui.ctx(), cx);
    help::draw(ui.ctx(), cx);
    frame_times(ui.ctx(), cx);
}

/// What frames cost the window's thread, in a corner.
fn frame_times(ctx: &egui::Context, cx: &Context<'_>) {
    let Some(times) = &cx.state.frame_times else { return };
    egui::Area::new(egui::Id::unique("frame times"))
        .anchor(egui::Align2::RIGHT_BOTTOM, egui::vec2(-8.0, -32.0))
        .interactable(false)
        .show(ctx, |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| ui.label(times.words()));
        });
}

/// A part of a picture on screen, where the whole picture lies in `whole`.
fn share_rect(whole: egui::Rect, share: Share) -> egui::Rect {
    let at = |x: f64, y: f64| whole.min + whole.size() * egui::vec2(x as f32, y as f32);
    egui::Rect::from_min_max(at(share.left, share.top), at(share.right, share.bottom))
}

/// A widget's tooltip and, where it shows no words, its name for the accessibility tree.
fn named(response: egui::Response, kind: egui::Role, name: &str) -> egui::Response {
    response.widget_info(|| egui::WidgetInfo::labeled(kind, true, name));
    response
}

/// A path that is typed again takes the place of the last one, as in an address bar; "Go" again still has it.
fn select_on_focus(ui: &egui::Ui, field: &egui::Response, text: &str) {
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
fn search(ui: &mut egui::Ui, name: &str, text: &mut String) -> bool {
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

//! The user interface: what is drawn, and the input that becomes commands. It reads the model and pushes commands. All it changes
//! itself is state of drawing, such as half-typed text and the zoom and pan of mosaics.

pub(crate) mod axis;
pub(crate) mod context;
pub(crate) mod dialog;
pub(crate) mod face;
pub(crate) mod frame_times;
pub(crate) mod histogram;
pub(crate) mod icons;
pub(crate) mod input;
pub(crate) mod looks;
pub(crate) mod panels;
pub(crate) mod placed;
pub(crate) mod scratch;
pub(crate) mod sharp;
pub(crate) mod spinner;
pub(crate) mod textures;
pub(crate) mod theme;
pub(crate) mod viewport;
pub(crate) mod widgets;

use crate::app::ui::context::Context;

use panels::{
    bar, controls, details, head, help, log, models, notice, palette, save, status, table, task, timeline,
    toasts, views,
};

/// Draws the whole window.
pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    bar::draw(ui, cx);
    status::draw(ui, cx);
    controls::draw(ui, cx);
    details::draw(ui, cx);
    timeline::draw(ui, cx);
    let middle = ui.available_rect_before_wrap();
    egui::CentralPanel::no_frame().show(ui, |ui| views::draw(ui, cx));
    models::ask(ui.ctx(), cx);
    notice::ask_column(ui.ctx(), cx);
    save::ask_replace(ui.ctx(), cx);
    table::draw(ui.ctx(), cx);
    task::draw(ui.ctx(), cx);
    head::draw(ui.ctx(), cx);
    log::draw(ui.ctx(), cx);
    help::draw(ui.ctx(), cx);
    palette::draw(ui.ctx(), cx);
    toasts::draw(ui.ctx(), cx, middle);
    frame_times(ui.ctx(), cx);
}

/// Shows the frames' processor times in a corner.
fn frame_times(ctx: &egui::Context, cx: &Context<'_>) {
    let Some(times) = cx.frame_times else { return };
    egui::Area::new(egui::Id::unique("frame times"))
        .anchor(egui::Align2::RIGHT_BOTTOM, egui::vec2(-8.0, -32.0))
        .interactable(false)
        .show(ctx, |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| ui.label(times.words()));
        });
}

//! The left panel: what goes in. The picture, the model, and the layers to walk through.

use crate::app::ui::context::Context;
use crate::app::ui::panels::{image, models, tree};
use crate::app::ui::theme;
use crate::app::ui::widgets::steady;

/// The largest share of the panel's height that picture and model take; beyond it they scroll, so that the layers stay in sight.
const TOP_SHARE: f32 = 0.6;

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    if !cx.model.preferences.shows_left {
        return;
    }
    let panel = egui::Panel::left("controls").default_size(theme::CONTROLS_WIDTH).size_range(220.0..=460.0);
    panel.frame(theme::panel_frame(ui)).show(ui, |ui| {
        let room = ui.available_height() * TOP_SHARE;
        egui::ScrollArea::vertical().id_salt("setup").max_height(room).auto_shrink([false, true]).show(
            ui,
            |ui| {
                steady(ui, "image", |ui| image::draw(ui, cx));
                steady(ui, "models", |ui| models::draw(ui, cx));
            },
        );
        steady(ui, "tree", |ui| tree::draw(ui, cx));
    });
}

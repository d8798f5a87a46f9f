//! The line of first steps under a mosaic, which goes away with use.

use egui::{Rect, Ui, vec2};

use crate::app::message::views::ViewsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::preferences::Preference;
use crate::app::ui::context::Context;
use crate::app::ui::icons;
use crate::app::ui::theme;
use crate::app::ui::widgets::icon_button;

/// Height of the line with the space below it.
pub(crate) const HEIGHT: f32 = 34.0;

/// A narrower view has no such line.
pub(crate) const LEAST_WIDTH: f32 = 620.0;

/// Draws the line; `area` is the room for it.
pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, area: Rect) {
    let id = ui.scope_id().with("first steps");
    let width = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(area.width());
    let left = area.center().x - width.min(area.width()) * 0.5;
    let place = Rect::from_min_size(egui::pos2(left, area.top()), vec2(area.right() - left, HEIGHT));
    let drawn = ui.scope_builder(egui::UiBuilder::new().max_rect(place).id_salt(id), |ui| {
        ui.horizontal(|ui| contents(ui, cx)).response.rect.width()
    });
    ui.data_mut(|data| data.insert_temp(id, drawn.inner));
}

fn contents(ui: &mut Ui, cx: &mut Context<'_>) {
    let first = if cx.model.takes_drops { "Drop a picture" } else { "Open or paste a picture" };
    let words = format!("{first}   ·   ↑ ↓ walk through the layers   ·   click a tile");
    ui.add(egui::Label::new(egui::RichText::new(words).small().color(theme::of(ui).quiet)));
    let num = cx.model.other_carried().len();
    if num > 0 {
        let num = ["", "one", "two", "three", "four"].get(num + 1).copied().unwrap_or("built-in");
        let button = ui.button(format!("Compare the {num} networks"));
        if button.on_hover_text("The networks that the program carries, side by side").clicked() {
            cx.commands.push(ViewsCommand::CompareCarried);
        }
    }
    if icon_button(ui, icons::X, "Hide the first steps", "").clicked() {
        cx.commands.push(WindowCommand::Prefer(Preference::ShowsFirstSteps(false)));
    }
}

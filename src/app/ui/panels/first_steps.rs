//! The line of first steps under a mosaic, which goes away with use.

use egui::{Rect, Ui, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::preferences::Preference;
use crate::app::ui::context::Context;
use crate::app::ui::icons;
use crate::app::ui::theme;
use crate::app::ui::widgets::icon_button;
use crate::models::{ModelSpec, Registry};

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
    let others = carried(cx);
    if !others.is_empty() {
        let name = format!(
            "Compare the {} networks",
            ["", "one", "two", "three", "four"][(others.len() + 1).min(4)]
        );
        if ui.button(name).on_hover_text("The networks that the program carries, side by side").clicked() {
            for spec in others {
                cx.commands.push(ViewsCommand::AddView);
                cx.commands.push(ViewCommand::SetModel(spec));
            }
        }
    }
    if icon_button(ui, icons::X, "Hide the first steps", "").clicked() {
        cx.commands.push(WindowCommand::Prefer(Preference::ShowsFirstSteps(false)));
    }
}

/// The carried networks beside the one that is shown, at most three.
fn carried(cx: &Context<'_>) -> Vec<&'static ModelSpec> {
    let own = cx.model.view().request.spec.tag;
    let specs = Registry::specs().filter(|spec| cx.model.store.embedded(spec).is_some());
    specs.filter(|spec| spec.tag != own).take(3).collect()
}

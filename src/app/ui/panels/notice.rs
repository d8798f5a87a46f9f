//! Notices over a view: what is being done, what is missing, what failed. Also the question about a table's columns.

use egui::{Rect, Ui, Vec2};

use crate::app::message::remedy;
use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::message::weights::WeightsCommand;
use crate::app::model::view::{Trouble, ViewState};
use crate::app::ui::context::Context;
use crate::app::ui::panels::busy;
use crate::app::ui::theme;
use crate::engine::same_architecture;

/// Draws the notice over a view's mosaic, if there is one: what is being done, what is missing, what failed.
pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, panel: Rect) {
    let is_first = view.shown.is_none();
    let is_long = busy::is_long(ui, cx, view);
    // While layers or frames are played, every step runs the network; playback has its own button to stop.
    let is_played = cx.model.playing.is_some() || cx.model.playing_frames.is_some();
    if view.trouble.is_none() && !(view.busy.is_some() && (is_first || (is_long && !is_played))) {
        return;
    }
    let width = (panel.width() - 48.0).clamp(120.0, 460.0);
    // If there is a mosaic, the notice is at the top; otherwise it is in the middle.
    let top = if is_first { (panel.center().y - 90.0).max(panel.top() + 8.0) } else { panel.top() + 8.0 };
    // A card that is taller than its view scrolls.
    let room = (panel.bottom() - top - 48.0).max(40.0);
    let place =
        Rect::from_min_size(egui::pos2(panel.center().x - width * 0.5, top), Vec2::new(width, room + 40.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| {
        egui::Frame::popup(ui.style()).inner_margin(16).show(ui, |ui| {
            ui.set_width(width - 34.0);
            let area = egui::ScrollArea::vertical().id_salt(("notice", view.id)).max_height(room);
            area.min_scrolled_height(room.min(40.0)).show(ui, |ui| match &view.trouble {
                None => busy::draw(ui, cx, view, is_long),
                Some(Trouble::Stopped) => {
                    ui.strong("Stopped");
                    ui.horizontal(|ui| {
                        try_again(ui, cx, view);
                        go_back(ui, cx, view);
                    });
                }
                Some(Trouble::NeedsWeights) => needs_weights(ui, cx, view),
                Some(Trouble::NoDifference(reason)) => {
                    ui.strong("No difference to show");
                    ui.add(egui::Label::new(reason.as_str()).wrap());
                }
                Some(Trouble::Failed(reason)) => {
                    ui.strong("That didn't work");
                    egui::ScrollArea::vertical().max_height(theme::REASON_HEIGHT).show(ui, |ui| {
                        ui.add(egui::Label::new(reason.as_str()).wrap());
                    });
                    ui.horizontal(|ui| {
                        try_again(ui, cx, view);
                        go_back(ui, cx, view);
                    });
                }
            });
        });
    });
}

/// Asks which column of a table holds the pictures' paths.
pub(crate) fn ask_column(ctx: &egui::Context, cx: &mut Context<'_>) {
    let Some((path, columns)) = &cx.model.column_question else { return };
    let answer = egui::Modal::new(egui::Id::unique("column question")).show(ctx, |ui| {
        ui.set_width(460.0);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        ui.strong("Which column has the pictures' paths?");
        let about = format!("{name} is a table. Its columns of numbers are plotted as labels.");
        ui.add(egui::Label::new(about).wrap());
        ui.add_space(4.0);
        egui::ScrollArea::vertical().max_height(theme::LIST_HEIGHT).show(ui, |ui| {
            for column in columns {
                if ui.add(egui::Button::new(column.as_str()).truncate()).clicked() {
                    cx.commands.push(ViewCommand::OpenTable(path.clone(), column.clone()));
                }
            }
        });
        ui.add_space(4.0);
        ui.button("Cancel").clicked()
    });
    if answer.inner || answer.should_close() {
        cx.commands.push(ViewCommand::DropTable);
    }
}

fn try_again(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState) {
    if ui.button("Try again").clicked() {
        cx.commands.push(ViewsCommand::Activate(view.id));
        cx.commands.push(ViewCommand::Retry);
    }
}

fn go_back(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState) {
    if view.good.is_some() && ui.button("Go back").clicked() {
        cx.commands.push(ViewsCommand::Activate(view.id));
        cx.commands.push(ViewCommand::GoBack);
    }
}

fn needs_weights(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState) {
    let row = view.request.spec;
    ui.strong(format!("The weights of {} are not installed", row.tag));
    ui.add(egui::Label::new(format!("They come from {} ({}).", row.source, row.license)).wrap());
    super::download::draw(ui, cx, row);
    let words = if cx.model.takes_drops {
        "With a file of them, load it here or drop it on the window."
    } else {
        "With a file of them, load it here or type its path on the left."
    };
    ui.add(egui::Label::new(words).wrap());
    ui.horizontal(|ui| {
        if ui.button("Load weights…").clicked() {
            cx.commands.push(ViewsCommand::Activate(view.id));
            cx.commands.push(WeightsCommand::ChooseWeights);
        }
        go_back(ui, cx, view);
    });
    let here: Vec<_> = crate::models::Registry::specs().filter(|r| cx.model.here.contains(&r.tag)).collect();
    if !here.is_empty() {
        ui.add_space(4.0);
        if let Some(other) = same_architecture(row.tag, &cx.model.here) {
            ui.add(egui::Label::new(remedy::other_weights(other)).wrap());
        }
        ui.label("Models that need no file:");
        for other in here {
            if ui.link(other.tag).clicked() {
                cx.commands.push(ViewsCommand::Activate(view.id));
                cx.commands.push(ViewCommand::SetModel(other));
            }
        }
    }
}

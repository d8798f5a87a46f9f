//! Statistics of all layers of the active view, as a table to read and to copy.

use egui_extras::Column;
use egui_extras::TableBuilder;

use crate::app::message::save::SaveCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::layers::{LayerSummary, Walked};
use crate::app::ui::context::Context;
use crate::app::ui::dialog::sized;
use crate::app::ui::spinner;
use crate::mosaic::format_value;

const COLUMNS: [&str; 9] = ["layer", "shape", "min", "mean", "max", "std", "sparsity %", "dead", "constant"];

pub(crate) fn draw(ctx: &egui::Context, cx: &mut Context<'_>) {
    if !cx.model.open.table {
        return;
    }
    let mut is_open = true;
    sized(ctx, "All layers", egui::vec2(760.0, 420.0)).open(&mut is_open).show(ctx, |ui| {
        let view = cx.model.view();
        let walked = cx.model.walk.done.clone().filter(|walked| {
            cx.model.full_request(view).is_ok_and(|wanted| wanted.is_same_run(&walked.wanted))
        });
        let Some(walked) = walked else {
            ui.horizontal(|ui| {
                spinner::draw(ui);
                ui.label("Looking at the layers…");
            });
            return;
        };
        let layers = in_order(&walked);
        ui.horizontal(|ui| {
            let label = view.shown.as_ref().map_or("", |shown| shown.label.as_str());
            ui.label(format!("{} · {label} · {} layers", view.request.spec.tag, layers.len()));
            if ui.button("Copy table").on_hover_text("As lines with tabs, for a spreadsheet").clicked() {
                cx.commands.push(SaveCommand::Copy(as_text(&layers), "the table of layers"));
            }
        });
        table(ui, &layers);
    });
    if !is_open {
        cx.commands.push(WindowCommand::ToggleTable);
    }
}

fn in_order(walked: &Walked) -> Vec<&LayerSummary> {
    let mut layers: Vec<_> = walked.layers.iter().collect();
    layers.sort_by_key(|(node, _)| **node);
    layers.into_iter().map(|(_, layer)| layer).collect()
}

fn cells(layer: &LayerSummary) -> [String; 9] {
    [
        layer.name.clone(),
        layer.shape.to_string(),
        format_value(layer.min),
        format_value(layer.mean),
        format_value(layer.max),
        format_value(layer.std),
        format!("{:.1}", layer.zero_share * 100.0),
        layer.counts.dead.to_string(),
        layer.counts.constant.to_string(),
    ]
}

fn table(ui: &mut egui::Ui, layers: &[&LayerSummary]) {
    TableBuilder::new(ui)
        .striped(true)
        .column(Column::initial(180.0).resizable(true).clip(true))
        .column(Column::initial(110.0).resizable(true).clip(true))
        .columns(Column::remainder().at_least(44.0), COLUMNS.len() - 2)
        .header(20.0, |mut header| {
            for name in COLUMNS {
                header.col(|ui| {
                    ui.strong(name);
                });
            }
        })
        .body(|body| {
            body.rows(18.0, layers.len(), |mut row| {
                let layer = layers[row.index()];
                for cell in cells(layer) {
                    row.col(|ui| {
                        ui.add(egui::Label::new(cell).truncate());
                    });
                }
            });
        });
}

/// The table as text for spreadsheets: cells separated by tabs, and hyphens in place of true minus signs.
fn as_text(layers: &[&LayerSummary]) -> String {
    let mut text = COLUMNS.join("\t");
    for layer in layers {
        text.push('\n');
        text.push_str(&cells(layer).join("\t").replace('−', "-"));
    }
    text
}

//! The list of models.

use super::super::command::Command;
use super::super::theme;
use super::Context;
use crate::engine::WeightState;
use crate::models::{Registry, Row};

pub(super) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let row = cx.state.row;
    let heading = ui.heading("Model");
    egui::ComboBox::from_id_salt("model")
        .selected_text(row.tag)
        .width(ui.available_width())
        .height(420.0)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show_ui(ui, |ui| {
            let label = ui.label("Find a model");
            ui.text_edit_singleline(&mut cx.scratch.model_search).labelled_by(label.id);
            let wanted = cx.scratch.model_search.trim().to_lowercase();
            for other in Registry::rows().filter(|r| r.tag.to_lowercase().contains(&wanted)) {
                let words = match state_of(cx, other) {
                    WeightState::Embedded => other.tag.to_owned(),
                    WeightState::NeedsFile => format!("{} (needs a file)", other.tag),
                };
                if ui.selectable_label(other.tag == row.tag, words).on_hover_text(other.title).clicked() {
                    cx.commands.push(Command::SetModel(other));
                    cx.scratch.model_search.clear();
                    ui.close();
                }
            }
        })
        .response
        .labelled_by(heading.id)
        .on_hover_text("Which network, with which weights");
    ui.add(egui::Label::new(row.title).wrap());
    if !row.caution.is_empty() {
        let colour = theme::warning(ui.visuals().dark_mode);
        ui.add(egui::Label::new(egui::RichText::new(row.caution).color(colour)).wrap());
    }
    ui.horizontal(|ui| {
        let text = format!("For {}, from a safetensors file", row.tag);
        if ui.button("Load weights…").on_hover_text(text).clicked() {
            cx.commands.push(Command::ChooseWeights);
        }
    });
    if let Some(file) = cx.state.weights_file() {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        ui.add(egui::Label::new(egui::RichText::new(format!("weights: {name}")).weak()).wrap());
    }
}

fn state_of(cx: &Context<'_>, row: &Row) -> WeightState {
    if cx.state.weight_files.iter().any(|(tag, _)| *tag == row.tag) {
        return WeightState::Embedded;
    }
    cx.state.store.state(row)
}

//! Weights from files: keeping a copy of them, and those that were used before.

use crate::app::message::weights::WeightsCommand;
use crate::app::model::weights::Keeping;
use crate::app::ui::context::Context;
use crate::app::ui::widgets::is_just_opened;
use crate::models::ModelSpec;
use crate::weights::FilePart;

/// The button that keeps the weights that were given for a model.
pub(crate) fn keep(ui: &mut egui::Ui, cx: &mut Context<'_>, spec: &'static ModelSpec, file: &FilePart) {
    let model = cx.model;
    // The network of an ONNX file is not one of the program's models.
    if spec.opened().is_some() {
        return;
    }
    let place = model.store.folders().imported(spec.tag);
    if place.as_ref() == Some(&file.path) {
        ui.label("These weights are kept");
        return;
    }
    let mut text = "Keep these weights";
    let why_not = if model.store.embedded(spec).is_some() {
        Some("The program carries weights of this model, which can't be replaced")
    } else if place.is_none() {
        Some("There is no home folder to keep them in; set FILTERSCOPE_HOME")
    } else if model.weights_hash(spec).is_none() {
        Some("Not before they were shown")
    } else {
        match model.keeping {
            Some(Keeping::Running(_)) => Some("Weights are being kept"),
            Some(Keeping::WouldReplace(tag)) if tag == spec.tag => {
                text = "Replace the kept weights";
                None
            }
            Some(Keeping::WouldReplace(_)) | None => None,
        }
    };
    let button = ui.add_enabled(why_not.is_none(), egui::Button::new(text));
    let hint = "Copies them to the program's own folder, so that this model runs by its name from now on, without the file";
    let button = button.on_hover_text(hint).on_disabled_hover_text(why_not.unwrap_or_default());
    if button.clicked() {
        cx.commands.push(WeightsCommand::Keep(spec));
    }
}

/// The menu of weight files that were used before. Those that have gone can't be clicked and say why.
pub(crate) fn recent(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    if is_just_opened(ui, "Recent weights") {
        cx.commands.push(WeightsCommand::LookForRecent);
    }
    if cx.model.recent_weights.is_empty() {
        ui.label("No weight file was used yet");
    }
    for weights in &cx.model.recent_weights {
        let name = weights.path.file_name().unwrap_or_default().to_string_lossy();
        let part = weights.prefix.as_deref().map_or_else(String::new, |prefix| format!(" · `{prefix}`"));
        let average = if weights.ema { " · EMA weights" } else { "" };
        let gone = cx.model.gone_weights.iter().find(|(path, _)| *path == weights.path);
        let entry = egui::Button::new(format!("{name}{part}{average} · {}", weights.tag));
        let path = weights.path.display().to_string();
        let why = gone.map_or_else(String::new, |(_, why)| format!("{why}: {path}"));
        let entry = ui.add_enabled(gone.is_none(), entry).on_hover_text(path).on_disabled_hover_text(why);
        if entry.clicked() {
            cx.commands.push(WeightsCommand::OpenRecent(weights.clone()));
            ui.close();
        }
    }
}

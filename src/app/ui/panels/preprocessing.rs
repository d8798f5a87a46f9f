//! The choice of the picture's fit and of its preprocessing.

use egui::ComboBox;

use crate::app::message::view::ViewCommand;
use crate::app::message::window::WindowCommand;
use crate::app::ui::context::Context;
use crate::app::ui::panels::planned;
use crate::app::ui::widgets::setting;
use crate::input::{FitChoice, ParseChoiceError, ValueChoice};
use crate::render::Change;
use crate::tensor::ValueScale;

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let choices = cx.model.view().request.input;
    let view = cx.model.view();
    // A weight file's own preprocessing is known once the file is loaded.
    let loaded = view.shown.as_ref().map(|shown| &shown.run_by.backbone);
    let asked = loaded
        .filter(|backbone| backbone.spec().tag == view.request.spec.tag)
        .map_or(view.request.spec.preprocess, |backbone| *backbone.preprocessing().spec());
    let size = asked.size;
    let fits = [
        (FitChoice::Model, format!("default ({size})")),
        (FitChoice::Stretch, format!("stretched to {size}")),
        (FitChoice::Native, "the picture's own size".to_owned()),
    ];
    let current = fits
        .iter()
        .find(|(fit, _)| *fit == choices.fit)
        .map_or_else(|| choices.fit.to_string(), |(_, words)| words.clone());
    setting(ui, "Fit", "How the picture gets the network's size", |ui, width| {
        ComboBox::from_id_salt("Fit")
            .selected_text(current)
            .width(width)
            .truncate()
            .show_ui(ui, |ui| {
                for (fit, words) in &fits {
                    if ui.selectable_label(*fit == choices.fit, words).clicked() {
                        cx.commands.push(ViewCommand::Change(Change::Fit(*fit)));
                    }
                }
            })
            .response
    });
    ui.horizontal(|ui| {
        let label = ui.label("Other size:");
        let field = ui
            .add(
                egui::TextEdit::singleline(&mut cx.scratch.typed_fit)
                    .id_salt("fit")
                    .desired_width(84.0)
                    .hint_text("640x480"),
            )
            .labelled_by(label.id);
        if field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) {
            match cx.scratch.typed_fit.trim().replace('×', "x").parse::<FitChoice>() {
                Ok(fit) => cx.commands.push(ViewCommand::Change(Change::Fit(fit))),
                Err(ParseChoiceError::UnknownFit { got }) => {
                    let text =
                        format!("`{got}` is no size: expected width and height in pixels, such as 640x480");
                    cx.commands.push(WindowCommand::Complain(text));
                }
                Err(error) => cx.commands.push(WindowCommand::Complain(error.to_string())),
            }
        }
    });
    planned::draw(ui, cx, &asked);
    let named = ValueScale::NAMED.map(|(name, _)| name);
    let current = choices.values.to_string();
    setting(ui, "Preprocessing", "How samples become values", |ui, width| {
        ComboBox::from_id_salt("Preprocessing")
            .selected_text(value_words(&current))
            .width(width)
            .truncate()
            .show_ui(ui, |ui| {
                for name in std::iter::once("model").chain(named) {
                    let Ok(values) = name.parse::<ValueChoice>() else { continue };
                    let scale =
                        ValueScale::NAMED.iter().find(|(n, _)| *n == name).map_or(asked.scale, |n| n.1);
                    if ui
                        .selectable_label(values == choices.values, value_words(name))
                        .on_hover_text(scale.to_string())
                        .clicked()
                    {
                        cx.commands.push(ViewCommand::Change(Change::Values(values)));
                    }
                }
            })
            .response
    });
    if let Some(shown) = &cx.model.view().shown {
        let text = format!("{}; {}", shown.view.preprocessed.fit, shown.view.preprocessed.scale);
        ui.add(egui::Label::new(egui::RichText::new(text).weak()).wrap());
        for note in shown.run_by.backbone.preprocessing().notes(shown.view.choices.values) {
            ui.add(egui::Label::new(egui::RichText::new(note).weak()).wrap());
        }
    }
}

fn value_words(name: &str) -> &str {
    match name {
        "model" => "model default",
        "raw" => "raw 0–255",
        other => other,
    }
}

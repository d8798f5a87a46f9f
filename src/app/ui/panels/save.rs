//! What is saved, and with which scale, background and surround.

use egui::ComboBox;

use crate::app::message::save::SaveCommand;
use crate::app::model::paths::typed_path;
use crate::app::model::save::Export;
use crate::app::ui::context::Context;
use crate::app::ui::widgets::{select_on_focus, setting};
use crate::mosaic::Paper;
use crate::render::Scale;

/// The scales (pixels per value) that are offered; others can come from the command line or from a restored figure.
const SCALES: [Scale; 6] =
    [Scale::Auto, Scale::Times(1), Scale::Times(2), Scale::Times(4), Scale::Times(8), Scale::Times(16)];

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let old = cx.model.saved;
    let mut looks = old;
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut looks.surround.has_caption, "Caption")
            .on_hover_text("Picture, model, layer, range and counts in words");
        ui.checkbox(&mut looks.surround.has_scale, "Colour bar").on_hover_text(
            "And what else the colours mean. Without both: the mosaic's own pixels and nothing else",
        );
    });
    setting(ui, "Size", "Screen pixels for each value", |ui, width| {
        ComboBox::from_id_salt("Size")
            .selected_text(scale_words(looks.scale))
            .width(width)
            .truncate()
            .show_ui(ui, |ui| {
                for scale in SCALES {
                    if ui.selectable_label(looks.scale == scale, scale_words(scale)).clicked() {
                        looks.scale = scale;
                    }
                }
            })
            .response
    });
    ui.horizontal(|ui| {
        for paper in Paper::ALL {
            if ui.selectable_label(looks.paper == paper, format!("{} background", paper.name())).clicked() {
                looks.paper = paper;
            }
        }
    });
    if looks != old {
        cx.commands.push(SaveCommand::SetSaveLooks(looks));
    }
    let can_save = cx.model.view().shown.is_some();
    ui.add_enabled_ui(can_save, |ui| {
        ui.horizontal(|ui| {
            if ui
                .button("Save mosaic…")
                .on_hover_text("As PNG, with what it takes to make it again")
                .clicked()
            {
                cx.commands.push(SaveCommand::ChooseSavePlace);
            }
            if ui
                .button("Save view…")
                .on_hover_text("What is in sight of the mosaic, zoomed and moved as it is")
                .clicked()
            {
                cx.commands.push(SaveCommand::ChooseExportPlace(Export::View));
            }
        });
        let what = cx.model.save_what;
        setting(ui, "What to save", "What is saved under the name that is typed below", |ui, width| {
            ComboBox::from_id_salt("What to save")
                .selected_text(export_words(what))
                .width(width)
                .truncate()
                .show_ui(ui, |ui| {
                    for other in
                        [Export::Mosaic, Export::View, Export::Channel, Export::Sheet, Export::Values]
                    {
                        if ui.selectable_label(what == other, export_words(other)).clicked() {
                            cx.commands.push(SaveCommand::SetSaveWhat(other));
                        }
                    }
                })
                .response
        });
        let label = ui.label("File name:");
        let field = ui
            .add(
                egui::TextEdit::singleline(&mut cx.scratch.typed_save)
                    .id_salt("save")
                    .desired_width(f32::INFINITY)
                    .hint_text(if what == Export::Values { "name.npy" } else { "name.png" }),
            )
            .labelled_by(label.id);
        select_on_focus(ui, &field, &cx.scratch.typed_save);
        let is_entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        if let Some(path) = typed_path(&cx.scratch.typed_save).filter(|_| is_entered) {
            cx.commands.push(SaveCommand::SaveTyped(path));
        }
    });
}

/// Asks whether a file may be replaced.
pub(crate) fn ask_replace(ctx: &egui::Context, cx: &mut Context<'_>) {
    let Some(request) = &cx.model.replacing else { return };
    let answer = egui::Modal::new(egui::Id::unique("replace question")).show(ctx, |ui| {
        ui.set_width(420.0);
        let name = request.path.file_name().unwrap_or_default().to_string_lossy();
        ui.strong("Replace the file?");
        ui.add(egui::Label::new(format!("There is a file \"{name}\" already.")).wrap());
        let folder = request.path.parent().unwrap_or(&request.path).display().to_string();
        ui.add(egui::Label::new(egui::RichText::new(folder).small().weak()).truncate());
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            let replace = ui.button("Replace").clicked();
            (replace, ui.button("Cancel").clicked())
        })
        .inner
    });
    let (replace, cancel) = answer.inner;
    if replace || cancel || answer.should_close() {
        cx.commands.push(SaveCommand::Replace(replace));
    }
}

fn scale_words(scale: Scale) -> String {
    match scale {
        Scale::Auto => "at least 1024 pixels".to_owned(),
        Scale::Times(1) => "1 pixel a value".to_owned(),
        Scale::Times(times) => format!("{times} pixels a value"),
    }
}

fn export_words(what: Export) -> &'static str {
    match what {
        Export::Mosaic => "mosaic",
        Export::View => "view as it is",
        Export::Channel => "selected channel",
        Export::Sheet => "all views, one figure",
        Export::Values => "values (.npy)",
    }
}

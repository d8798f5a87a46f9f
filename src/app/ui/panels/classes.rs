//! The most likely classes for the picture, and the choice of a class map in place of the last layer's channels.

use egui::ComboBox;

use crate::app::message::view::ViewCommand;
use crate::app::model::shown::Shown;
use crate::app::ui::context::Context;
use crate::app::ui::widgets::setting;
use crate::render::{Change, ClassChoice};
use crate::weights::Head;

/// The entry of the list for no class map.
const CHANNELS: &str = "all channels";
const TOP: &str = "class map: likeliest class";

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>, shown: &Shown) {
    if let Some(classes) = &shown.classes {
        ui.add(egui::Label::new(classes).wrap()).on_hover_text("The likeliest classes at this picture");
    }
    let backbone = &shown.run_by.backbone;
    let has_maps = shown.node == backbone.graph().final_node()
        && shown.minus.is_none()
        && backbone.weights().head().is_some_and(Head::has_class_maps);
    if !has_maps {
        return;
    }
    let asked = cx.model.view().request.class_map.clone();
    let mut want = |class: Option<ClassChoice>| {
        cx.commands.push(ViewCommand::Change(Change::ClassMap(class)));
    };
    let current = match &asked {
        None => CHANNELS.to_owned(),
        Some(ClassChoice::Top) => TOP.to_owned(),
        Some(ClassChoice::Named(name)) => format!("class map: {name}"),
    };
    setting(ui, "Shown", "The layer's channels, or where it speaks for a class", |ui, width| {
        ComboBox::from_id_salt("Shown")
            .selected_text(current)
            .width(width)
            .show_ui(ui, |ui| {
                if ui.selectable_label(asked.is_none(), CHANNELS).clicked() {
                    want(None);
                }
                let top = ui.selectable_label(asked == Some(ClassChoice::Top), TOP);
                if top.on_hover_text("Where the last layer speaks for the class").clicked() {
                    want(Some(ClassChoice::Top));
                }
            })
            .response
    });
    ui.horizontal(|ui| {
        let label = ui.label("or class:").on_hover_text("A class's number, from 0, or a part of its name");
        let field = egui::TextEdit::singleline(&mut cx.scratch.typed_class).desired_width(140.0);
        let field = ui.add(field.hint_text("tabby")).labelled_by(label.id);
        if field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) {
            let typed = std::mem::take(&mut cx.scratch.typed_class);
            if !typed.trim().is_empty() {
                want(Some(ClassChoice::of(typed.trim())));
            }
        }
    });
}

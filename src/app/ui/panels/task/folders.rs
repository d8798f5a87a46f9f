//! The folders of features of a task: a row for each, a field to add one, and the row that saves a result.

use egui::Ui;

use crate::app::message::command::Commands;
use crate::app::message::task::TaskCommand;
use crate::app::model::task::Task;
use crate::app::model::task::folders::FeatureFolders;
use crate::app::ui::icons;
use crate::app::ui::widgets::{icon_button, select_on_focus, steady};

/// Draws the folders and what adds others.
pub(crate) fn folders(ui: &mut Ui, commands: &mut Commands, task: Task, folders: &mut FeatureFolders) {
    ui.label("Features (folders that an extraction wrote)");
    let mut removed = None;
    for (at, folder) in folders.all.iter().enumerate() {
        ui.horizontal(|ui| {
            if icon_button(ui, icons::X, &format!("Remove {folder}"), "Take this folder away").clicked() {
                removed = Some(at);
            }
            ui.add(egui::Label::new(folder).truncate());
        });
    }
    if let Some(at) = removed {
        folders.all.remove(at);
    }
    steady(ui, "add features", |ui| {
        ui.horizontal(|ui| {
            let label = ui.label("Folder of features");
            let field = egui::TextEdit::singleline(&mut folders.typed)
                .id_salt("Folder of features")
                .desired_width(260.0)
                .hint_text("type, choose or drop one");
            let field = ui.add(field).labelled_by(label.id);
            let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if ui.button("Add folder").clicked() || is_entered {
                let typed = std::mem::take(&mut folders.typed);
                folders.add(&typed);
            }
            if ui.button("Choose folder…").clicked() {
                commands.push(TaskCommand::ChoosePlace(task));
            }
        });
    });
}

/// Draws the row that saves a result; `endings` says what a name may end in.
pub(crate) fn save(ui: &mut Ui, commands: &mut Commands, task: Task, endings: &str, typed: &mut String) {
    steady(ui, "save result", |ui| {
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("Save result as");
            let field = egui::TextEdit::singleline(typed)
                .id_salt("Save result as")
                .desired_width(220.0)
                .hint_text(endings);
            let field = ui.add(field).labelled_by(label.id);
            select_on_focus(ui, &field, typed);
            let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let can_save = !typed.trim().is_empty();
            let button = ui.add_enabled(can_save, egui::Button::new("Save result"));
            if can_save && (button.clicked() || is_entered) {
                commands.push(TaskCommand::SaveResult(task, typed.trim().into(), false));
            }
            if ui.button("Save result in…").on_hover_text(format!("A name that ends in {endings}")).clicked()
            {
                commands.push(TaskCommand::ChooseResultPlace(task));
            }
        });
    });
}

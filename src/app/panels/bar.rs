//! The menu bar.

use super::super::command::{Command, Export};
use super::super::state::MAX_VIEWS;
use super::Context;

pub(super) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    egui::Panel::top("bar").show(ui, |ui| {
        egui::MenuBar::new().ui(ui, |ui| {
            let has_mosaic = cx.state.view().shown.is_some();
            let mut item = |ui: &mut egui::Ui, enabled: bool, text: &str, keys: &str, command: Command| {
                let button = egui::Button::new(text);
                let button = if keys.is_empty() { button } else { button.shortcut_text(keys) };
                if ui.add_enabled(enabled, button).clicked() {
                    cx.commands.push(command);
                    ui.close();
                }
            };
            ui.menu_button("File", |ui| {
                item(ui, true, "Open picture or log…", "Ctrl+O", Command::ChoosePicture);
                item(ui, true, "Open folder…", "", Command::ChooseFolder);
                item(ui, true, "Show the cat", "", Command::OpenCat);
                ui.separator();
                item(ui, true, "Load weights…", "", Command::ChooseWeights);
                ui.separator();
                item(ui, has_mosaic, "Save mosaic…", "Ctrl+S", Command::ChooseSavePlace);
                let export = Command::ChooseExportPlace;
                item(ui, has_mosaic, "Save all views as a sheet…", "", export(Export::Sheet));
                let is_selected = cx.state.view().selected.is_some();
                item(ui, is_selected, "Save selected filter…", "", export(Export::Filter));
                item(ui, has_mosaic, "Save the layer's values…", "", export(Export::Values));
                item(ui, true, "Export many figures…", "Ctrl+E", Command::ToggleBatch);
                item(ui, has_mosaic, "Copy mosaic", "Ctrl+C", Command::CopyMosaic);
                ui.separator();
                item(ui, true, "Quit", "Ctrl+Q", Command::Quit);
            });
            ui.menu_button("View", |ui| {
                item(ui, has_mosaic, "Fit to window", "F", Command::Fit);
                item(ui, has_mosaic, "Actual size", "1", Command::ActualSize);
                item(ui, has_mosaic, "Zoom in", "+", Command::Zoom(1.5));
                item(ui, has_mosaic, "Zoom out", "−", Command::Zoom(1.0 / 1.5));
                let is_selected = cx.state.view().selected.is_some();
                item(ui, is_selected, "Show selected filter", "Enter", Command::ShowSelected);
                ui.separator();
                let num_views = cx.state.views.len();
                let id = cx.state.view().id;
                item(ui, num_views < MAX_VIEWS, "Add view", "Ctrl+T", Command::AddView);
                item(ui, num_views > 1, "Close view", "Ctrl+W", Command::CloseView(id));
                item(ui, num_views > 1, "Difference of two views", "D", Command::AddDifference);
                ui.separator();
                item(ui, true, "Layer statistics", "", Command::ToggleTable);
                let play =
                    if cx.state.playing.is_some() { "Pause the layers" } else { "Play through the layers" };
                item(ui, has_mosaic, play, "L", Command::TogglePlay);
                ui.separator();
                item(ui, true, "Dark or light", "", Command::ToggleTheme);
            });
            ui.menu_button("Help", |ui| {
                item(ui, true, "Keys and words", "F1", Command::ToggleHelp);
                item(ui, true, "Messages", "", Command::ToggleLog);
            });
        });
    });
}

//! The menu bar.

use crate::app::message::command::{
    Command, SaveCommand, TaskCommand, ViewCommand, ViewsCommand, WeightsCommand, WindowCommand,
};
use crate::app::model::Model;
use crate::app::model::save::Export;
use crate::app::model::view::MAX_VIEWS;
use crate::app::ui::context::Context;
use crate::app::ui::theme;
use crate::engine::DeviceChoice;

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    egui::Panel::top("bar").show(ui, |ui| {
        egui::MenuBar::new().ui(ui, |ui| {
            let (mut recent, mut chosen_device) = (None, None);
            let has_mosaic = cx.model.view().shown.is_some();
            let mut item = |ui: &mut egui::Ui, enabled: bool, text: &str, keys: &str, command: Command| {
                let button = egui::Button::new(text);
                let button = if keys.is_empty() { button } else { button.shortcut_text(keys) };
                if ui.add_enabled(enabled, button).clicked() {
                    cx.commands.push(command);
                    ui.close();
                }
            };
            ui.menu_button("File", |ui| {
                long(ui, |ui| {
                    item(ui, true, "Open picture or log…", "Ctrl+O", ViewCommand::ChoosePicture.into());
                    item(ui, true, "Open folder…", "", ViewCommand::ChooseFolder.into());
                    ui.menu_button("Recent", |ui| {
                        if cx.model.recent.is_empty() {
                            ui.label("Nothing was opened yet");
                        }
                        for path in &cx.model.recent {
                            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                            let entry = ui.button(name).on_hover_text(path.display().to_string());
                            if entry.clicked() {
                                recent = Some(path.clone());
                                ui.close();
                            }
                        }
                    });
                    item(ui, true, "Show the cat", "", ViewCommand::OpenCat.into());
                    ui.separator();
                    item(ui, true, "Load weights…", "", WeightsCommand::ChooseWeights.into());
                    ui.separator();
                    item(ui, has_mosaic, "Save mosaic…", "Ctrl+S", SaveCommand::ChooseSavePlace.into());
                    let export = SaveCommand::ChooseExportPlace;
                    item(ui, has_mosaic, "Save this view…", "", export(Export::View).into());
                    item(ui, has_mosaic, "Save all views as a sheet…", "", export(Export::Sheet).into());
                    let is_selected = cx.model.view().selected.is_some();
                    item(ui, is_selected, "Save selected filter…", "", export(Export::Filter).into());
                    item(ui, has_mosaic, "Save the layer's values…", "", export(Export::Values).into());
                    item(ui, true, "Export many figures…", "Ctrl+E", TaskCommand::ToggleBatch.into());
                    item(ui, true, "Extract features…", "", TaskCommand::ToggleExtract.into());
                    item(ui, has_mosaic, "Animate…", "", TaskCommand::ToggleAnimate.into());
                    item(ui, has_mosaic, "Copy mosaic", "Ctrl+C", SaveCommand::CopyMosaic.into());
                    ui.separator();
                    item(ui, true, "Quit", "Ctrl+Q", WindowCommand::Quit.into());
                });
            });
            ui.menu_button("View", |ui| {
                long(ui, |ui| {
                    let history = &cx.model.history;
                    item(ui, history.can_go_back(), "Back", "Ctrl+Z", ViewsCommand::Back.into());
                    item(ui, history.can_go_forward(), "Forward", "Ctrl+Y", ViewsCommand::Forward.into());
                    ui.separator();
                    item(ui, has_mosaic, "Fit to window", "F", ViewCommand::Fit.into());
                    item(ui, has_mosaic, "Actual size", "1", ViewCommand::ActualSize.into());
                    item(ui, has_mosaic, "Zoom in", "+", ViewCommand::Zoom(1.5).into());
                    item(ui, has_mosaic, "Zoom out", "−", ViewCommand::Zoom(1.0 / 1.5).into());
                    let is_selected = cx.model.view().selected.is_some();
                    item(ui, is_selected, "Show selected filter", "Enter", ViewCommand::ShowSelected.into());
                    ui.separator();
                    let num_views = cx.model.views.len();
                    let id = cx.model.view().id;
                    item(ui, num_views < MAX_VIEWS, "Add view", "Ctrl+T", ViewsCommand::AddView.into());
                    item(ui, num_views > 1, "Close view", "Ctrl+W", ViewsCommand::CloseView(id).into());
                    item(
                        ui,
                        num_views > 1,
                        "Difference of two views",
                        "D",
                        ViewsCommand::AddDifference.into(),
                    );
                    ui.separator();
                    item(ui, true, "Layer statistics", "", WindowCommand::ToggleTable.into());
                    let play = if cx.model.playing.is_some() {
                        "Pause the layers"
                    } else {
                        "Play through the layers"
                    };
                    item(ui, has_mosaic, play, "L", ViewCommand::TogglePlay.into());
                    ui.separator();
                    item(ui, true, "Dark or light", "", WindowCommand::ToggleTheme.into());
                });
            });
            ui.menu_button("Device", |ui| devices(ui, cx.model, &mut chosen_device));
            ui.menu_button("Help", |ui| {
                item(ui, true, "Keys and words", "F1", WindowCommand::ToggleHelp.into());
                item(ui, true, "Messages", "", WindowCommand::ToggleLog.into());
            });
            if let Some(path) = recent {
                cx.commands.push(ViewCommand::Open(path));
            }
            if let Some(device) = chosen_device {
                cx.commands.push(ViewsCommand::SetDevice(device));
            }
        });
    });
}

/// A menu that scrolls where it is longer than the screen, as on one of few points.
fn long(ui: &mut egui::Ui, items: impl FnOnce(&mut egui::Ui)) {
    let room = (ui.ctx().content_rect().height() - theme::MENU_MARGIN).max(80.0);
    // What is left to itself is no higher than a menu usually is, and scrolls with room below.
    egui::ScrollArea::vertical().max_height(room).min_scrolled_height(room).show(ui, items);
}

/// Where networks run; what can't be had says why.
fn devices(ui: &mut egui::Ui, model: &Model, chosen: &mut Option<DeviceChoice>) {
    let choices = &model.devices;
    if choices.is_empty() {
        ui.label("Looking which devices there are…");
    }
    for (device, found) in choices {
        let is_chosen = match model.device {
            DeviceChoice::Auto => {
                model.view().shown.as_ref().is_some_and(|s| s.run_by.device == device.to_string())
            }
            other => other == *device,
        };
        let entry = ui.add_enabled(found.is_ok(), egui::Button::selectable(is_chosen, device_words(*device)));
        if entry.clicked() {
            *chosen = Some(*device);
            ui.close();
        }
        if let Err(reason) = found {
            ui.add(egui::Label::new(egui::RichText::new(reason).weak().small()).wrap());
        }
    }
}

fn device_words(device: DeviceChoice) -> &'static str {
    match device {
        DeviceChoice::Auto => "The fastest there is",
        DeviceChoice::Cpu => "CPU",
        DeviceChoice::Cuda(_) => "CUDA",
        DeviceChoice::Metal => "Metal",
    }
}

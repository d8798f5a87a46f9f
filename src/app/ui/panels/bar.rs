//! The menu bar.

use crate::app::message::command::Command;
use crate::app::model::State;
use crate::app::model::save::Export;
use crate::app::model::view::MAX_VIEWS;
use crate::app::ui::context::Context;
use crate::app::ui::theme;
use crate::engine::DeviceChoice;

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    egui::Panel::top("bar").show(ui, |ui| {
        egui::MenuBar::new().ui(ui, |ui| {
            let (mut recent, mut chosen_device) = (None, None);
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
                long(ui, |ui| {
                    item(ui, true, "Open picture or log…", "Ctrl+O", Command::ChoosePicture);
                    item(ui, true, "Open folder…", "", Command::ChooseFolder);
                    ui.menu_button("Recent", |ui| {
                        if cx.state.recent.is_empty() {
                            ui.label("Nothing was opened yet");
                        }
                        for path in &cx.state.recent {
                            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                            let entry = ui.button(name).on_hover_text(path.display().to_string());
                            if entry.clicked() {
                                recent = Some(path.clone());
                                ui.close();
                            }
                        }
                    });
                    item(ui, true, "Show the cat", "", Command::OpenCat);
                    ui.separator();
                    item(ui, true, "Load weights…", "", Command::ChooseWeights);
                    ui.separator();
                    item(ui, has_mosaic, "Save mosaic…", "Ctrl+S", Command::ChooseSavePlace);
                    let export = Command::ChooseExportPlace;
                    item(ui, has_mosaic, "Save this view…", "", export(Export::View));
                    item(ui, has_mosaic, "Save all views as a sheet…", "", export(Export::Sheet));
                    let is_selected = cx.state.view().selected.is_some();
                    item(ui, is_selected, "Save selected filter…", "", export(Export::Filter));
                    item(ui, has_mosaic, "Save the layer's values…", "", export(Export::Values));
                    item(ui, true, "Export many figures…", "Ctrl+E", Command::ToggleBatch);
                    item(ui, true, "Extract features…", "", Command::ToggleExtract);
                    item(ui, has_mosaic, "Animate…", "", Command::ToggleAnimate);
                    item(ui, has_mosaic, "Copy mosaic", "Ctrl+C", Command::CopyMosaic);
                    ui.separator();
                    item(ui, true, "Quit", "Ctrl+Q", Command::Quit);
                });
            });
            ui.menu_button("View", |ui| {
                long(ui, |ui| {
                    let history = &cx.state.history;
                    item(ui, history.can_go_back(), "Back", "Ctrl+Z", Command::Back);
                    item(ui, history.can_go_forward(), "Forward", "Ctrl+Y", Command::Forward);
                    ui.separator();
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
                    let play = if cx.state.playing.is_some() {
                        "Pause the layers"
                    } else {
                        "Play through the layers"
                    };
                    item(ui, has_mosaic, play, "L", Command::TogglePlay);
                    ui.separator();
                    item(ui, true, "Dark or light", "", Command::ToggleTheme);
                });
            });
            ui.menu_button("Device", |ui| devices(ui, cx.state, &mut chosen_device));
            ui.menu_button("Help", |ui| {
                item(ui, true, "Keys and words", "F1", Command::ToggleHelp);
                item(ui, true, "Messages", "", Command::ToggleLog);
            });
            cx.commands
                .extend(recent.map(Command::Open).into_iter().chain(chosen_device.map(Command::SetDevice)));
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
fn devices(ui: &mut egui::Ui, state: &State, chosen: &mut Option<DeviceChoice>) {
    let choices = &state.devices;
    if choices.is_empty() {
        ui.label("Looking which devices there are…");
    }
    for (device, found) in choices {
        let is_chosen = match state.device {
            DeviceChoice::Auto => {
                state.view().shown.as_ref().is_some_and(|s| s.run_by.device == device.to_string())
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

//! The menu bar.

use crate::app::message::action::Menu;
use crate::app::message::command::{AnyAction, actions};
use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::ui::context::Context;
use crate::app::ui::theme;
use crate::app::ui::widgets::keys;
use crate::engine::DeviceChoice;

/// The menu item after which the recently opened files are listed.
const RECENT_AFTER: (Menu, u8) = (Menu::File, 11);

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    egui::Panel::top("bar").show(ui, |ui| {
        egui::MenuBar::new().ui(ui, |ui| {
            ui.menu_button("File", |ui| long(ui, |ui| items(ui, cx, Menu::File)));
            ui.menu_button("View", |ui| long(ui, |ui| items(ui, cx, Menu::View)));
            ui.menu_button("Device", |ui| devices(ui, cx));
            ui.menu_button("Help", |ui| items(ui, cx, Menu::Help));
        });
    });
}

/// The actions of a menu, in order of their positions. Of two with the same position, such as play and pause, the enabled one is shown.
fn items(ui: &mut egui::Ui, cx: &mut Context<'_>, menu: Menu) {
    let place = |action: &AnyAction| action.menu.filter(|(own, _)| *own == menu).map(|(_, place)| place);
    let mut rows: Vec<(u8, &AnyAction)> =
        actions().iter().filter_map(|action| Some((place(action)?, action))).collect();
    rows.sort_by_key(|(place, action)| (*place, !action.is_enabled(cx.model)));
    rows.dedup_by_key(|(place, _)| *place);
    let mut group = None;
    for (place, action) in rows {
        if group.is_some_and(|group| group != place / 10) {
            ui.separator();
        }
        group = Some(place / 10);
        let mut button = egui::Button::new(action.label);
        if let Some(shortcut) = action.keys.first() {
            button = button.shortcut_text(keys(ui.ctx(), *shortcut));
        }
        if ui.add_enabled(action.is_enabled(cx.model), button).clicked() {
            cx.commands.extend(action.commands(cx.model));
            ui.close();
        }
        if (menu, place) == RECENT_AFTER {
            ui.menu_button("Recent", |ui| recent(ui, cx));
        }
    }
}

/// Recently opened files and folders.
fn recent(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    if cx.model.recent.is_empty() {
        ui.label("Nothing was opened yet");
    }
    for path in &cx.model.recent {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
            cx.commands.push(ViewCommand::Open(path.clone()));
            ui.close();
        }
    }
}

/// A menu that scrolls if it is longer than the screen.
fn long(ui: &mut egui::Ui, items: impl FnOnce(&mut egui::Ui)) {
    let room = (ui.ctx().content_rect().height() - theme::MENU_MARGIN).max(80.0);
    // By default a scroll area keeps a small height, and scrolls although there is room below it.
    egui::ScrollArea::vertical().max_height(room).min_scrolled_height(room).show(ui, items);
}

/// The devices that networks can run on; for a device that can't be used, the reason is shown.
fn devices(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let model = cx.model;
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
            cx.commands.push(ViewsCommand::SetDevice(*device));
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

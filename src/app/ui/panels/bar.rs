//! The bar at the top: menus, the path of what is shown, the search, and the panels at the sides.

use crate::app::message::action::Menu;
use crate::app::message::command::{AnyAction, action, actions};
use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::preferences::Preference;
use crate::app::ui::context::Context;
use crate::app::ui::icons;
use crate::app::ui::panels::{kept_weights, layers, models};
use crate::app::ui::theme;
use crate::app::ui::widgets::{icon_button, keys, named, small_action, tip};
use crate::engine::DeviceChoice;

/// The menu item after which the recently opened files are listed.
const RECENT_AFTER: (Menu, u8) = (Menu::File, 11);

/// Below this width, in points, the bar has only an icon for the search, and no path.
const NARROW_BAR: f32 = 760.0;
/// Width of the search.
const SEARCH_WIDTH: f32 = 290.0;
/// The menu item after which the recently used weight files are listed.
const WEIGHTS_AFTER: (Menu, u8) = (Menu::File, 20);

/// The menu item after which one chooses whether the next start opens what was open last.
const LAST_AFTER: (Menu, u8) = (Menu::File, 19);

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let frame = egui::Frame::new()
        .fill(theme::of(ui).panel)
        .inner_margin(egui::Margin::symmetric(12, 5))
        .stroke(egui::Stroke::NONE);
    egui::Panel::top("bar").frame(frame).show(ui, |ui| {
        let is_narrow = ui.available_width() < NARROW_BAR;
        egui::MenuBar::new().ui(ui, |ui| {
            if !is_narrow {
                let name = egui::RichText::new("filterscope").text_style(theme::name_style());
                ui.label(name.color(theme::of(ui).strong));
                ui.add_space(6.0);
            }
            ui.menu_button("File", |ui| long(ui, |ui| items(ui, cx, Menu::File)));
            ui.menu_button("Edit", |ui| items(ui, cx, Menu::Edit));
            ui.menu_button("View", |ui| long(ui, |ui| items(ui, cx, Menu::View)));
            ui.menu_button("Device", |ui| devices(ui, cx));
            ui.menu_button("Help", |ui| items(ui, cx, Menu::Help));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                sides(ui, cx);
                find(ui, cx, is_narrow);
                if !is_narrow {
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| path(ui, cx));
                }
            });
        });
    });
}

/// Shows and hides the panels at the sides.
fn sides(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let hint = tip(ui.ctx(), "Right panel");
    if icon_button(ui, icons::SLIDERS_HORIZONTAL, "Show or hide the right panel", &hint).clicked() {
        cx.commands.push(WindowCommand::ToggleRight);
    }
    // A narrow window has no room for the panel beside the mosaic: words say where it is.
    if cx.model.is_narrow
        && !cx.model.shows_right()
        && small_action(ui, "Channel, display").on_hover_text(hint).clicked()
    {
        cx.commands.push(WindowCommand::ToggleRight);
    }
    let hint = tip(ui.ctx(), "Left panel");
    if icon_button(ui, icons::SIDEBAR_SIMPLE, "Show or hide the left panel", &hint).clicked() {
        cx.commands.push(WindowCommand::Prefer(Preference::ShowsLeft(!cx.model.preferences.shows_left)));
    }
}

/// The way to the command palette, which looks like the field that it opens.
fn find(ui: &mut egui::Ui, cx: &mut Context<'_>, is_narrow: bool) {
    const NAME: &str = "Find layers, models, actions";
    let hint = tip(ui.ctx(), "Command palette…");
    let response = if is_narrow {
        icon_button(ui, icons::MAGNIFYING_GLASS, NAME, &hint)
    } else {
        let tokens = theme::of(ui);
        let words = egui::RichText::new("Search layers, models, actions").color(tokens.quiet);
        let shortcut = action("Command palette…")
            .and_then(|action| action.keys.first())
            .map_or_else(String::new, |key| keys(ui.ctx(), *key));
        let button = egui::Button::new(words)
            .right_text(egui::RichText::new(shortcut).small().color(tokens.quiet))
            .fill(tokens.canvas)
            .min_size(egui::vec2(SEARCH_WIDTH, 0.0));
        named(ui.add(button), egui::Role::Button, NAME).on_hover_text(hint)
    };
    if response.clicked() {
        cx.commands.push(WindowCommand::TogglePalette);
    }
}

/// What is asked for, from the picture to the layer; each part is a menu.
fn path(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    ui.add_space(12.0);
    ui.spacing_mut().item_spacing.x = 2.0;
    let view = cx.model.view();
    let (spec, node) = (view.request.spec, view.node());
    let picture = view.shown.as_ref().map_or_else(|| "picture".to_owned(), |shown| shown.label.clone());
    let layer = view.graph.node(node).name.clone();
    crumb(ui, &picture, "The picture", false, |ui| {
        for label in ["Open picture or log…", "Open folder…", "Show the cat"] {
            if let Some(action) = action(label)
                && ui.button(action.label).clicked()
            {
                cx.commands.extend(action.commands(cx.model));
                ui.close();
            }
        }
        ui.separator();
        recent(ui, cx);
    });
    crumb(ui, spec.tag, "The model", true, |ui| models::list(ui, cx, spec));
    crumb(ui, &layer, "The layer", true, |ui| layers::list(ui, cx));
}

/// A part of the path, with its menu, if there is room for it.
fn crumb(ui: &mut egui::Ui, words: &str, what: &str, is_below: bool, menu: impl FnOnce(&mut egui::Ui)) {
    let short: String = words.chars().take(MAX_CRUMB).collect();
    let short = if short.len() < words.len() { format!("{short}…") } else { short };
    if ui.available_width() < 8.0 * short.chars().count() as f32 {
        return;
    }
    if is_below {
        let icon = egui::RichText::new(icons::CARET_RIGHT).text_style(theme::icon_style()).size(10.0);
        ui.add(egui::Label::new(icon.color(theme::of(ui).quiet)).selectable(false));
    }
    let button =
        egui::Button::new(egui::RichText::new(short).color(theme::of(ui).quiet)).frame_when_inactive(false);
    let (response, _) = egui::containers::menu::MenuButton::from_button(button)
        .config(
            egui::containers::menu::MenuConfig::new()
                .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside),
        )
        .ui(ui, |ui| {
            egui::ScrollArea::vertical().max_height(theme::LIST_HEIGHT + 60.0).show(ui, menu);
        });
    named(response, egui::Role::Button, &format!("{what}: {words}"))
        .on_hover_text(format!("{what}: {words}"));
}

/// The most characters of a part of the path.
const MAX_CRUMB: usize = 28;

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
        if (menu, place) == WEIGHTS_AFTER {
            ui.menu_button("Recent weights", |ui| kept_weights::recent(ui, cx));
        }
        if (menu, place) == LAST_AFTER {
            last_time(ui, cx);
        }
    }
}

/// Whether the next start opens what was open when the window was closed.
fn last_time(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let mut opens_last = cx.model.preferences.opens_last;
    let hint = "At the next start: pictures, models, weight files, layers, views and pins";
    if ui.checkbox(&mut opens_last, "Open what was open last").on_hover_text(hint).changed() {
        cx.commands.push(WindowCommand::Prefer(Preference::OpensLast(opens_last)));
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

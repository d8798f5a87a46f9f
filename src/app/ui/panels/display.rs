//! How the mosaic looks: layout, range, colours, rows and columns, and which channels in what order.

use egui::ComboBox;

use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::links::Links;
use crate::app::ui::context::Context;
use crate::app::ui::looks::{SHARED_WORDS, WAYS, layout_words, normalisation_words, ramp};
use crate::app::ui::panels::{hold, order};
use crate::app::ui::widgets::{named, section, setting, steady};
use crate::mosaic::{ColourChoice, ColourMap, DeadLook, Grid, MosaicLayout, MosaicSetting};
use crate::render::Change;

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    section(ui, "Display", |_| {});
    looks(ui, cx);
    dead(ui, cx);
    order::draw(ui, cx);
    steady(ui, "grid", |ui| grid(ui, cx));
}

fn looks(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    // The range and colours of a difference are not those of the view's own request.
    let view = cx.model.view();
    let wanted = if view.is_plain() { None } else { cx.model.full_request(view).ok() };
    let settings = wanted.as_ref().map_or(&view.request.settings, |wanted| &wanted.of.settings);
    setting(ui, "Layout", "How channels are laid out", |ui, width| {
        ComboBox::from_id_salt("Layout")
            .selected_text(layout_words(settings.layout))
            .width(width)
            .truncate()
            .show_ui(ui, |ui| {
                for layout in MosaicLayout::ALL {
                    if ui.selectable_label(settings.layout == layout, layout_words(layout)).clicked() {
                        cx.commands.push(ViewCommand::Change(Change::Mosaic(MosaicSetting::Layout(layout))));
                    }
                }
            })
            .response
    });
    let is_shared = view.is_plain() && cx.model.shared_range.is_some();
    let current =
        if is_shared { SHARED_WORDS.to_owned() } else { normalisation_words(settings.normalisation) };
    setting(ui, "Normalization", "Which values the ends of the colour map stand for", |ui, width| {
        ComboBox::from_id_salt("Normalization")
            .selected_text(current)
            .width(width)
            .truncate()
            .show_ui(ui, |ui| {
                for (way, words) in WAYS {
                    if ui
                        .selectable_label(!is_shared && settings.normalisation == way, words)
                        .on_hover_text(way.describe())
                        .clicked()
                    {
                        if is_shared {
                            // What is chosen here is to be seen.
                            let links = Links { scale: false, ..cx.model.links };
                            cx.commands.push(ViewsCommand::SetLinks(links));
                        }
                        cx.commands
                            .push(ViewCommand::Change(Change::Mosaic(MosaicSetting::Normalisation(way))));
                    }
                }
                hold::entry(ui, cx);
            })
            .response
    });
    setting(ui, "Colours", "The colour map", |ui, width| {
        ComboBox::from_id_salt("Colours")
            .selected_text(settings.colour.to_string())
            .width(width)
            .truncate()
            .show_ui(ui, |ui| {
                let all = std::iter::once(ColourChoice::Auto).chain(ColourMap::ALL.map(ColourChoice::Map));
                for colour in all {
                    if swatch(ui, settings.colour == colour, colour).clicked() {
                        cx.commands.push(ViewCommand::Change(Change::Mosaic(MosaicSetting::Colour(colour))));
                    }
                }
            })
            .response
    });
}

/// Whether dead tiles are hatched.
fn dead(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let current = cx.model.view().request.settings.dead;
    setting(ui, "Dead tiles", "How channels look that are zero everywhere", |ui, width| {
        ComboBox::from_id_salt("Dead tiles")
            .selected_text(dead_words(current))
            .width(width)
            .truncate()
            .show_ui(ui, |ui| {
                for look in DeadLook::ALL {
                    let label = ui.selectable_label(current == look, dead_words(look));
                    let hint = "auto: hatched on light paper, flat on dark";
                    if label.on_hover_text(hint).clicked() {
                        cx.commands.push(ViewCommand::Change(Change::Mosaic(MosaicSetting::Dead(look))));
                    }
                }
            })
            .response
    });
}

/// The number of rows and columns of channels, to replace the automatic choice.
fn grid(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let wanted = cx.model.view().request.settings.grid;
    let shown = cx.model.view().shown.as_ref();
    let taken = shown.map_or_else(String::new, |shown| shown.mosaic.geometry.grid().to_string());
    ui.horizontal(|ui| {
        let label = ui
            .label("Grid:")
            .on_hover_text("Rows × columns of channels; empty for as many as their number gives");
        let field = ui
            .add(egui::TextEdit::singleline(&mut cx.scratch.typed_grid).desired_width(84.0).hint_text(taken))
            .labelled_by(label.id);
        if field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) {
            match cx.scratch.typed_grid.trim() {
                "" => cx.commands.push(ViewCommand::Change(Change::Mosaic(MosaicSetting::Grid(None)))),
                typed => match typed.parse::<Grid>() {
                    Ok(grid) => {
                        cx.commands
                            .push(ViewCommand::Change(Change::Mosaic(MosaicSetting::Grid(Some(grid)))));
                    }
                    Err(error) => cx.commands.push(WindowCommand::Complain(error.to_string())),
                },
            }
        }
        if wanted.is_some()
            && ui.button("Automatic").on_hover_text("Rows and columns by the number of channels").clicked()
        {
            cx.commands.push(ViewCommand::Change(Change::Mosaic(MosaicSetting::Grid(None))));
        }
    });
    let (Some(wanted), Some(shown)) = (wanted, &cx.model.view().shown) else { return };
    let (taken, num) = (shown.mosaic.geometry.grid(), shown.mosaic.order.len());
    let words = if taken == wanted {
        format!("{wanted}, as asked")
    } else {
        format!("{wanted} doesn't hold {num} channels; {taken} is taken here")
    };
    ui.add(egui::Label::new(egui::RichText::new(words).weak()).wrap());
}

fn dead_words(look: DeadLook) -> &'static str {
    match look {
        DeadLook::Hatched => "hatched",
        DeadLook::Flat => "flat",
        DeadLook::Auto => "auto",
    }
}

fn colour_words(colour: ColourChoice) -> String {
    match colour {
        ColourChoice::Auto => "auto (sequential or diverging)".into(),
        ColourChoice::Map(map) => map.name().into(),
    }
}

/// An entry of the list of colour maps: its colours and its name.
fn swatch(ui: &mut egui::Ui, is_chosen: bool, colour: ColourChoice) -> egui::Response {
    let words = colour_words(colour);
    let ColourChoice::Map(map) = colour else { return ui.selectable_label(is_chosen, words) };
    // The name stands behind the colours.
    let button = egui::Button::selectable(is_chosen, format!("                        {words}"));
    let response = ui.add(button.min_size(egui::vec2(ui.available_width(), 0.0)));
    let left = response.rect.left_center() + egui::vec2(8.0, -5.0);
    ramp(ui.painter(), egui::Rect::from_min_size(left, egui::vec2(76.0, 10.0)), map);
    named(response, egui::Role::Button, &words)
}

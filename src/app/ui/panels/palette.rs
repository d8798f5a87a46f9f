//! The command palette: finds any action, model, layer or colour map by a few letters of its name.

use egui::{Id, Key, Modifiers, vec2};

use crate::app::message::command::{Command, actions};
use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::links::Links;
use crate::app::ui::context::Context;
use crate::app::ui::looks::{WAYS, layout_words};
use crate::app::ui::panels::order;
use crate::app::ui::widgets::keys;
use crate::app::ui::widgets::search;
use crate::models::Registry;
use crate::mosaic::{ColourChoice, ColourMap, MosaicLayout, MosaicSetting};
use crate::render::{Change, LayerChoice};
use crate::tensor::{ChannelSelection, OrderBy, fuzzy_score, is_near_best};

/// Greatest number of entries listed; typing more letters finds others.
const MAX_LISTED: usize = 60;

/// An entry of the palette.
#[derive(Clone)]
struct Entry {
    /// The text that is shown and searched.
    name: String,
    /// The text on the right: a shortcut, or the kind of entry.
    aside: String,
    /// Other names that it is found by.
    aliases: Vec<String>,
    /// Whether it can't be shown at once, and so comes after all that can.
    is_last: bool,
    commands: Vec<Command>,
}

impl Entry {
    /// How well it fits what was typed; none if it doesn't.
    fn score(&self, asked: &str) -> Option<i32> {
        let names = std::iter::once(&self.name).chain(&self.aliases);
        names.filter_map(|name| fuzzy_score(asked, &format!("{name} {}", self.aside))).max()
    }
}

/// What is below the palette is a little darker.
const BACKDROP: egui::Color32 = egui::Color32::from_black_alpha(70);

pub(crate) fn draw(ctx: &egui::Context, cx: &mut Context<'_>) {
    if !cx.model.open.palette {
        cx.scratch.palette_search.clear();
        cx.scratch.palette_at = 0;
        return;
    }
    let entries = matching(entries(ctx, cx), &cx.scratch.palette_search);
    let last = entries.len().saturating_sub(1);
    let step = |key| ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    if step(Key::ArrowDown) {
        cx.scratch.palette_at += 1;
    }
    if step(Key::ArrowUp) {
        cx.scratch.palette_at = cx.scratch.palette_at.saturating_sub(1);
    }
    cx.scratch.palette_at = cx.scratch.palette_at.min(last);
    let is_moved = ctx.input(|i| i.key_pressed(Key::ArrowDown) || i.key_pressed(Key::ArrowUp));
    let mut chosen = None;
    // What is below takes no pointer, so that no tooltip comes up over the entries; a click there closes the palette.
    let id = Id::unique("palette");
    let area = egui::Modal::default_area(id).anchor(egui::Align2::CENTER_TOP, vec2(0.0, 56.0));
    let modal = egui::Modal::new(id).area(area).backdrop_color(BACKDROP).show(ctx, |ui| {
        ui.set_width(520.0_f32.min(ui.ctx().content_rect().width() - 40.0));
        let before = cx.scratch.palette_search.clone();
        let is_entered = search(ui, "Find", &mut cx.scratch.palette_search);
        if before != cx.scratch.palette_search {
            cx.scratch.palette_at = 0;
        }
        if is_entered {
            chosen = entries.get(cx.scratch.palette_at).cloned();
        }
        ui.separator();
        if entries.is_empty() {
            ui.label("Nothing has a name like that");
        }
        egui::ScrollArea::vertical().auto_shrink([false, false]).max_height(330.0).show(ui, |ui| {
            for (at, entry) in entries.iter().enumerate() {
                let is_at = at == cx.scratch.palette_at;
                let button = egui::Button::selectable(is_at, &entry.name).truncate();
                let button = button.shortcut_text(&entry.aside);
                let response = ui.add(button.min_size(vec2(ui.available_width(), 0.0)));
                if is_at && is_moved {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    chosen = Some(entry.clone());
                }
            }
        });
    });
    let is_escaped = step(Key::Escape);
    if let Some(entry) = chosen {
        cx.commands.push(WindowCommand::TogglePalette);
        cx.commands.extend(entry.commands);
    } else if modal.should_close() || is_escaped {
        cx.commands.push(WindowCommand::TogglePalette);
    }
}

/// All entries that can be chosen now.
fn entries(ctx: &egui::Context, cx: &Context<'_>) -> Vec<Entry> {
    let model = cx.model;
    let of_actions = actions().iter().filter(|action| !action.label.is_empty() && action.is_enabled(model));
    let mut all: Vec<Entry> = of_actions
        .map(|action| Entry {
            name: action.label.to_owned(),
            aside: action.keys.first().map_or_else(String::new, |key| keys(ctx, *key)),
            // The button on the first screen has the number of networks in its name.
            aliases: match action.label {
                "Compare the built-in networks" => vec!["Compare the three networks".to_owned()],
                _ => Vec::new(),
            },
            is_last: false,
            commands: action.commands(model),
        })
        .filter(|entry| !entry.commands.is_empty())
        .collect();
    let others =
        Registry::specs().filter(|spec| !model.has_weights(spec)).map(|spec| (spec, "model, not installed"));
    all.extend(model.specs_at_hand().into_iter().map(|spec| (spec, "model")).chain(others).map(
        |(spec, aside)| Entry {
            name: format!("{} · {}", spec.tag, spec.title),
            aside: aside.to_owned(),
            aliases: Vec::new(),
            is_last: !model.has_weights(spec),
            commands: vec![ViewCommand::SetModel(spec).into()],
        },
    ));
    let view = model.view();
    all.extend(view.walk(true).into_iter().map(|node| Entry {
        name: view.graph.node(node).name.clone(),
        aside: "layer".to_owned(),
        aliases: view.graph.aliases_of(node).into_iter().map(ToString::to_string).collect(),
        is_last: false,
        commands: vec![change(Change::Layer(view.layer_choice(node)))],
    }));
    all.push(Entry {
        name: "last layer".to_owned(),
        aside: "layer".to_owned(),
        aliases: Vec::new(),
        is_last: false,
        commands: vec![change(Change::Layer(LayerChoice::Final))],
    });
    all.extend(std::iter::once(ColourChoice::Auto).chain(ColourMap::ALL.map(ColourChoice::Map)).map(
        |colour| Entry {
            name: colour.to_string(),
            aside: "colour map".to_owned(),
            aliases: Vec::new(),
            is_last: false,
            commands: vec![change(Change::Mosaic(MosaicSetting::Colour(colour)))],
        },
    ));
    all.extend(MosaicLayout::ALL.map(|layout| Entry {
        name: layout_words(layout).to_owned(),
        aside: "layout".to_owned(),
        aliases: vec![layout.to_string()],
        is_last: false,
        commands: vec![change(Change::Mosaic(MosaicSetting::Layout(layout)))],
    }));
    all.extend(WAYS.map(|(way, words)| Entry {
        name: words.to_owned(),
        aside: "normalization".to_owned(),
        aliases: vec![way.to_string()],
        is_last: false,
        commands: vec![change(Change::Mosaic(MosaicSetting::Normalisation(way)))],
    }));
    let selection = view.request.selection;
    all.extend(OrderBy::ALL.map(|order| Entry {
        name: format!("order {}", order::words(order)),
        aside: "order of channels".to_owned(),
        aliases: Vec::new(),
        is_last: false,
        commands: vec![change(Change::Selection(ChannelSelection { order, ..selection }))],
    }));
    if model.views.len() > 1 {
        let links = model.links;
        let toggled = [
            ("Link pictures", Links { pictures: !links.pictures, ..links }),
            ("Link zoom", Links { zoom: !links.zoom, ..links }),
            ("Link colours", Links { looks: !links.looks, ..links }),
            ("Share colour range", Links { scale: !links.scale, ..links }),
        ];
        all.extend(toggled.map(|(name, links)| Entry {
            name: name.to_owned(),
            aside: "on or off".to_owned(),
            aliases: Vec::new(),
            is_last: false,
            commands: vec![ViewsCommand::SetLinks(links).into()],
        }));
    }
    all
}

fn change(change: Change) -> Command {
    ViewCommand::Change(change).into()
}

/// The entries that match what was typed, best first; without any text, the first entries in their own order.
fn matching(entries: Vec<Entry>, asked: &str) -> Vec<Entry> {
    if asked.trim().is_empty() {
        return entries.into_iter().take(MAX_LISTED).collect();
    }
    let mut found: Vec<(i32, Entry)> =
        entries.into_iter().filter_map(|entry| Some((entry.score(asked)?, entry))).collect();
    found.sort_by_key(|(score, entry)| (entry.is_last, std::cmp::Reverse(*score)));
    // What was typed as it stands in one name isn't meant as letters that are strewn over others.
    let best = found.iter().map(|(score, _)| *score).max().unwrap_or(0);
    found.retain(|(score, _)| is_near_best(*score, best));
    found.into_iter().take(MAX_LISTED).map(|(_, entry)| entry).collect()
}

//! The selected channel: its map with values, the map over the picture, statistics and histogram, the most similar channels.

use std::sync::Arc;

use egui::{Color32, Rect, Sense, Stroke, StrokeKind, Ui, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::preferences::Preference;
use crate::app::model::shown::{Inspected, NUM_BINS, Shown, histogram};
use crate::app::ui::context::Context;
use crate::app::ui::histogram::bars;
use crate::app::ui::panels::over;
use crate::app::ui::widgets::{fact, in_square, named, section, small_action, steady, tip};
use crate::app::ui::{spinner, theme};
use crate::mosaic::format_value;
use crate::tensor::{ChannelKind, ChannelStats};

/// How two maps are compared, within a layer and across views.
pub(crate) const CORRELATION: &str = "Pearson correlation of the two maps, value by value. Maps of different sizes or places are sampled (bilinear) at 24×24 places of the part of the picture that both networks saw";

/// Draws the selected channel, and what is under the pointer. The sections keep their places, whether a channel is selected or not.
pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, shown: Option<&Arc<Shown>>) {
    let view = cx.model.view();
    let selected = shown.and_then(|shown| {
        let channel = view.selected?;
        Some((channel, shown.stats.channels.get(channel)?))
    });
    let is_class_map = shown.is_some_and(|shown| shown.class_map.is_some());
    let name = match selected {
        _ if is_class_map => "Class map".to_owned(),
        Some((channel, _)) => format!("Channel {channel}"),
        None => "Channel".to_owned(),
    };
    section(ui, &name, |ui| {
        if !is_class_map {
            actions(ui, cx, shown);
        }
    });
    let side = ((ui.available_width() - 8.0) / 2.0).max(60.0);
    let inspected = shown.and_then(|shown| {
        cx.model.inspected.as_deref().filter(|found| {
            Some(found.channel) == view.selected && std::ptr::eq(found.of.as_ptr(), Arc::as_ptr(shown))
        })
    });
    maps(ui, cx, shown, inspected, side);
    let live = selected.filter(|(_, stats)| stats.kind == ChannelKind::Live).map(|(_, stats)| stats);
    let kind = selected.map_or(String::new(), |(_, stats)| stats.kind.name().to_owned());
    let of =
        |words: &dyn Fn(&ChannelStats) -> String| selected.map_or(String::new(), |(_, stats)| words(stats));
    fact(ui, "kind", &kind);
    fact(
        ui,
        "max",
        &live.map_or_else(
            || of(&|stats| format_value(stats.max)),
            |s| format!("{} at {}, {}", format_value(s.max), s.max_row, s.max_column),
        ),
    );
    fact(
        ui,
        "mean · std",
        &of(&|stats| format!("{} · {}", format_value(stats.mean), format_value(stats.variance.sqrt()))),
    );
    fact(ui, "sparsity", &of(&|stats| format!("{:.0} %", stats.zero_share * 100.0)));
    let rank = inspected.zip(shown).map_or(String::new(), |(found, shown)| {
        let num = shown.activation.shape().channels;
        let ranks = format!("{} by mean, {} by max", found.ranks.0, found.ranks.1);
        if num < 1000 { format!("{ranks}, of {num}") } else { ranks }
    });
    // One map has no rank, and no similar ones.
    fact(ui, if is_class_map { "" } else { "rank" }, if is_class_map { "" } else { &rank });
    pointer(ui, cx, shown);
    closest(ui, cx);
    let Some(shown) = shown else { return };
    section(ui, "Values", |ui| {
        ui.add(egui::Label::new(egui::RichText::new("log count").small().weak()));
    });
    let bins = match (selected, inspected) {
        (Some(_), Some(found)) => found.bins,
        (Some((channel, _)), None) => channel_bars(cx, shown, channel),
        (None, _) => [0; NUM_BINS],
    };
    if selected.is_some() {
        bars(ui, "channel histogram", &bins, shown);
    } else {
        ui.allocate_exact_size(vec2(ui.available_width(), theme::HISTOGRAM_HEIGHT + 22.0), Sense::hover());
    }
    if is_class_map {
        return;
    }
    section(ui, "Most similar channels", |ui| {
        ui.add(egui::Label::new(egui::RichText::new("correlation").small().weak()))
            .on_hover_text(CORRELATION);
    });
    nearest(ui, cx, inspected);
}

/// The value under the pointer, in two lines that are always there.
fn pointer(ui: &mut Ui, cx: &Context<'_>, shown: Option<&Arc<Shown>>) {
    let view = cx.model.view();
    let scratch = cx.scratch.views.get(&view.id);
    let in_map = scratch.and_then(|s| s.at_map).zip(view.selected);
    let at = scratch
        .and_then(|s| s.hovered)
        .map(|at| (at.channel, at.row, at.column))
        .or(in_map.map(|((row, column), channel)| (channel, row, column)));
    let words = shown.zip(at).and_then(|(shown, (channel, row, column))| {
        let stats = shown.stats.channels.get(channel)?;
        let value = shown.activation.value(channel, row, column).map_or_else(String::new, format_value);
        let of = match shown.class_map {
            Some(_) => "class map".to_owned(),
            None => format!("channel {channel}, {}", stats.kind.name()),
        };
        Some((
            format!("{of} · row {row}, column {column}: {value}"),
            format!(
                "min {} · mean {} · max {}",
                format_value(stats.min),
                format_value(stats.mean),
                format_value(stats.max)
            ),
        ))
    });
    let (first, second) =
        words.unwrap_or_else(|| ("point at a tile to read a value".to_owned(), String::new()));
    for line in [first, second] {
        let text = egui::RichText::new(line).small().color(theme::of(ui).quiet);
        ui.add(egui::Label::new(text).truncate());
    }
}

/// The number of the channel, to type; pin; the closest in other views.
fn actions(ui: &mut Ui, cx: &mut Context<'_>, shown: Option<&Arc<Shown>>) {
    let view = cx.model.view();
    if let Some(shown) = shown {
        let field =
            egui::TextEdit::singleline(&mut cx.scratch.typed_channel).id_salt("channel").desired_width(76.0);
        let field =
            ui.add(field.hint_text("number")).on_hover_text("Type a channel's number and press Enter");
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Channel number"));
        if field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) {
            let num_channels = shown.activation.shape().channels;
            let typed = cx.scratch.typed_channel.trim().to_owned();
            match typed.parse::<usize>() {
                Ok(channel) if channel < num_channels => {
                    cx.commands.push(ViewCommand::Select(Some(channel)));
                    cx.commands.push(ViewCommand::ShowSelected);
                    cx.scratch.typed_channel.clear();
                }
                _ => cx.commands.push(WindowCommand::Complain(format!(
                    "no channel `{typed}`: expected a number from 0 to {}",
                    num_channels.saturating_sub(1)
                ))),
            }
        }
    }
    let Some(channel) = view.selected else { return };
    if view.is_plain() {
        let pin = cx.model.pin_of(channel);
        let words = if pin.is_some() { "Unpin" } else { "Pin" };
        if small_action(ui, words).on_hover_text(tip(ui.ctx(), "Pin or unpin the selected channel")).clicked()
        {
            cx.commands.push(match pin {
                Some(id) => ViewsCommand::Unpin(id),
                None => ViewsCommand::Pin(channel),
            });
        }
    }
}

/// The search for the closest channel in the other views, in a row of its own.
fn closest(ui: &mut Ui, cx: &mut Context<'_>) {
    let view = cx.model.view();
    if view.selected.is_none() || cx.model.views.len() < 2 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for other in cx.model.views.iter().filter(|other| other.id != view.id && other.shown.is_some()) {
            let words = format!("Closest in view {}", cx.model.number(other.id));
            let hint = "The channel over there that answers most at the same places of the picture, by the correlation of their maps (C)";
            if small_action(ui, &words).on_hover_text(hint).clicked() {
                cx.commands.push(ViewsCommand::FindClosest(other.id));
            }
        }
    });
}

/// The channel's map, and the picture with the map over it, side by side; without a channel an empty ground and the picture.
fn maps(ui: &mut Ui, cx: &mut Context<'_>, shown: Option<&Arc<Shown>>, found: Option<&Inspected>, side: f32) {
    let view = cx.model.view();
    let Some(shown) = shown else {
        ui.allocate_exact_size(vec2(2.0 * side + 8.0, side), Sense::hover());
        return;
    };
    let mut at_map = None;
    ui.horizontal_top(|ui| {
        match found {
            Some(found) => at_map = map(ui, cx, shown, found.channel, side),
            None => no_map(ui, view.selected.is_some(), side),
        }
        over::draw(ui, cx, view, shown, found, at_map, side);
    });
    cx.scratch.views.entry(view.id).or_default().at_map = at_map;
    let shape = shown.activation.shape();
    ui.horizontal(|ui| {
        let quiet = theme::of(ui).quiet;
        let text = egui::RichText::new(format!("feature map, {} × {}", shape.height, shape.width));
        ui.allocate_ui(vec2(side, 16.0), |ui| {
            ui.set_width(side);
            ui.add(egui::Label::new(text.small().color(quiet)).truncate());
        });
        let right_to_left = egui::Layout::right_to_left(egui::Align::Center);
        ui.allocate_ui_with_layout(vec2(side, 16.0), right_to_left, |ui| {
            let mut percent = cx.model.preferences.overlay_opacity * 100.0;
            let field = egui::DragValue::new(&mut percent).range(0.0..=100.0).max_decimals(0).suffix(" %");
            let field = steady(ui, "opacity", |ui| ui.add(field));
            let field = field.on_hover_text("How much of the channel's map covers the picture");
            field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, "Opacity"));
            if field.changed() {
                cx.commands.push(WindowCommand::Prefer(Preference::OverlayOpacity(percent / 100.0)));
            }
            let text = egui::RichText::new("over the input").small().color(quiet);
            ui.add(egui::Label::new(text).truncate());
        });
    });
}

/// The ground of the channel's map while there is none.
fn no_map(ui: &mut Ui, is_coming: bool, side: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    ui.painter().rect_filled(rect, 4.0, theme::of(ui).canvas);
    let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink(8.0)));
    if is_coming {
        spinner::draw(&mut inner);
    } else {
        let hint = egui::RichText::new("Click a tile to look into its channel").small().weak();
        inner.add(egui::Label::new(hint).wrap());
    }
}

/// Draws the channel's map with its longer side `side` points long; returns the row and column under the pointer.
fn map(ui: &mut Ui, cx: &Context<'_>, shown: &Shown, channel: usize, side: f32) -> Option<(usize, usize)> {
    let shape = shown.activation.shape();
    let size = vec2(shape.width as f32, shape.height as f32);
    let (rect, response) = in_square(ui, size, side, Sense::hover());
    let response = named(response, egui::Role::Image, &format!("Map of channel {channel}"));
    if let Some((texture, _)) = cx.textures.inspected() {
        texture.paint_over(ui.painter(), rect, Color32::WHITE);
    }
    let pointer = response.hover_pos()?;
    let at = (pointer - rect.min) / rect.size() * size;
    let (row, column) =
        ((at.y.max(0.0) as usize).min(shape.height - 1), (at.x.max(0.0) as usize).min(shape.width - 1));
    let cell = rect.size() / size;
    let corner = rect.min + vec2(column as f32, row as f32) * cell;
    let stroke = Stroke::new(1.0, theme::HOVERED);
    ui.painter().rect_stroke(Rect::from_min_size(corner, cell), 0.0, stroke, StrokeKind::Outside);
    Some((row, column))
}

/// The channels of the layer with the most similar maps, in a row that is always there.
fn nearest(ui: &mut Ui, cx: &mut Context<'_>, found: Option<&Inspected>) {
    let side = theme::NEAREST_SIDE;
    let found = match found {
        Some(found) if found.nearest.is_empty() => {
            let is_only = found.of.upgrade().is_some_and(|shown| shown.activation.shape().channels < 2);
            let words = if is_only {
                "none: there is only this map"
            } else {
                "none: the map has the same value everywhere"
            };
            ui.add_sized(
                vec2(ui.available_width(), side + 26.0),
                egui::Label::new(egui::RichText::new(words).small().weak()).wrap(),
            );
            return;
        }
        Some(found) => found,
        None => {
            ui.allocate_exact_size(vec2(ui.available_width(), side + 26.0), Sense::hover());
            return;
        }
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        for (at, (channel, r, map)) in found.nearest.iter().enumerate() {
            if ui.available_width() < side {
                break;
            }
            ui.vertical(|ui| {
                ui.set_width(side);
                ui.spacing_mut().item_spacing.y = 1.0;
                let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click());
                let response = named(response, egui::Role::Button, &format!("Alike channel {channel}"));
                let size = vec2(map.size[0] as f32, map.size[1] as f32);
                let place = Rect::from_center_size(rect.center(), size * (side / size.max_elem().max(1.0)));
                ui.painter().rect_filled(rect, 2.0, theme::of(ui).canvas);
                if let Some(texture) = cx.textures.inspected().and_then(|(_, nearest)| nearest.get(at)) {
                    texture.paint_over(ui.painter(), place, Color32::WHITE);
                }
                if response.hovered() || response.has_focus() {
                    let stroke = Stroke::new(1.5, theme::SELECTED);
                    ui.painter().rect_stroke(rect, 0.0, stroke, StrokeKind::Outside);
                }
                if response.on_hover_text(format!("channel {channel}, correlation {r:.3}")).clicked() {
                    cx.commands.push(ViewCommand::Select(Some(*channel)));
                }
                for words in [channel.to_string(), format!("{r:.2}")] {
                    let text = egui::RichText::new(words).small().color(theme::of(ui).quiet);
                    ui.vertical_centered(|ui| ui.add(egui::Label::new(text).truncate()));
                }
            });
        }
    });
}

/// The histogram of one channel. It is kept while the pointer stays on the channel, because a map can have millions of values.
fn channel_bars(cx: &mut Context<'_>, shown: &Arc<Shown>, channel: usize) -> [u32; NUM_BINS] {
    if let Some((of, kept, bins)) = &cx.scratch.channel_bars
        && *kept == channel
        && std::ptr::eq(of.as_ptr(), Arc::as_ptr(shown))
    {
        return *bins;
    }
    let bins = histogram(shown.activation.channel(channel), shown.stats.min, shown.stats.max);
    cx.scratch.channel_bars = Some((Arc::downgrade(shown), channel, bins));
    bins
}

//! The selected channel: its map with values, the map over the picture, statistics and histogram, the most similar channels.

use std::sync::Arc;

use egui::{Color32, Rect, Sense, Stroke, StrokeKind, Ui, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::shown::{Inspected, NUM_BINS, Shown, histogram};
use crate::app::model::view::ViewState;
use crate::app::ui::context::Context;
use crate::app::ui::histogram::bars;
use crate::app::ui::widgets::{fact, named, section, share_rect, small_action, tip};
use crate::app::ui::{spinner, theme};
use crate::mosaic::format_value;
use crate::tensor::{ChannelKind, ChannelStats};

/// Draws the selected channel, and what is under the pointer. Everything keeps its place, whether a channel is selected or not.
pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, shown: Option<&Arc<Shown>>) {
    let view = cx.model.view();
    let selected = shown.and_then(|shown| {
        let channel = view.selected?;
        Some((channel, shown.stats.channels.get(channel)?))
    });
    let name = selected.map_or_else(|| "Channel".to_owned(), |(channel, _)| format!("Channel {channel}"));
    section(ui, &name, |ui| actions(ui, cx, shown));
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
            |s| format!("{} at row {}, column {}", format_value(s.max), s.max_row, s.max_column),
        ),
    );
    fact(
        ui,
        "mean · std",
        &of(&|stats| format!("{} · {}", format_value(stats.mean), format_value(stats.variance.sqrt()))),
    );
    fact(ui, "sparsity", &of(&|stats| format!("{:.0} %", stats.zero_share * 100.0)));
    let rank = inspected.zip(shown).map_or(String::new(), |(found, shown)| {
        format!(
            "{} by mean, {} by max, of {}",
            found.ranks.0,
            found.ranks.1,
            shown.activation.shape().channels
        )
    });
    fact(ui, "rank", &rank);
    pointer(ui, cx, shown);
    let Some(shown) = shown else { return };
    section(ui, "Values", |ui| {
        ui.add(egui::Label::new(egui::RichText::new("log count").small().weak()));
    });
    let bins = match (selected, inspected) {
        (Some(_), Some(found)) => found.bins,
        (Some((channel, _)), None) => channel_bars(cx, shown, channel),
        (None, _) => [0; NUM_BINS],
    };
    bars(ui, "channel histogram", &bins, shown);
    section(ui, "Most similar channels", |ui| {
        ui.add(egui::Label::new(egui::RichText::new("correlation").small().weak()))
            .on_hover_text("Pearson's correlation of two channels' maps");
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
        Some((
            format!("channel {channel}, {} · row {row}, column {column}: {value}", stats.kind.name()),
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
        let field = egui::TextEdit::singleline(&mut cx.scratch.typed_channel).desired_width(48.0);
        let field =
            ui.add(field.hint_text("number")).on_hover_text("Type a channel's number and press Enter");
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Channel number"));
        if field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) {
            let num_channels = shown.activation.shape().channels;
            match cx.scratch.typed_channel.trim().parse::<usize>() {
                Ok(channel) if channel < num_channels => {
                    cx.commands.push(ViewCommand::Select(Some(channel)));
                    cx.commands.push(ViewCommand::ShowSelected);
                }
                _ => cx.commands.push(WindowCommand::Complain(format!(
                    "no channel `{}`: expected a number from 0 to {}",
                    cx.scratch.typed_channel.trim(),
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
    for other in cx.model.views.iter().filter(|other| other.id != view.id && other.shown.is_some()) {
        let words = format!("Closest in view {}", cx.model.number(other.id));
        let hint = "The channel over there that answers most at the same places of the picture, by the correlation of their maps (C)";
        if small_action(ui, &words).on_hover_text(hint).clicked() {
            cx.commands.push(ViewsCommand::FindClosest(other.id));
        }
    }
}

/// The channel's map, and the map over the picture, side by side; empty grounds while there is none.
fn maps(ui: &mut Ui, cx: &mut Context<'_>, shown: Option<&Arc<Shown>>, found: Option<&Inspected>, side: f32) {
    let view = cx.model.view();
    let mut at_map = None;
    let Some((shown, found)) = shown.zip(found) else {
        let (rect, _) = ui.allocate_exact_size(vec2(2.0 * side + 8.0, side), Sense::hover());
        for at in [0.0, side + 8.0] {
            let ground = Rect::from_min_size(rect.min + vec2(at, 0.0), vec2(side, side));
            ui.painter().rect_filled(ground, 4.0, theme::of(ui).canvas);
        }
        let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink(8.0)));
        if view.selected.is_some() {
            inner.horizontal(|ui| {
                spinner::draw(ui);
                ui.label("Looking into it…");
            });
        } else {
            inner.label(egui::RichText::new("Click a tile to look into its channel").weak());
        }
        caption(ui, side, "feature map", "over the input");
        return;
    };
    let channel = found.channel;
    ui.horizontal_top(|ui| {
        at_map = map(ui, cx, shown, channel, side);
        over_picture(ui, cx, view, shown, channel, at_map, side);
    });
    cx.scratch.views.entry(view.id).or_default().at_map = at_map;
    let shape = shown.activation.shape();
    let opacity = cx.model.preferences.overlay_opacity;
    caption(
        ui,
        side,
        &format!("feature map, {} × {}", shape.height, shape.width),
        &format!("over the input · {:.0} %", opacity * 100.0),
    );
}

/// Quiet words under the two maps.
fn caption(ui: &mut Ui, side: f32, left: &str, right: &str) {
    ui.horizontal(|ui| {
        for words in [left, right] {
            let text = egui::RichText::new(words).small().color(theme::of(ui).quiet);
            ui.allocate_ui(vec2(side, 14.0), |ui| {
                ui.set_width(side);
                ui.add(egui::Label::new(text).truncate());
            });
        }
    });
}

/// Draws the channel's map with its longer side `side` points long; returns the row and column under the pointer.
fn map(ui: &mut Ui, cx: &Context<'_>, shown: &Shown, channel: usize, side: f32) -> Option<(usize, usize)> {
    let shape = shown.activation.shape();
    let size = vec2(shape.width as f32, shape.height as f32);
    let (rect, response) = in_square(ui, size, side);
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

/// Draws the whole picture, the channel's map over the part that its values stand for, and the receptive field of one value.
fn over_picture(
    ui: &mut Ui,
    cx: &Context<'_>,
    view: &ViewState,
    shown: &Shown,
    channel: usize,
    at_map: Option<(usize, usize)>,
    side: f32,
) {
    let size = vec2(shown.thumbnail.size[0] as f32, shown.thumbnail.size[1] as f32);
    let (rect, response) = in_square(ui, size, side);
    let response = named(response, egui::Role::Image, &format!("Channel {channel} over the picture"));
    let painter = ui.painter_at(rect);
    if let Some(textures) = cx.textures.view(view.id) {
        textures.thumbnail.paint_over(&painter, rect, Color32::WHITE);
    }
    if let Some((texture, _)) = cx.textures.inspected() {
        // The map is drawn only over the part of the picture that the network saw.
        let seen = share_rect(rect, shown.placement.seen());
        let alpha = (cx.model.preferences.overlay_opacity * 255.0) as u8;
        let map = share_rect(rect, shown.placement.map());
        texture.paint_over(
            &painter.with_clip_rect(seen.intersect(rect)),
            map,
            Color32::from_white_alpha(alpha),
        );
    }
    let stats = &shown.stats.channels[channel];
    let (row, column) = at_map.unwrap_or((stats.max_row, stats.max_column));
    let field = share_rect(rect, shown.placement.field(row, column)).intersect(rect);
    painter.rect_stroke(field, 0.0, Stroke::new(2.0, theme::REGION), StrokeKind::Inside);
    let cell = share_rect(rect, shown.placement.cell(row, column));
    painter.rect_stroke(cell, 0.0, Stroke::new(1.0, theme::HOVERED), StrokeKind::Inside);
    let what = if at_map.is_some() { "the value under the pointer" } else { "the largest value" };
    response.on_hover_text(format!(
        "The map laid over the part of the picture that the network saw.\nYellow: the receptive field of {what}; white: the region of the input it stands for."
    ));
}

/// Allocates a square, and places something of these proportions in its middle.
fn in_square(ui: &mut Ui, size: egui::Vec2, side: f32) -> (Rect, egui::Response) {
    let (square, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    ui.painter().rect_filled(square, 4.0, theme::of(ui).canvas);
    let rect = Rect::from_center_size(square.center(), size * (side / size.max_elem().max(1.0)));
    let id = ui.next_auto_id();
    ui.skip_ahead_auto_ids(1);
    (rect, ui.interact(rect, id, Sense::hover()))
}

/// The channels of the layer with the most similar maps, in a row that is always there.
fn nearest(ui: &mut Ui, cx: &mut Context<'_>, found: Option<&Inspected>) {
    let side = theme::NEAREST_SIDE;
    let found = match found {
        Some(found) if found.nearest.is_empty() => {
            ui.add_sized(
                vec2(ui.available_width(), side + 26.0),
                egui::Label::new("no channel is like it: the map has no variance"),
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

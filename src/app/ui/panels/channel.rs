//! Details of one channel: its map with values, the map over the picture, statistics and histogram, the most similar channels.

use std::sync::Arc;

use egui::{Color32, Rect, Sense, Stroke, StrokeKind, Ui, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::preferences::Preference;
use crate::app::model::shown::{Inspected, NUM_BINS, Shown, histogram};
use crate::app::model::view::ViewState;
use crate::app::ui::context::Context;
use crate::app::ui::histogram::bars;
use crate::app::ui::widgets::{named, share_rect, tip};
use crate::app::ui::{spinner, theme};
use crate::mosaic::format_value;
use crate::tensor::ChannelKind;

/// Draws the details of the channel under the pointer, or else of the selected one.
pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, shown: &Arc<Shown>) {
    heading(ui, cx, shown);
    let view = cx.model.view();
    let pointed = cx.scratch.views.get(&view.id).and_then(|s| s.hovered);
    let hovered = pointed.map(|v| v.channel);
    let Some(channel) = hovered.or(view.selected) else {
        ui.label("Point at a tile, or click one to keep it");
        return;
    };
    let Some(stats) = shown.stats.channels.get(channel) else { return };
    ui.label(format!("channel {channel}, {}", stats.kind.name()));
    ui.label(format!(
        "min {} · mean {} · max {}",
        format_value(stats.min),
        format_value(stats.mean),
        format_value(stats.max)
    ));
    if stats.kind == ChannelKind::Live {
        ui.label(format!(
            "largest at row {}, column {} · sparsity {:.0} %",
            stats.max_row,
            stats.max_column,
            stats.zero_share * 100.0
        ));
    }
    // This line is always there, so that nothing moves when the pointer comes and goes.
    ui.label(match pointed {
        Some(at) => {
            let value =
                shown.activation.value(channel, at.row, at.column).map_or_else(String::new, format_value);
            format!("row {}, column {}: {value}", at.row, at.column)
        }
        None => "point at a tile to read a value".to_owned(),
    });
    let inspected = cx.model.inspected.as_deref().filter(|found| {
        Some(found.channel) == view.selected && std::ptr::eq(found.of.as_ptr(), Arc::as_ptr(shown))
    });
    if view.selected.is_some() && hovered.is_none_or(|h| Some(h) == view.selected) {
        match inspected {
            Some(found) => inside(ui, cx, view, shown, found),
            None => {
                ui.horizontal(|ui| {
                    spinner::draw(ui);
                    ui.label("Looking into it…");
                });
            }
        }
    }
    let bins = match inspected.filter(|found| found.channel == channel) {
        Some(found) => found.bins,
        None => channel_bars(cx, shown, channel),
    };
    bars(ui, "channel histogram", &bins, shown);
}

fn heading(ui: &mut Ui, cx: &mut Context<'_>, shown: &Shown) {
    ui.horizontal_wrapped(|ui| {
        ui.heading("Channel");
        let field = ui
            .add(
                egui::TextEdit::singleline(&mut cx.scratch.typed_channel)
                    .desired_width(64.0)
                    .hint_text("number"),
            )
            .on_hover_text("Type a channel's number and press Enter");
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
        let view = cx.model.view();
        let Some(channel) = view.selected else { return };
        if view.is_plain() {
            let pin = cx.model.pin_of(channel);
            let words = if pin.is_some() { "Unpin" } else { "Pin" };
            if ui.button(words).on_hover_text(tip(ui.ctx(), "Pin or unpin the selected channel")).clicked() {
                cx.commands.push(match pin {
                    Some(id) => ViewsCommand::Unpin(id),
                    None => ViewsCommand::Pin(channel),
                });
            }
        }
        for other in cx.model.views.iter().filter(|other| other.id != view.id && other.shown.is_some()) {
            let words = format!("Closest in view {}", cx.model.number(other.id));
            let hint = "The channel over there that answers most at the same places of the picture, by the correlation of their maps (C)";
            if ui.button(words).on_hover_text(hint).clicked() {
                cx.commands.push(ViewsCommand::FindClosest(other.id));
            }
        }
    });
}

/// The channel's map, and the map over the picture, side by side; below them its ranks and the most similar channels.
fn inside(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, shown: &Shown, found: &Inspected) {
    let channel = found.channel;
    let side = ((ui.available_width() - 20.0) / 2.0).max(60.0);
    let mut at_map = None;
    ui.horizontal_top(|ui| {
        at_map = map(ui, cx, shown, channel, side);
        over_picture(ui, cx, view, shown, channel, at_map, side);
    });
    cx.scratch.views.entry(view.id).or_default().at_map = at_map;
    let words = match at_map {
        Some((row, column)) => {
            let value = shown.activation.value(channel, row, column).map_or_else(String::new, format_value);
            format!("row {row}, column {column}: {value}")
        }
        None => "point at the map to read a value".to_owned(),
    };
    ui.label(egui::RichText::new(words).weak());
    ui.horizontal(|ui| {
        let label = ui.label("Opacity").on_hover_text("How much of the channel's map covers the picture");
        let mut opacity = cx.model.preferences.overlay_opacity;
        if ui.add(egui::Slider::new(&mut opacity, 0.0..=1.0).max_decimals(2)).labelled_by(label.id).changed()
        {
            cx.commands.push(WindowCommand::Prefer(Preference::OverlayOpacity(opacity)));
        }
    });
    let num_channels = shown.activation.shape().channels;
    ui.label(format!(
        "rank {} by mean, {} by largest value, of {num_channels}",
        found.ranks.0, found.ranks.1
    ));
    nearest(ui, cx, found);
}

/// Draws the channel's map with its longer side `side` points long; returns the row and column under the pointer.
fn map(ui: &mut Ui, cx: &Context<'_>, shown: &Shown, channel: usize, side: f32) -> Option<(usize, usize)> {
    let shape = shown.activation.shape();
    let size = vec2(shape.width as f32, shape.height as f32);
    let (rect, response) = ui.allocate_exact_size(size * (side / size.max_elem().max(1.0)), Sense::hover());
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
    let (rect, response) = ui.allocate_exact_size(size * (side / size.max_elem().max(1.0)), Sense::hover());
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

fn nearest(ui: &mut Ui, cx: &mut Context<'_>, found: &Inspected) {
    if found.nearest.is_empty() {
        ui.label("no channel is like it: the map has no variance");
        return;
    }
    ui.label("most alike in this layer").on_hover_text("By the correlation of their maps");
    ui.horizontal_wrapped(|ui| {
        let side = theme::NEAREST_SIDE;
        for (at, (channel, r, map)) in found.nearest.iter().enumerate() {
            ui.vertical(|ui| {
                ui.set_width(side);
                ui.spacing_mut().item_spacing.y = 1.0;
                let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click());
                let response = named(response, egui::Role::Button, &format!("Alike channel {channel}"));
                let size = vec2(map.size[0] as f32, map.size[1] as f32);
                let place = Rect::from_center_size(rect.center(), size * (side / size.max_elem().max(1.0)));
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
                ui.small(format!("{channel}\n{r:.2}"));
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

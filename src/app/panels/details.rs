//! The right side: what the network saw, what a value sees of it, and the numbers of a filter and its layer.

use std::sync::Arc;

use egui::{Rect, Sense, Stroke, StrokeKind, Ui, Vec2, vec2};
use egui_plot::{Bar, BarChart, Plot};

use super::super::command::Command;
use super::super::shown::{NUM_BINS, Shown, histogram};
use super::super::textures::Texture;
use super::super::theme;
use super::{Context, named};
use crate::graph::ReceptiveField;
use crate::mosaic::format_value;
use crate::tensor::FilterKind;

pub(super) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    egui::Panel::right("details").default_size(theme::DETAILS_WIDTH).size_range(220.0..=420.0).show(
        ui,
        |ui| {
            egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                let Some(shown) = cx.state.shown.clone() else {
                    ui.label("Nothing to show yet");
                    return;
                };
                seen(ui, cx, &shown);
                ui.separator();
                original(ui, cx, &shown);
                ui.separator();
                filter(ui, cx, &shown);
                ui.separator();
                layer(ui, &shown);
            });
        },
    );
}

/// Draws a texture of `size` pixels as large as fits into `side` points, and gives its place.
fn picture(ui: &mut Ui, texture: Option<&Texture>, size: Vec2, side: f32, name: &str) -> Rect {
    let side = ui.available_width().min(side);
    let scale = (side / size.x.max(size.y).max(1.0)).min(8.0);
    let (rect, response) = ui.allocate_exact_size(size * scale, Sense::hover());
    named(response, egui::Role::Image, name);
    if let Some(texture) = texture {
        texture.paint(&ui.painter_at(rect), rect.min, scale);
    }
    rect
}

/// The exact picture the network saw, with the receptive field of the value under the pointer.
fn seen(ui: &mut Ui, cx: &Context<'_>, shown: &Shown) {
    let input = &shown.view.preprocessed;
    let size = vec2(input.seen.width() as f32, input.seen.height() as f32);
    ui.heading("What the network saw");
    let drawn = vec2(shown.seen.size[0] as f32, shown.seen.size[1] as f32);
    let rect = picture(ui, cx.textures.seen.as_ref(), drawn, theme::SEEN_SIDE, "What the network saw");
    if let (Some(at), ReceptiveField::Window { rows, columns }) =
        (cx.scratch.hovered, shown.infos[shown.node.0].receptive_field)
    {
        let (top, bottom) = rows.span(at.row);
        let (left, right) = columns.span(at.column);
        let scale = vec2(rect.width() / size.x, rect.height() / size.y);
        let on_screen = |x: isize, y: isize| rect.min + vec2(x as f32 * scale.x, y as f32 * scale.y);
        let field = Rect::from_min_max(on_screen(left, top), on_screen(right, bottom)).intersect(rect);
        ui.painter().rect_stroke(field, 0.0, Stroke::new(2.0, theme::REGION), StrokeKind::Inside);
    }
    let text = format!("{}×{} · {}", input.batch.width(), input.batch.height(), input.scale);
    ui.add(egui::Label::new(egui::RichText::new(text).weak()).wrap());
}

/// The whole picture with the part that the network saw.
fn original(ui: &mut Ui, cx: &Context<'_>, shown: &Shown) {
    ui.heading("Picture");
    let drawn = vec2(shown.thumbnail.size[0] as f32, shown.thumbnail.size[1] as f32);
    let rect = picture(ui, cx.textures.thumbnail.as_ref(), drawn, theme::PICTURE_SIDE, "The whole picture");
    let (width, height) = shown.picture.rgb.dimensions();
    let region = shown.view.preprocessed.region;
    let at = |x: f64, y: f64| {
        rect.min
            + vec2(
                (x / f64::from(width.max(1))) as f32 * rect.width(),
                (y / f64::from(height.max(1))) as f32 * rect.height(),
            )
    };
    let used =
        Rect::from_min_max(at(region.x, region.y), at(region.x + region.width, region.y + region.height));
    ui.painter().rect_stroke(used, 0.0, Stroke::new(1.5, theme::REGION), StrokeKind::Inside);
    ui.add(egui::Label::new(egui::RichText::new(&shown.view.preprocessed.fit).weak()).wrap());
}

/// The filter under the pointer, else the selected one.
fn filter(ui: &mut Ui, cx: &mut Context<'_>, shown: &Arc<Shown>) {
    ui.horizontal(|ui| {
        ui.heading("Filter");
        let field = ui
            .add(
                egui::TextEdit::singleline(&mut cx.scratch.typed_filter)
                    .desired_width(72.0)
                    .hint_text("number"),
            )
            .on_hover_text("Type a filter's number and press Enter");
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Filter number"));
        if field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) {
            let num_filters = shown.activation.shape().channels;
            match cx.scratch.typed_filter.trim().parse::<usize>() {
                Ok(channel) if channel < num_filters => {
                    cx.commands.push(Command::Select(Some(channel)));
                    cx.commands.push(Command::ShowSelected);
                }
                _ => cx.commands.push(Command::Complain(format!(
                    "no filter `{}`: expected a number from 0 to {}",
                    cx.scratch.typed_filter.trim(),
                    num_filters.saturating_sub(1)
                ))),
            }
        }
    });
    let Some(channel) = cx.scratch.hovered.map(|v| v.channel).or(cx.state.selected) else {
        ui.label("Point at a tile, or click one to keep it");
        return;
    };
    let Some(stats) = shown.stats.filters.get(channel) else { return };
    ui.label(format!("filter {channel}, {}", stats.kind.name()));
    ui.label(format!(
        "min {} · mean {} · max {}",
        format_value(stats.min),
        format_value(stats.mean),
        format_value(stats.max)
    ));
    if stats.kind == FilterKind::Live {
        ui.label(format!(
            "largest at row {}, column {} · {:.0} % zero",
            stats.max_row,
            stats.max_column,
            stats.zero_share * 100.0
        ));
    }
    let bins = filter_bars(cx, shown, channel);
    bars(ui, "filter histogram", &bins, shown);
}

/// Counts of one filter's values, kept while the pointer stays on it: a map can have millions.
fn filter_bars(cx: &mut Context<'_>, shown: &Arc<Shown>, channel: usize) -> [u32; NUM_BINS] {
    if let Some((of, kept, bins)) = &cx.scratch.filter_bars
        && *kept == channel
        && std::ptr::eq(of.as_ptr(), Arc::as_ptr(shown))
    {
        return *bins;
    }
    let bins = histogram(shown.activation.channel(channel), shown.stats.min, shown.stats.max);
    cx.scratch.filter_bars = Some((Arc::downgrade(shown), channel, bins));
    bins
}

/// The layer's numbers.
fn layer(ui: &mut Ui, shown: &Shown) {
    let (counts, stats) = (&shown.stats.counts, &shown.stats);
    ui.heading("Layer");
    ui.label(format!("{} · {}", shown.activation.name(), shown.activation.shape()));
    ui.label(format!("{} live · {} dead · {} constant", counts.live, counts.dead, counts.constant));
    if counts.nan + counts.infinite > 0 {
        let colour = theme::error(ui.visuals().dark_mode);
        ui.colored_label(colour, format!("{} with NaN · {} infinite", counts.nan, counts.infinite));
    }
    ui.label(format!(
        "values {} to {} · {:.0} % zero",
        format_value(stats.min),
        format_value(stats.max),
        stats.zero_share * 100.0
    ));
    bars(ui, "layer histogram", &shown.histogram, shown);
}

/// A histogram over the layer's range. Counts are drawn by their logarithm: most values of a deep layer are zero.
fn bars(ui: &mut Ui, name: &str, bins: &[u32; NUM_BINS], shown: &Shown) {
    let (low, high) = (f64::from(shown.stats.min), f64::from(shown.stats.max));
    let width = (high - low).max(f64::MIN_POSITIVE) / NUM_BINS as f64;
    let chart: Vec<Bar> = bins
        .iter()
        .enumerate()
        .map(|(at, count)| {
            Bar::new(low + (at as f64 + 0.5) * width, f64::from(count + 1).log10())
                .width(width)
                .fill(theme::BARS)
        })
        .collect();
    Plot::new(name.to_owned())
        .height(theme::HISTOGRAM_HEIGHT)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .show_x(false)
        .show_y(false)
        .y_axis_formatter(|mark, _| {
            let powers = ["1", "10", "100", "1k", "10k", "100k", "1M", "10M", "100M"];
            let is_whole = mark.value >= 0.0 && mark.value.fract() == 0.0;
            powers.get(mark.value as usize).filter(|_| is_whole).map_or_else(String::new, |p| (*p).to_owned())
        })
        .show(ui, |plot| plot.bar_chart(BarChart::new("values", chart)));
    ui.add(egui::Label::new(egui::RichText::new("number of values (logarithmic) by value").weak()).wrap());
}

//! The right panel: the picture and the network's input, a channel, statistics of the layer, and the pinned channels.

use egui::{Rect, Sense, Stroke, StrokeKind, Ui, Vec2, vec2};
use egui_plot::Line;
use egui_plot::Plot;

use crate::app::message::window::WindowCommand;
use crate::app::model::shown::Shown;
use crate::app::ui::context::Context;
use crate::app::ui::histogram::bars;
use crate::app::ui::panels::{channel, classes, pins};
use crate::app::ui::textures::Texture;
use crate::app::ui::theme;
use crate::app::ui::widgets::{named, share_rect};
use crate::graph::ReceptiveField;
use crate::mosaic::format_value;
use crate::tensor::OrderBy;

pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    egui::Panel::right("details")
        .default_size(theme::DETAILS_WIDTH)
        .size_range(220.0..=560.0)
        .show(ui, |ui| content(ui, cx));
}

/// The panel's contents, which are drawn in the left panel if the window is narrow.
pub(crate) fn content(ui: &mut Ui, cx: &mut Context<'_>) {
    egui::ScrollArea::vertical().id_salt("details").auto_shrink([false, false]).show(ui, |ui| {
        match cx.model.view().shown.clone() {
            Some(shown) => {
                pictures(ui, cx, &shown);
                ui.separator();
                channel::draw(ui, cx, &shown);
                ui.separator();
                layer(ui, cx, &shown);
            }
            None => {
                ui.label("Nothing to show yet");
            }
        }
        ui.separator();
        pins::draw(ui, cx);
    });
}

/// The picture as the network saw it, and the whole picture with an outline of the part that the network saw; both with the receptive
/// field of the value under the pointer.
fn pictures(ui: &mut Ui, cx: &Context<'_>, shown: &Shown) {
    let view = cx.model.view();
    let textures = cx.textures.view(view.id);
    let side = ((ui.available_width() - 20.0) / 2.0).max(60.0);
    let input = &shown.view.preprocessed;
    let scratch = cx.scratch.views.get(&view.id);
    let pointed = scratch.and_then(|s| s.at_map.or(s.hovered.map(|at| (at.row, at.column))));
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(side);
            ui.strong("What the network saw");
            let drawn = vec2(shown.seen.size[0] as f32, shown.seen.size[1] as f32);
            let rect = picture(ui, textures.map(|t| &t.seen), drawn, side, "What the network saw");
            if let (Some((row, column)), ReceptiveField::Window { rows, columns }) =
                (pointed, shown.infos[shown.node.0].receptive_field)
            {
                let size = vec2(input.seen.width() as f32, input.seen.height() as f32);
                let ((top, bottom), (left, right)) = (rows.span(row), columns.span(column));
                let scale = rect.size() / size;
                let on_screen = |x: isize, y: isize| rect.min + vec2(x as f32, y as f32) * scale;
                let field =
                    Rect::from_min_max(on_screen(left, top), on_screen(right, bottom)).intersect(rect);
                ui.painter().rect_stroke(field, 0.0, Stroke::new(2.0, theme::REGION), StrokeKind::Inside);
            }
            let text = format!("{}×{} · {}", input.batch.width(), input.batch.height(), input.scale);
            ui.add(egui::Label::new(egui::RichText::new(text).weak().small()).wrap());
        });
        ui.vertical(|ui| {
            ui.set_width(side);
            ui.strong("Picture");
            let drawn = vec2(shown.thumbnail.size[0] as f32, shown.thumbnail.size[1] as f32);
            let rect = picture(ui, textures.map(|t| &t.thumbnail), drawn, side, "The whole picture");
            let used = share_rect(rect, shown.placement.seen());
            ui.painter().rect_stroke(used, 0.0, Stroke::new(1.5, theme::REGION), StrokeKind::Inside);
            if let Some((row, column)) = pointed {
                let field = share_rect(rect, shown.placement.field(row, column)).intersect(rect);
                ui.painter().rect_stroke(field, 0.0, Stroke::new(1.5, theme::HOVERED), StrokeKind::Inside);
            }
            ui.add(egui::Label::new(egui::RichText::new(&input.fit).weak().small()).wrap());
        });
    });
}

/// Draws a texture of `size` pixels as large as fits into `side` points, at most 8 times enlarged; returns its rectangle on screen.
fn picture(ui: &mut Ui, texture: Option<&Texture>, size: Vec2, side: f32, name: &str) -> Rect {
    let scale = (side / size.x.max(size.y).max(1.0)).min(8.0);
    let (rect, response) = ui.allocate_exact_size(size * scale, Sense::hover());
    named(response, egui::Role::Image, name);
    if let Some(texture) = texture {
        texture.paint(&ui.painter_at(rect), rect.min, scale);
    }
    rect
}

/// Statistics of the layer.
fn layer(ui: &mut Ui, cx: &mut Context<'_>, shown: &Shown) {
    let (counts, stats) = (&shown.stats.counts, &shown.stats);
    ui.horizontal(|ui| {
        ui.heading("Layer");
        if ui.button("All layers").on_hover_text("The numbers of all layers as a table").clicked() {
            cx.commands.push(WindowCommand::ToggleTable);
        }
    });
    ui.label(format!("{} · {}", shown.activation.name(), shown.activation.shape()));
    ui.label(format!("{} live · {} dead · {} constant", counts.live, counts.dead, counts.constant));
    if counts.nan + counts.infinite > 0 {
        let colour = theme::error(ui.visuals().dark_mode);
        ui.colored_label(colour, format!("{} with NaN · {} infinite", counts.nan, counts.infinite));
    }
    ui.label(format!(
        "values {} to {} · sparsity {:.0} %",
        format_value(stats.min),
        format_value(stats.max),
        stats.zero_share * 100.0
    ));
    ui.label(format!("mean {} · std {}", format_value(stats.mean), format_value(stats.variance.sqrt())));
    classes::draw(ui, cx, shown);
    bars(ui, "layer histogram", &shown.histogram, shown);
    profile(ui, cx.model.view().request.selection.order, shown);
}

/// Plots one statistic of all channels, sorted from the largest: the one that channels are ordered by, or the mean.
fn profile(ui: &mut Ui, order: OrderBy, shown: &Shown) {
    let points: Vec<[f64; 2]> =
        shown.profile.iter().enumerate().map(|(at, value)| [at as f64, f64::from(*value)]).collect();
    Plot::new("profile")
        .height(theme::HISTOGRAM_HEIGHT)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .show_x(false)
        .show(ui, |plot| plot.line(Line::new("profile", points).color(theme::BARS).width(1.5)));
    let by = match order {
        OrderBy::Index | OrderBy::Similarity => OrderBy::Mean.name(),
        order => order.name(),
    };
    let text = format!("{by} of each channel, sorted");
    ui.add(egui::Label::new(egui::RichText::new(text).weak()).wrap());
}

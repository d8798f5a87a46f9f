//! The right panel: the selected channel, how channels are drawn, the pinned channels, the layer, the input's preprocessing, saving.

use egui::Ui;
use egui_plot::Line;
use egui_plot::Plot;

use crate::app::message::window::WindowCommand;
use crate::app::model::shown::Shown;
use crate::app::ui::context::Context;
use crate::app::ui::histogram::bars;
use crate::app::ui::panels::{channel, classes, display, pins, preprocessing, save};
use crate::app::ui::widgets::{fact, section, small_action, steady};
use crate::app::ui::{axis, theme};
use crate::mosaic::format_value;
use crate::tensor::OrderBy;

/// Share of a large window that the panel takes at first, and the most that it takes: the picture in it is there to be pointed at.
const DETAILS_SHARE: f32 = 0.19;
const MOST_AT_FIRST: f32 = 440.0;
/// From this width in points on a window is wide.
const WIDE: f32 = 1700.0;

pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    if !cx.model.shows_right() {
        return;
    }
    let screen = ui.ctx().content_rect().width();
    // A wide window has a width of its own, which is kept apart.
    let name = if screen < WIDE { "details" } else { "details of a wide window" };
    egui::Panel::right(name)
        .default_size((screen * DETAILS_SHARE).clamp(theme::DETAILS_WIDTH, MOST_AT_FIRST))
        .size_range(240.0..=560.0)
        .frame(theme::panel_frame(ui))
        .show(ui, |ui| content(ui, cx));
}

fn content(ui: &mut Ui, cx: &mut Context<'_>) {
    let mut area = egui::ScrollArea::vertical().id_salt("details").auto_shrink([false, false]);
    // egui keeps how far the panel was scrolled the last time; a new window begins with the channel.
    if !std::mem::replace(&mut cx.scratch.has_details, true) {
        area = area.vertical_scroll_offset(0.0);
    }
    area.show(ui, |ui| {
        let shown = cx.model.view().shown.clone();
        steady(ui, "channel", |ui| channel::draw(ui, cx, shown.as_ref()));
        if let Some(shown) = &shown {
            steady(ui, "classes", |ui| classes::draw(ui, cx, shown));
        }
        steady(ui, "display", |ui| display::draw(ui, cx));
        steady(ui, "pins", |ui| pins::draw(ui, cx));
        if let Some(shown) = &shown {
            steady(ui, "layer", |ui| layer(ui, cx, shown));
        }
        section(ui, "Preprocessing", |_| {});
        steady(ui, "preprocessing", |ui| preprocessing::draw(ui, cx));
        section(ui, "Save", |_| {});
        steady(ui, "save", |ui| save::draw(ui, cx));
    });
}

/// Statistics of the layer.
fn layer(ui: &mut Ui, cx: &mut Context<'_>, shown: &Shown) {
    let (counts, stats) = (&shown.stats.counts, &shown.stats);
    section(ui, "Layer", |ui| {
        if small_action(ui, "All layers").on_hover_text("The numbers of all layers as a table").clicked() {
            cx.commands.push(WindowCommand::ToggleTable);
        }
    });
    fact(ui, "layer", &format!("{} · {}", shown.activation.name(), shown.activation.shape()));
    fact(
        ui,
        "channels",
        &format!("{} live · {} dead · {} constant", counts.live, counts.dead, counts.constant),
    );
    if counts.nan + counts.infinite > 0 {
        let colour = theme::of(ui).error;
        ui.colored_label(colour, format!("{} with NaN · {} infinite", counts.nan, counts.infinite));
    }
    fact(ui, "range", &format!("{} to {}", format_value(stats.min), format_value(stats.max)));
    fact(
        ui,
        "mean · std",
        &format!("{} · {}", format_value(stats.mean), format_value(stats.variance.sqrt())),
    );
    fact(ui, "sparsity", &format!("{:.0} %", stats.zero_share * 100.0));
    bars(ui, "layer histogram", &shown.histogram, shown);
    profile(ui, shown.selection.order, shown);
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
        .x_grid_spacer(|input| axis::marks(&input))
        .x_axis_formatter(axis::label)
        .y_grid_spacer(|input| axis::marks(&input))
        .y_axis_formatter(axis::label)
        .show(ui, |plot| plot.line(Line::new("profile", points).color(theme::BARS).width(1.5)));
    let by = order.statistic().name();
    let text = format!("{by} of each channel, sorted");
    ui.add(egui::Label::new(egui::RichText::new(text).small().weak()).wrap());
}

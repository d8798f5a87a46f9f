//! The plot of a histogram.

use egui::Ui;
use egui_plot::Bar;
use egui_plot::BarChart;
use egui_plot::Plot;

use crate::app::model::shown::{NUM_BINS, Shown};
use crate::app::ui::{axis, theme};

/// Draws a histogram over the layer's range. Counts are on a logarithmic axis, because most values of a deep layer are zero.
pub(crate) fn bars(ui: &mut Ui, name: &str, bins: &[u32; NUM_BINS], shown: &Shown) {
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
        .show_grid(false)
        .x_grid_spacer(|input| axis::marks(&input))
        .x_axis_formatter(axis::label)
        .y_grid_spacer(|input| axis::count_marks(&input))
        .y_axis_formatter(|mark, _| axis::count_label(mark))
        .show(ui, |plot| plot.bar_chart(BarChart::new("values", chart)));
    ui.add(egui::Label::new(egui::RichText::new("number of values (logarithmic) by value").weak()).wrap());
}

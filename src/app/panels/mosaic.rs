//! The middle: the mosaic with zoom, pan and what is under the pointer; or why there is none.

use egui::{Color32, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, vec2};

use super::super::command::Command;
use super::super::shown::Shown;
use super::super::state::Trouble;
use super::super::theme;
use super::super::viewport::mosaic_rect;
use super::{Context, named};
use crate::mosaic::{MosaicLayout, MosaicValue, PixelRect, format_value};
use crate::tensor::FilterKind;

/// Zoom of one notch of the wheel is about this many points of scrolling.
const POINTS_PER_DOUBLING: f32 = 160.0;
/// Below this many points a value gets no outline of its own.
const MIN_VALUE_OUTLINE: f32 = 6.0;
/// Below this many points the cells of a selected filter get none.
const MIN_CELL_OUTLINE: f32 = 1.0;
/// Positions above which they get none.
const MAX_OUTLINED_CELLS: usize = 1024;

pub(super) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    let panel = ui.available_rect_before_wrap();
    ui.painter().rect_filled(panel, 0.0, theme::mosaic_ground(ui.visuals().dark_mode));
    cx.scratch.mosaic_panel = Some(panel);
    if let Some(shown) = cx.state.shown.clone() {
        canvas(ui, cx, &shown, panel);
    }
    notice(ui, cx, panel);
}

fn canvas(ui: &mut Ui, cx: &mut Context<'_>, shown: &Shown, panel: Rect) {
    let (width, height) = (shown.mosaic.pixels.width(), shown.mosaic.pixels.height());
    let size = vec2(width as f32, height as f32);
    let response = ui.allocate_rect(panel, Sense::click_and_drag());
    let name = format!("Mosaic of {} filters", shown.activation.shape().channels);
    let response = named(response, egui::Role::Image, &name);

    let viewport = &mut cx.scratch.viewport;
    viewport.settle(panel, size);
    if response.dragged() {
        viewport.pan(response.drag_delta());
    }
    if let Some(pointer) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta().y, i.zoom_delta()));
        let factor = pinch * (scroll / POINTS_PER_DOUBLING).exp2();
        if (factor - 1.0).abs() > 1e-4 {
            viewport.zoom(panel, size, pointer, factor);
        }
    }
    viewport.settle(panel, size);

    let hovered = response
        .hover_pos()
        .and_then(|pointer| viewport.pixel_at(panel, size, pointer))
        .and_then(|(x, y)| shown.mosaic.value_at(x, y));
    let origin = viewport.origin(panel, size);
    let painter = ui.painter_at(panel);
    if let Some(texture) = &cx.textures.mosaic {
        texture.paint(&painter, origin, viewport.scale / shown.enlargement as f32);
    }
    let on_screen = |r: PixelRect| viewport.to_screen(panel, size, mosaic_rect(r.x, r.y, r.width, r.height));
    let tile_of = |channel: usize| {
        let position = shown.mosaic.order.position_of(channel)?;
        shown.mosaic.geometry.filter_rect(position).map(on_screen)
    };
    if let Some(channel) = cx.state.selected {
        match tile_of(channel) {
            Some(tile) => outline(&painter, tile, theme::SELECTED),
            None => outline_cells(&painter, shown, channel, &on_screen),
        }
    }
    if let Some(value) = hovered {
        if let Some(tile) = tile_of(value.channel) {
            outline(&painter, tile, theme::HOVERED);
        }
        let cell = shown.mosaic.geometry.value_rect(value.position, value.row, value.column).map(on_screen);
        if let Some(cell) = cell.filter(|c| c.width() >= MIN_VALUE_OUTLINE) {
            outline(&painter, cell, theme::HOVERED);
        }
    }
    cx.scratch.hovered = hovered;
    if response.double_clicked() {
        cx.commands.push(Command::Fit);
    } else if response.clicked() {
        cx.commands.push(Command::Select(hovered.map(|v| v.channel)));
    }
    if let Some(value) = hovered {
        response.on_hover_text_at_pointer(words(shown, value));
    }
}

/// In the cells layout a filter has one value in each patch; all are outlined, where they are large enough and not too many.
fn outline_cells(
    painter: &egui::Painter,
    shown: &Shown,
    channel: usize,
    on_screen: &dyn Fn(PixelRect) -> Rect,
) {
    let shape = shown.activation.shape();
    let Some(position) = shown.mosaic.order.position_of(channel) else { return };
    if shown.mosaic.geometry.layout() != MosaicLayout::Cells || shape.plane() > MAX_OUTLINED_CELLS {
        return;
    }
    for (row, column) in (0..shape.height).flat_map(|row| (0..shape.width).map(move |column| (row, column))) {
        if let Some(cell) = shown.mosaic.geometry.value_rect(position, row, column).map(on_screen)
            && cell.width() >= MIN_CELL_OUTLINE
        {
            outline(painter, cell, theme::SELECTED);
        }
    }
}

/// An outline that shows on any colour.
fn outline(painter: &egui::Painter, rect: Rect, colour: Color32) {
    painter.rect_stroke(rect.expand(1.0), 0.0, Stroke::new(3.0, theme::RING), StrokeKind::Outside);
    painter.rect_stroke(rect.expand(1.0), 0.0, Stroke::new(1.5, colour), StrokeKind::Outside);
}

/// What is under the pointer: the filter, its numbers, the position and its value.
fn words(shown: &Shown, at: MosaicValue) -> String {
    let stats = &shown.stats.filters[at.channel];
    let value = shown.activation.value(at.channel, at.row, at.column).map_or_else(String::new, format_value);
    let kind = match stats.kind {
        FilterKind::Live => String::new(),
        kind => format!(" ({})", kind.name()),
    };
    format!(
        "filter {}{kind}\nmin {} · mean {} · max {}\nrow {}, column {}: {value}",
        at.channel,
        format_value(stats.min),
        format_value(stats.mean),
        format_value(stats.max),
        at.row,
        at.column,
    )
}

/// Said over the mosaic: what is being done, what is missing, what failed.
fn notice(ui: &mut Ui, cx: &mut Context<'_>, panel: Rect) {
    let is_first = cx.state.shown.is_none();
    if cx.state.trouble.is_none() && !(is_first && cx.state.busy.is_some()) {
        return;
    }
    let width = (panel.width() - 48.0).clamp(120.0, 460.0);
    // With a mosaic to see, the notice stands at the top; alone, it takes the middle.
    let top = if is_first { panel.center().y - 90.0 } else { panel.top() + 16.0 };
    let place = Rect::from_min_size(egui::pos2(panel.center().x - width * 0.5, top), Vec2::new(width, 0.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| {
        egui::Frame::popup(ui.style()).inner_margin(16).show(ui, |ui| {
            ui.set_width(width - 34.0);
            match &cx.state.trouble {
                None => {
                    ui.horizontal(|ui| {
                        ui.spinner();
                        ui.label(cx.state.busy.unwrap_or_default());
                    });
                }
                Some(Trouble::NeedsWeights) => needs_weights(ui, cx),
                Some(Trouble::Failed(reason)) => {
                    ui.strong("That didn't work");
                    egui::ScrollArea::vertical().max_height(theme::REASON_HEIGHT).show(ui, |ui| {
                        ui.add(egui::Label::new(reason.as_str()).wrap());
                    });
                    ui.horizontal(|ui| {
                        if ui.button("Try again").clicked() {
                            cx.commands.push(Command::Retry);
                        }
                        if cx.state.good.is_some() && ui.button("Go back").clicked() {
                            cx.commands.push(Command::GoBack);
                        }
                    });
                }
            }
        });
    });
}

fn needs_weights(ui: &mut Ui, cx: &mut Context<'_>) {
    let row = cx.state.row;
    ui.strong(format!("The weights of {} are not here", row.tag));
    ui.add(egui::Label::new(format!("They come from {} ({}).", row.source, row.license)).wrap());
    ui.add(
        egui::Label::new("With a safetensors file of them, load it here or drop it on the window.").wrap(),
    );
    ui.horizontal(|ui| {
        if ui.button("Load weights…").clicked() {
            cx.commands.push(Command::ChooseWeights);
        }
        if cx.state.good.is_some() && ui.button("Go back").clicked() {
            cx.commands.push(Command::GoBack);
        }
    });
    let here: Vec<_> = crate::models::Registry::rows()
        .filter(|r| cx.state.store.state(r) == crate::engine::WeightState::Embedded)
        .collect();
    if !here.is_empty() {
        ui.add_space(4.0);
        ui.label("Models that need no file:");
        for other in here {
            if ui.link(other.tag).clicked() {
                cx.commands.push(Command::SetModel(other));
            }
        }
    }
}

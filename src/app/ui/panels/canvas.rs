//! A view's mosaic: zoom, pan, the value under the pointer, and the place of the picture that the pointer is at in another view.

use std::sync::Arc;

use egui::{Color32, Rect, Sense, Stroke, StrokeKind, Ui, vec2};

use crate::app::message::command::action;
use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::model::Model;
use crate::app::model::shown::Shown;
use crate::app::model::view::ViewState;
use crate::app::ui::context::Context;
use crate::app::ui::placed::PlacedMosaic;
use crate::app::ui::scratch::Pointed;
use crate::app::ui::sharp;
use crate::app::ui::theme;
use crate::app::ui::widgets::{keys, named, share_rect};
use crate::mosaic::{MosaicLayout, MosaicValue, format_value};
use crate::render::Share;
use crate::tensor::counted;

/// Scrolling by this many points doubles the zoom.
const POINTS_PER_DOUBLING: f32 = 160.0;

/// A value under the pointer gets an outline of its own if it is at least this many points wide.
const MIN_VALUE_OUTLINE: f32 = 6.0;

/// The cells of a selected channel get outlines if they are at least this many points wide.
const MIN_CELL_OUTLINE: f32 = 1.0;

/// The place that another view points at is marked in the mosaic if its values are at least this many points wide; otherwise only in
/// the corner's picture.
const MIN_MARK: f32 = 2.5;

/// The cells of a selected channel get no outlines if the layer has more locations than this.
const MAX_OUTLINED_CELLS: usize = 1024;

pub(crate) fn draw(
    ui: &mut Ui,
    cx: &mut Context<'_>,
    view: &ViewState,
    shown: &Arc<Shown>,
    panel: Rect,
    pointed: Option<Pointed>,
) {
    let (width, height) = (shown.mosaic.pixels.width(), shown.mosaic.pixels.height());
    let size = vec2(width as f32, height as f32);
    let response = ui.allocate_rect(panel, Sense::click_and_drag());
    let num_channels = shown.mosaic.order.len();
    let name = if cx.model.views.len() > 1 {
        format!("View {}: mosaic of {}", cx.model.number(view.id), counted(num_channels, "channel"))
    } else {
        format!("Mosaic of {}", counted(num_channels, "channel"))
    };
    let response = named(response, egui::Role::Image, &name);

    let scratch = cx.scratch.views.entry(view.id).or_default();
    let viewport = &mut scratch.viewport;
    // A zoomed mosaic stays where it is when its panel changes, as it does when the row below it goes.
    if let Some(before) = scratch.panel.filter(|_| !viewport.is_fitted) {
        viewport.offset += before.center() - panel.center();
    }
    scratch.panel = Some(panel);
    let pixels_per_point = ui.ctx().pixels_per_point();
    viewport.settle_on(panel, size, pixels_per_point);
    if let Some(part) = scratch.part.take() {
        let canvas = scratch.canvas.unwrap_or(panel);
        viewport.show_part(canvas, size, part);
        // A zoomed mosaic has the canvas from the next frame on.
        scratch.panel = Some(if viewport.is_fitted { panel } else { canvas });
    }
    if response.dragged() {
        viewport.pan(response.drag_delta());
        cx.scratch.leader = Some(view.id);
    }
    if let Some(pointer) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta().y, i.zoom_delta()));
        let factor = pinch * (scroll / POINTS_PER_DOUBLING).exp2();
        if (factor - 1.0).abs() > 1e-4 {
            viewport.zoom(panel, size, pointer, factor);
            cx.scratch.leader = Some(view.id);
        }
    }
    viewport.settle_on(panel, size, pixels_per_point);

    let placed = PlacedMosaic {
        geometry: &shown.mosaic.geometry,
        origin: viewport.origin(panel, size),
        scale: viewport.scale,
        pixels_per_point,
    };
    let pixel = response.hover_pos().and_then(|pointer| placed.pixel_at(pointer));
    let hovered = pixel.and_then(|(x, y)| shown.mosaic.value_near(x, y));
    let painter = ui.painter_at(panel);
    if let Some(textures) = cx.textures.view(view.id) {
        let ground = theme::SEPARATOR;
        if !ui.visuals().dark_mode {
            // Maps are dark where nothing answers: on a light ground the mosaic has a dark mat, as a photograph has.
            let whole = Rect::from_min_size(placed.origin, size * placed.scale).intersect(panel);
            ui.painter_at(panel.expand(MAT)).rect_filled(whole.expand(MAT), theme::CARD_RADIUS, ground);
        }
        sharp::paint(&painter, shown, &placed, &textures.mosaic, ground, &mut scratch.sharp);
    }
    let marked = Marked { boxed: scratch.boxed_or(view.request.selection.order), pointed, hovered };
    scratch.hovered = hovered;
    // An outline around a tile at the edge is whole.
    mark(&ui.painter_at(panel.expand(OUTLINE)), cx.model, view, shown, &placed, marked);
    if let Some(at) = hovered {
        let (field, cell) =
            (shown.placement.field(at.row, at.column), shown.placement.cell(at.row, at.column));
        cx.scratch.pointed = Some(Pointed { view: view.id, channel: at.channel, field, cell });
    }
    if cx.model.views.len() > 1
        && let Some(pointed) = pointed
    {
        inset(ui, cx, view, panel, pointed);
    }
    if response.clicked() || response.drag_started() {
        cx.commands.push(ViewsCommand::Activate(view.id));
    }
    if response.secondary_clicked() {
        cx.commands.push(ViewsCommand::Activate(view.id));
        if let Some(value) = hovered {
            cx.commands.push(ViewCommand::Select(Some(value.channel)));
        }
    }
    response.context_menu(|ui| menu(ui, cx, view));
    if response.double_clicked() {
        cx.commands.push(ViewCommand::Fit);
    } else if response.clicked() {
        cx.commands.push(ViewCommand::Select(hovered.map(|v| v.channel)));
    }
}

/// What is marked in a mosaic beside its selected channel.
struct Marked {
    boxed: Option<Share>,
    pointed: Option<Pointed>,
    hovered: Option<MosaicValue>,
}

/// Marks the box on the picture, what another view's pointer is at, the selected channel, and the value under the pointer.
fn mark(
    painter: &egui::Painter,
    model: &Model,
    view: &ViewState,
    shown: &Shown,
    placed: &PlacedMosaic<'_>,
    Marked { boxed, pointed, hovered }: Marked,
) {
    let tile_of = |channel: usize| placed.channel(shown.mosaic.order.position_of(channel)?);
    if let Some(boxed) = boxed {
        mark_box(painter, shown, boxed, placed);
    }
    if let Some(pointed) = pointed.filter(|pointed| pointed.view != view.id) {
        mark_same_place(painter, shown, pointed.field.centre(), placed);
        let is_same_channel = model.find(pointed.view).is_some_and(|other| has_channels_of(shown, other));
        if let Some(tile) = is_same_channel.then(|| tile_of(pointed.channel)).flatten() {
            outline(painter, tile, theme::HOVERED);
        }
    }
    if let Some(channel) = view.selected {
        match tile_of(channel) {
            Some(tile) => outline(painter, tile, theme::SELECTED),
            None => outline_cells(painter, shown, channel, placed),
        }
    }
    if let Some(value) = hovered {
        if let Some(tile) = tile_of(value.channel) {
            outline(painter, tile, theme::HOVERED);
        }
        let cell = placed.value(value.position, value.row, value.column);
        if let Some(cell) = cell.filter(|c| c.width() >= MIN_VALUE_OUTLINE) {
            outline(painter, cell, theme::HOVERED);
        }
    }
}

/// Marks the values that stand for a place of the picture: one value in each tile, or the patch of that location.
fn mark_same_place(painter: &egui::Painter, shown: &Shown, (x, y): (f64, f64), placed: &PlacedMosaic<'_>) {
    let Some((row, column)) = shown.placement.position_at(x, y) else { return };
    let geometry = &shown.mosaic.geometry;
    if geometry.layout() == MosaicLayout::Locations {
        if geometry.tile_rect(row, column).is_some() {
            outline(painter, placed.tile(row, column), theme::REGION);
        }
        return;
    }
    let stroke = Stroke::new(1.0, theme::REGION);
    for position in 0..shown.mosaic.order.len() {
        let Some(cell) = placed.value(position, row, column) else { continue };
        if cell.width() < MIN_MARK {
            return;
        }
        if cell.intersects(painter.clip_rect()) {
            painter.rect_stroke(cell, 0.0, stroke, StrokeKind::Inside);
        }
    }
}

/// Least width of the menu, so that no entry is broken into lines.
const MENU_WIDTH: f32 = 300.0;

/// What can be done with the selected tile and the view.
fn menu(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState) {
    ui.set_min_width(MENU_WIDTH);
    if let Some(channel) = view.selected {
        ui.strong(format!("Channel {channel}"));
    }
    let labels = [
        "Show selected channel",
        "Pin or unpin the selected channel",
        "Closest channel in the other views",
        "Fit to window",
        "Actual size",
        "Add view",
        "Close view",
    ];
    for label in labels {
        let Some(action) = action(label) else { continue };
        if !action.is_enabled(cx.model) {
            continue;
        }
        let mut button = egui::Button::new(action.label);
        if let Some(shortcut) = action.keys.first() {
            button = button.shortcut_text(keys(ui.ctx(), *shortcut));
        }
        if ui.add(button).clicked() {
            cx.commands.extend(action.commands(cx.model));
            ui.close();
        }
    }
}

/// Marks the box on the picture in each tile that is large enough.
fn mark_box(painter: &egui::Painter, shown: &Shown, boxed: Share, placed: &PlacedMosaic<'_>) {
    let Some((rows, columns)) = shown.placement.positions_in(boxed) else { return };
    if placed.geometry.layout() != MosaicLayout::Channels || placed.tile(0, 0).width() < MIN_BOXED {
        return;
    }
    for position in 0..shown.mosaic.order.len() {
        let Some(tile) = placed.channel(position).filter(|tile| tile.intersects(painter.clip_rect())) else {
            continue;
        };
        let corners = placed.value(position, rows.start, columns.start).zip(placed.value(
            position,
            rows.end.saturating_sub(1),
            columns.end.saturating_sub(1),
        ));
        if let Some((first, last)) = corners {
            let stroke = Stroke::new(1.0, theme::SELECTED);
            painter.rect_stroke(first.union(last).intersect(tile), 0.0, stroke, StrokeKind::Inside);
        }
    }
}

/// Tiles at least this wide, in points, show the box on the picture.
const MIN_BOXED: f32 = 24.0;

/// Whether the channels on screen are those of another view: of the same network, in layers that share their channels.
fn has_channels_of(shown: &Shown, other: &ViewState) -> bool {
    other.shown.as_ref().is_some_and(|theirs| {
        theirs.spec().tag == shown.spec().tag
            && shown.class_map.is_none()
            && theirs.class_map.is_none()
            && shown.run_by.backbone.graph().share_channels(shown.node, theirs.node)
    })
}

/// Draws the picture in a corner, with the place that the pointer is at, in this view or in another.
fn inset(ui: &mut Ui, cx: &Context<'_>, view: &ViewState, panel: Rect, pointed: Pointed) {
    let (Some(shown), Some(textures)) = (&view.shown, cx.textures.view(view.id)) else { return };
    let painter = ui.painter_at(panel);
    let size = vec2(shown.thumbnail.size[0] as f32, shown.thumbnail.size[1] as f32);
    let scale = theme::INSET_SIDE / size.max_elem().max(1.0);
    let rect = Rect::from_min_size(panel.left_bottom() - vec2(-6.0, size.y * scale + 6.0), size * scale);
    textures.thumbnail.paint_over(&painter, rect, Color32::WHITE);
    painter.rect_stroke(rect, 0.0, Stroke::new(1.0, theme::RING), StrokeKind::Outside);
    // Each network has its own receptive field around the place.
    let position = if pointed.view == view.id {
        Ok((pointed.field, pointed.cell))
    } else {
        let (x, y) = pointed.field.centre();
        shown.placement.position_at(x, y).ok_or(()).map(|(row, column)| {
            let is_same = cx.model.find(pointed.view).is_some_and(|other| has_channels_of(shown, other));
            let value = is_same.then(|| shown.activation.value(pointed.channel, row, column)).flatten();
            let of_channel =
                value.map(|value| format!("channel {}: {}", pointed.channel, format_value(value)));
            let place = format!("same place: row {row}, column {column}");
            // In a narrow view what fits is said.
            let both = of_channel.as_ref().map(|words| format!("{place} · {words}"));
            let all = [both, of_channel, Some(place)];
            let room = panel.right() - rect.left();
            let fits = |words: &&String| words_width(ui, words) <= room;
            if let Some(words) = all.iter().flatten().find(fits) {
                place_words(ui, rect, words);
            }
            (shown.placement.field(row, column), shown.placement.cell(row, column))
        })
    };
    match position {
        Ok((field, cell)) => {
            let region = share_rect(rect, field).intersect(rect);
            painter.rect_stroke(region, 0.0, Stroke::new(1.5, theme::REGION), StrokeKind::Inside);
            let place = share_rect(rect, cell).intersect(rect);
            painter.rect_stroke(place, 0.0, Stroke::new(3.0, theme::RING), StrokeKind::Outside);
            painter.rect_stroke(place, 0.0, Stroke::new(1.5, theme::HOVERED), StrokeKind::Outside);
        }
        Err(()) => place_words(ui, rect, "this network didn't see that place"),
    }
}

/// Width of words about a place, with the space around them.
fn words_width(ui: &Ui, words: &str) -> f32 {
    let font = egui::TextStyle::Body.resolve(ui.style());
    ui.painter().layout_no_wrap(words.to_owned(), font, theme::REGION).size().x + 8.0
}

/// Writes words above the picture in the corner.
fn place_words(ui: &mut Ui, inset: Rect, words: &str) {
    let width = words_width(ui, words);
    let place = Rect::from_min_size(inset.left_top() - vec2(0.0, 20.0), vec2(width, 18.0));
    ui.painter().rect_filled(place, 3.0, theme::RING);
    let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(place.shrink2(vec2(4.0, 0.0))));
    inner.add(egui::Label::new(egui::RichText::new(words).color(theme::REGION)).extend());
}

/// Outlines the values of a channel in the locations layout, where it has one in each patch, if they are large enough and not too many.
fn outline_cells(painter: &egui::Painter, shown: &Shown, channel: usize, placed: &PlacedMosaic<'_>) {
    let shape = shown.activation.shape();
    let Some(position) = shown.mosaic.order.position_of(channel) else { return };
    if shown.mosaic.geometry.layout() != MosaicLayout::Locations || shape.plane() > MAX_OUTLINED_CELLS {
        return;
    }
    for (row, column) in (0..shape.height).flat_map(|row| (0..shape.width).map(move |column| (row, column))) {
        if let Some(cell) = placed.value(position, row, column)
            && cell.width() >= MIN_CELL_OUTLINE
        {
            outline(painter, cell, theme::SELECTED);
        }
    }
}

/// Width of the mat around a mosaic in the light look, in points.
const MAT: f32 = 4.0;

/// How far an outline reaches over its tile, in points.
const OUTLINE: f32 = 4.0;

/// Draws an outline that is visible on any colour.
fn outline(painter: &egui::Painter, rect: Rect, colour: Color32) {
    painter.rect_stroke(rect.expand(1.0), 0.0, Stroke::new(3.0, theme::RING), StrokeKind::Outside);
    painter.rect_stroke(rect.expand(1.0), 0.0, Stroke::new(1.5, colour), StrokeKind::Outside);
}

//! The picture with the selected channel's map over it: its strongest places numbered, the receptive field of one value, and a box to
//! draw, in which channels are looked for.

use egui::{Align2, Color32, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::model::shown::{Inspected, Shown};
use crate::app::model::view::ViewState;
use crate::app::ui::context::Context;
use crate::app::ui::theme;
use crate::app::ui::widgets::{in_square, named, share_rect};
use crate::render::{Change, Share};
use crate::tensor::{ChannelSelection, OrderBy};

/// A box with a smaller side than this share of the picture is a click, which takes one value's part of the picture.
const LEAST_BOX: f64 = 0.02;

/// Draws the picture in a square. `at_map` is the row and column under the pointer in the channel's map.
pub(crate) fn draw(
    ui: &mut Ui,
    cx: &mut Context<'_>,
    view: &ViewState,
    shown: &Shown,
    found: Option<&Inspected>,
    at_map: Option<(usize, usize)>,
    side: f32,
) {
    let size = vec2(shown.thumbnail.size[0] as f32, shown.thumbnail.size[1] as f32);
    let (rect, response) = in_square(ui, size, side, Sense::click_and_drag());
    let name = match found {
        Some(found) => format!("Channel {} over the picture", found.channel),
        None => "The picture".to_owned(),
    };
    let response = named(response, egui::Role::Image, &name);
    let painter = ui.painter_at(rect);
    if let Some(textures) = cx.textures.view(view.id) {
        textures.thumbnail.paint_over(&painter, rect, Color32::WHITE);
    }
    let seen = share_rect(rect, shown.placement.seen()).intersect(rect);
    if let (Some((texture, _)), Some(_)) = (cx.textures.inspected(), found) {
        // The map is drawn only over the part of the picture that the network saw.
        let alpha = (cx.model.preferences.overlay_opacity * 255.0) as u8;
        let map = share_rect(rect, shown.placement.map());
        texture.paint_over(&painter.with_clip_rect(seen), map, Color32::from_white_alpha(alpha));
    }
    painter.rect_stroke(seen, 0.0, Stroke::new(1.0, theme::REGION), StrokeKind::Inside);
    if let Some(found) = found {
        // Who points at the picture wants to see it.
        if !response.hovered() {
            numbered(&painter, rect, shown, found);
        }
        let stats = &shown.stats.channels[found.channel];
        let (row, column) = at_map.unwrap_or((stats.max_row, stats.max_column));
        let field = share_rect(rect, shown.placement.field(row, column)).intersect(rect);
        painter.rect_stroke(field, 0.0, Stroke::new(1.5, theme::REGION), StrokeKind::Inside);
    }
    take_box(cx, view, shown, rect, &response);
    if let Some(boxed) =
        cx.scratch.views.get(&view.id).and_then(|own| own.boxed_or(view.request.selection.order))
    {
        let place = share_rect(rect, boxed);
        painter.rect_stroke(place, 0.0, Stroke::new(3.0, theme::RING), StrokeKind::Outside);
        painter.rect_stroke(place, 0.0, Stroke::new(1.5, theme::SELECTED), StrokeKind::Outside);
    }
    response.on_hover_text(
        "Click or drag a box: tiles show that part, and channels can be ordered by their response there; a click in the box takes it away.\nNumbers: the channel's strongest places; yellow: what the network saw, and the receptive field of one value",
    );
}

/// Numbers the channel's strongest places.
fn numbered(painter: &egui::Painter, rect: Rect, shown: &Shown, found: &Inspected) {
    let font = egui::FontId::proportional(9.5);
    for (at, (row, column)) in found.peaks.iter().enumerate() {
        // A place at the picture's edge keeps its whole number.
        let middle = share_rect(rect, shown.placement.cell(*row, *column)).center();
        let middle = rect.shrink(8.0).clamp(middle);
        painter.circle_filled(middle, 6.5, theme::RING);
        painter.circle_stroke(middle, 6.5, Stroke::new(1.0, theme::HOVERED));
        painter.text(middle, Align2::CENTER_CENTER, (at + 1).to_string(), font.clone(), theme::HOVERED);
    }
}

/// Draws a box by dragging; a click boxes what one value stands for; a click in the box takes it away. Channels that are ordered by the
/// box follow it, once it is drawn.
fn take_box(cx: &mut Context<'_>, view: &ViewState, shown: &Shown, rect: Rect, response: &egui::Response) {
    if !draws(cx, view, shown, rect, response) {
        return;
    }
    let boxed = cx.scratch.views.get(&view.id).and_then(|own| own.boxed);
    if let OrderBy::Box(before) = view.request.selection.order {
        let order = boxed.and_then(Share::to_box).map_or(OrderBy::Index, OrderBy::Box);
        if order != OrderBy::Box(before) {
            let selection = ChannelSelection { order, ..view.request.selection };
            cx.commands.push(ViewCommand::Change(Change::Selection(selection)));
        }
    }
}

/// Draws a box, or takes it away. True once that has ended.
fn draws(
    cx: &mut Context<'_>,
    view: &ViewState,
    shown: &Shown,
    rect: Rect,
    response: &egui::Response,
) -> bool {
    let share = |at: Pos2| {
        let at = (at - rect.min) / rect.size();
        (f64::from(at.x).clamp(0.0, 1.0), f64::from(at.y).clamp(0.0, 1.0))
    };
    let own = cx.scratch.views.entry(view.id).or_default();
    let Some(pointer) = response.interact_pointer_pos().map(share) else {
        return own.box_start.take().is_some();
    };
    if response.drag_started() {
        // The drag is noticed only some points after the press.
        own.box_start = response.ctx.input(|i| i.pointer.press_origin()).map(share);
    }
    if response.dragged()
        && let Some(start) = own.box_start
    {
        let boxed = Share {
            left: start.0.min(pointer.0),
            top: start.1.min(pointer.1),
            right: start.0.max(pointer.0),
            bottom: start.1.max(pointer.1),
        };
        if boxed.right - boxed.left > LEAST_BOX && boxed.bottom - boxed.top > LEAST_BOX {
            own.boxed = Some(boxed);
        }
    } else if response.clicked() {
        let is_inside = |boxed: &Share| {
            (boxed.left..=boxed.right).contains(&pointer.0) && (boxed.top..=boxed.bottom).contains(&pointer.1)
        };
        own.boxed = if own.boxed_or(view.request.selection.order).as_ref().is_some_and(is_inside) {
            None
        } else {
            let place = shown.placement.position_at(pointer.0, pointer.1);
            place.map(|(row, column)| shown.placement.cell(row, column))
        };
        return true;
    }
    false
}

//! The row of large maps under a mosaic: the pinned channels of the layer, then its strongest.

use std::sync::Arc;

use egui::{Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::model::shown::{NUM_STRONGEST, Shown};
use crate::app::model::view::ViewState;
use crate::app::ui::context::Context;
use crate::app::ui::theme;
use crate::app::ui::widgets::{named, small_action};
use crate::mosaic::{MosaicLayout, format_value};
use crate::render::{Change, Share};
use crate::tensor::{ChannelSelection, OrderBy, strongest_in};

/// Least and greatest side of a map, in points.
const SIDES: (f32, f32) = (56.0, 96.0);
/// Height of the head, of the words under a map, and the space between maps.
const HEAD: f32 = 22.0;
const WORDS: f32 = 16.0;
const SPACE: f32 = 10.0;
/// The least width for all of the head.
const WIDE_HEAD: f32 = 300.0;
/// Most rows of maps under a mosaic.
const MOST_ROWS: f32 = 2.0;
/// Most space between two maps of a row, as a share of a map's side.
const MOST_SPACE: f32 = 0.5;

/// The least height that the row takes.
pub(crate) const LEAST_HEIGHT: f32 = HEAD + SIDES.0 + WORDS;

/// Whether there is anything to show: channels as tiles, and some that aren't dead.
pub(crate) fn is_wanted(shown: &Shown) -> bool {
    // A class map is one map, which is there already.
    shown.class_map.is_none()
        && shown.mosaic.geometry.layout() == MosaicLayout::Channels
        && !channels(shown).is_empty()
}

/// The strongest channels that are in the mosaic.
fn channels(shown: &Shown) -> Vec<usize> {
    let is_there = |channel: &usize| shown.mosaic.order.position_of(*channel).is_some();
    shown.strongest.iter().copied().filter(is_there).collect()
}

/// The channels that answer most in the box on the picture, if there is one. They are looked for when the box or the layer changes.
fn in_box(cx: &mut Context<'_>, view: &ViewState, shown: &Arc<Shown>) -> Option<Vec<usize>> {
    let own = cx.scratch.views.get_mut(&view.id)?;
    let boxed = own.boxed_or(view.request.selection.order)?;
    if let Some((of, at, found)) = &own.in_box
        && *at == boxed
        && std::ptr::eq(of.as_ptr(), Arc::as_ptr(shown))
    {
        return Some(found.clone());
    }
    let (rows, columns) = shown.placement.positions_in(boxed)?;
    let mut found = strongest_in(&shown.activation, &shown.stats, &rows, &columns, NUM_STRONGEST);
    found.retain(|channel| shown.mosaic.order.position_of(*channel).is_some());
    own.in_box = Some((Arc::downgrade(shown), boxed, found.clone()));
    Some(found)
}

/// Draws as many maps as there is room for.
pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, shown: &Arc<Shown>, area: Rect) {
    let tokens = theme::of(ui);
    let mut pinned = cx.model.pinned_of(shown);
    pinned.retain(|channel| shown.mosaic.order.position_of(*channel).is_some());
    let by = shown.selection.order.statistic().name();
    let boxed = in_box(cx, view, shown);
    let (head, channels) = match boxed {
        Some(found) if found.is_empty() => {
            ("No channel answers more in the box than elsewhere".to_owned(), found)
        }
        Some(found) => ("Channels that answer most in the box, above their mean".to_owned(), found),
        None if pinned.is_empty() => {
            let more = if area.width() >= WIDE_HEAD { ", alike ones left out" } else { "" };
            (format!("Strongest channels by {by}{more}"), channels(shown))
        }
        None => {
            let others = channels(shown).into_iter().filter(|channel| !pinned.contains(channel));
            let all = pinned.iter().copied().chain(others).collect();
            (format!("Pinned channels, then the strongest by {by}"), all)
        }
    };
    let font = theme::head_style().resolve(ui.style());
    let painter = ui.painter_at(area.expand(3.0));
    let head = painter.text(area.min + vec2(0.0, 4.0), egui::Align2::LEFT_TOP, head, font, tokens.quiet);
    order_by_box(ui, cx, view, area.with_min_x(head.right() + SPACE).with_max_y(area.top() + HEAD));
    let places = places(area.with_min_y(area.top() + HEAD));
    for (channel, place) in channels.into_iter().zip(places) {
        one(ui, cx, view, shown, (channel, pinned.contains(&channel)), place);
    }
}

/// The squares of the maps in an area, row by row, each with room for words below it. What is left over of the width makes the maps
/// larger or goes between them, so that a row is as wide as the mosaic where that leaves no wide gaps.
fn places(area: Rect) -> Vec<Rect> {
    // Under a mosaic there are few rows of large maps; at its side, as many as fit.
    let is_aside = area.height() > area.width();
    let most = if is_aside { f32::INFINITY } else { MOST_ROWS };
    let least = if is_aside { SIDES.1 } else { SIDES.0 };
    let rows = ((area.height() + SPACE) / (least + WORDS + SPACE)).floor().clamp(1.0, most);
    let fits = (area.height() + SPACE) / rows - SPACE - WORDS;
    let columns = ((area.width() + SPACE) / (fits.clamp(SIDES.0, SIDES.1) + SPACE)).floor().max(1.0);
    let fills = (area.width() - (columns - 1.0) * SPACE) / columns;
    let side = fits.min(fills).clamp(SIDES.0, SIDES.1 * 1.5);
    // As many rows as there is room for at this size.
    let rows = ((area.height() + SPACE) / (side + WORDS + SPACE) + 0.01).floor().clamp(1.0, rows);
    let space = (area.width() - columns * side) / (columns - 1.0).max(1.0);
    let space = space.min(side * MOST_SPACE);
    let corner = |at: usize| {
        let (row, column) = (at / columns as usize, at % columns as usize);
        area.min + vec2(column as f32 * (side + space), row as f32 * (side + WORDS + SPACE))
    };
    (0..(rows * columns) as usize).map(|at| Rect::from_min_size(corner(at), vec2(side, side))).collect()
}

/// Orders the whole mosaic by the channels' response in the box, or as it was without a box.
fn order_by_box(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, place: Rect) {
    let Some(own) = cx.scratch.views.get(&view.id) else { return };
    let selection = view.request.selection;
    let Some(part) = own.boxed_or(view.request.selection.order).and_then(Share::to_box) else { return };
    let is_ordered = selection.order == OrderBy::Box(part);
    let label = if is_ordered { "Order the mosaic by index" } else { "Order the mosaic by it" };
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(place));
    if small_action(&mut ui, label).clicked() {
        activate(cx, view);
        let order = if is_ordered { OrderBy::Index } else { OrderBy::Box(part) };
        cx.commands.push(ViewCommand::Change(Change::Selection(ChannelSelection { order, ..selection })));
    }
}

/// The name of a map in the accessibility tree.
fn strong_name(cx: &Context<'_>, view: &ViewState, channel: usize) -> String {
    if cx.model.views.len() == 1 {
        format!("Strong channel {channel}")
    } else {
        format!("Strong channel {channel} of view {}", cx.model.number(view.id))
    }
}

/// What is clicked in a view is meant for it.
fn activate(cx: &mut Context<'_>, view: &ViewState) {
    if view.id != cx.model.view().id {
        cx.commands.push(ViewsCommand::Activate(view.id));
    }
}

fn one(
    ui: &mut Ui,
    cx: &mut Context<'_>,
    view: &ViewState,
    shown: &Shown,
    (channel, is_pinned): (usize, bool),
    rect: Rect,
) {
    let tokens = theme::of(ui);
    let response = ui.interact(rect, ui.scope_id().with(("strong", view.id, channel)), Sense::click());
    let response = named(response, egui::Role::Button, &strong_name(cx, view, channel));
    let painter = ui.painter_at(rect.expand(3.0).union(rect.translate(vec2(0.0, WORDS))));
    painter.rect_filled(rect, 2.0, tokens.canvas);
    let position = shown.mosaic.order.position_of(channel);
    let tile = position.and_then(|position| shown.mosaic.geometry.channel_rect(position));
    if let (Some(textures), Some(tile)) = (cx.textures.view(view.id), tile) {
        let enlarged = shown.enlargement as f32;
        let from = Rect::from_min_size(
            pos2(tile.x as f32, tile.y as f32) * enlarged,
            vec2(tile.width as f32, tile.height as f32) * enlarged,
        );
        let size = from.size() * (rect.width() / from.size().max_elem().max(1.0));
        textures.mosaic.paint_part(&painter, from, Rect::from_center_size(rect.center(), size));
    }
    let is_selected = view.selected == Some(channel);
    if is_selected || response.hovered() || response.has_focus() {
        let colour = if is_selected { tokens.selected } else { tokens.quiet };
        painter.rect_stroke(rect, 2.0, Stroke::new(2.0, colour), StrokeKind::Outside);
    }
    let font = egui::TextStyle::Small.resolve(ui.style());
    let colour = if is_selected { tokens.strong } else { tokens.quiet };
    let at = rect.left_bottom() + vec2(0.0, 2.0);
    let words = if is_pinned { format!("{channel} · pinned") } else { channel.to_string() };
    painter.text(at, egui::Align2::LEFT_TOP, words, font, colour);
    if response.clicked() {
        activate(cx, view);
        cx.commands.push(ViewCommand::Select(Some(channel)));
    }
    let Some(stats) = shown.stats.channels.get(channel) else { return };
    response.on_hover_text(format!(
        "channel {channel}\nmean {} · max {} · sparsity {:.0} %",
        format_value(stats.mean),
        format_value(stats.max),
        stats.zero_share * 100.0
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In wide, narrow, low and high areas the maps are inside, don't overlap, and leave no wide gaps between them.
    #[test]
    fn maps_fill_the_width_without_overlap() {
        for (width, height) in [(848.0, 180.0), (210.0, 300.0), (210.0, 80.0), (1500.0, 74.0), (330.0, 500.0)]
        {
            let area = Rect::from_min_size(pos2(10.0, 20.0), vec2(width, height));
            let places = places(area);
            assert!(!places.is_empty());
            for (at, place) in places.iter().enumerate() {
                assert!(
                    place.left() >= area.left() - 0.1 && place.right() <= area.right() + 0.1,
                    "{width} {place:?}"
                );
                assert!(place.bottom() + WORDS <= area.bottom() + 0.1, "{width}×{height} {place:?}");
                for other in &places[..at] {
                    assert!(!place.intersects(*other), "{width}: {place:?} {other:?}");
                }
            }
            let gap = places
                .get(1)
                .filter(|next| next.top() == places[0].top())
                .map(|next| next.left() - places[0].right());
            assert!(gap.is_none_or(|gap| gap < places[0].width() * 0.7), "{width}: {gap:?}");
        }
    }
}

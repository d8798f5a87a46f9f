//! The row of large maps under a mosaic: the strongest channels, or the pinned ones of the layer if there are any.

use std::sync::Arc;

use egui::{Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::app::message::view::ViewCommand;
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

/// The least height that the row takes.
pub(crate) const LEAST_HEIGHT: f32 = HEAD + SIDES.0 + WORDS;

/// Whether there is anything to show: channels as tiles, and some that aren't dead.
pub(crate) fn is_wanted(shown: &Shown) -> bool {
    shown.mosaic.geometry.layout() == MosaicLayout::Channels && !channels(shown).is_empty()
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
            (format!("Strongest channels by {by}, alike ones left out"), channels(shown))
        }
        None => ("Pinned channels of this layer".to_owned(), pinned),
    };
    let font = theme::head_style().resolve(ui.style());
    let head = ui.painter().text(area.min + vec2(0.0, 4.0), egui::Align2::LEFT_TOP, head, font, tokens.quiet);
    order_by_box(ui, cx, view, area.with_min_x(head.right() + SPACE).with_max_y(area.top() + HEAD));
    let room = area.height() - HEAD;
    let rows = ((room + SPACE) / (SIDES.0 + WORDS + SPACE)).floor().clamp(1.0, 2.0);
    let side = ((room + SPACE) / rows - SPACE - WORDS).clamp(SIDES.0, SIDES.1);
    let columns = ((area.width() + SPACE) / (side + SPACE)).floor().max(1.0);
    // What is left over goes between the maps, so that the row is as wide as the mosaic.
    let space = if columns > 1.0 { (area.width() - columns * side) / (columns - 1.0) } else { SPACE };
    let num = (rows * columns) as usize;
    for (at, channel) in channels.into_iter().take(num).enumerate() {
        let (row, column) = (at / columns as usize, at % columns as usize);
        let corner = pos2(
            area.left() + column as f32 * (side + space),
            area.top() + HEAD + row as f32 * (side + WORDS + SPACE),
        );
        one(ui, cx, view, shown, channel, Rect::from_min_size(corner, vec2(side, side)));
    }
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
        let order = if is_ordered { OrderBy::Index } else { OrderBy::Box(part) };
        cx.commands.push(ViewCommand::Change(Change::Selection(ChannelSelection { order, ..selection })));
    }
}

fn one(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, shown: &Shown, channel: usize, rect: Rect) {
    let tokens = theme::of(ui);
    let response = ui.interact(rect, ui.scope_id().with(("strong", view.id, channel)), Sense::click());
    let response = named(response, egui::Role::Button, &format!("Strong channel {channel}"));
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
    painter.text(at, egui::Align2::LEFT_TOP, channel.to_string(), font, colour);
    if response.clicked() {
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

//! Windows over the window: none larger than the screen; what is longer scrolls.

use egui::{Context, Vec2, vec2};

use super::super::theme;

/// A window of this width, about this height, in the middle. What it holds may be longer.
pub(super) fn dialog(ctx: &Context, title: &'static str, size: Vec2) -> egui::Window<'static> {
    let screen = ctx.content_rect();
    let room = (screen.size() - theme::DIALOG_MARGIN).max(vec2(120.0, 80.0));
    let size = size.min(room);
    egui::Window::new(title)
        .default_width(size.x)
        .default_pos(screen.center() - size * 0.5)
        .max_size(room)
        // As high as what is in it, which changes.
        .resizable([true, false])
        .vscroll(true)
}

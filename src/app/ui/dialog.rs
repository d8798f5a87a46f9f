//! Windows over the window: none larger than the screen; what is longer scrolls.

use egui::{Context, ScrollArea, Ui, Vec2, vec2};

use crate::app::ui::theme;

/// What the screen has for what is in a dialog.
fn room(ctx: &Context) -> Vec2 {
    (ctx.content_rect().size() - theme::DIALOG_MARGIN).max(vec2(120.0, 80.0))
}

/// A window of about this size, in the middle, for what scrolls by itself.
pub(crate) fn sized(ctx: &Context, title: &'static str, size: Vec2) -> egui::Window<'static> {
    let size = size.min(room(ctx));
    egui::Window::new(title)
        .default_size(size)
        .default_pos(ctx.content_rect().center() - size * 0.5)
        .max_size(room(ctx))
}

/// A window of this width and about this height, as high as what is in it; says whether it stays open.
pub(crate) fn dialog(ctx: &Context, title: &'static str, size: Vec2, content: impl FnOnce(&mut Ui)) -> bool {
    let mut is_open = true;
    let height = room(ctx).y;
    sized(ctx, title, size).resizable([true, false]).open(&mut is_open).show(ctx, |ui| {
        // What is left to itself is no higher than areas usually are, and scrolls with room below.
        let scrolled = ScrollArea::vertical().max_height(height).min_scrolled_height(height);
        scrolled.auto_shrink([false, true]).show(ui, content);
    });
    is_open
}

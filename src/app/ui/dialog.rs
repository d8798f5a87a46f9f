//! Floating windows inside the main window. None is larger than the screen; longer contents scroll.

use egui::{Context, ScrollArea, Ui, Vec2, vec2};

use crate::app::ui::theme;

/// The space on the screen for the contents of a dialog.
fn room(ctx: &Context) -> Vec2 {
    (ctx.content_rect().size() - theme::DIALOG_MARGIN).max(vec2(120.0, 80.0))
}

/// A window of about this size in the middle of the screen, for contents that scroll by themselves.
pub(crate) fn sized(ctx: &Context, title: &'static str, size: Vec2) -> egui::Window<'static> {
    let size = size.min(room(ctx));
    egui::Window::new(title)
        .default_size(size)
        .default_pos(ctx.content_rect().center() - size * 0.5)
        .max_size(room(ctx))
}

/// Draws a window of this width, as high as its contents, which scroll if they are too high. Returns whether the window stays open.
pub(crate) fn dialog(ctx: &Context, title: &'static str, size: Vec2, content: impl FnOnce(&mut Ui)) -> bool {
    let mut is_open = true;
    let height = room(ctx).y;
    sized(ctx, title, size).resizable([true, false]).open(&mut is_open).show(ctx, |ui| {
        // By default a scroll area keeps a small height, and scrolls although there is room below it.
        let scrolled = ScrollArea::vertical().max_height(height).min_scrolled_height(height);
        scrolled.auto_shrink([false, true]).show(ui, content);
    });
    is_open
}

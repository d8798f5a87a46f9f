//! Messages, over the lower right corner of the views, so that no panel is covered: they move nothing, and go when they have been read. Errors stay until they are
//! dismissed, or new work begins after they could be read. All of them can be read again in the log under Help.
//!
//! They are widgets of our own. egui-notify only paints its toasts: they are not in the accessibility tree and can't be copied.

use egui::{Align2, Area, Context as Egui, Frame, Id, Label, RichText, Stroke, vec2};

use crate::app::message::window::WindowCommand;
use crate::app::model::messages::{Notice, Tone};
use crate::app::ui::context::Context;
use crate::app::ui::theme;

/// Width of a message's text, in points; in a small window less.
const TEXT_WIDTH: f32 = 330.0;

/// Width of a message's margins and of its button.
const BESIDE_TEXT: f32 = 60.0;

/// Distance from the right edge of the views, and from their lower edge, where the scale is.
const MARGIN: egui::Vec2 = vec2(12.0, 60.0);

/// Greatest number of characters that are shown of a message; the log has all of them.
const MAX_CHARS: usize = 600;

pub(crate) fn draw(ctx: &Egui, cx: &mut Context<'_>, views: egui::Rect) {
    if cx.model.messages.is_empty() {
        cx.scratch.is_on_messages = false;
        return;
    }
    let width = TEXT_WIDTH.min(views.width() - 2.0 * MARGIN.x - BESIDE_TEXT).max(60.0);
    let corner = views.right_bottom() - MARGIN;
    let corner = Area::new(Id::unique("messages")).pivot(Align2::RIGHT_BOTTOM).fixed_pos(corner);
    let drawn = corner.order(egui::Order::Foreground).show(ctx, |ui| {
        for (at, message) in cx.model.messages.iter().enumerate() {
            if one(ui, message, width) {
                cx.commands.push(WindowCommand::Dismiss(at));
            }
        }
    });
    let pointer = ctx.input(|i| i.pointer.hover_pos());
    cx.scratch.is_on_messages = pointer.is_some_and(|at| drawn.response.rect.contains(at));
}

/// Draws one message; returns whether it is dismissed.
fn one(ui: &mut egui::Ui, message: &Notice, width: f32) -> bool {
    let visuals = ui.visuals();
    let colour = match message.tone {
        Tone::Good => visuals.text_color(),
        Tone::Warning => theme::warning(visuals.dark_mode),
        Tone::Bad => theme::error(visuals.dark_mode),
    };
    let mut frame = Frame::popup(ui.style());
    if message.tone != Tone::Good {
        frame = frame.stroke(Stroke::new(1.0, colour));
    }
    let row = |ui: &mut egui::Ui| {
        ui.vertical(|ui| {
            ui.set_width(width);
            ui.add(Label::new(RichText::new(shortened(&message.text)).color(colour)).wrap());
        });
        let dismiss = ui.small_button("×").on_hover_text("Dismiss (the log under Help keeps it)");
        dismiss.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Dismiss"));
        dismiss.clicked()
    };
    frame.show(ui, |ui| ui.horizontal_top(row).inner).inner
}

/// The beginning of a long message.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}… (all of it is in the log under Help)", &text[..end]),
        None => text.to_owned(),
    }
}

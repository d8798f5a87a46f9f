//! The log of messages.

use crate::app::message::save::SaveCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::messages::Tone;
use crate::app::ui::context::Context;
use crate::app::ui::dialog::sized;
use crate::app::ui::theme;

pub(crate) fn draw(ctx: &egui::Context, cx: &mut Context<'_>) {
    if !cx.model.open.log {
        return;
    }
    let mut is_open = true;
    sized(ctx, "Messages", egui::vec2(480.0, 260.0)).open(&mut is_open).show(ctx, |ui| {
        if cx.model.log.is_empty() {
            ui.label("Nothing was said yet");
        }
        egui::ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
            for message in cx.model.log.iter().rev() {
                let text = egui::RichText::new(&message.text);
                let text = match message.tone {
                    Tone::Good => text,
                    Tone::Warning => text.color(theme::warning(ui.visuals().dark_mode)),
                    Tone::Bad => text.color(theme::error(ui.visuals().dark_mode)),
                };
                ui.add(egui::Label::new(text).wrap());
            }
        });
        if !cx.model.log.is_empty() && ui.button("Copy messages").clicked() {
            let text: Vec<&str> = cx.model.log.iter().map(|m| m.text.as_str()).collect();
            cx.commands.push(SaveCommand::Copy(text.join("\n"), "the messages"));
        }
    });
    if !is_open {
        cx.commands.push(WindowCommand::ToggleLog);
    }
}

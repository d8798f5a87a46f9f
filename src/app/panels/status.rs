//! The line at the bottom: messages, what the worker does, and what ran.

use super::super::command::Command;
use super::super::state::Tone;
use super::super::theme;
use super::Context;

pub(super) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    egui::Panel::bottom("status").show(ui, |ui| {
        let is_dark = ui.visuals().dark_mode;
        // However much there is to say, the mosaic keeps its place.
        egui::ScrollArea::vertical().max_height(theme::MESSAGES_HEIGHT).auto_shrink([false, true]).show(
            ui,
            |ui| {
                for (at, message) in cx.state.messages.iter().enumerate() {
                    ui.horizontal(|ui| {
                        if ui.small_button("Dismiss").clicked() {
                            cx.commands.push(Command::Dismiss(at));
                        }
                        let text = egui::RichText::new(&message.text);
                        let text = match message.tone {
                            Tone::Good => text,
                            Tone::Bad => text.color(theme::error(is_dark)),
                        };
                        ui.add(egui::Label::new(text).wrap());
                    });
                }
            },
        );
        ui.horizontal(|ui| {
            match cx.state.busy {
                Some(what) => {
                    ui.spinner();
                    ui.label(what);
                }
                None => {
                    ui.label("Ready");
                }
            }
            let Some(shown) = &cx.state.shown else { return };
            ui.separator();
            let shape = shown.activation.shape();
            let ms = shown.elapsed.as_secs_f64() * 1e3;
            let text = format!(
                "{} · {} {shape} · {ms:.0} ms on {}",
                shown.row().tag,
                shown.activation.name(),
                shown.run_by.device,
            );
            ui.add(egui::Label::new(text).truncate());
        });
    });
}

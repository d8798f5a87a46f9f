//! The line at the bottom: messages, what the worker does, what ran, and what memory it takes.
//!
//! Messages are widgets of our own. egui-notify, which is kept and fits this egui, paints its toasts: they are no part of the
//! accessibility tree, can't be copied, and are gone after a while. These stay until they are dismissed or something else is begun,
//! and the log under Help has them after that.

use crate::app::message::window::WindowCommand;
use crate::app::model::messages::Tone;
use crate::app::ui::context::Context;
use crate::app::ui::{spinner, theme};

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    egui::Panel::bottom("status").show(ui, |ui| {
        let is_dark = ui.visuals().dark_mode;
        // However much there is to say, the mosaic keeps its place.
        egui::ScrollArea::vertical().max_height(theme::MESSAGES_HEIGHT).auto_shrink([false, true]).show(
            ui,
            |ui| {
                for (at, message) in cx.model.messages.iter().enumerate() {
                    ui.horizontal(|ui| {
                        if ui.small_button("Dismiss").clicked() {
                            cx.commands.push(WindowCommand::Dismiss(at));
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
            let busy = cx.model.view().busy.or_else(|| cx.model.views.iter().find_map(|view| view.busy));
            match busy {
                Some(what) => {
                    spinner::draw(ui);
                    ui.label(what.words());
                }
                None => {
                    ui.label("Ready");
                }
            }
            let Some(shown) = &cx.model.view().shown else { return };
            ui.separator();
            let shape = shown.activation.shape();
            let ms = shown.elapsed.as_secs_f64() * 1e3;
            let text = format!(
                "{} · {} {shape} · {ms:.0} ms on {}",
                shown.spec().tag,
                shown.activation.name(),
                shown.run_by.device,
            );
            if ui.available_width() < theme::MEMORY_ROOM {
                ui.add(egui::Label::new(text).truncate());
                return;
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                memory(ui, cx);
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(egui::Label::new(text).truncate());
                });
            });
        });
    });
}

fn memory(ui: &mut egui::Ui, cx: &Context<'_>) {
    let kept = format!("{} MB of views kept", cx.model.kept.num_bytes() >> 20);
    ui.add(egui::Label::new(egui::RichText::new(kept).weak()))
        .on_hover_text("Views that come back at once, up to 256 MB");
    if let Some(bytes) = cx.model.memory_bytes {
        ui.add(egui::Label::new(egui::RichText::new(format!("{} MB", bytes >> 20)).weak()))
            .on_hover_text("Memory that the program takes, weights and pictures included");
    }
}

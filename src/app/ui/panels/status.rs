//! The panel at the bottom: messages, what the worker is doing, the last run, and the memory in use.
//!
//! Messages are widgets of our own. egui-notify is maintained and works with this version of egui, but it only paints its toasts: they
//! are not in the accessibility tree, can't be copied, and disappear after a while. Ours stay until they are dismissed or new work
//! starts; after that they are in the log under Help.

use crate::app::message::window::WindowCommand;
use crate::app::model::messages::Tone;
use crate::app::ui::context::Context;
use crate::app::ui::{spinner, theme};

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    egui::Panel::bottom("status").show(ui, |ui| {
        let is_dark = ui.visuals().dark_mode;
        // Many messages must not take the mosaic's room.
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
                    let (dot, _) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), egui::Sense::hover());
                    ui.painter().circle_filled(dot.center(), 4.0, theme::of(ui).ok);
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

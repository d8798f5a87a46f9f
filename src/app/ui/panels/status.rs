//! The panel at the bottom: what is being done or waits, the running tasks, the last run, and the memory in use.

use crate::app::model::naming;
use crate::app::ui::context::Context;
use crate::app::ui::panels::running;
use crate::app::ui::{spinner, theme};

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    egui::Panel::bottom("status").show(ui, |ui| {
        ui.horizontal(|ui| {
            if let Some(what) = naming::doing(cx.model) {
                spinner::draw(ui);
                ui.label(what);
            } else {
                let failed = naming::failed(cx.model);
                let (dot, _) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), egui::Sense::hover());
                let tokens = theme::of(ui);
                let colour = if failed.is_some() { tokens.error } else { tokens.ok };
                ui.painter().circle_filled(dot.center(), 4.0, colour);
                ui.label(failed.map_or_else(|| "Ready".to_owned(), |failed| format!("Ready · {failed}")));
            }
            running::draw(ui, cx);
            let asked = naming::asked(cx.model.view());
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
                beside(ui, asked);
                return;
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                memory(ui, cx);
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.add(egui::Label::new(text).truncate());
                    beside(ui, asked);
                });
            });
        });
    });
}

/// What was asked and isn't on screen, in grey beside what is.
fn beside(ui: &mut egui::Ui, asked: Option<String>) {
    if let Some(asked) = asked {
        ui.add(egui::Label::new(egui::RichText::new(asked).weak()).truncate());
    }
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

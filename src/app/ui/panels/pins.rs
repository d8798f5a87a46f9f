//! The tray of pinned channels, which stay visible when the picture changes.

use egui::{Color32, Sense, Ui, vec2};

use crate::app::message::views::ViewsCommand;
use crate::app::model::pins::Pin;
use crate::app::ui::context::Context;
use crate::app::ui::theme;
use crate::app::ui::widgets::{named, section};
use crate::mosaic::format_value;

pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    section(ui, "Pinned channels", |ui| {
        let num = egui::RichText::new(cx.model.pins.len().to_string()).small().weak();
        ui.add(egui::Label::new(num));
    });
    if cx.model.pins.is_empty() {
        let hint = "Pin a channel to keep it in sight when the picture changes";
        ui.add(egui::Label::new(egui::RichText::new(hint).small().weak()).wrap());
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for pin in &cx.model.pins {
            ui.vertical(|ui| {
                ui.set_width(theme::PIN_SIDE + 8.0);
                one(ui, cx.textures.pin(pin.pinned.id), pin, cx.commands);
            });
        }
    });
}

fn one(
    ui: &mut Ui,
    texture: Option<&super::super::textures::Texture>,
    pin: &Pin,
    commands: &mut crate::app::message::command::Commands,
) {
    let (channel, layer) = (pin.pinned.channel, &pin.pinned.layer);
    let (rect, response) = ui.allocate_exact_size(vec2(theme::PIN_SIDE, theme::PIN_SIDE), Sense::click());
    let response = named(response, egui::Role::Button, &format!("Pinned channel {channel} of {layer}"));
    ui.painter().rect_filled(rect, 2.0, theme::mosaic_ground(ui.visuals().dark_mode));
    if let (Some(texture), Some(image)) = (texture, &pin.image) {
        let size = vec2(image.map.size[0] as f32, image.map.size[1] as f32);
        let size = size * (theme::PIN_SIDE / size.max_elem().max(1.0));
        texture.paint_over(ui.painter(), egui::Rect::from_center_size(rect.center(), size), Color32::WHITE);
    }
    let numbers = pin.image.as_ref().map_or_else(
        || "not yet seen on a picture".to_owned(),
        |image| format!("on {}: max {}", image.picture, format_value(image.stats.max)),
    );
    let response =
        response.on_hover_text(format!("{} · {layer} · channel {channel}\n{numbers}", pin.spec.tag));
    if response.has_focus() || response.hovered() {
        ui.painter().rect_stroke(
            rect,
            2.0,
            egui::Stroke::new(1.5, theme::SELECTED),
            egui::StrokeKind::Outside,
        );
    }
    if response.clicked() {
        commands.push(ViewsCommand::GoToPin(pin.pinned.id));
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.small(channel.to_string());
        let unpin = ui.small_button("×").on_hover_text("Take it out of the tray");
        unpin.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Unpin channel {channel} of {layer}"))
        });
        if unpin.clicked() {
            commands.push(ViewsCommand::Unpin(pin.pinned.id));
        }
    });
    if let Some(image) = &pin.image {
        ui.add(egui::Label::new(egui::RichText::new(&image.picture).small().weak()).truncate());
    }
}

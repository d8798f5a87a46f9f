//! Controls for going through the layers: steps, a slider from the input to the last layer, and playback.

use crate::app::message::view::ViewCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::preferences::Preference;
use crate::app::ui::context::Context;
use crate::app::ui::widgets::tip;
use crate::render::Change;

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let view = cx.model.view();
    let nodes = view.walk(cx.model.preferences.lists_every_node);
    let chosen = view.node();
    let at = nodes.partition_point(|node| *node < chosen).min(nodes.len().saturating_sub(1));
    ui.horizontal(|ui| {
        let can_rise = nodes.first().is_some_and(|first| *first < chosen);
        let can_sink = nodes.last().is_some_and(|last| chosen < *last);
        let step = |ui: &mut egui::Ui, can: bool, text: &str| {
            let hint = tip(ui.ctx(), text);
            ui.add_enabled(can, egui::Button::new(text)).on_hover_text(hint).clicked()
        };
        if step(ui, can_rise, "Previous layer") {
            cx.commands.push(ViewCommand::StepLayer(-1));
        }
        if step(ui, can_sink, "Next layer") {
            cx.commands.push(ViewCommand::StepLayer(1));
        }
        let words = if cx.model.playing.is_some() { "Pause" } else { "Play" };
        if ui.button(words).on_hover_text(tip(ui.ctx(), "Play through the layers")).clicked() {
            cx.commands.push(ViewCommand::TogglePlay);
        }
    });
    ui.horizontal(|ui| {
        let label = ui.label("Depth").on_hover_text("From the input to the last layer");
        let mut depth = at;
        ui.spacing_mut().slider_width = (ui.available_width() - 8.0).max(60.0);
        let last = nodes.len().saturating_sub(1);
        let slider = ui
            .add(egui::Slider::new(&mut depth, 0..=last).show_value(false))
            .labelled_by(label.id)
            .on_hover_text(view.graph.node(nodes[at]).name.as_str());
        if slider.changed()
            && let Some(node) = nodes.get(depth)
        {
            cx.commands.push(ViewCommand::Change(Change::Layer(view.layer_choice(*node))));
        }
    });
    ui.horizontal(|ui| {
        let label = ui.label("Speed").on_hover_text("Layers a second while playing");
        let mut speed = cx.model.preferences.layers_a_second;
        let field = ui
            .add(egui::DragValue::new(&mut speed).range(0.2..=20.0).speed(0.05).suffix(" layers/s"))
            .labelled_by(label.id);
        if field.changed() {
            cx.commands.push(WindowCommand::Prefer(Preference::LayersASecond(speed)));
        }
    });
}

//! Controls for going through the layers: steps, a slider from the input to the last layer, and playback.

use crate::app::message::view::ViewCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::preferences::Preference;
use crate::app::ui::context::Context;
use crate::app::ui::icons;
use crate::app::ui::widgets::{icon_button, tip};
use crate::render::Change;

/// Width of the field for the speed.
const SPEED_WIDTH: f32 = 44.0;

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let view = cx.model.view();
    let nodes = view.walk(cx.model.preferences.lists_every_node);
    let chosen = view.node();
    let at = nodes.partition_point(|node| *node < chosen).min(nodes.len().saturating_sub(1));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let can_rise = nodes.first().is_some_and(|first| *first < chosen);
        let can_sink = nodes.last().is_some_and(|last| chosen < *last);
        let step = |ui: &mut egui::Ui, can: bool, icon: &str, text: &str| {
            let hint = tip(ui.ctx(), text);
            ui.add_enabled_ui(can, |ui| icon_button(ui, icon, text, &hint)).inner.clicked()
        };
        if step(ui, can_rise, icons::CARET_UP, "Previous layer") {
            cx.commands.push(ViewCommand::StepLayer(-1));
        }
        if step(ui, can_sink, icons::CARET_DOWN, "Next layer") {
            cx.commands.push(ViewCommand::StepLayer(1));
        }
        let (icon, words) =
            if cx.model.playing.is_some() { (icons::PAUSE, "Pause") } else { (icons::PLAY, "Play") };
        if icon_button(ui, icon, words, &tip(ui.ctx(), "Play through the layers")).clicked() {
            cx.commands.push(ViewCommand::TogglePlay);
        }
        let mut depth = at;
        ui.spacing_mut().slider_width = (ui.available_width() - SPEED_WIDTH - 24.0).max(40.0);
        let last = nodes.len().saturating_sub(1);
        let slider = ui.add(egui::Slider::new(&mut depth, 0..=last).show_value(false));
        slider.widget_info(|| egui::WidgetInfo::slider(true, depth as f64, "Depth"));
        if slider.changed()
            && let Some(node) = nodes.get(depth)
        {
            cx.commands.push(ViewCommand::Change(Change::Layer(view.layer_choice(*node))));
        }
        slider.on_hover_text(format!(
            "From the input to the last layer; now {}",
            view.graph.node(nodes[at]).name
        ));
        let mut speed = cx.model.preferences.layers_a_second;
        let field = egui::DragValue::new(&mut speed).range(0.2..=20.0).speed(0.05).suffix("/s");
        let field = ui.add(field).on_hover_text("Layers a second while playing");
        if field.changed() {
            cx.commands.push(WindowCommand::Prefer(Preference::LayersASecond(speed)));
        }
    });
}

//! The sign that something is being computed. It turns in steps: egui's own spinner requests a new frame at once, and where the CPU
//! draws the frames, they would take the cores that the network needs.

use std::f64::consts::TAU;
use std::time::Duration;

use egui::{Pos2, Response, Role, Sense, Shape, Ui, WidgetInfo, vec2};

const STEPS_PER_TURN: f64 = 12.0;

const STEP_SECS: f64 = 0.1;

/// Angle of the turning arc; the rest of the circle is left open.
const ARC: f64 = 0.75 * TAU;

const POINTS: usize = 20;

/// Draws an arc as high as a line of text, and requests a frame for the next step.
pub(crate) fn draw(ui: &mut Ui) -> Response {
    let size = ui.style().spacing.interact_size.y;
    let (rect, response) = ui.allocate_exact_size(vec2(size, size), Sense::hover());
    response.widget_info(|| WidgetInfo::new(Role::ProgressIndicator));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let step = (ui.input(|input| input.time) / STEP_SECS).floor();
    let from = (step % STEPS_PER_TURN) / STEPS_PER_TURN * TAU;
    let radius = size * 0.5 - 2.0;
    let points: Vec<Pos2> = (0..=POINTS)
        .map(|at| {
            let angle = (from + ARC * at as f64 / POINTS as f64) as f32;
            rect.center() + radius * vec2(angle.cos(), angle.sin())
        })
        .collect();
    ui.painter().add(Shape::line(points, egui::Stroke::new(2.0, ui.visuals().strong_text_color())));
    ui.ctx().request_repaint_after(Duration::from_secs_f64(STEP_SECS));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If each frame requested the next at once, drawing would never pause, and would take the network's cores where the CPU draws.
    #[test]
    fn the_next_frame_is_asked_for_at_the_next_step() {
        let ctx = egui::Context::default();
        let mut output = egui::FullOutput::default();
        for _ in 0..3 {
            output.textures_delta.clear();
            output = ctx.run_ui(egui::RawInput::default(), |ui| {
                draw(ui);
            });
        }
        let delay = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
        output.textures_delta.clear();
        assert!(delay >= Duration::from_millis(50) && delay <= Duration::from_millis(100), "{delay:?}");
    }
}

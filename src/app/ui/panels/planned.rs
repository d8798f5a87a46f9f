//! How much memory a run with the chosen fit will take, and one at the picture's own size, before either is begun.

use std::sync::Arc;

use egui::{Label, RichText, Ui};

use crate::app::model::beside::stages_beside;
use crate::app::model::view::ViewState;
use crate::app::ui::context::Context;
use crate::app::ui::scratch::Planned;
use crate::engine::{DeviceChoice, Plan, planned_bytes};
use crate::graph::NodeId;
use crate::input::{FitChoice, input_size};
use crate::tensor::{PixelSize, PreprocessSpec, memory_words};

/// Draws a line for the picture's own size, and one for the chosen fit if that is another.
pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, spec: &PreprocessSpec) {
    let view = cx.model.view();
    // The picture's size is known once it is shown. A GPU has memory of its own.
    let is_shown = view.good.as_ref().is_some_and(|good| good.of.picture == view.request.picture);
    let Some(shown) = view.shown.as_ref().filter(|_| is_shown && view.is_plain()) else { return };
    let is_on_cpu = match cx.model.device {
        DeviceChoice::Auto => shown.run_by.device == DeviceChoice::Cpu.to_string(),
        DeviceChoice::Cpu => true,
        DeviceChoice::Cuda(_) | DeviceChoice::Metal => false,
    };
    if !is_on_cpu {
        return;
    }
    let (width, height) = shown.picture.rgb.dimensions();
    let original = PixelSize::new(width as usize, height as usize);
    let chosen = view.request.input.fit;
    let mut lines = Vec::new();
    let other = (chosen != FitChoice::Native).then_some((chosen, "chosen"));
    for (fit, name) in std::iter::once((FitChoice::Native, "native")).chain(other) {
        let Ok(size) = input_size(original, spec, fit) else { continue };
        let PixelSize { width, height } = size;
        lines.push(format!("{name}: {width}×{height}, {}", words(&mut cx.scratch.planned, view, size)));
    }
    ui.add(Label::new(RichText::new(lines.join("\n")).weak()).wrap())
        .on_hover_text("Memory that a run takes, the layers kept beside the shown one included");
}

/// The plan in words, made once for a network, a layer and a size.
fn words(planned: &mut Vec<Planned>, view: &ViewState, size: PixelSize) -> String {
    /// Plans of the sizes of a few views.
    const MAX_PLANNED: usize = 16;
    let node = view.node();
    let is_it = |p: &&Planned| Arc::ptr_eq(&p.graph, &view.graph) && p.node == node && p.size == size;
    if let Some(known) = planned.iter().find(is_it) {
        return known.words.clone();
    }
    let words = match Plan::new(&view.graph, size, 1, &[node]) {
        Ok(plan) => {
            let passed: Vec<NodeId> = plan.steps().iter().map(|step| step.output).collect();
            let infos = view.graph.infer(size).unwrap_or_default();
            let kept = stages_beside(&view.graph, &infos, &passed, node);
            let kept: usize = kept.iter().map(|id| infos[id.0].shape.len() * size_of::<f32>()).sum();
            format!("about {}", memory_words(planned_bytes(&view.graph, &plan) + kept as u64))
        }
        Err(error) => error.to_string(),
    };
    if planned.len() >= MAX_PLANNED {
        planned.clear();
    }
    planned.push(Planned { graph: Arc::clone(&view.graph), node, size, words: words.clone() });
    words
}

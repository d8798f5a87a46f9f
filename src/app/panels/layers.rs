//! The list of layers of the chosen model.

use super::super::command::{Command, Wish};
use super::super::event::LayerChoice;
use super::super::theme;
use super::{Context, search};
use crate::graph::{NodeId, ReceptiveField};

pub(super) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let graph = &cx.state.graph;
    let chosen = match &cx.state.layer {
        LayerChoice::Final => graph.final_node(),
        LayerChoice::Named(name) => graph.find(name).unwrap_or_else(|| graph.final_node()),
    };
    let stages = graph.stages();
    let heading = ui.heading("Layer");
    ui.horizontal(|ui| {
        let at = stages.iter().position(|id| *id == chosen);
        let before = at.map_or_else(|| stages.iter().rposition(|id| *id < chosen), |at| at.checked_sub(1));
        let after = at.map_or_else(|| stages.iter().position(|id| *id > chosen), |at| Some(at + 1));
        let mut step = |ui: &mut egui::Ui, to: Option<usize>, text: &str, hint: &str| {
            let to = to.and_then(|at| stages.get(at)).copied();
            if ui.add_enabled(to.is_some(), egui::Button::new(text)).on_hover_text(hint).clicked()
                && let Some(id) = to
            {
                cx.commands.push(Command::Want(Wish::Layer(choice(cx.state, id))));
            }
        };
        step(ui, before, "Shallower", "The stage before");
        step(ui, after, "Deeper", "The stage after");
    });
    egui::ComboBox::from_id_salt("layer")
        .selected_text(graph.node(chosen).name.as_str())
        .width(ui.available_width())
        .height(420.0)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show_ui(ui, |ui| {
            ui.set_min_height(theme::LIST_HEIGHT);
            let mut is_entered = search(ui, "Find a layer", &mut cx.scratch.layer_search);
            ui.checkbox(&mut cx.scratch.lists_every_node, "every node, not only stages")
                .on_hover_text("Also convolutions before batch norm, branches, pools");
            let wanted = cx.scratch.layer_search.trim().to_lowercase();
            let nodes: Vec<NodeId> =
                if cx.scratch.lists_every_node { graph.ids().collect() } else { stages.to_vec() };
            for id in nodes {
                let node = graph.node(id);
                let aliases = graph.aliases_of(id);
                let fits = |name: &str| name.to_lowercase().contains(&wanted);
                if !fits(&node.name) && !aliases.iter().any(|alias| fits(alias)) {
                    continue;
                }
                let words = match aliases.first() {
                    Some(alias) => format!("{} · {} · {alias}", node.name, node.op.kind()),
                    None => format!("{} · {}", node.name, node.op.kind()),
                };
                // Enter takes the first that fits.
                if ui.selectable_label(id == chosen, words).clicked() || std::mem::take(&mut is_entered) {
                    cx.commands.push(Command::Want(Wish::Layer(choice(cx.state, id))));
                    cx.scratch.layer_search.clear();
                    ui.close();
                }
            }
        })
        .response
        .labelled_by(heading.id)
        .on_hover_text("Whose filters to show");
    if let Some(shown) = &cx.state.shown
        && shown.row().tag == cx.state.row.tag
    {
        let info = &shown.infos[chosen.0];
        ui.label(format!("{} filters of {}×{}", info.shape.channels, info.shape.height, info.shape.width));
        let field = match info.receptive_field {
            ReceptiveField::Whole => "each value sees the whole picture".to_owned(),
            ReceptiveField::Window { rows, columns } if rows == columns => {
                format!("each value sees {} pixels, {} apart", rows.size, rows.stride)
            }
            ReceptiveField::Window { rows, columns } => {
                let (size, stride) = ((rows.size, columns.size), (rows.stride, columns.stride));
                format!("each value sees {}×{} pixels, {}×{} apart", size.0, size.1, stride.0, stride.1)
            }
        };
        ui.add(egui::Label::new(field).wrap())
            .on_hover_text("Receptive field and stride, in pixels of the network's input");
    }
}

/// The last layer stays "the last" when the model changes; others go by name.
fn choice(state: &super::super::state::State, id: NodeId) -> LayerChoice {
    if id == state.graph.final_node() {
        LayerChoice::Final
    } else {
        LayerChoice::Named(state.graph.node(id).name.clone())
    }
}

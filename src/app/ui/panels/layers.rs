//! The list of layers of the chosen model, for a menu, and a layer's receptive field in words.

use crate::app::message::view::ViewCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::preferences::Preference;
use crate::app::ui::context::Context;
use crate::app::ui::theme;
use crate::app::ui::widgets::search;
use crate::graph::{NodeId, ReceptiveField};
use crate::render::Change;
use crate::tensor::fuzzy_score;

/// The layers with a search at the top. Enter takes the first.
pub(crate) fn list(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let graph = cx.model.view().graph.clone();
    let chosen = cx.model.view().node();
    let stages = graph.stages();
    ui.set_min_height(theme::LIST_HEIGHT);
    let mut is_entered = search(ui, "Find a layer", &mut cx.scratch.layer_search);
    let mut every_node = cx.model.preferences.lists_every_node;
    if ui
        .checkbox(&mut every_node, "every node, not only stages")
        .on_hover_text("Also convolutions before batch norm, branches, pools")
        .changed()
    {
        cx.commands.push(WindowCommand::Prefer(Preference::ListsEveryNode(every_node)));
    }
    let wanted = cx.scratch.layer_search.trim().to_owned();
    let nodes: Vec<NodeId> = if every_node { graph.ids().collect() } else { stages.to_vec() };
    let score = |id: NodeId| {
        let aliases = graph.aliases_of(id);
        let names = std::iter::once(graph.node(id).name.as_str()).chain(aliases);
        names.filter_map(|name| fuzzy_score(&wanted, name)).max()
    };
    let mut found: Vec<(i32, NodeId)> = nodes.into_iter().filter_map(|id| Some((score(id)?, id))).collect();
    if !wanted.is_empty() {
        found.sort_by_key(|(score, id)| (-score, *id));
    }
    if found.is_empty() {
        ui.label("No layer has a name like that");
    }
    for (_, id) in found {
        let node = graph.node(id);
        let aliases = graph.aliases_of(id);
        let words = match aliases.first() {
            Some(alias) => format!("{} · {} · {alias}", node.name, node.op.kind()),
            None => format!("{} · {}", node.name, node.op.kind()),
        };
        // Enter chooses the first match.
        if ui.selectable_label(id == chosen, words).clicked() || std::mem::take(&mut is_entered) {
            cx.commands.push(ViewCommand::Change(Change::Layer(cx.model.view().layer_choice(id))));
            cx.scratch.layer_search.clear();
            ui.close();
        }
    }
}

/// Receptive field and stride in pixels of the network's input, in few words.
pub(crate) fn field_words(field: &ReceptiveField) -> String {
    match field {
        ReceptiveField::Whole => "rf whole picture".to_owned(),
        ReceptiveField::Window { rows, columns } if rows == columns => {
            format!("rf {} px · stride {}", rows.size, rows.stride)
        }
        ReceptiveField::Window { rows, columns } => {
            let (size, stride) = ((rows.size, columns.size), (rows.stride, columns.stride));
            format!("rf {}×{} px · stride {}×{}", size.0, size.1, stride.0, stride.1)
        }
    }
}

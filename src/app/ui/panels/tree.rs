//! The network as a tree: stages with small pictures, and the nodes inside each stage.

use egui::{Color32, Sense, Ui, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::preferences::Preference;
use crate::app::ui::context::Context;
use crate::app::ui::panels::transport;
use crate::app::ui::theme;
use crate::graph::NodeId;
use crate::render::Change;
use crate::tensor::fuzzy_score;

pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    ui.add_space(2.0);
    transport::draw(ui, cx);
    ui.horizontal(|ui| {
        let mut every_node = cx.model.preferences.lists_every_node;
        if ui
            .checkbox(&mut every_node, "every node")
            .on_hover_text(
                "Walk through convolutions before batch norm, branches and pools too, with a picture of each",
            )
            .changed()
        {
            cx.commands.push(WindowCommand::Prefer(Preference::ListsEveryNode(every_node)));
        }
        if ui.button("Table").on_hover_text("The numbers of all layers, to read and to copy").clicked() {
            cx.commands.push(WindowCommand::ToggleTable);
        }
    });
    let label = ui.label("Search layers");
    // The example is a name of this network, because networks name their layers differently.
    let graph = &cx.model.view().graph;
    let example = graph.stages().last().map_or("", |stage| graph.node(*stage).name.as_str());
    let hint = format!("letters of the name, such as {example}");
    let field = ui
        .add(
            egui::TextEdit::singleline(&mut cx.scratch.tree_search)
                .desired_width(f32::INFINITY)
                .hint_text(hint),
        )
        .labelled_by(label.id);
    let is_entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    let typed = cx.scratch.tree_search.trim().to_owned();
    let mut area =
        egui::ScrollArea::vertical().id_salt(("tree", typed.is_empty())).auto_shrink([false, false]);
    if field.changed() {
        // The best match is the first row.
        area = area.vertical_scroll_offset(0.0);
    }
    area.show(ui, |ui| {
        if typed.is_empty() {
            stages(ui, cx);
        } else {
            found(ui, cx, &typed, is_entered);
        }
    });
}

fn stages(ui: &mut Ui, cx: &mut Context<'_>) {
    let (graph, chosen) = (cx.model.view().graph.clone(), cx.model.view().node());
    row(ui, cx, NodeId(0), true);
    let mut before = NodeId(0);
    for stage in graph.stages() {
        let inner: Vec<NodeId> = (before.0 + 1..stage.0).map(NodeId).collect();
        if inner.is_empty() {
            row(ui, cx, *stage, true);
        } else {
            let id = ui.make_persistent_id(("stage", cx.model.view().request.spec.tag, stage.0));
            let is_inside = inner.contains(&chosen);
            let mut state =
                egui::collapsing_header::CollapsingState::load_with_default_open(ui.ctx(), id, false);
            if is_inside && !state.is_open() {
                state.set_open(true);
            }
            state.show_header(ui, |ui| row(ui, cx, *stage, true)).body(|ui| {
                for node in &inner {
                    row(ui, cx, *node, cx.model.preferences.lists_every_node);
                }
            });
        }
        before = *stage;
    }
}

/// The layers that match what was typed, best first; Enter chooses the first.
fn found(ui: &mut Ui, cx: &mut Context<'_>, typed: &str, is_entered: bool) {
    let graph = cx.model.view().graph.clone();
    let mut nodes: Vec<(i32, NodeId)> = graph
        .ids()
        .filter_map(|id| {
            let aliases = graph.aliases_of(id);
            let names = std::iter::once(graph.node(id).name.as_str()).chain(aliases);
            Some((names.filter_map(|name| fuzzy_score(typed, name)).max()?, id))
        })
        .collect();
    nodes.sort_by_key(|(score, id)| (-score, *id));
    if nodes.is_empty() {
        ui.label("No layer has these letters in this order");
    }
    if is_entered && let Some((_, best)) = nodes.first() {
        cx.commands.push(ViewCommand::Change(Change::Layer(cx.model.view().layer_choice(*best))));
        cx.scratch.tree_search.clear();
    }
    for (_, node) in nodes.into_iter().take(60) {
        row(ui, cx, node, true);
    }
}

fn row(ui: &mut Ui, cx: &mut Context<'_>, node: NodeId, has_picture: bool) {
    let view = cx.model.view();
    let is_chosen = view.node() == node;
    let name = view.graph.node(node).name.as_str();
    let info = view
        .shown
        .as_ref()
        .filter(|s| s.spec().tag == view.request.spec.tag)
        .and_then(|s| s.infos.get(node.0));
    let walked =
        cx.model.walk.done.as_ref().filter(|walked| {
            cx.model.full_request(view).is_ok_and(|wanted| wanted.is_same_run(&walked.wanted))
        });
    let summary = walked.and_then(|walked| walked.layers.get(&node));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 0.0);
        if has_picture {
            let (rect, response) =
                ui.allocate_exact_size(vec2(theme::LAYER_SIDE, theme::LAYER_SIDE), Sense::hover());
            response.on_hover_text("The mean of all the layer's maps");
            ui.painter().rect_filled(rect, 2.0, theme::mosaic_ground(ui.visuals().dark_mode));
            if let (Some(texture), Some(layer)) = (cx.textures.layer(node), summary) {
                let size = vec2(layer.mean_map.size[0] as f32, layer.mean_map.size[1] as f32);
                let size = size * (theme::LAYER_SIDE / size.max_elem().max(1.0));
                let place = egui::Rect::from_center_size(rect.center(), size);
                texture.paint_over(ui.painter(), place, Color32::WHITE);
            }
        }
        ui.vertical(|ui| {
            let response = ui.selectable_label(is_chosen, name);
            if is_chosen && cx.scratch.tree_at != Some(node) {
                response.scroll_to_me(Some(egui::Align::Center));
                cx.scratch.tree_at = Some(node);
            }
            if response.on_hover_text(view.graph.node(node).op.kind()).clicked() {
                cx.commands.push(ViewCommand::Change(Change::Layer(view.layer_choice(node))));
            }
            let shape = info.map_or_else(String::new, |info| info.shape.to_string());
            let dead = summary.map_or_else(String::new, |s| {
                let share = s.counts.dead as f32 / s.shape.channels.max(1) as f32;
                format!(" · {:.0} % dead", share * 100.0)
            });
            ui.add(egui::Label::new(egui::RichText::new(format!("{shape}{dead}")).weak().small()).truncate());
        });
    });
}

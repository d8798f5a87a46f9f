//! The network as a tree: stages with small pictures, and the nodes inside each stage.

use egui::{Color32, Sense, Ui, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::layers::LayerSummary;
use crate::app::model::preferences::Preference;
use crate::app::model::request::FullRequest;
use crate::app::model::view::MAX_VIEWS;
use crate::app::ui::context::Context;
use crate::app::ui::panels::transport;
use crate::app::ui::textures::Texture;
use crate::app::ui::theme;
use crate::app::ui::widgets::{is_just_opened, named, section, small_action, steady};
use crate::graph::NodeId;
use crate::render::Change;
use crate::tensor::{MapShape, fuzzy_score};

pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    let graph = cx.model.view().graph.clone();
    section(ui, "Layers", |ui| {
        // Another button of this name stands beside the layer's numbers.
        let table = small_action(ui, "All layers");
        let table = named(table, egui::Role::Button, "All layers as a table");
        if table.on_hover_text("The numbers of all layers, to read and to copy").clicked() {
            cx.commands.push(WindowCommand::ToggleTable);
        }
        let every_node = cx.model.preferences.lists_every_node;
        let words = format!("{} of {} nodes", cx.model.view().walk(every_node).len(), graph.ids().count());
        let hint = "Walk through every node: convolutions before batch norm, branches and pools too, with a picture of each";
        let text = egui::RichText::new(words).small().color(theme::of(ui).quiet);
        let button = ui.add(egui::Button::selectable(every_node, text)).on_hover_text(hint);
        let button = named(button, egui::Role::CheckBox, "every node");
        if button.clicked() {
            cx.commands.push(WindowCommand::Prefer(Preference::ListsEveryNode(!every_node)));
        }
    });
    steady(ui, "transport", |ui| transport::draw(ui, cx));
    if is_just_opened(ui, "Search layers") {
        cx.scratch.tree_search.clear();
    }
    // The example is a name of this network, because networks name their layers differently.
    let example = graph.stages().last().map_or("", |stage| graph.node(*stage).name.as_str());
    let field = egui::TextEdit::singleline(&mut cx.scratch.tree_search)
        .id_salt("search")
        .desired_width(f32::INFINITY);
    let field = ui.add(field.hint_text(format!("Find a layer, such as {example}")));
    field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search layers"));
    ui.add_space(2.0);
    let is_entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    let typed = cx.scratch.tree_search.trim().to_owned();
    let mut area =
        egui::ScrollArea::vertical().id_salt(("tree", typed.is_empty())).auto_shrink([false, false]);
    if field.changed() {
        // The best match is the first row.
        area = area.vertical_scroll_offset(0.0);
    }
    area.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
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
        ui.label("No layer has a name like that");
    }
    if is_entered && let Some((_, best)) = nodes.first() {
        cx.commands.push(ViewCommand::Change(Change::Layer(cx.model.view().layer_choice(*best))));
        cx.scratch.tree_search.clear();
    }
    for (_, node) in nodes.into_iter().take(60) {
        row(ui, cx, node, true);
    }
}

/// A layer's row: the mean of its maps, its name, its shape, and its share of dead channels as a thin bar under the shape.
fn row(ui: &mut Ui, cx: &mut Context<'_>, node: NodeId, has_picture: bool) {
    let view = cx.model.view();
    let is_chosen = view.node() == node;
    let name = view.graph.node(node).name.as_str();
    let info = view
        .shown
        .as_ref()
        .filter(|s| s.spec().tag == view.request.spec.tag)
        .and_then(|s| s.infos.get(node.0));
    let is_on_screen = |run: &FullRequest| {
        let is_of = |good: &FullRequest| good.of.spec.tag == view.request.spec.tag && good.has_values_of(run);
        view.good.as_ref().is_some_and(is_of)
    };
    let walked = cx.model.walk.done.as_ref().filter(|walked| is_on_screen(&walked.wanted));
    let summary = walked.and_then(|walked| walked.layers.get(&node));
    let height = theme::LAYER_SIDE + 4.0;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let dead = summary.map(|s| s.counts.dead as f32 / s.shape.channels.max(1) as f32);
    let response = named(response, egui::Role::Button, name).on_hover_ui(|ui| {
        ui.strong(name);
        let aliases = view.graph.aliases_of(node);
        if !aliases.is_empty() {
            ui.label(format!("also: {}", aliases.join(", ")));
        }
        ui.label(view.graph.node(node).op.kind());
        if let Some(info) = info {
            ui.label(format!("{} (channels × rows × columns)", info.shape));
        }
        if let Some(dead) = dead {
            ui.label(format!("{:.0} % of the channels are dead for this picture", dead * 100.0));
        }
    });
    if let Some(info) = info {
        let share = dead.map_or_else(String::new, |dead| format!(" · {:.0} % dead", dead * 100.0));
        let words = format!("{}{share}", info.shape);
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(words));
    }
    // The row comes into sight when it is chosen, and again when the list gets another height.
    let shown_at = (node, ui.clip_rect().height());
    if is_chosen && cx.scratch.tree_at != Some(shown_at) {
        response.scroll_to_me(Some(egui::Align::Center));
        cx.scratch.tree_at = Some(shown_at);
    }
    let choice = || ViewCommand::Change(Change::Layer(view.layer_choice(node)));
    if response.clicked() {
        cx.commands.push(choice());
    }
    response.context_menu(|ui| {
        ui.strong(name);
        if ui.button("Show").clicked() {
            cx.commands.push(choice());
            ui.close();
        }
        let can_add = cx.model.views.len() < MAX_VIEWS;
        if ui.add_enabled(can_add, egui::Button::new("Show in a new view")).clicked() {
            cx.commands.push(ViewsCommand::AddView);
            cx.commands.push(choice());
            ui.close();
        }
        if ui.button("Copy name").clicked() {
            ui.ctx().copy_text(name.to_owned());
            ui.close();
        }
    });
    if ui.is_rect_visible(rect) {
        // Keras' users know a layer by Keras' name.
        let is_keras = view.request.spec.is_keras;
        let keras = is_keras.then(|| view.graph.aliases_of(node).first().copied()).flatten();
        let picture = (has_picture, cx.textures.layer(node).zip(summary));
        paint_row(ui, rect, &response, (name, keras, is_chosen), info.map(|info| info.shape), dead, picture);
    }
}

/// Paints a layer's row. A row may have a place for a picture that isn't there yet.
fn paint_row(
    ui: &Ui,
    rect: egui::Rect,
    response: &egui::Response,
    (name, alias, is_chosen): (&str, Option<&str>, bool),
    shape: Option<MapShape>,
    dead: Option<f32>,
    (has_picture, picture): (bool, Option<(&Texture, &LayerSummary)>),
) {
    let tokens = theme::of(ui);
    let ground = if is_chosen {
        Some(tokens.selected_row)
    } else {
        (response.hovered() || response.has_focus()).then_some(tokens.control)
    };
    if let Some(ground) = ground {
        ui.painter().rect_filled(rect, theme::CONTROL_RADIUS, ground);
    }
    let mut left = rect.left() + 6.0;
    if has_picture {
        let side = vec2(theme::LAYER_SIDE, theme::LAYER_SIDE);
        let place = egui::Rect::from_center_size(egui::pos2(left + side.x * 0.5, rect.center().y), side);
        ui.painter().rect_filled(place, 3.0, tokens.canvas);
        if let Some((texture, layer)) = picture {
            let size = vec2(layer.mean_map.size[0] as f32, layer.mean_map.size[1] as f32);
            let size = size * (theme::LAYER_SIDE / size.max_elem().max(1.0));
            texture.paint_over(
                ui.painter(),
                egui::Rect::from_center_size(place.center(), size),
                Color32::WHITE,
            );
        }
        left += side.x + 8.0;
    }
    let shape = shape.map_or_else(String::new, short_shape);
    let small = egui::TextStyle::Small.resolve(ui.style());
    let right = rect.right() - 6.0;
    let shape = ui.painter().layout_no_wrap(shape, small, tokens.quiet);
    let shape_left = right - shape.size().x;
    ui.painter().galley(egui::pos2(shape_left, rect.center().y - shape.size().y * 0.5), shape, tokens.quiet);
    if let Some(dead) = dead.filter(|dead| *dead > 0.0) {
        let bar = egui::Rect::from_min_size(
            egui::pos2(right - DEAD_WIDTH, rect.bottom() - 4.0),
            vec2(DEAD_WIDTH, 2.0),
        );
        ui.painter().rect_filled(bar, 1.0, tokens.control);
        ui.painter().rect_filled(bar.with_max_x(bar.left() + DEAD_WIDTH * dead), 1.0, tokens.quiet);
    }
    let body = egui::TextStyle::Body.resolve(ui.style());
    let colour = if is_chosen { tokens.strong } else { tokens.text };
    let text = ui.painter().layout_no_wrap(name.to_owned(), body, colour);
    let room =
        egui::Rect::from_min_max(egui::pos2(left, rect.top()), egui::pos2(shape_left - 6.0, rect.bottom()));
    let painter = ui.painter_at(room.intersect(ui.clip_rect()));
    let right = left + text.size().x + 6.0;
    painter.galley(egui::pos2(left, rect.center().y - text.size().y * 0.5), text, colour);
    let width = room.right() - right;
    if let Some(alias) = alias.filter(|_| width >= LEAST_ALIAS) {
        let small = egui::TextStyle::Small.resolve(ui.style());
        let mut job = egui::text::LayoutJob::simple_singleline(alias.to_owned(), small, tokens.quiet);
        job.wrap = egui::text::TextWrapping::truncate_at_width(width);
        let text = painter.layout_job(job);
        painter.galley(egui::pos2(right, rect.center().y - text.size().y * 0.5), text, tokens.quiet);
    }
}

/// The least room for another name of a layer.
const LEAST_ALIAS: f32 = 30.0;

/// Width of the bar of dead channels.
const DEAD_WIDTH: f32 = 40.0;

/// A shape in few characters: `2048×10²` for square maps.
fn short_shape(shape: MapShape) -> String {
    if shape.height == shape.width {
        format!("{}×{}²", shape.channels, shape.height)
    } else {
        shape.to_string()
    }
}

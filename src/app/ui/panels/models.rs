//! The choice of the model, and the question which model a weight file is for.

use crate::app::message::view::ViewCommand;
use crate::app::message::weights::WeightsCommand;
use crate::app::model::naming;
use crate::app::model::weights::WeightsOffer;
use crate::app::ui::context::Context;
use crate::app::ui::panels::kept_weights;
use crate::app::ui::theme;
use crate::app::ui::widgets::{card, named, search, section, small_action};
use crate::engine::Provenance;
use crate::models::{ModelSpec, Opened, Registry};
use crate::tensor::fuzzy_score;
use crate::weights::FilePart;

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let spec = cx.model.view().request.spec;
    let head = section(ui, "Model", |ui| {
        let hint = "From a safetensors, .pth, .h5 or .keras file, whose model is found out or asked; or an ONNX file, which is a model";
        if small_action(ui, "Load weights…").on_hover_text(hint).clicked() {
            cx.commands.push(WeightsCommand::ChooseWeights);
        }
    });
    card(ui, |ui| about(ui, cx, spec, &head));
}

/// The chosen model, its list, and what there is to know about its weights.
fn about(ui: &mut egui::Ui, cx: &mut Context<'_>, spec: &'static ModelSpec, head: &egui::Response) {
    egui::ComboBox::from_id_salt("model")
        .selected_text(egui::RichText::new(spec.tag).text_style(theme::name_style()))
        .width(ui.available_width())
        .height(theme::LIST_HEIGHT + 60.0)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show_ui(ui, |ui| list(ui, cx, spec))
        .response
        .labelled_by(head.id)
        .on_hover_text("Which network, with which weights");
    // One line, so that the layers below keep their place.
    let title = egui::RichText::new(spec.title).small().color(theme::of(ui).quiet);
    ui.add(egui::Label::new(title).truncate()).on_hover_text(spec.title);
    if let Some(words) = naming::until_then(cx.model.view()) {
        ui.add(egui::Label::new(egui::RichText::new(words).small().weak()).wrap());
    }
    if !spec.caution.is_empty() {
        let colour = theme::warning(ui.visuals().dark_mode);
        ui.add(egui::Label::new(egui::RichText::new(spec.caution).color(colour)).wrap());
    }
    if let Some(opened) = spec.opened() {
        end(ui, cx, opened);
    }
    if let Some(file) = cx.model.weights_file(spec) {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let shown = cx.model.view().shown.as_ref().filter(|shown| shown.spec().tag == spec.tag);
        let is_copy = shown.is_some_and(|s| s.run_by.backbone.provenance() == Provenance::Carried);
        let what = if is_copy { "a copy of the built-in weights" } else { "unverified weights" };
        let mut words = format!("{what}: {name}");
        if let Some(shown) = shown {
            let backbone = &shown.run_by.backbone;
            words.extend(backbone.notes().iter().map(|note| format!("; {note}")));
            if backbone.has_other_average() {
                words += "; it holds EMA weights and others: load it again to choose";
            }
        }
        ui.add(egui::Label::new(egui::RichText::new(words).weak()).wrap());
        kept_weights::keep(ui, cx, spec, file);
        if cx.model.store.embedded(spec).is_some() && ui.button("Use the built-in weights").clicked() {
            cx.commands.push(WeightsCommand::ForgetWeights);
        }
    }
}

/// The models, those whose weights are here first, each group by family; a search at the top. Enter takes the first.
pub(crate) fn list(ui: &mut egui::Ui, cx: &mut Context<'_>, spec: &'static ModelSpec) {
    ui.set_min_height(theme::LIST_HEIGHT);
    ui.set_min_width(LIST_WIDTH);
    let mut is_entered = search(ui, "Find a model", &mut cx.scratch.model_search);
    let wanted = cx.scratch.model_search.trim().to_owned();
    let opened = Registry::opened().into_iter().filter(|spec| cx.model.has_weights(spec));
    let specs = Registry::specs().chain(opened);
    let mut found: Vec<(i32, &'static ModelSpec)> =
        specs.filter_map(|r| Some((fuzzy_score(&wanted, r.tag)?, r))).collect();
    if found.is_empty() {
        ui.label("No model has a name like that");
    }
    if !wanted.is_empty() {
        // Models with equal scores stay in the registry's order.
        found.sort_by_key(|(score, _)| -score);
    }
    let is_here = |r: &ModelSpec| cx.model.has_weights(r);
    let (here, others): (Vec<&'static ModelSpec>, Vec<_>) =
        found.iter().map(|(_, r)| *r).partition(|r| is_here(r));
    // While something is searched for, the best match comes first, wherever its weights are.
    let best = found.first().map(|(_, r)| r.tag).filter(|_| !wanted.is_empty());
    let groups = [("Installed", here), ("Not installed", others)];
    let mut taken = None;
    if let Some(best) = best.and_then(|tag| found.iter().find(|(_, r)| r.tag == tag))
        && std::mem::take(&mut is_entered)
    {
        taken = Some(best.1);
    }
    for (group, members) in groups {
        if members.is_empty() {
            continue;
        }
        section(ui, group, |ui| {
            let words = "parameters · top-1 · input · licence";
            ui.label(egui::RichText::new(words).small().color(theme::of(ui).quiet)).on_hover_text(
                "Parameters without the classifier; top-1 accuracy on ImageNet-1k as published with the weights",
            );
        });
        for other in members {
            let num_params = *cx.scratch.num_params.entry(other.tag).or_insert_with(|| {
                let graph = other.graph().ok();
                graph.map_or(0, |graph| graph.num_params().trained)
            });
            let entry = entry(ui, other, num_params, other.tag == spec.tag);
            if entry.clicked() || std::mem::take(&mut is_entered) {
                taken = Some(other);
            }
        }
    }
    if let Some(other) = taken {
        cx.commands.push(ViewCommand::SetModel(other));
        cx.scratch.model_search.clear();
        ui.close();
    }
}

/// A row of the list: the tag, and its size, accuracy, input size and licence in quiet words.
fn entry(ui: &mut egui::Ui, spec: &'static ModelSpec, num_params: usize, is_chosen: bool) -> egui::Response {
    let top1 = spec.top1().map_or_else(|| "–".to_owned(), |top1| format!("{:.1} %", top1.percent));
    // What the licence is based on is in the tooltip.
    let license = spec.license.split(" (").next().unwrap_or_default();
    let quiet = format!("{:.1} M · {top1} · {} · {license}", num_params as f64 / 1e6, spec.preprocess.size);
    let button = egui::Button::selectable(is_chosen, spec.tag)
        .right_text(egui::RichText::new(quiet).small().color(theme::of(ui).quiet))
        .min_size(egui::vec2(ui.available_width(), 0.0));
    let response = ui.add(button).on_hover_text(format!("{}\n{}\n{}", spec.title, spec.source, spec.license));
    named(response, egui::Role::Button, spec.tag)
}

/// Least width of the list of models.
const LIST_WIDTH: f32 = 500.0;

/// Asks which of several models a weight file is for (its tensors don't show border, epsilon or preprocessing), which part of the file
/// is meant, or at which layer the network of an ONNX file ends.
pub(crate) fn ask(ctx: &egui::Context, cx: &mut Context<'_>) {
    let state = cx.model;
    let Some((path, offers)) = &state.weights_question else { return };
    let answer = egui::Modal::new(egui::Id::unique("weights question")).show(ctx, |ui| {
        ui.set_width(460.0);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_onnx = offers.iter().any(|offer| offer.spec.opened().is_some());
        let has_parts = offers.iter().any(|offer| !offer.words.is_empty());
        let opened = offers.first().and_then(|offer| offer.spec.opened());
        let (question, why) = if opened.is_some_and(|opened| opened.knows_values) && offers.len() == 1 {
            ("How far is this network shown?", String::new())
        } else if is_onnx {
            let why = format!("{name} doesn't say how a picture's samples become its values.");
            ("How does this network take its pictures?", why)
        } else if has_parts {
            (
                "Which network of this file is meant?",
                format!("{name} holds several, or one with two kinds of weights."),
            )
        } else {
            let why = format!("{name} fits several. They differ in what tensors don't show.");
            ("Which model is this file for?", why)
        };
        ui.strong(question);
        if !why.is_empty() {
            ui.add(egui::Label::new(why).wrap());
        }
        if let Some(opened) = opened {
            if let Some(why) = &opened.why_final {
                let words = egui::RichText::new(format!("{name}: {why}."));
                let colour = theme::warning(ui.visuals().dark_mode);
                ui.add(egui::Label::new(words.color(colour)).wrap());
            }
            end(ui, cx, opened);
        }
        ui.add_space(4.0);
        for WeightsOffer { spec, choice, words } in offers {
            let button =
                if words.is_empty() { spec.tag.to_owned() } else { format!("{} · {words}", spec.tag) };
            if ui.button(button).clicked() {
                let file = FilePart { path: path.clone(), choice: choice.clone() };
                cx.commands.push(WeightsCommand::UseWeights(spec, file));
            }
            let about = format!("{} · {} · {}", spec.title, spec.preprocess, spec.variant);
            ui.add(egui::Label::new(egui::RichText::new(about).weak()).wrap());
        }
        ui.add_space(4.0);
        ui.button("Cancel").clicked()
    });
    if answer.inner || answer.should_close() {
        cx.commands.push(WeightsCommand::DropWeights);
    }
}

/// The choice of the layer at which the network of an ONNX file ends.
fn end(ui: &mut egui::Ui, cx: &mut Context<'_>, opened: &Opened) {
    egui::ComboBox::from_label("Final layer")
        .selected_text(&opened.final_layer)
        .width(ui.available_width() * 0.6)
        .height(420.0)
        .show_ui(ui, |ui| {
            for layer in &opened.final_choices {
                if ui.selectable_label(*layer == opened.final_layer, layer).clicked() {
                    cx.commands.push(WeightsCommand::EndAt(opened.path.clone(), layer.clone()));
                }
            }
        })
        .response
        .on_hover_text("Where the network of this file ends; what comes behind it isn't there then");
}

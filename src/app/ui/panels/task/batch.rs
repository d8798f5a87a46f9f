//! The dialog of a batch of figures: the choices, and what would be written.

use egui::Ui;

use crate::app::message::task::TaskCommand;
use crate::app::model::task::batch::{BatchPreview, BatchScope};
use crate::app::model::task::{Task, TaskScope};
use crate::app::ui::context::Context;
use crate::app::ui::panels::task::{choices, others};
use crate::extract::Existing;
use crate::render::PictureChoice;
use crate::tensor::counted;

/// Number of figures whose names the preview lists.
const NUM_LISTED: usize = 6;

pub(crate) fn scope(ui: &mut Ui, cx: &mut Context<'_>) {
    let old = &cx.model.tasks.batch.scope;
    let mut new = old.clone();
    pictures(ui, cx, &mut new);
    choices::networks(ui, cx.model, &mut new.tags);
    choices::layers(ui, cx.model, "Layers", "where a network has it", &mut new.layers);
    ui.checkbox(&mut new.has_values, "Values too, as .npy beside each figure");
    ui.checkbox(&mut new.replaces, "Replace figures that exist")
        .on_hover_text("Else it is kept; if it was made with other settings, that is said and asked about");
    if choices::folder(ui, "Folder", "Choose folder…", &mut new.folder) {
        cx.commands.push(TaskCommand::ChoosePlace(Task::Batch));
    }
    ui.label(egui::RichText::new("Display, input and caption are those of the view that is active.").weak());
    if new != *old {
        cx.commands.push(TaskCommand::Set(Box::new(TaskScope::Batch(new))));
    }
}

fn pictures(ui: &mut Ui, cx: &Context<'_>, new: &mut BatchScope) {
    let Some(open) = &cx.model.view().source else {
        let is_file = matches!(cx.model.view().request.picture, PictureChoice::File(_));
        ui.label(if is_file {
            "Picture: the file on screen (open a folder or a log for many)"
        } else {
            "Pictures: none; what is on screen is no file (open a picture, a folder or a log)"
        });
        return;
    };
    let last = open.source.len().saturating_sub(1);
    ui.checkbox(
        &mut new.is_whole_source,
        format!("Of the data set ({}), frames:", counted(last + 1, "frame")),
    );
    ui.add_enabled_ui(new.is_whole_source, |ui| {
        ui.horizontal(|ui| {
            // Frames are counted from 0, as in the timeline.
            let (mut first, mut until) = (new.first.min(last), new.last.min(last));
            let from = ui.label("from");
            if ui.add(egui::DragValue::new(&mut first).range(0..=last)).labelled_by(from.id).changed() {
                new.first = first;
                new.last = new.last.max(new.first);
            }
            let to = ui.label("to");
            if ui.add(egui::DragValue::new(&mut until).range(0..=last)).labelled_by(to.id).changed() {
                new.last = until;
                new.first = new.first.min(new.last);
            }
        });
        if open.source.cameras().len() > 1 {
            ui.checkbox(&mut new.has_all_cameras, "All cameras").on_hover_text("Else the one that is shown");
        }
    });
}

/// What would be written, and the button to start.
pub(crate) fn planned(ui: &mut Ui, cx: &mut Context<'_>, preview: &BatchPreview) {
    let plan = &preview.plan;
    let num = plan.num_figures();
    let replaces = cx.model.tasks.batch.scope.replaces;
    let num_there = plan.existing.len();
    let num_left = if replaces { num } else { num.saturating_sub(num_there) };
    if num_left == 0 {
        let all =
            if num == 1 { "the figure is there".to_owned() } else { format!("all {num} figures are there") };
        ui.strong(format!("Nothing is left to write: {all}"));
    } else {
        let (figures, runs) = (counted(num_left, "figure"), counted(plan.runs.len(), "run"));
        ui.strong(format!("{figures} would be written, of {runs}"));
        if replaces && num_there > 0 {
            ui.label(format!("{num_there} of them are there already and are replaced"));
        } else if num_there > 0 {
            ui.label(format!("{num_there} more are there already and are kept"));
        }
    }
    if !plan.without_layer.is_empty() {
        ui.label(format!("left out, without that layer: {}", plan.without_layer.join(", ")));
    }
    let figures = plan.runs.iter().flat_map(|run| &run.figures);
    for figure in figures.filter(|figure| replaces || !plan.existing.contains(&figure.path)).take(NUM_LISTED)
    {
        let name = figure.path.file_name().unwrap_or_default().to_string_lossy();
        ui.add(egui::Label::new(egui::RichText::new(name).weak().small()).truncate());
    }
    if num_left > NUM_LISTED {
        ui.label(egui::RichText::new(format!("and {} more", num_left - NUM_LISTED)).weak().small());
    }
    if !replaces && !preview.others.paths.is_empty() {
        others::draw(ui, cx, &preview.others, num_left);
        return;
    }
    let start = ui.add_enabled(num_left > 0, egui::Button::new("Start"));
    if start.on_hover_text("Write them; the window stays usable").clicked() {
        cx.commands.push(TaskCommand::Start(Task::Batch, Existing::default()));
    }
}

//! Many figures at once: what of, where to, what would be written, how far it is, what came of it.

use egui::Ui;

use crate::app::message::save::SaveCommand;
use crate::app::message::task::TaskCommand;
use crate::app::model::batch::{BatchNews, BatchScope};
use crate::app::ui::context::Context;
use crate::app::ui::dialog::dialog;
use crate::app::ui::panels::choices;
use crate::app::ui::{spinner, theme};

/// Names of figures that the preview lists.
const NUM_LISTED: usize = 6;

/// Failures that the report lists; the copy has all.
const NUM_FAILURES: usize = 20;

pub(crate) fn draw(ctx: &egui::Context, cx: &mut Context<'_>) {
    if !cx.model.open.batch {
        return;
    }
    let is_open = dialog(ctx, "Export many figures", egui::vec2(520.0, 400.0), |ui| {
        if let Some((news, called_off)) = &cx.model.batch.running {
            running(ui, cx.commands, news, called_off.is_cancelled());
            return;
        }
        scope(ui, cx);
        ui.separator();
        preview(ui, cx);
        if let Some(report) = &cx.model.batch.report {
            ui.separator();
            self::report(ui, cx.commands, report);
        }
    });
    if !is_open {
        cx.commands.push(TaskCommand::ToggleBatch);
    }
}

fn scope(ui: &mut Ui, cx: &mut Context<'_>) {
    let old = &cx.model.batch.scope;
    let mut new = old.clone();
    pictures(ui, cx, &mut new);
    choices::networks(ui, cx.model, &mut new.tags);
    choices::layers(ui, cx.model, "Layers", "where a network has it", &mut new.layers);
    ui.checkbox(&mut new.has_values, "Values too, as .npy beside each figure");
    ui.checkbox(&mut new.replaces, "Write anew what is there already")
        .on_hover_text("Else it is kept, however it was made");
    if choices::folder(ui, "Folder", "Choose folder…", &mut new.folder) {
        cx.commands.push(TaskCommand::ChooseBatchFolder);
    }
    ui.label(egui::RichText::new("Looks, input and caption are those of the view that is active.").weak());
    if new != *old {
        cx.commands.push(TaskCommand::SetBatch(Box::new(new)));
    }
}

fn pictures(ui: &mut Ui, cx: &Context<'_>, new: &mut BatchScope) {
    let Some(open) = &cx.model.view().source else {
        ui.label("Picture: the file on screen (open a folder or a log for many)");
        return;
    };
    let last = open.source.len().saturating_sub(1);
    ui.checkbox(&mut new.is_whole_source, format!("All {} moments of the data set, or of these:", last + 1));
    ui.add_enabled_ui(new.is_whole_source, |ui| {
        ui.horizontal(|ui| {
            // People count from 1.
            let (mut first, mut until) = (new.first.min(last) + 1, new.last.min(last) + 1);
            let from = ui.label("from");
            if ui.add(egui::DragValue::new(&mut first).range(1..=last + 1)).labelled_by(from.id).changed() {
                new.first = first - 1;
                new.last = new.last.max(new.first);
            }
            let to = ui.label("to");
            if ui.add(egui::DragValue::new(&mut until).range(1..=last + 1)).labelled_by(to.id).changed() {
                new.last = until - 1;
                new.first = new.first.min(new.last);
            }
        });
    });
}

fn preview(ui: &mut Ui, cx: &mut Context<'_>) {
    match &cx.model.batch.plan {
        None => {
            ui.horizontal(|ui| {
                spinner::draw(ui);
                ui.label("Looking what would be written…");
            });
        }
        Some(Err(reason)) => {
            ui.add(
                egui::Label::new(egui::RichText::new(reason).color(theme::warning(ui.visuals().dark_mode)))
                    .wrap(),
            );
            ui.add_enabled(false, egui::Button::new("Start"));
        }
        Some(Ok(plan)) => {
            let num = plan.num_figures();
            let replaces = cx.model.batch.scope.replaces;
            let num_there = plan.existing.len();
            let num_left = if replaces { num } else { num.saturating_sub(num_there) };
            if num_left == 0 {
                ui.strong(format!("Nothing is left to write: all {num} figures are there"));
            } else {
                ui.strong(format!("{num_left} figures would be written, of {} runs", plan.runs.len()));
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
            for figure in figures.take(NUM_LISTED) {
                let name = figure.path.file_name().unwrap_or_default().to_string_lossy();
                ui.add(egui::Label::new(egui::RichText::new(name).weak().small()).truncate());
            }
            if num > NUM_LISTED {
                ui.label(egui::RichText::new(format!("and {} more", num - NUM_LISTED)).weak().small());
            }
            let start = ui.add_enabled(num_left > 0, egui::Button::new("Start"));
            if start.on_hover_text("Write them; the window stays usable").clicked() {
                cx.commands.push(TaskCommand::StartBatch);
            }
        }
    }
}

fn running(
    ui: &mut Ui,
    commands: &mut crate::app::message::command::Commands,
    news: &BatchNews,
    is_ending: bool,
) {
    let share = news.num_runs_done as f32 / news.num_runs.max(1) as f32;
    ui.add(egui::ProgressBar::new(share).text(format!("{} of {} runs", news.num_runs_done, news.num_runs)));
    let left = news.time_left().map_or_else(
        || "time left not known yet".to_owned(),
        |left| format!("about {} s left", left.as_secs().max(1)),
    );
    ui.label(format!("{} figures written, {} pictures failed, {left}", news.num_written, news.failed.len()));
    if is_ending {
        ui.label("Ending…");
    } else if ui.button("Cancel batch").on_hover_text("What is written stays").clicked() {
        commands.push(TaskCommand::CancelBatch);
    }
}

fn report(ui: &mut Ui, commands: &mut crate::app::message::command::Commands, news: &BatchNews) {
    ui.strong(news.summary());
    if news.failed.is_empty() {
        return;
    }
    let colour = theme::error(ui.visuals().dark_mode);
    egui::ScrollArea::vertical().max_height(140.0).show(ui, |ui| {
        for (picture, reason) in news.failed.iter().take(NUM_FAILURES) {
            let text = if picture.is_empty() { reason.clone() } else { format!("{picture}: {reason}") };
            ui.add(egui::Label::new(egui::RichText::new(text).color(colour)).wrap());
        }
    });
    if ui.button("Copy report").clicked() {
        let lines: Vec<String> = news.failed.iter().map(|(p, reason)| format!("{p}\t{reason}")).collect();
        commands.push(SaveCommand::Copy(lines.join("\n"), "the report"));
    }
}

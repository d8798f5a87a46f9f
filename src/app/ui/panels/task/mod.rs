//! The window of a task: its choices, what it would write, its progress and its report. All tasks share this; the choices of each kind
//! are in a file of their own.

mod animate;
mod batch;
mod choices;
mod extract;
mod folders;
pub(crate) mod matrix;
mod others;
mod probe;
mod similarity;

use egui::Ui;

use crate::app::message::command::Commands;
use crate::app::message::save::SaveCommand;
use crate::app::message::task::TaskCommand;
use crate::app::model::task::Task;
use crate::app::model::task::basis::TaskAbout;
use crate::app::model::task::run_news::{RunEnd, RunNews};
use crate::app::ui::context::Context;
use crate::app::ui::dialog::dialog;
use crate::app::ui::{spinner, theme};

/// Number of failures that the report shows; copying the report copies all that are kept.
const NUM_FAILURES: usize = 20;

/// Draws the windows of the tasks that are open.
pub(crate) fn draw(ctx: &egui::Context, cx: &mut Context<'_>) {
    for &task in Task::ALL {
        if !cx.model.tasks.run(task).is_open {
            continue;
        }
        let TaskAbout { title, size, .. } = *task.about();
        if !dialog(ctx, title, size.into(), |ui| content(ui, cx, task)) {
            cx.commands.push(TaskCommand::Toggle(task));
        }
    }
}

fn content(ui: &mut Ui, cx: &mut Context<'_>, task: Task) {
    let tasks = &cx.model.tasks;
    if let Some((news, called_off)) = &tasks.run(task).running {
        running(ui, cx.commands, task, news, called_off.is_cancelled());
        return;
    }
    if let Some(news) = &tasks.run(task).report {
        report(ui, cx.commands, news);
        ui.separator();
    }
    match task {
        Task::Batch => batch::scope(ui, cx),
        Task::Extract => extract::scope(ui, cx),
        Task::Animate => animate::scope(ui, cx),
        Task::Similarity => similarity::scope(ui, cx),
        Task::Probe => probe::scope(ui, cx),
    }
    ui.separator();
    match task {
        Task::Batch => plan(ui, tasks.batch.plan.as_ref(), |ui, plan| batch::planned(ui, cx, plan)),
        Task::Extract => plan(ui, tasks.extract.plan.as_ref(), |ui, plan| extract::planned(ui, cx, plan)),
        Task::Animate => plan(ui, tasks.animate.plan.as_ref(), |ui, plan| animate::planned(ui, cx, plan)),
        Task::Similarity => {
            plan(ui, tasks.similarity.plan.as_ref(), |ui, plan| similarity::planned(ui, cx, plan));
        }
        Task::Probe => plan(ui, tasks.probe.plan.as_ref(), |ui, plan| probe::planned(ui, cx, plan)),
    }
}

/// Shows what would be written, or why nothing can be, or that it is being worked out.
fn plan<P>(ui: &mut Ui, plan: Option<&Result<P, String>>, planned: impl FnOnce(&mut Ui, &P)) {
    match plan {
        None => {
            ui.horizontal(|ui| {
                spinner::draw(ui);
                ui.label("Looking what would be written…");
            });
        }
        Some(Err(reason)) => {
            let colour = theme::warning(ui.visuals().dark_mode);
            ui.add(egui::Label::new(egui::RichText::new(reason).color(colour)).wrap());
            ui.add_enabled(false, egui::Button::new("Start"));
        }
        Some(Ok(plan)) => planned(ui, plan),
    }
}

/// The progress of a run, and the button to stop it.
fn running(ui: &mut Ui, commands: &mut Commands, task: Task, news: &RunNews, is_ending: bool) {
    let TaskAbout { things, stop, .. } = *task.about();
    let share = news.done as f32 / news.total.max(1) as f32;
    let text = if news.total == 0 && !news.what.is_empty() {
        format!("{}…", news.what)
    } else if news.total == 0 {
        format!("counting {things}…")
    } else {
        format!("{} of {} {things}", news.done, news.total)
    };
    let bar = ui.add(egui::ProgressBar::new(share).text(&text));
    bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &text));
    let rate = news.per_second().map_or_else(String::new, |rate| format!("{rate:.1} {things}/s, "));
    let left = news.time_left().map_or_else(
        || "time left not known yet".to_owned(),
        |left| format!("about {} left", duration_words(left.as_secs().max(1))),
    );
    // Of a comparison or a probe no part can fail alone.
    match task {
        Task::Batch | Task::Extract | Task::Animate => {
            ui.label(format!("{rate}{left}, {} failed", news.num_failed));
        }
        Task::Similarity | Task::Probe if news.total > 0 => {
            ui.label(format!("{rate}{left}"));
        }
        Task::Similarity | Task::Probe => {}
    }
    if !news.what.is_empty() && news.total > 0 {
        ui.add(egui::Label::new(egui::RichText::new(&news.what).weak()).wrap());
    }
    if is_ending {
        ui.label("Ending: what is in hand is finished…");
    } else if ui.button(stop).on_hover_text("What is done is kept where it can be").clicked() {
        commands.push(TaskCommand::Cancel(task));
    }
}

fn duration_words(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// The report of a finished run: how it ended, and the failures.
fn report(ui: &mut Ui, commands: &mut Commands, news: &RunNews) {
    let colour = theme::error(ui.visuals().dark_mode);
    let text = match &news.end {
        None => return,
        Some(RunEnd::Done(words)) => egui::RichText::new(words),
        Some(RunEnd::Stopped(words)) => {
            egui::RichText::new(words).color(theme::warning(ui.visuals().dark_mode))
        }
        Some(RunEnd::Failed(words)) => egui::RichText::new(words).color(colour),
    };
    ui.add(egui::Label::new(text.strong()).wrap());
    if news.failures.is_empty() {
        return;
    }
    let line = |(picture, reason): &(String, String)| {
        if picture.is_empty() { reason.clone() } else { format!("{picture}: {reason}") }
    };
    egui::ScrollArea::vertical().id_salt("failures").max_height(100.0).show(ui, |ui| {
        for failure in news.failures.iter().take(NUM_FAILURES) {
            ui.add(egui::Label::new(egui::RichText::new(line(failure)).color(colour)).wrap());
        }
    });
    if ui.button("Copy report").clicked() {
        let lines: Vec<String> = news.failures.iter().map(line).collect();
        commands.push(SaveCommand::Copy(lines.join("\n"), "the report"));
    }
}

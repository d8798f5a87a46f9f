//! How far a long run is, and what came of it.

use egui::Ui;

use crate::app::message::command::{Command, Commands};
use crate::app::message::save::SaveCommand;
use crate::app::model::task::{RunEnd, RunNews};
use crate::app::ui::theme;

/// Failures that the report lists; the copy has all that are kept.
const NUM_FAILURES: usize = 20;

/// Progress, with a way to stop.
pub(crate) fn running(
    ui: &mut Ui,
    commands: &mut Commands,
    (news, is_ending): (&RunNews, bool),
    things: &str,
    (cancel_words, cancel): (&str, Command),
) {
    let share = news.done as f32 / news.total.max(1) as f32;
    let text = format!("{} of {} {things}", news.done, news.total);
    let bar = ui.add(egui::ProgressBar::new(share).text(&text));
    bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &text));
    let rate = news.per_second().map_or_else(String::new, |rate| format!("{rate:.1} {things}/s, "));
    let left = news.time_left().map_or_else(
        || "time left not known yet".to_owned(),
        |left| format!("about {} left", duration_words(left.as_secs().max(1))),
    );
    ui.label(format!("{rate}{left}, {} failed", news.num_failed));
    if !news.what.is_empty() {
        ui.add(egui::Label::new(egui::RichText::new(&news.what).weak()).wrap());
    }
    if is_ending {
        ui.label("Ending: what is in hand is finished…");
    } else if ui.button(cancel_words).on_hover_text("What is done is kept where it can be").clicked() {
        commands.push(cancel);
    }
}

fn duration_words(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// What came of a run.
pub(crate) fn report(ui: &mut Ui, commands: &mut Commands, news: &RunNews) {
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

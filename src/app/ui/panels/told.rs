//! What the head in use tells of the frame on screen, beside the true value, and its line over the frames seen so far.

use egui::Ui;
use egui_plot::{Line, PlotUi, Points};

use crate::app::message::task::TaskCommand;
use crate::app::model::Model;
use crate::app::model::dataset::{OpenSource, label_words};
use crate::app::ui::context::Context;
use crate::app::ui::panels::task::matrix::number;
use crate::app::ui::theme;
use crate::app::ui::widgets::steady;
use crate::input::dataset::Label;
use crate::study::predictor::ToldValue;
use crate::tensor::{counted, shown};

/// The row with what is told of the frame on screen.
pub(crate) fn reading(ui: &mut Ui, cx: &mut Context<'_>, open: &OpenSource) {
    let Some(telling) = &cx.model.studied.telling else { return };
    let target = &telling.kept.about.target;
    let at = open.source.label_names().iter().position(|name| name == target);
    let truth = at.and_then(|at| open.source.sample(open.index)?.labels.get(at).cloned());
    let (words, is_bad) = match (&telling.trouble, telling.of_frame(open)) {
        (Some(_), _) => (format!("{} can't be used here (Use head… says why)", telling.name), true),
        (None, None) => (format!("predicted {}: computing…", shown(target)), false),
        (None, Some(Err(reason))) => {
            (format!("{} can't be predicted for this frame: {reason}", shown(target)), true)
        }
        (None, Some(Ok(told))) => (told_words(target, told, truth.as_ref()), false),
    };
    steady(ui, "told", |ui| {
        ui.horizontal(|ui| {
            if ui.button("Remove the head").on_hover_text("Predict no more frames").clicked() {
                cx.commands.push(TaskCommand::DropHead);
            }
            let text = egui::RichText::new(words);
            let is_dark = ui.visuals().dark_mode;
            let colour = match (is_bad, is_dark) {
                (true, _) => theme::error(is_dark),
                (false, true) => TOLD,
                (false, false) => TOLD_ON_LIGHT,
            };
            let text = text.color(colour);
            ui.add(egui::Label::new(text));
            let about = &telling.kept.about;
            let seen = format!(
                "{}, by {}, fitted on {}: a frame among these is no test of it",
                counted(telling.len(), "frame"),
                telling.name,
                counted(about.num_rows, "row")
            );
            let [low, high] = about.interval;
            let hint = format!(
                "{seen}\nOn rows that it was not fitted on, its score is {:.3} [{low:.3}, {high:.3}]",
                about.score
            );
            ui.add(egui::Label::new(egui::RichText::new(seen).weak().small()).truncate()).on_hover_text(hint);
        });
    });
}

/// The told value, the true one, and by how much they differ.
fn told_words(target: &str, told: &ToldValue, truth: Option<&Label>) -> String {
    let target = shown(target);
    let is_known = truth.filter(|truth| !matches!(truth, Label::Missing));
    match (told, is_known) {
        (ToldValue::Number(value), Some(truth)) => {
            let off = truth
                .number()
                .map_or_else(String::new, |truth| format!(" (error {})", signed(value - truth)));
            format!("predicted {target}: {} · true: {}{off}", digits(*value), label_words(truth))
        }
        (ToldValue::Number(value), None) => format!("predicted {target}: {} · no true value", digits(*value)),
        (ToldValue::Class(name), Some(truth)) => {
            let truth = label_words(truth);
            let is = if truth == *name { "right" } else { "wrong" };
            format!("predicted {target}: {} · true: {} ({is})", shown(name), shown(&truth))
        }
        (ToldValue::Class(name), None) => format!("predicted {target}: {} · no true value", shown(name)),
    }
}

/// Five digits are more than any head is right about.
fn digits(value: f64) -> String {
    let size = value.abs();
    let decimals = if size >= 1000.0 {
        1
    } else if size >= 0.01 || size == 0.0 {
        4
    } else {
        6
    };
    number(value, decimals)
}

fn signed(value: f64) -> String {
    let words = digits(value);
    if value > 0.0 { format!("+{words}") } else { words }
}

/// The line of what was told, in the plot of the label that it is told of.
pub(crate) fn line(plot: &mut PlotUi<'_>, model: &Model, open: &OpenSource, label: &str) {
    let Some(telling) = model.studied.telling.as_ref().filter(|it| it.kept.about.target == label) else {
        return;
    };
    let points = telling.points(open);
    plot.line(Line::new("predicted", points.clone()).color(TOLD).width(1.5));
    plot.points(Points::new("predicted", points).color(TOLD).radius(2.0));
}

/// The colour of what is told.
const TOLD: egui::Color32 = egui::Color32::from_rgb(214, 120, 50);
/// The same for words on a light ground, which need more contrast than a line.
const TOLD_ON_LIGHT: egui::Color32 = egui::Color32::from_rgb(158, 74, 12);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_stands_beside_the_truth() {
        let words = |told: ToldValue, truth: Option<Label>| told_words("angle", &told, truth.as_ref());
        assert_eq!(
            words(ToldValue::Number(-0.25), Some(Label::Number(0.5))),
            "predicted angle: −0.2500 · true: 0.5 (error −0.7500)"
        );
        assert_eq!(
            words(ToldValue::Number(0.25), Some(Label::Missing)),
            "predicted angle: 0.2500 · no true value"
        );
        assert_eq!(words(ToldValue::Number(0.001), None), "predicted angle: 0.001000 · no true value");
        let class = || ToldValue::Class("left".to_owned());
        assert_eq!(
            words(class(), Some(Label::Text("left".into()))),
            "predicted angle: left · true: left (right)"
        );
        assert_eq!(
            words(class(), Some(Label::Text("center".into()))),
            "predicted angle: left · true: center (wrong)"
        );
    }
}

//! The question what becomes of figures in a batch's folder that were made with other settings.

use egui::{Button, Label, RichText, Ui};

use crate::app::message::task::TaskCommand;
use crate::app::model::task::Task;
use crate::app::model::task::existing::OtherFigures;
use crate::app::ui::context::Context;
use crate::app::ui::theme;
use crate::extract::Existing;
use crate::tensor::counted;

/// Number of differences that are listed.
const NUM_LISTED: usize = 6;

/// Says what differs and asks: keep, make anew, another folder. `num_left` figures are not there yet.
pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, others: &OtherFigures, num_left: usize) {
    let colour = theme::warning(ui.visuals().dark_mode);
    let num_known = others.paths.len() - others.num_unknown;
    if num_known > 0 {
        let (figures, were) = (counted(num_known, "figure"), if num_known == 1 { "was" } else { "were" });
        let words = format!("{figures} that {were} made with other settings would be kept:");
        ui.add(Label::new(RichText::new(words).color(colour)).wrap());
        for (difference, num) in others.differences.iter().take(NUM_LISTED) {
            let words = format!("{} ({})", difference.words(), counted(*num, "figure"));
            ui.add(Label::new(RichText::new(words).weak()).wrap());
        }
        let num_more = others.differences.len().saturating_sub(NUM_LISTED);
        if num_more > 0 {
            ui.label(RichText::new(format!("and {num_more} more differences")).weak());
        }
    }
    if others.num_unknown > 0 {
        let words =
            format!("{} without a readable record would be kept", counted(others.num_unknown, "file"));
        ui.add(Label::new(RichText::new(words).color(colour)).wrap());
    }
    ui.horizontal_wrapped(|ui| {
        let keep = ui.add_enabled(num_left > 0, Button::new("Keep them"));
        if keep.on_hover_text("Write only the figures that are not there yet").clicked() {
            cx.commands.push(TaskCommand::Start(Task::Batch, Existing::default()));
        }
        if ui
            .button("Make them anew")
            .on_hover_text("Replace these, and write what is not there yet")
            .clicked()
        {
            let anew = Existing { overwrite: true, ..Existing::default() };
            cx.commands.push(TaskCommand::Start(Task::Batch, anew));
        }
        if ui.button("Another folder…").on_hover_text("Choose another folder for this batch").clicked() {
            cx.commands.push(TaskCommand::ChoosePlace(Task::Batch));
        }
    });
}

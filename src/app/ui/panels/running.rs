//! The running tasks in the status bar: each with its count, wherever its dialog is.

use egui::Ui;

use crate::app::message::task::TaskCommand;
use crate::app::model::naming;
use crate::app::model::task::Task;
use crate::app::ui::context::Context;

pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    for &task in Task::ALL {
        let Some(words) = naming::running(cx.model, task) else { continue };
        ui.separator();
        if ui
            .small_button(words)
            .on_hover_text("Open its dialog, to see how far it is or to stop it")
            .clicked()
        {
            cx.commands.push(TaskCommand::Open(task));
        }
    }
}

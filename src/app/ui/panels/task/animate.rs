//! The dialog of a moving picture: what to animate, size, speed, output.

use egui::{ComboBox, Ui};

use crate::app::message::task::TaskCommand;
use crate::app::model::task::animate::AnimatePreview;
use crate::app::model::task::{Task, TaskScope};
use crate::app::ui::context::Context;
use crate::app::ui::panels::task::choices;
use crate::app::ui::widgets::{select_on_focus, setting};
use crate::extract::Existing;
use crate::render::AnimationMode;
use crate::tensor::counted;

fn words(mode: AnimationMode) -> &'static str {
    match mode {
        AnimationMode::Channels => "channels, one after the other",
        AnimationMode::Depth => "depth, a mosaic a layer",
        AnimationMode::Drive => "drive, a mosaic a frame",
    }
}

pub(crate) fn scope(ui: &mut Ui, cx: &mut Context<'_>) {
    let old = &cx.model.tasks.animate.scope;
    let mut new = old.clone();
    setting(ui, "Animate over", "", |ui, width| {
        let list = ComboBox::from_id_salt("Animate over").selected_text(words(new.mode));
        list.width(width.min(choices::LIST_WIDTH))
            .show_ui(ui, |ui| {
                for mode in AnimationMode::ALL {
                    if ui.selectable_label(new.mode == mode, words(mode)).clicked() {
                        new.set_mode(mode);
                    }
                }
            })
            .response
    });
    ui.horizontal(|ui| {
        let hint = "Names with commas, first:N for the first N, all-stages, or final";
        let label = ui.label("Layers shown").on_hover_text(hint);
        let field = ui
            .add(
                egui::TextEdit::singleline(&mut new.layers)
                    .id_salt("layers")
                    .desired_width(220.0)
                    .hint_text(new.mode.usual_layers()),
            )
            .labelled_by(label.id);
        // What is typed replaces the layer in view.
        select_on_focus(ui, &field, &new.layers);
    });
    ui.horizontal(|ui| {
        let fps = ui.label("Frames a second");
        ui.add(egui::DragValue::new(&mut new.fps).range(0.1..=50.0).speed(0.1)).labelled_by(fps.id);
        let side = ui
            .label("Size (px)")
            .on_hover_text("That the map or mosaic comes near to; values become whole squares");
        ui.add(egui::DragValue::new(&mut new.side).range(16..=4096)).labelled_by(side.id);
    });
    ui.horizontal(|ui| {
        let label = ui.label("File or folder");
        ui.add(
            egui::TextEdit::singleline(&mut new.output)
                .id_salt("output")
                .desired_width(240.0)
                .hint_text("name.gif, name.png, or a folder"),
        )
        .labelled_by(label.id);
        if ui.button("Choose file…").clicked() {
            cx.commands.push(TaskCommand::ChoosePlace(Task::Animate));
        }
    });
    let about = "Picture, network, input, colours and range are those of the view that is active.";
    ui.add(egui::Label::new(egui::RichText::new(about).weak()).wrap());
    if new != *old {
        cx.commands.push(TaskCommand::Set(Box::new(TaskScope::Animate(new))));
    }
}

/// What would be written, and the button to start.
pub(crate) fn planned(ui: &mut Ui, cx: &mut Context<'_>, plan: &AnimatePreview) {
    let extent = plan.extent;
    let seconds = extent.num_frames as f64 / cx.model.tasks.animate.scope.fps.max(0.1);
    ui.strong(format!(
        "{} of {}×{} pixels, {seconds:.1} s",
        counted(extent.num_frames, "frame"),
        extent.width,
        extent.height
    ));
    if plan.is_there {
        ui.label("Something of that name is there already");
    }
    let words = if plan.is_there { "Replace it" } else { "Start" };
    if ui.button(words).on_hover_text("Write it; the window stays usable").clicked() {
        cx.commands.push(TaskCommand::Start(Task::Animate, Existing::default()));
    }
}

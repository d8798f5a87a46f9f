//! The window about the head in use: which one it is, and how to use another.

use egui::Ui;

use crate::app::message::task::TaskCommand;
use crate::app::ui::context::Context;
use crate::app::ui::dialog::dialog;
use crate::app::ui::theme;
use crate::app::ui::widgets::select_on_focus;
use crate::tensor::shown;

pub(crate) fn draw(ctx: &egui::Context, cx: &mut Context<'_>) {
    if cx.model.open.head && !dialog(ctx, "Use head", egui::vec2(460.0, 220.0), |ui| content(ui, cx)) {
        cx.commands.push(TaskCommand::ToggleHead);
    }
}

fn content(ui: &mut Ui, cx: &mut Context<'_>) {
    let words = "A head that a probe kept tells its target of each frame, beside the true value.";
    ui.add(egui::Label::new(egui::RichText::new(words).weak()).wrap());
    ui.horizontal(|ui| {
        let label = ui.label("File of a head");
        let field = egui::TextEdit::singleline(&mut cx.scratch.typed_head)
            .id_salt("File of a head")
            .desired_width(200.0)
            .hint_text("name.safetensors");
        let field = ui.add(field).labelled_by(label.id);
        select_on_focus(ui, &field, &cx.scratch.typed_head);
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let typed = cx.scratch.typed_head.trim();
        let can_use = !typed.is_empty();
        let button = ui.add_enabled(can_use, egui::Button::new("Use it"));
        if can_use && (button.clicked() || is_entered) {
            cx.commands.push(TaskCommand::UseHead(typed.into()));
        }
        if ui.button("Choose head…").clicked() {
            cx.commands.push(TaskCommand::ChooseHead);
        }
    });
    let is_fitted = cx.model.studied.probed.as_ref().is_some_and(|probed| probed.head.is_some());
    let button = ui.add_enabled(is_fitted, egui::Button::new("Use the head of the last probe"));
    if button.clicked() {
        cx.commands.push(TaskCommand::UseFittedHead);
    }
    let Some(telling) = &cx.model.studied.telling else {
        ui.label("No head is in use");
        return;
    };
    ui.separator();
    let about = &telling.kept.about;
    let words = format!(
        "In use: {}, which tells `{}` from {} · {}, pool {}",
        telling.name,
        shown(&about.target),
        shown(&about.tag),
        shown(&about.layer),
        shown(&about.pool)
    );
    ui.add(egui::Label::new(words).wrap());
    if let Some(trouble) = &telling.trouble {
        let colour = theme::error(ui.visuals().dark_mode);
        ui.add(egui::Label::new(egui::RichText::new(trouble).color(colour)).wrap());
    }
    if ui.button("Remove the head").clicked() {
        cx.commands.push(TaskCommand::DropHead);
    }
}

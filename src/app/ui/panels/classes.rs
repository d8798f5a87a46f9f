//! The most likely classes for the picture, and the choice of a class map in place of the last layer's channels.

use egui::ComboBox;

use crate::app::message::view::ViewCommand;
use crate::app::model::shown::Shown;
use crate::app::ui::context::Context;
use crate::app::ui::theme;
use crate::app::ui::widgets::{named, section, setting};
use crate::render::{Change, ClassChoice, TopClass};
use crate::weights::Head;

/// The entry of the list for no class map.
const CHANNELS: &str = "all channels";
const TOP: &str = "class map: likeliest class";

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>, shown: &Shown) {
    if shown.classes.is_some() || !shown.top_classes.is_empty() {
        section(ui, "Predictions", |_| {});
    }
    if shown.top_classes.is_empty()
        && let Some(why) = &shown.classes
    {
        ui.add(egui::Label::new(why).wrap());
    }
    let backbone = &shown.run_by.backbone;
    let has_maps = shown.node == backbone.graph().final_node()
        && shown.minus.is_none()
        && backbone.weights().head().is_some_and(Head::has_class_maps);
    let asked = cx.model.view().request.class_map.clone();
    for TopClass { number, name, probability } in &shown.top_classes {
        let class = ClassChoice::Named(number.to_string());
        if prediction(ui, name, *probability, has_maps).clicked() {
            let class = (asked.as_ref() != Some(&class)).then_some(class);
            cx.commands.push(ViewCommand::Change(Change::ClassMap(class)));
        }
    }
    if !has_maps {
        return;
    }
    let mut want = |class: Option<ClassChoice>| {
        cx.commands.push(ViewCommand::Change(Change::ClassMap(class)));
    };
    let current = match &asked {
        None => CHANNELS.to_owned(),
        Some(ClassChoice::Top) => TOP.to_owned(),
        // A number is the class of a prediction, whose name says more.
        Some(ClassChoice::Named(asked)) => {
            let found = shown.top_classes.iter().find(|class| class.number.to_string() == *asked);
            format!("class map: {}", found.map_or(asked.as_str(), |class| &class.name))
        }
    };
    setting(ui, "Show", "The layer's channels, or where it speaks for a class", |ui, width| {
        ComboBox::from_id_salt("Show")
            .selected_text(current)
            .width(width)
            .truncate()
            .show_ui(ui, |ui| {
                if ui.selectable_label(asked.is_none(), CHANNELS).clicked() {
                    want(None);
                }
                let top = ui.selectable_label(asked == Some(ClassChoice::Top), TOP);
                if top.on_hover_text("Where the last layer speaks for the class").clicked() {
                    want(Some(ClassChoice::Top));
                }
            })
            .response
    });
    ui.horizontal(|ui| {
        let label = ui.label("Class map of").on_hover_text("A class's number, from 0, or a part of its name");
        let field =
            egui::TextEdit::singleline(&mut cx.scratch.typed_class).id_salt("class").desired_width(140.0);
        let field = ui.add(field.hint_text("tabby")).labelled_by(label.id);
        if field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) {
            let typed = std::mem::take(&mut cx.scratch.typed_class);
            if !typed.trim().is_empty() {
                want(Some(ClassChoice::of(typed.trim())));
            }
        }
    });
}

/// A class with its probability as a bar; a button where the class has a map.
fn prediction(ui: &mut egui::Ui, name: &str, probability: f32, has_maps: bool) -> egui::Response {
    let tokens = theme::of(ui);
    let size = egui::vec2(ui.available_width(), PREDICTION_HEIGHT);
    let sense = if has_maps { egui::Sense::click() } else { egui::Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(size, sense);
    let percent = format!("{:.1} %", probability * 100.0);
    let role = if has_maps { egui::Role::Button } else { egui::Role::Label };
    let response = named(response, role, &format!("{name}: {percent}"));
    ui.painter().rect_filled(rect, 3.0, tokens.card);
    let bar = rect.with_max_x(rect.left() + rect.width() * probability.clamp(0.0, 1.0));
    ui.painter().rect_filled(bar, 3.0, tokens.selected_row);
    let font = egui::TextStyle::Small.resolve(ui.style());
    let right = ui.painter().text(
        rect.right_center() - egui::vec2(6.0, 0.0),
        egui::Align2::RIGHT_CENTER,
        &percent,
        font.clone(),
        tokens.strong,
    );
    let room = rect.with_max_x(right.left() - 6.0);
    let at = rect.left_center() + egui::vec2(6.0, 0.0);
    ui.painter_at(room).text(at, egui::Align2::LEFT_CENTER, name, font, tokens.text);
    let hint = if has_maps { "\nClick for its class map: where the last layer speaks for it" } else { "" };
    response.on_hover_text(format!("{name}\nprobability {percent}{hint}"))
}

/// Height of a class's bar.
const PREDICTION_HEIGHT: f32 = 18.0;

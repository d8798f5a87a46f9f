//! Choices that several tasks' dialogs share: networks, layers, folder.

use std::collections::BTreeSet;

use egui::{ComboBox, Ui};

use crate::app::model::Model;
use crate::app::model::task::basis::TaskLayers;
use crate::app::ui::widgets::setting;

/// A checkbox for each network whose weights are installed: the registry's and those of opened files.
pub(crate) fn networks(ui: &mut Ui, model: &Model, tags: &mut BTreeSet<String>) {
    ui.label("Networks (those whose weights are installed)");
    ui.horizontal_wrapped(|ui| {
        for row in model.specs_at_hand() {
            let mut is_in = tags.contains(row.tag);
            if ui.checkbox(&mut is_in, row.tag).changed() {
                if is_in {
                    tags.insert(row.tag.to_owned());
                } else {
                    tags.remove(row.tag);
                }
            }
        }
    });
}

/// A list of layers to choose from. `but` says what applies to networks without the layer on screen.
pub(crate) fn layers(ui: &mut Ui, model: &Model, name: &str, but: &str, layers: &mut TaskLayers) {
    let view = model.view();
    let this = &view.graph.node(view.node()).name;
    let words = |layers: TaskLayers| match layers {
        TaskLayers::Final => "last layer of each network".to_owned(),
        TaskLayers::This => format!("{this}, {but}"),
        TaskLayers::AllStages => "all stages".to_owned(),
    };
    setting(ui, name, "", |ui, width| {
        let list = ComboBox::from_id_salt(name).selected_text(words(*layers)).width(width.min(LIST_WIDTH));
        list.show_ui(ui, |ui| {
            for other in [TaskLayers::Final, TaskLayers::This, TaskLayers::AllStages] {
                if ui.selectable_label(*layers == other, words(other)).clicked() {
                    *layers = other;
                }
            }
        })
        .response
    });
}

/// Width of a list in a task's dialog.
pub(crate) const LIST_WIDTH: f32 = 260.0;

/// A field to type a folder's path, and a button to choose one; returns whether the button was clicked.
pub(crate) fn folder(ui: &mut Ui, name: &str, choose: &str, folder: &mut String) -> bool {
    ui.horizontal(|ui| {
        let label = ui.label(name);
        ui.add(
            egui::TextEdit::singleline(folder)
                .id_salt(name)
                .desired_width(300.0)
                .hint_text("made if it isn't there"),
        )
        .labelled_by(label.id);
        ui.button(choose).clicked()
    })
    .inner
}

//! The dialog of a comparison of layers: the choices, and the matrix, which stays until the next one.

use egui::{ComboBox, DragValue, Ui};

use crate::app::message::task::TaskCommand;
use crate::app::model::task::similarity::SimilarityPreview;
use crate::app::model::task::{Task, TaskScope};
use crate::app::ui::context::Context;
use crate::app::ui::panels::task::{choices, folders, matrix};
use crate::app::ui::theme;
use crate::app::ui::widgets::setting;
use crate::extract::Existing;
use crate::similarity::{CkaKernel, Measure};
use crate::study::compared::ComparedSets;
use crate::tensor::counted;

/// The most sets that the preview lists.
const NUM_LISTED: usize = 12;

const MEASURES: [(Measure, &str); 4] = [
    (Measure::Cka(CkaKernel::Linear), "CKA, linear"),
    (Measure::Cka(CkaKernel::Rbf { bandwidth: Measure::DEFAULT_BANDWIDTH }), "CKA, RBF kernel"),
    (Measure::Rsa, "RSA"),
    (Measure::Neighbours { k: Measure::DEFAULT_K }, "mutual nearest neighbours"),
];

pub(crate) fn scope(ui: &mut Ui, cx: &mut Context<'_>) {
    if let Some(compared) = cx.model.studied.compared.clone() {
        result(ui, cx, &compared);
        ui.separator();
    }
    let old = &cx.model.tasks.similarity.scope;
    let mut new = old.clone();
    folders::folders(ui, cx.commands, Task::Similarity, &mut new.folders);
    let current = MEASURES.iter().find(|(measure, _)| *measure == new.measure).map_or("", |(_, words)| words);
    setting(ui, "Measure", "", |ui, width| {
        let list = ComboBox::from_id_salt("Measure").selected_text(current);
        list.width(width.min(choices::LIST_WIDTH))
            .show_ui(ui, |ui| {
                for (measure, words) in MEASURES {
                    if ui.selectable_label(new.measure == measure, words).clicked() {
                        new.measure = measure;
                    }
                }
            })
            .response
    });
    ui.horizontal(|ui| {
        match new.measure {
            Measure::Neighbours { .. } => {
                let k = ui.label("Neighbours").on_hover_text("Of each picture, by the cosine of features");
                ui.add(DragValue::new(&mut new.k).range(1..=10_000)).labelled_by(k.id);
            }
            Measure::Cka(CkaKernel::Rbf { .. }) => {
                let hint = "Width of the kernel as a share of the median distance between two pictures";
                let bandwidth = ui.label("Bandwidth").on_hover_text(hint);
                let field = DragValue::new(&mut new.bandwidth).range(0.01..=100.0).speed(0.01);
                ui.add(field).labelled_by(bandwidth.id);
            }
            Measure::Rsa => {
                let hint = "Pictures are drawn again this often, for 95 % intervals; 0 gives none";
                let times = ui.label("Bootstrap").on_hover_text(hint);
                ui.add(DragValue::new(&mut new.num_resamples).range(0..=100_000)).labelled_by(times.id);
            }
            _ => {}
        }
        let seed = ui.label("Seed").on_hover_text("Of random choices: minibatches, bootstrap");
        ui.add(DragValue::new(&mut new.seed)).labelled_by(seed.id);
    });
    if new != *old {
        cx.commands.push(TaskCommand::Set(Box::new(TaskScope::Similarity(new))));
    }
}

/// What would be compared, and the button to start.
pub(crate) fn planned(ui: &mut Ui, cx: &mut Context<'_>, plan: &SimilarityPreview) {
    ui.strong(format!("{} would be compared", counted(plan.sets.len(), "layer")));
    listed(ui, &plan.sets);
    if ui.button("Start").on_hover_text("Compare them; the window stays usable").clicked() {
        cx.commands.push(TaskCommand::Start(Task::Similarity, Existing::default()));
    }
}

/// The sets of features that were found.
pub(crate) fn listed(ui: &mut Ui, sets: &[String]) {
    for set in sets.iter().take(NUM_LISTED) {
        ui.add(egui::Label::new(egui::RichText::new(set).weak().small()).truncate());
    }
    if sets.len() > NUM_LISTED {
        ui.label(egui::RichText::new(format!("and {} more", sets.len() - NUM_LISTED)).weak().small());
    }
}

/// The matrix, what to know about it, and how to save it.
fn result(ui: &mut Ui, cx: &mut Context<'_>, compared: &ComparedSets) {
    ui.strong(compared.outcome().summary());
    ui.label(egui::RichText::new("A click on a cell shows both layers side by side.").weak());
    let names = &compared.matrix.names;
    let words = |row: usize, column: usize| {
        let value = compared
            .matrix
            .value(row, column)
            .map_or_else(|| "no value".to_owned(), |value| matrix::number(value, 4));
        let interval = compared.matrix.interval(row, column).map_or_else(String::new, |interval| {
            format!(" [{}, {}]", matrix::number(interval.low, 4), matrix::number(interval.high, 4))
        });
        format!("{} × {}: {value}{interval}", names[row], names[column])
    };
    if let Some((row, column)) = matrix::draw(ui, &compared.figure, &words) {
        cx.commands.push(TaskCommand::ShowPair(row, column));
    }
    for note in &compared.notes {
        let colour = theme::warning(ui.visuals().dark_mode);
        ui.add(egui::Label::new(egui::RichText::new(note).color(colour)).wrap());
    }
    folders::save(ui, cx.commands, Task::Similarity, "name.png, .csv or .json", &mut cx.scratch.typed_matrix);
}

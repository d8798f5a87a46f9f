//! The dialog of a probe: the choices, and the report, which stays until the next one.

use egui::{ComboBox, DragValue, Ui};

use crate::app::message::task::TaskCommand;
use crate::app::model::studied::ProbeResult;
use crate::app::model::task::probe::{IndexColumn, ProbePreview, ProbeScope, SplitChoice};
use crate::app::model::task::{Task, TaskScope};
use crate::app::ui::context::Context;
use crate::app::ui::panels::task::{choices, folders, similarity};
use crate::app::ui::theme;
use crate::app::ui::widgets::{setting, steady};
use crate::extract::Existing;
use crate::probe::{ProbeHead, TargetKind};

const KINDS: [(Option<TargetKind>, &str); 3] =
    [(None, "automatic"), (Some(TargetKind::Numbers), "Numbers"), (Some(TargetKind::Classes), "Classes")];

const HEADS: [(Option<ProbeHead>, &str); 5] = [
    (None, "automatic (ridge or logistic)"),
    (Some(ProbeHead::Ridge), "ridge regression"),
    (Some(ProbeHead::Logistic), "logistic regression"),
    (Some(ProbeHead::Knn), "nearest neighbours"),
    (Some(ProbeHead::Dense), "hidden layer of 1024 units"),
];

const SPLITS: [(SplitChoice, &str); 5] = [
    (SplitChoice::Usual, "automatic"),
    (SplitChoice::Block, "consecutive rows together"),
    (SplitChoice::Random, "random rows"),
    (SplitChoice::Group, "groups of a column together"),
    (SplitChoice::File, "train, val and test of a column"),
];

pub(crate) fn scope(ui: &mut Ui, cx: &mut Context<'_>) {
    if let Some(probed) = cx.model.studied.probed.clone() {
        result(ui, cx, &probed);
        ui.separator();
    }
    let old = &cx.model.tasks.probe.scope;
    let mut new = old.clone();
    folders::folders(ui, cx.commands, Task::Probe, &mut new.folders);
    let columns = match &cx.model.tasks.probe.plan {
        Some(Ok(plan)) => &plan.columns[..],
        Some(Err(_)) | None => &[],
    };
    column(ui, "Target", "The column that is to be predicted", columns, &mut new.target);
    choose(ui, "Read as", &KINDS, &mut new.kind);
    choose(ui, "Head", &HEADS, &mut new.head);
    choose(ui, "Split", &SPLITS, &mut new.split);
    steady(ui, "split", |ui| {
        if new.split.takes_column() {
            let hint = "The column of groups, or that says train, val or test";
            column(ui, "Column of the split", hint, columns, &mut new.split_column);
        }
    });
    steady(ui, "numbers", |ui| numbers(ui, &mut new));
    if new != *old {
        cx.commands.push(TaskCommand::Set(Box::new(TaskScope::Probe(new))));
    }
}

fn numbers(ui: &mut Ui, new: &mut ProbeScope) {
    ui.horizontal_wrapped(|ui| {
        let folds = ui
            .label("Folds")
            .on_hover_text("Parts of the rows; each is predicted by a head fitted on the others");
        ui.add(DragValue::new(&mut new.folds).range(3..=50)).labelled_by(folds.id);
        let seed = ui.label("Seed").on_hover_text("Of all random choices");
        ui.add(DragValue::new(&mut new.seed)).labelled_by(seed.id);
        let hint = "How often ridge is scored with the target moved to other rows; 0 leaves the check out";
        let permutations = ui.label("Permutations").on_hover_text(hint);
        ui.add(DragValue::new(&mut new.permutations).range(0..=999)).labelled_by(permutations.id);
    });
    ui.checkbox(&mut new.has_random_weights, "Baseline of random weights")
        .on_hover_text("Runs the best network's architecture with random weights over all pictures");
    ui.horizontal(|ui| {
        let hint = "Where the pictures are, for the baselines that need them";
        let label = ui.label("Pictures").on_hover_text(hint);
        let field = egui::TextEdit::singleline(&mut new.pictures)
            .id_salt("Pictures")
            .desired_width(260.0)
            .hint_text("looked for beside the features");
        ui.add(field).labelled_by(label.id);
    });
}

/// A list of the index's columns; numbers are marked.
fn column(ui: &mut Ui, name: &str, hint: &str, columns: &[IndexColumn], value: &mut String) {
    let words = if value.is_empty() { "choose a column" } else { value.as_str() }.to_owned();
    setting(ui, name, hint, |ui, width| {
        let list = ComboBox::from_id_salt(name).selected_text(words).width(width.min(choices::LIST_WIDTH));
        list.show_ui(ui, |ui| {
            for column in columns {
                let mark = if column.is_numeric { " (numbers)" } else { "" };
                let text = format!("{}{mark}", column.name);
                if ui.selectable_label(*value == column.name, text).clicked() {
                    value.clone_from(&column.name);
                }
            }
        })
        .response
    });
}

fn choose<T: PartialEq + Copy>(ui: &mut Ui, name: &str, all: &[(T, &str)], value: &mut T) {
    let current = all.iter().find(|(one, _)| one == value).map_or("", |(_, words)| words);
    setting(ui, name, "", |ui, width| {
        let list = ComboBox::from_id_salt(name).selected_text(current).width(width.min(choices::LIST_WIDTH));
        list.show_ui(ui, |ui| {
            for (one, words) in all {
                if ui.selectable_label(one == value, *words).clicked() {
                    *value = *one;
                }
            }
        })
        .response
    });
}

/// What would be probed, and the button to start.
pub(crate) fn planned(ui: &mut Ui, cx: &mut Context<'_>, plan: &ProbePreview) {
    similarity::listed(ui, &plan.sets);
    let missing = cx.model.tasks.probe.scope.missing();
    if let Some(words) = missing {
        ui.label(words);
    }
    let button = ui.add_enabled(missing.is_none(), egui::Button::new("Start"));
    if button.on_hover_text("Fit and score heads; the window stays usable").clicked() {
        cx.commands.push(TaskCommand::Start(Task::Probe, Existing::default()));
    }
}

/// The report: the table, the differences, all warnings, and how to keep it.
fn result(ui: &mut Ui, cx: &mut Context<'_>, probed: &ProbeResult) {
    let report = &probed.report;
    ui.add(egui::Label::new(egui::RichText::new(report.heading()).strong()).wrap());
    let (titles, rows) = report.cells();
    egui::ScrollArea::horizontal().id_salt("scores").auto_shrink([false, true]).show(ui, |ui| {
        egui::Grid::new("scores").striped(true).num_columns(titles.len()).show(ui, |ui| {
            for title in &titles {
                ui.label(egui::RichText::new(*title).small().color(theme::of(ui).quiet));
            }
            ui.end_row();
            for row in &rows {
                for (at, cell) in row.iter().enumerate() {
                    // Behind network, layer and head are numbers.
                    let text = if at < 3 { cell.clone() } else { cell.replace('-', "−") };
                    ui.add(egui::Label::new(egui::RichText::new(text).small()).extend());
                }
                ui.end_row();
            }
        });
    });
    for sentence in report.comparisons() {
        ui.add(egui::Label::new(sentence).wrap());
    }
    let colour = theme::warning(ui.visuals().dark_mode);
    for warning in &report.warnings {
        let text = egui::RichText::new(format!("Warning: {warning}")).color(colour);
        ui.add(egui::Label::new(text).wrap());
    }
    folders::save(
        ui,
        cx.commands,
        Task::Probe,
        "name.csv, .md, .json, or .safetensors for the head",
        &mut cx.scratch.typed_report,
    );
    if let Some(head) = &probed.head {
        let hint = format!("Tell `{}` of the frames of the open data set", head.about.target);
        if ui.button("Use this head").on_hover_text(hint).clicked() {
            cx.commands.push(TaskCommand::UseFittedHead);
        }
    }
}

//! The dialog of a feature extraction: the choices, and what would be written.

use std::str::FromStr;

use egui::{ComboBox, Ui};

use crate::app::message::task::TaskCommand;
use crate::app::model::task::extract::{ExtractPreview, ExtractScope};
use crate::app::model::task::{Task, TaskScope};
use crate::app::ui::context::Context;
use crate::app::ui::panels::task::choices;
use crate::app::ui::widgets::{setting, steady};
use crate::extract::{Existing, Found, Pool};
use crate::features::FeatureFormat;
use crate::tensor::counted;
use crate::tensor::{AxisOrder, Dtype};

/// Number of sets of features that the preview lists.
const NUM_LISTED: usize = 6;

pub(crate) fn scope(ui: &mut Ui, cx: &mut Context<'_>) {
    let old = &cx.model.tasks.extract.scope;
    let mut new = old.clone();
    match &cx.model.view().source {
        Some(open) => ui.add(egui::Label::new(open.source.describe()).wrap()),
        None => ui.label("Open a folder of pictures or a driving log first"),
    };
    choices::networks(ui, cx.model, &mut new.tags);
    choices::layers(ui, cx.model, "Layer", "which all must have", &mut new.layers);
    let pools =
        ["avg", "max", "gem", "none", "flatten"].map(|name| (Pool::from_str(name).ok(), pool_words(name)));
    let pools: Vec<(Pool, &str)> =
        pools.into_iter().filter_map(|(pool, words)| Some((pool?, words))).collect();
    choose(ui, "Pool", &mut new.pool, &pools);
    let formats: Vec<(FeatureFormat, String)> =
        FeatureFormat::built().map(|format| (format, format_words(format))).collect();
    choose(ui, "Format", &mut new.format, &formats);
    choose(ui, "Type", &mut new.dtype, &[(Dtype::F32, "f32"), (Dtype::F16, "f16, half the room")]);
    let orders = [
        (AxisOrder::Hwc, "rows, columns, channels (Keras)"),
        (AxisOrder::Chw, "channels, rows, columns (torch)"),
    ];
    // A pooled map has one axis.
    ui.add_enabled_ui(matches!(new.pool, Pool::None | Pool::Flatten), |ui| {
        choose(ui, "Order of axes", &mut new.order, &orders);
    });
    steady(ui, "rows", |ui| rows(ui, cx, &mut new));
    if choices::folder(ui, "Output folder", "Choose output folder…", &mut new.folder) {
        cx.commands.push(TaskCommand::ChoosePlace(Task::Extract));
    }
    let words = "Fit and values of the input are those of the view that is active.";
    ui.add(egui::Label::new(egui::RichText::new(words).weak()).wrap());
    if new != *old {
        cx.commands.push(TaskCommand::Set(Box::new(TaskScope::Extract(new))));
    }
}

/// The choice of rows and cameras, and whether folders are labels.
fn rows(ui: &mut Ui, cx: &Context<'_>, new: &mut ExtractScope) {
    ui.horizontal_wrapped(|ui| {
        let start = ui.label("From frame").on_hover_text("Counted from 0");
        ui.add(egui::DragValue::new(&mut new.start).range(0..=100_000_000)).labelled_by(start.id);
        let every = ui.label("step").on_hover_text("1 takes every frame, 2 every second one");
        ui.add(egui::DragValue::new(&mut new.every).range(1..=1_000_000)).labelled_by(every.id);
        let limit = ui.label("most frames").on_hover_text("Drag to 0 for all");
        let field = egui::DragValue::new(&mut new.limit).range(0..=100_000_000);
        let field = field.custom_formatter(|limit, _| match limit as u64 {
            0 => "all".to_owned(),
            limit => limit.to_string(),
        });
        let field = field.custom_parser(|text| if text == "all" { Some(0.0) } else { text.parse().ok() });
        ui.add(field).labelled_by(limit.id);
    });
    let Some(open) = &cx.model.view().source else { return };
    if open.source.cameras().len() > 1 {
        ui.checkbox(&mut new.has_all_cameras, "All cameras").on_hover_text("Else the one that is shown");
    } else if open.source.cameras().is_empty() {
        ui.checkbox(&mut new.labels_by_folder, "Names of folders as labels");
    }
}

fn choose<T: PartialEq + Copy, W: AsRef<str>>(ui: &mut Ui, name: &str, value: &mut T, all: &[(T, W)]) {
    let current = all.iter().find(|(one, _)| one == value).map_or("", |(_, words)| words.as_ref());
    setting(ui, name, "", |ui, width| {
        let width = width.min(choices::LIST_WIDTH);
        let list = ComboBox::from_id_salt(name).selected_text(current).width(width);
        list.show_ui(ui, |ui| {
            for (one, words) in all {
                if ui.selectable_label(one == value, words.as_ref()).clicked() {
                    *value = *one;
                }
            }
        })
        .response
    });
}

fn pool_words(name: &str) -> &'static str {
    match name {
        "avg" => "mean of each channel",
        "max" => "largest of each channel",
        "gem" => "generalised mean",
        "none" => "none: whole maps",
        _ => "flattened maps",
    }
}

fn format_words(format: FeatureFormat) -> String {
    match format {
        FeatureFormat::Folder => "a .npy a picture".to_owned(),
        other => format!("one {other}"),
    }
}

/// What would be written, and the buttons to start.
pub(crate) fn planned(ui: &mut Ui, cx: &mut Context<'_>, plan: &ExtractPreview) {
    sets(ui, plan);
    start(ui, cx, plan.found);
}

fn sets(ui: &mut Ui, plan: &ExtractPreview) {
    let (room, pictures) = (bytes_words(plan.needed_bytes), counted(plan.num_pictures as usize, "picture"));
    ui.strong(match plan.found {
        Found::Finished => format!("Features are here already; new ones of {pictures} would replace them"),
        Found::Nothing | Found::Unfinished { .. } => {
            format!("Features of {pictures} would be written; that needs about {room} of disk while it runs")
        }
    });
    if let Some(first) = &plan.first_left_out {
        let words = format!("left out: {}; the first: {first}", counted(plan.num_left_out, "row"));
        ui.add(egui::Label::new(words).wrap());
    }
    for (folder, words) in plan.sets.iter().take(NUM_LISTED) {
        let text = egui::RichText::new(format!("{folder}: {words}")).weak().small();
        ui.add(egui::Label::new(text).truncate());
    }
    if plan.sets.len() > NUM_LISTED {
        ui.label(egui::RichText::new(format!("and {} more", plan.sets.len() - NUM_LISTED)).weak().small());
    }
}

/// The buttons to start, depending on what is in the output folder already.
fn start(ui: &mut Ui, cx: &mut Context<'_>, found: Found) {
    let begin = Existing::default();
    let allow_mixed = cx.model.tasks.extract.scope.allows_mixed;
    let resume = Existing { resume: true, allow_mixed, ..begin };
    let overwrite = Existing { overwrite: true, ..begin };
    let choices: &[(&str, &str, Existing)] = match found {
        Found::Nothing => &[("Start", "Write them; the window stays usable", begin)],
        Found::Unfinished { done } => {
            ui.label(format!("An unfinished run is here: {} done", counted(done as usize, "picture")));
            let mut scope = cx.model.tasks.extract.scope.clone();
            let mixed = ui
                .checkbox(&mut scope.allows_mixed, "Go on even if weights, engine or device differ")
                .on_hover_text("What differs is recorded with the features");
            if mixed.changed() {
                cx.commands.push(TaskCommand::Set(Box::new(TaskScope::Extract(scope))));
            }
            &[
                ("Go on", "Do what is left of the unfinished run", resume),
                ("Begin again", "Remove what the unfinished run has done, and start", overwrite),
            ]
        }
        Found::Finished => &[("Replace them", "Remove the features that are here, and start", overwrite)],
    };
    ui.horizontal(|ui| {
        for (words, hint, existing) in choices {
            if ui.button(*words).on_hover_text(*hint).clicked() {
                cx.commands.push(TaskCommand::Start(Task::Extract, *existing));
            }
        }
    });
}

fn bytes_words(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{} KB", bytes >> 10),
        0x10_0000..0x4000_0000 => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GB", bytes as f64 / 1_073_741_824.0),
    }
}

//! The left panel: the choice of picture, model and layer, and how the mosaic looks.

use egui::ComboBox;

use crate::app::message::dataset::DatasetCommand;
use crate::app::message::view::ViewCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::paths::typed_path;
use crate::app::model::windows::LeftTab;
use crate::app::ui::context::Context;
use crate::app::ui::panels::{details, display, layers, models, save, tree};
use crate::app::ui::theme;
use crate::app::ui::widgets::select_on_focus;
use crate::input::{FitChoice, ParseChoiceError, ValueChoice};
use crate::render::{Change, PictureChoice};
use crate::tensor::ValueScale;

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    egui::Panel::left("controls").default_size(theme::CONTROLS_WIDTH).size_range(200.0..=420.0).show(
        ui,
        |ui| {
            ui.horizontal(|ui| {
                // If there is room, the details are in the right panel instead.
                let shown = match cx.model.tab {
                    LeftTab::Details if !cx.scratch.is_narrow => LeftTab::Setup,
                    tab => tab,
                };
                for (tab, name, hint) in [
                    (LeftTab::Setup, "Input & model", "Picture, model, layer, looks, input and saving"),
                    (LeftTab::Layers, "Layers", "The network as a tree, a small picture for each layer"),
                    (
                        LeftTab::Details,
                        "Details",
                        "What the network saw, the channel, the layer, the pinned channels",
                    ),
                ] {
                    if tab == LeftTab::Details && !cx.scratch.is_narrow {
                        continue;
                    }
                    if ui.selectable_label(shown == tab, name).on_hover_text(hint).clicked() {
                        cx.commands.push(WindowCommand::SetTab(tab));
                    }
                }
            });
            ui.separator();
            match cx.model.tab {
                LeftTab::Layers => return tree::draw(ui, cx),
                LeftTab::Details if cx.scratch.is_narrow => return details::content(ui, cx),
                LeftTab::Details | LeftTab::Setup => {}
            }
            egui::ScrollArea::vertical().id_salt("setup").auto_shrink([false, false]).show(ui, |ui| {
                ui.heading("Picture");
                picture(ui, cx);
                frames(ui, cx);
                ui.separator();
                models::draw(ui, cx);
                ui.separator();
                layers::draw(ui, cx);
                ui.separator();
                ui.heading("Display");
                display::draw(ui, cx);
                ui.separator();
                ui.heading("Input");
                input(ui, cx);
                ui.separator();
                ui.heading("Save");
                save::draw(ui, cx);
            });
        },
    );
}

fn picture(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    ui.horizontal(|ui| {
        if ui.button("Open…").on_hover_text("A picture, or the log of a driving data set").clicked() {
            cx.commands.push(ViewCommand::ChoosePicture);
        }
        if ui.button("Folder…").on_hover_text("A folder of pictures").clicked() {
            cx.commands.push(ViewCommand::ChooseFolder);
        }
    });
    let label = ui.label("or drop a file here, or type its path:");
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 50.0).max(80.0);
        let field = ui
            .add(
                egui::TextEdit::singleline(&mut cx.scratch.typed_path).desired_width(width).hint_text("path"),
            )
            .labelled_by(label.id);
        select_on_focus(ui, &field, &cx.scratch.typed_path);
        let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        let pressed = ui.button("Go").on_hover_text("Open the path").clicked();
        if (entered || pressed)
            && let Some(path) = typed_path(&cx.scratch.typed_path)
        {
            cx.commands.push(ViewCommand::Open(path));
        }
    });
    let Some(shown) = &cx.model.view().shown else { return };
    let (width, height) = shown.picture.rgb.dimensions();
    ui.add(egui::Label::new(format!("{} · {width}×{height}", shown.label)).wrap());
    for note in &shown.picture.notes {
        ui.add(egui::Label::new(egui::RichText::new(note.words()).weak()).wrap());
    }
}

/// Frame and camera of an open data set.
fn frames(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let Some(open) = &cx.model.view().source else { return };
    if !matches!(cx.model.view().request.picture, PictureChoice::Frame { .. }) {
        return;
    }
    ui.add_space(4.0);
    ui.add(egui::Label::new(open.source.describe()).wrap());
    let last = open.source.len().saturating_sub(1);
    ui.horizontal(|ui| {
        if ui.add_enabled(open.index > 0, egui::Button::new("Previous")).clicked() {
            cx.commands.push(DatasetCommand::SetFrame(open.index - 1));
        }
        // Rows keep their numbers when others are missing, so there may be no row with the chosen number.
        let row_at = |index| open.source.sample(index).map_or(index, |s| s.row);
        let mut row = row_at(open.index);
        let label = ui.label("row");
        let field =
            ui.add(egui::DragValue::new(&mut row).range(row_at(0)..=row_at(last))).labelled_by(label.id);
        if field.changed()
            && let Some(index) = open.source.index_of_row(row)
        {
            cx.commands.push(DatasetCommand::SetFrame(index));
        }
        if ui.add_enabled(open.index < last, egui::Button::new("Next")).clicked() {
            cx.commands.push(DatasetCommand::SetFrame(open.index + 1));
        }
    });
    let cameras = open.source.cameras();
    if cameras.len() > 1 {
        ui.horizontal(|ui| {
            for camera in cameras {
                if ui.selectable_label(open.camera == Some(*camera), camera.name()).clicked() {
                    cx.commands.push(DatasetCommand::SetCamera(*camera));
                }
            }
        });
    }
    if let Some(sample) = open.source.sample(open.index) {
        for (name, label) in open.source.label_names().iter().zip(&sample.labels) {
            ui.label(format!("{name}: {label}"));
        }
    }
}

fn input(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    let choices = cx.model.view().request.input;
    let view = cx.model.view();
    // A weight file's own preprocessing is known once the file is loaded.
    let loaded = view.shown.as_ref().map(|shown| &shown.run_by.backbone);
    let asked = loaded
        .filter(|backbone| backbone.spec().tag == view.request.spec.tag)
        .map_or(view.request.spec.preprocess, |backbone| *backbone.preprocessing().spec());
    let size = asked.size;
    let fits = [
        (FitChoice::Model, format!("model default ({size})")),
        (FitChoice::Stretch, format!("stretched to {size}")),
        (FitChoice::Native, "the picture's own size".to_owned()),
    ];
    let current = fits
        .iter()
        .find(|(fit, _)| *fit == choices.fit)
        .map_or_else(|| choices.fit.to_string(), |(_, words)| words.clone());
    ComboBox::from_label("Fit").selected_text(current).show_ui(ui, |ui| {
        for (fit, words) in &fits {
            if ui.selectable_label(*fit == choices.fit, words).clicked() {
                cx.commands.push(ViewCommand::Change(Change::Fit(*fit)));
            }
        }
    });
    ui.horizontal(|ui| {
        let label = ui.label("or W×H:");
        let field = ui
            .add(
                egui::TextEdit::singleline(&mut cx.scratch.typed_fit)
                    .desired_width(84.0)
                    .hint_text("640x480"),
            )
            .labelled_by(label.id);
        if field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) {
            match cx.scratch.typed_fit.trim().replace('×', "x").parse::<FitChoice>() {
                Ok(fit) => cx.commands.push(ViewCommand::Change(Change::Fit(fit))),
                Err(ParseChoiceError::UnknownFit { got }) => {
                    let text =
                        format!("`{got}` is no size: expected width and height in pixels, such as 640x480");
                    cx.commands.push(WindowCommand::Complain(text));
                }
                Err(error) => cx.commands.push(WindowCommand::Complain(error.to_string())),
            }
        }
    });
    let named = ValueScale::NAMED.map(|(name, _)| name);
    let current = choices.values.to_string();
    ComboBox::from_label("Preprocessing").selected_text(value_words(&current)).show_ui(ui, |ui| {
        for name in std::iter::once("model").chain(named) {
            let Ok(values) = name.parse::<ValueChoice>() else { continue };
            let scale = ValueScale::NAMED.iter().find(|(n, _)| *n == name).map_or(asked.scale, |n| n.1);
            if ui
                .selectable_label(values == choices.values, value_words(name))
                .on_hover_text(scale.to_string())
                .clicked()
            {
                cx.commands.push(ViewCommand::Change(Change::Values(values)));
            }
        }
    });
    if let Some(shown) = &cx.model.view().shown {
        let text = format!("{}; {}", shown.view.preprocessed.fit, shown.view.preprocessed.scale);
        ui.add(egui::Label::new(egui::RichText::new(text).weak()).wrap());
        for note in shown.run_by.backbone.preprocessing().notes(shown.view.choices.values) {
            ui.add(egui::Label::new(egui::RichText::new(note).weak()).wrap());
        }
    }
}

fn value_words(name: &str) -> &str {
    match name {
        "model" => "model default",
        "raw" => "raw 0–255",
        other => other,
    }
}

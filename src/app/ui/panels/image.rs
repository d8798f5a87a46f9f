//! The picture: what the network saw of it, its name and size, where to open another; frame and camera of a data set.

use egui::{Color32, Rect, Sense, vec2};

use crate::app::message::dataset::DatasetCommand;
use crate::app::message::view::ViewCommand;
use crate::app::model::dataset::label_words;
use crate::app::model::paths::typed_path;
use crate::app::ui::context::Context;
use crate::app::ui::theme;
use crate::app::ui::widgets::{card, named, section, select_on_focus, small_action, steady};
use crate::render::PictureChoice;

/// Side of the picture in the card.
const SIDE: f32 = 72.0;

pub(crate) fn draw(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    section(ui, "Image", |ui| {
        if small_action(ui, "Folder…").on_hover_text("A folder of pictures").clicked() {
            cx.commands.push(ViewCommand::ChooseFolder);
        }
        if small_action(ui, "Open…").on_hover_text("A picture, or the log of a driving data set").clicked()
        {
            cx.commands.push(ViewCommand::ChoosePicture);
        }
    });
    card(ui, |ui| {
        ui.horizontal_top(|ui| {
            seen(ui, cx);
            ui.vertical(|ui| facts(ui, cx));
        });
        path(ui, cx);
    });
    steady(ui, "frames", |ui| frames(ui, cx));
}

/// The picture as the network saw it.
fn seen(ui: &mut egui::Ui, cx: &Context<'_>) {
    let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::hover());
    named(response, egui::Role::Image, "What the network saw")
        .on_hover_text("The picture as the network saw it");
    ui.painter().rect_filled(rect, 4.0, theme::of(ui).canvas);
    let view = cx.model.view();
    if let (Some(textures), Some(shown)) = (cx.textures.view(view.id), &view.shown) {
        let size = vec2(shown.seen.size[0] as f32, shown.seen.size[1] as f32);
        let size = size * (SIDE / size.max_elem().max(1.0));
        textures.seen.paint_over(ui.painter(), Rect::from_center_size(rect.center(), size), Color32::WHITE);
    }
}

fn facts(ui: &mut egui::Ui, cx: &Context<'_>) {
    let Some(shown) = &cx.model.view().shown else {
        ui.label("No picture yet");
        return;
    };
    ui.spacing_mut().item_spacing.y = 1.0;
    let (width, height) = shown.picture.rgb.dimensions();
    let name = egui::RichText::new(&shown.label).text_style(theme::name_style()).color(theme::of(ui).strong);
    let name = ui.add(egui::Label::new(name).truncate()).on_hover_text(&shown.label);
    let words = format!("{} · {width}×{height}", shown.label);
    name.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &words));
    let input = &shown.view.preprocessed;
    // The picture's size stands above already.
    let fit = match (input.fit.split_once(" from "), input.fit.split_once(" to ")) {
        (Some((how, _)), Some((_, to))) => {
            let size = to.split(',').next().unwrap_or(to);
            match to.split_once("centre ") {
                Some((_, centre)) => format!("centre {centre} of {size}"),
                None => format!("{how} to {size}"),
            }
        }
        _ => input.fit.clone(),
    };
    let lines =
        [(format!("{width} × {height}"), None), (fit, Some(&input.fit)), (input.scale.to_string(), None)];
    for (line, whole) in &lines {
        let text = egui::RichText::new(line).small().color(theme::of(ui).quiet);
        ui.add(egui::Label::new(text).truncate()).on_hover_text(whole.unwrap_or(line));
    }
    for note in &shown.picture.notes {
        let text = egui::RichText::new(note.words()).small().color(theme::of(ui).quiet);
        ui.add(egui::Label::new(text).wrap());
    }
}

/// A field for the path of what is to be opened.
fn path(ui: &mut egui::Ui, cx: &mut Context<'_>) {
    ui.add_space(4.0);
    let hint = if cx.model.takes_drops { "drop a file, or type its path" } else { "type a path" };
    let field =
        egui::TextEdit::singleline(&mut cx.scratch.typed_path).id_salt("path").desired_width(f32::INFINITY);
    let field = ui.add(field.hint_text(hint));
    field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Path"));
    ui.ctx().accesskit_node_builder(field.id, |node| node.set_description(hint));
    select_on_focus(ui, &field, &cx.scratch.typed_path);
    let is_entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    if let Some(path) = typed_path(&cx.scratch.typed_path).filter(|_| is_entered) {
        cx.commands.push(ViewCommand::Open(path));
    }
    if !cx.model.takes_drops {
        let words = "Files dropped here don't arrive on this system (Wayland): open or paste a picture, or type its path.";
        ui.add(egui::Label::new(egui::RichText::new(words).weak().small()).wrap());
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
        let mut index = open.index;
        let label = ui.label("frame");
        let field = ui.add(egui::DragValue::new(&mut index).range(0..=last)).labelled_by(label.id);
        if field.changed() {
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
        let labels = open.source.label_names().iter().zip(&sample.labels);
        let labels: Vec<String> =
            labels.map(|(name, label)| format!("{name}: {}", label_words(label))).collect();
        measured(ui, &labels.join(" · "));
    }
}

/// The labels of a frame, in as many lines for each frame: what stands below doesn't move from one to the next.
fn measured(ui: &mut egui::Ui, words: &str) {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let mut job =
        egui::text::LayoutJob::simple(words.to_owned(), font, theme::of(ui).quiet, ui.available_width());
    job.wrap.max_rows = LABEL_LINES;
    let galley = ui.painter().layout_job(job);
    let size = vec2(ui.available_width(), ui.text_style_height(&egui::TextStyle::Small) * LABEL_LINES as f32);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().galley(rect.min, galley, theme::of(ui).quiet);
    named(response, egui::Role::Label, words).on_hover_text(words);
}

/// Lines for the labels of a frame; more are in the tooltip.
const LABEL_LINES: usize = 2;

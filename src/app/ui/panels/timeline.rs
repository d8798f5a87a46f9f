//! The panel below the views for a data set: controls and a slider, thumbnails of its frames, its labels over time.

use egui::{Color32, Rect, Sense, Ui, vec2};
use egui_plot::Line;
use egui_plot::Plot;
use egui_plot::VLine;

use crate::app::message::dataset::DatasetCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::dataset::{OpenSource, is_watched, label_words, thumb_key};
use crate::app::model::preferences::Preference;
use crate::app::ui::context::Context;
use crate::app::ui::panels::{hold, told};
use crate::app::ui::widgets::{named, steady, tip};
use crate::app::ui::{axis, theme};
use crate::tensor::counted;

pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    let Some(open) = cx.model.view().source.clone() else { return };
    // If the views would get too little room, only the controls are shown.
    let is_short = ui.available_height() <= theme::TIMELINE_ROOM;
    let is_roomy = ui.available_height() >= ROOM_FOR_CHANNELS;
    egui::Panel::bottom("timeline").show(ui, |ui| {
        steady(ui, "controls", |ui| controls(ui, cx, &open));
        told::reading(ui, cx, &open);
        if is_short {
            return;
        }
        let has_channels = is_roomy && cx.model.view().is_plain();
        strip(ui, cx, &open);
        labels(ui, cx, &open, !has_channels);
        if has_channels {
            channels(ui, cx, &open);
        }
    });
}

/// Plots the selected channel and the pinned ones of the layer over the frames seen so far, below the label that they are compared with.
/// Its place is there without a channel too, so that nothing moves when one is selected.
fn channels(ui: &mut Ui, cx: &mut Context<'_>, open: &OpenSource) {
    let view = cx.model.view();
    let shown = view.shown.clone().filter(|shown| cx.model.trace.is_of(open, shown));
    let mut channels: Vec<usize> = view.selected.into_iter().collect();
    if let Some(shown) = &shown {
        let pinned = cx.model.pinned_of(shown);
        channels.extend(pinned.into_iter().filter(|channel| Some(*channel) != view.selected));
    } else {
        channels.clear();
    }
    channels.truncate(LINES.len());
    let is_max = cx.model.preferences.plots_max;
    let names: Vec<String> = channels.iter().map(ToString::to_string).collect();
    let words = format!(
        "{} of channel {} over the {} seen so far",
        if is_max { "max" } else { "mean" },
        names.join(", "),
        counted(cx.model.trace.len(), "frame")
    );
    ui.horizontal(|ui| {
        beside(ui, |ui| {
            let list = egui::ComboBox::from_id_salt("plotted statistic")
                .selected_text(if is_max { "max" } else { "mean" })
                .width(LIST_WIDTH)
                .show_ui(ui, |ui| {
                    for (of_max, name) in [(false, "mean"), (true, "max")] {
                        if ui.selectable_label(is_max == of_max, name).clicked() {
                            cx.commands.push(WindowCommand::Prefer(Preference::PlotsMax(of_max)));
                        }
                    }
                });
            list.response
                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Plotted statistic"));
            if channels.is_empty() {
                quiet(ui, "of a selected channel");
                return;
            }
            let label = ui
                .horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 6.0;
                    ui.label(egui::RichText::new("channel").small().weak());
                    for (name, colour) in names.iter().zip(LINES) {
                        ui.label(egui::RichText::new(name).small().color(colour));
                    }
                })
                .response;
            named(label, egui::Role::Label, &words).on_hover_text(&words);
        });
        plot(ui, "channels over frames", open, true).show(ui, |plot| {
            for (channel, colour) in channels.iter().zip(LINES) {
                let points = cx.model.trace.of_channel(*channel, is_max);
                let name = format!("channel {channel}");
                plot.line(Line::new(name.clone(), points.clone()).color(colour).width(1.5));
                plot.points(egui_plot::Points::new(name, points).color(colour).radius(2.0));
            }
            plot.vline(VLine::new("now", open.index as f64).color(theme::REGION).width(1.5));
        });
    });
}

/// Width of what stands left of the plots, of a list in it, and of the axis of values: so a frame is at the same place in all plots, and
/// on the slider.
const BESIDE: f32 = 116.0;
const LIST_WIDTH: f32 = 100.0;
const AXIS: f32 = 52.0;

/// With less height than this for views and timeline, only the label is plotted.
const ROOM_FOR_CHANNELS: f32 = 520.0;

/// A column of this width left of a plot.
fn beside(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let size = vec2(BESIDE, theme::LABEL_HEIGHT);
    ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::Min), |ui| {
        ui.set_width(BESIDE);
        contents(ui);
    });
}

fn quiet(ui: &mut Ui, words: &str) -> egui::Response {
    let text = egui::RichText::new(words).weak().small();
    ui.add(egui::Label::new(text).truncate())
}

/// A plot over all frames of the data set; `is_last` if none is below it, whose axis names the frames.
fn plot(ui: &Ui, name: &'static str, open: &OpenSource, is_last: bool) -> Plot<'static> {
    let last = open.source.len().saturating_sub(1) as f64;
    Plot::new(name)
        .height(theme::LABEL_HEIGHT)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .show_x(false)
        .show_axes([is_last, true])
        .grid_color(theme::of(ui).control_line)
        .include_x(0.0)
        .include_x(last)
        .set_margin_fraction(vec2(0.0, 0.1))
        .y_axis_min_width(AXIS)
        .x_grid_spacer(|input| axis::marks(&input))
        .x_axis_formatter(axis::label)
        .y_grid_spacer(|input| axis::marks(&input))
        .y_axis_formatter(axis::label)
}

/// The colours of channels over frames: the selected one first.
const LINES: [Color32; 5] = [
    theme::SELECTED,
    Color32::from_rgb(240, 190, 90),
    Color32::from_rgb(130, 200, 130),
    Color32::from_rgb(210, 140, 220),
    Color32::from_rgb(230, 130, 110),
];

fn controls(ui: &mut Ui, cx: &mut Context<'_>, open: &OpenSource) {
    ui.horizontal_wrapped(|ui| {
        let words = if cx.model.playing_frames.is_some() { "Stop" } else { "Play frames" };
        if ui.button(words).on_hover_text(tip(ui.ctx(), "Play or pause the data set")).clicked() {
            cx.commands.push(DatasetCommand::TogglePlayFrames);
        }
        let mut speed = cx.model.preferences.frames_a_second;
        let field = ui.add(egui::DragValue::new(&mut speed).range(0.2..=60.0).speed(0.1).suffix(" a second"));
        field
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, "Frames a second shown"));
        if field.on_hover_text("As fast as the networks can, at most").changed() {
            cx.commands.push(WindowCommand::Prefer(Preference::FramesASecond(speed)));
        }
        hold::lock(ui, cx);
        if open.source.cameras().len() > 1 {
            let button = egui::Button::selectable(cx.model.shows_all_cameras(), "All cameras").frame(true);
            let hint = "All cameras of one frame side by side, or only the one that is active";
            if ui.add(button).on_hover_text(hint).clicked() {
                cx.commands.push(DatasetCommand::ThreeCameras);
            }
        }
        // Only a folder can be watched; unlike a log, it has no cameras.
        if open.source.cameras().is_empty() {
            let mut is_on = is_watched(cx.model.watched.as_deref(), open);
            if ui
                .checkbox(&mut is_on, "Watch folder")
                .on_hover_text("Show each picture that is put into the folder")
                .changed()
            {
                cx.commands.push(DatasetCommand::ToggleWatch);
            }
        }
    });
    ui.horizontal(|ui| {
        let last = open.source.len().saturating_sub(1);
        let mut index = open.index;
        let spacing = ui.spacing().item_spacing.x;
        let size = vec2(BESIDE + AXIS - spacing, ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_width(size.x);
            ui.label(format!("frame {} of {}", open.index, open.source.len()));
        });
        ui.spacing_mut().slider_width = ui.available_width().max(80.0);
        let slider = ui.add(egui::Slider::new(&mut index, 0..=last).show_value(false));
        slider.widget_info(|| egui::WidgetInfo::slider(true, index as f64, "Frame"));
        if slider.on_hover_text("Through the data set (Left / Right)").changed() {
            cx.commands.push(DatasetCommand::SetFrame(index));
        }
    });
}

/// Thumbnails of the frames around the one on screen, as many as there is room for.
fn strip(ui: &mut Ui, cx: &mut Context<'_>, open: &OpenSource) {
    let (side, gap) = (vec2(theme::STRIP_WIDTH, theme::STRIP_HEIGHT), 3.0);
    let num_shown = ((ui.available_width() / (side.x + gap)) as usize).clamp(1, open.source.len());
    let first = open.index.saturating_sub(num_shown / 2).min(open.source.len() - num_shown);
    // Where there are more frames than fit, the row is as wide as what is below it.
    let left = ui.available_width() - num_shown as f32 * (side.x + gap) + gap;
    let is_full = num_shown < open.source.len() && num_shown > 1;
    let gap = if is_full { gap + (left / (num_shown - 1) as f32).max(0.0) } else { gap };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for index in first..first + num_shown {
            let (rect, response) = ui.allocate_exact_size(side, Sense::click());
            let response = named(response, egui::Role::Button, &format!("Frame {index}"));
            ui.painter().rect_filled(rect, 2.0, theme::mosaic_ground(ui.visuals().dark_mode));
            let key = thumb_key(open, index);
            match cx.textures.thumb(&key) {
                Some(Some((texture, size))) => {
                    let scale = (rect.width() / size.x).min(rect.height() / size.y);
                    let place = Rect::from_center_size(rect.center(), *size * scale);
                    texture.paint_over(ui.painter(), place, Color32::WHITE);
                }
                Some(None) => {
                    let colour = theme::error(ui.visuals().dark_mode);
                    ui.painter().line_segment([rect.left_top(), rect.right_bottom()], (1.0, colour));
                    ui.painter().line_segment([rect.left_bottom(), rect.right_top()], (1.0, colour));
                }
                None if cx.model.may_ask_for_thumb(&key) => cx.commands.push(DatasetCommand::ShowThumb(key)),
                None => {}
            }
            if index == open.index {
                ui.painter().rect_stroke(rect, 2.0, (2.0, theme::SELECTED), egui::StrokeKind::Inside);
            }
            let name = open.source.sample(index).map_or_else(String::new, |sample| sample.id);
            if response.on_hover_text(name).clicked() {
                cx.commands.push(DatasetCommand::SetFrame(index));
            }
        }
    });
}

/// Plots one label over all frames, with a line at the frame on screen; a click goes to the frame under the pointer.
fn labels(ui: &mut Ui, cx: &mut Context<'_>, open: &OpenSource, is_last: bool) {
    let Some(lines) = cx.model.labels.as_ref().filter(|l| std::sync::Arc::ptr_eq(&l.source, &open.source))
    else {
        return;
    };
    if lines.lines.is_empty() {
        return;
    }
    // For a driving log, the steering angle is plotted first, if there is one.
    let usual = lines.lines.iter().position(|(name, _)| name.contains("angle") || name.contains("steering"));
    let chosen = cx.model.plotted_label.unwrap_or(usual.unwrap_or(0)).min(lines.lines.len() - 1);
    let (name, points) = &lines.lines[chosen];
    let value = open.source.sample(open.index).and_then(|sample| {
        let at = open.source.label_names().iter().position(|n| n == name)?;
        sample.labels.get(at).map(label_words)
    });
    let value = value.unwrap_or_else(|| "(empty)".to_owned());
    ui.horizontal(|ui| {
        beside(ui, |ui| {
            let list = egui::ComboBox::from_id_salt("plotted label")
                .selected_text(name.as_str())
                .width(LIST_WIDTH)
                .truncate()
                .show_ui(ui, |ui| {
                    for (at, (name, _)) in lines.lines.iter().enumerate() {
                        if ui.selectable_label(at == chosen, name.as_str()).clicked() {
                            cx.commands.push(DatasetCommand::SetPlottedLabel(at));
                        }
                    }
                });
            list.response
                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Plotted label"));
            let words = format!("{name} at this frame: {value}");
            named(quiet(ui, &value), egui::Role::Label, &words).on_hover_text(words);
        });
        let plot = plot(ui, "label", open, is_last).show(ui, |plot| {
            plot.line(Line::new(name.as_str(), points.clone()).color(theme::BARS).width(1.5));
            told::line(plot, cx.model, open, name);
            plot.vline(VLine::new("now", open.index as f64).color(theme::REGION).width(1.5));
            plot.pointer_coordinate()
        });
        if plot.response.clicked()
            && let Some(at) = plot.inner
        {
            let last = open.source.len() - 1;
            cx.commands.push(DatasetCommand::SetFrame((at.x.round().max(0.0) as usize).min(last)));
        }
    });
}

//! The middle of the window: one to four views, and the controls that link them.

use egui::{Rect, Ui, pos2, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::model::Model;
use crate::app::model::links::Arrangement;
use crate::app::model::view::{MAX_VIEWS, ViewId, ViewState};
use crate::app::ui::context::Context;
use crate::app::ui::panels::{canvas, notice};
use crate::app::ui::theme;
use crate::app::ui::widgets::tip;
use crate::mosaic::format_value;

/// Below this width, in points, a view's title has only its number and picture.
const NARROW_TITLE: f32 = 330.0;

pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    egui::Panel::top("views").show(ui, |ui| toolbar(ui, cx));
    let area = ui.available_rect_before_wrap();
    let pointed = cx.scratch.pointed.take();
    let ids: Vec<ViewId> = cx.model.views.iter().map(|view| view.id).collect();
    let places = places(cx.model, area);
    for (id, place) in ids.into_iter().zip(places) {
        ui.scope_builder(egui::UiBuilder::new().max_rect(place).id_salt(("view", id)), |ui| {
            ui.set_clip_rect(place.intersect(ui.clip_rect()));
            if let Some(view) = cx.model.find(id) {
                view_in(ui, cx, view, place, pointed);
            }
        });
    }
    ui.allocate_rect(area, egui::Sense::hover());
}

/// The controls to add and subtract views, to link them and to arrange them.
fn toolbar(ui: &mut Ui, cx: &mut Context<'_>) {
    ui.horizontal_wrapped(|ui| {
        let num_views = cx.model.views.len();
        let add = ui.add_enabled(num_views < MAX_VIEWS, egui::Button::new("Add view"));
        if add
            .on_hover_text(tip(ui.ctx(), "Add view"))
            .on_disabled_hover_text("Four views stand side by side at most")
            .clicked()
        {
            cx.commands.push(ViewsCommand::AddView);
        }
        if num_views < 2 {
            return;
        }
        if ui.button("Difference").on_hover_text(tip(ui.ctx(), "Difference of two views")).clicked() {
            cx.commands.push(ViewsCommand::AddDifference);
        }
        ui.separator();
        let mut links = cx.model.links;
        let boxes = [
            (&mut links.pictures, "Link pictures", "A picture opened in one view is opened in all"),
            (&mut links.zoom, "Link zoom", "Zooming and dragging one moves all"),
            (&mut links.looks, "Link colours", "Layout, range and colours are those of all views"),
            (
                &mut links.scale,
                "Share colour range",
                "One range of values for all views, so that equal colours are equal values",
            ),
        ];
        for (is_on, name, hint) in boxes {
            ui.checkbox(is_on, name).on_hover_text(hint);
        }
        if links != cx.model.links {
            cx.commands.push(ViewsCommand::SetLinks(links));
        }
        ui.separator();
        let ways = [
            (Arrangement::Automatic, "automatic", "So that mosaics are largest"),
            (Arrangement::SideBySide, "side by side", "All views in one row"),
            (Arrangement::Stacked, "stacked", "One view over the other"),
        ];
        let current = ways.iter().find(|(way, ..)| *way == cx.model.arrangement).map_or("", |w| w.1);
        let list = egui::ComboBox::from_id_salt("arrangement").selected_text(current).show_ui(ui, |ui| {
            for (way, name, hint) in ways {
                if ui.selectable_label(cx.model.arrangement == way, name).on_hover_text(hint).clicked() {
                    cx.commands.push(ViewsCommand::Arrange(way));
                }
            }
        });
        list.response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Arrangement of views"));
    });
}

/// The rectangle of each view.
fn places(model: &Model, area: Rect) -> Vec<Rect> {
    let num = model.views.len();
    // The mean ratio of width to height of the mosaics shown; until there are any, that of a mosaic of 2048 channels.
    let aspect = model
        .views
        .iter()
        .filter_map(|view| view.shown.as_ref())
        .map(|shown| shown.mosaic.pixels.width() as f32 / shown.mosaic.pixels.height().max(1) as f32)
        .fold(None, |sum: Option<(f32, f32)>, aspect| {
            sum.map_or(Some((aspect, 1.0)), |(s, n)| Some((s + aspect, n + 1.0)))
        })
        .map_or(2.0, |(sum, n)| sum / n);
    let columns = match model.arrangement {
        Arrangement::SideBySide => num,
        Arrangement::Stacked => 1,
        Arrangement::Automatic => best_columns(num, area.size(), aspect),
    };
    let rows = num.div_ceil(columns);
    let size = vec2(area.width() / columns as f32, area.height() / rows as f32);
    (0..num)
        .map(|at| {
            let corner = area.min + vec2((at % columns) as f32 * size.x, (at / columns) as f32 * size.y);
            Rect::from_min_size(corner, size)
        })
        .collect()
}

/// The number of columns at which pictures of this aspect ratio are largest.
fn best_columns(num: usize, area: egui::Vec2, aspect: f32) -> usize {
    let side = |columns: usize| {
        let rows = num.div_ceil(columns) as f32;
        let (width, height) = (area.x / columns as f32, area.y / rows - theme::VIEW_HEADER_HEIGHT);
        (width / aspect).min(height)
    };
    (1..=num).max_by(|a, b| side(*a).total_cmp(&side(*b)).then(b.cmp(a))).unwrap_or(1)
}

fn view_in(
    ui: &mut Ui,
    cx: &mut Context<'_>,
    view: &ViewState,
    place: Rect,
    pointed: Option<crate::app::ui::scratch::Pointed>,
) {
    let is_one_of_several = cx.model.views.len() > 1;
    let is_active = view.id == cx.model.view().id;
    let is_dark = ui.visuals().dark_mode;
    ui.painter().rect_filled(place, 0.0, ui.visuals().panel_fill);
    let header = egui::Frame::new().inner_margin(egui::Margin::symmetric(8, 3)).show(ui, |ui| {
        ui.set_width((place.width() - 16.0).max(1.0));
        ui.spacing_mut().item_spacing.y = 2.0;
        if is_one_of_several {
            title(ui, cx, view, is_active);
        }
        facts(ui, view);
        closest(ui, cx, view);
    });
    let panel = Rect::from_min_max(pos2(place.left(), header.response.rect.bottom()), place.max)
        .shrink(if is_one_of_several { 2.0 } else { 0.0 });
    ui.painter().rect_filled(panel, 0.0, theme::mosaic_ground(is_dark));
    if let Some(shown) = view.shown.clone() {
        canvas::draw(ui, cx, view, &shown, panel, pointed);
    } else {
        cx.scratch.views.entry(view.id).or_default().panel = Some(panel);
    }
    notice::draw(ui, cx, view, panel);
    if is_one_of_several {
        let colour =
            if is_active { theme::SELECTED } else { ui.visuals().widgets.noninteractive.bg_stroke.color };
        let stroke = egui::Stroke::new(if is_active { 2.0 } else { 1.0 }, colour);
        ui.painter().rect_stroke(place.shrink(1.0), 2.0, stroke, egui::StrokeKind::Inside);
    }
}

fn title(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, is_active: bool) {
    let number = cx.model.number(view.id);
    ui.horizontal(|ui| {
        let full = match &view.shown {
            Some(shown) => {
                format!(
                    "{number} · {} · {} · {}",
                    view.request.spec.tag,
                    shown.activation.name(),
                    shown.label
                )
            }
            None => format!("{number} · {}", view.request.spec.tag),
        };
        // If there is no room for the whole title, the picture's name tells views apart.
        let what = match &view.shown {
            Some(shown) if ui.available_width() < NARROW_TITLE => format!("{number} · {}", shown.label),
            _ => full.clone(),
        };
        let button = egui::Button::selectable(is_active, egui::RichText::new(what).strong()).truncate();
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let close = ui.small_button("×").on_hover_text(tip(ui.ctx(), "Close view"));
            close.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Close view {number}"))
            });
            if close.clicked() {
                cx.commands.push(ViewsCommand::CloseView(view.id));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let button = ui.add(button);
                button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &full));
                if button.on_hover_text(format!("{full}\nSelect this view")).clicked() {
                    cx.commands.push(ViewsCommand::Activate(view.id));
                }
            });
        });
    });
}

/// A line about the preprocessing, the layer's shape, the time of the run, and the shares of dead channels and of zeros.
fn facts(ui: &mut Ui, view: &ViewState) {
    let Some(shown) = &view.shown else { return };
    let input = &shown.view.preprocessed;
    let text = format!(
        "{}×{} {}; {} · {} · {:.0} ms · {:.0} % dead · sparsity {:.0} %",
        input.batch.width(),
        input.batch.height(),
        input.fit,
        input.scale,
        shown.activation.shape(),
        shown.elapsed.as_secs_f64() * 1e3,
        shown.stats.dead_share() * 100.0,
        shown.stats.zero_share * 100.0,
    );
    let range = format!("values {} to {}", format_value(shown.stats.min), format_value(shown.stats.max));
    ui.add(egui::Label::new(egui::RichText::new(&text).weak().small()).truncate()).on_hover_text(format!(
        "{text}\n{range}; colours: {}, {}\nThe network's input; channels × rows × columns; time of the run; share of dead channels and of zeros (sparsity)",
        shown.mosaic.settings.normalisation.describe(),
        shown.mosaic.range,
    ));
}

/// The channels that are most similar to a channel of another view, if they were searched for.
fn closest(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState) {
    let Some(closest) = &view.closest else { return };
    ui.horizontal_wrapped(|ui| {
        ui.add(egui::Label::new(egui::RichText::new(format!("closest to {}:", closest.of)).small()));
        for (channel, r) in &closest.found {
            let words = format!("{channel} (r {r:.2})");
            if ui
                .selectable_label(view.selected == Some(*channel), egui::RichText::new(words).small())
                .on_hover_text(
                    "Correlation of the two maps over the part of the picture that both networks saw",
                )
                .clicked()
            {
                cx.commands.push(ViewsCommand::Activate(view.id));
                cx.commands.push(ViewCommand::Select(Some(*channel)));
                cx.commands.push(ViewCommand::ShowSelected);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::best_columns;
    use egui::vec2;

    #[test]
    fn wide_mosaics_are_stacked_and_tall_ones_stand_side_by_side() {
        assert_eq!(best_columns(2, vec2(712.0, 640.0), 2.0), 1);
        assert_eq!(best_columns(2, vec2(1280.0, 500.0), 1.0), 2);
        assert_eq!(best_columns(4, vec2(1200.0, 700.0), 2.0), 2);
        assert_eq!(best_columns(1, vec2(700.0, 700.0), 2.0), 1);
    }
}

//! The middle of the window: one to four views, and the controls that link them.

use egui::{Rect, Ui, pos2, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::model::Model;
use crate::app::model::links::Arrangement;
use crate::app::model::naming::{self, Named};
use crate::app::model::shown::Shown;
use crate::app::model::view::{MAX_VIEWS, ViewId, ViewState};
use crate::app::ui::context::Context;
use crate::app::ui::panels::channel::CORRELATION;
use crate::app::ui::panels::{canvas, first_steps, layers, notice, scale, strongest};
use crate::app::ui::theme;
use crate::app::ui::widgets::{named, small_action, tip};
use crate::mosaic::format_value;
use crate::tensor::counted;

/// Below this width, in points, a view's title has only its number and picture.
const NARROW_TITLE: f32 = 330.0;

pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>) {
    if cx.model.views.len() > 1 {
        egui::Panel::top("views").show(ui, |ui| toolbar(ui, cx));
    }
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
    (0..num)
        .map(|at| {
            let row = at / columns;
            // The last row may have fewer views, which then share all of its width.
            let in_row = columns.min(num - row * columns);
            let size = vec2(area.width() / in_row as f32, area.height() / rows as f32);
            Rect::from_min_size(area.min + vec2((at % columns) as f32 * size.x, row as f32 * size.y), size)
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
    ui.painter().rect_filled(place, 0.0, theme::of(ui).canvas);
    let header = egui::Frame::new().inner_margin(egui::Margin::symmetric(14, 6)).show(ui, |ui| {
        ui.set_width((place.width() - 28.0).max(1.0));
        ui.spacing_mut().item_spacing.y = 2.0;
        if is_one_of_several {
            title(ui, cx, view, is_active);
        }
        facts(ui, cx, view);
        missing_picture(ui, cx, view);
        closest(ui, cx, view);
    });
    let canvas = Rect::from_min_max(pos2(place.left(), header.response.rect.bottom()), place.max)
        .shrink(if is_one_of_several { 2.0 } else { 0.0 });
    let mut panel = canvas;
    let own = cx.scratch.views.entry(view.id).or_default();
    (own.canvas, own.place) = (Some(canvas), Some(place));
    if let Some(shown) = view.shown.clone() {
        let parts = Parts::of(cx, view, &shown, canvas);
        panel = parts.mosaic;
        cx.scratch.views.entry(view.id).or_default().canvas = Some(parts.zoomed(canvas));
        canvas::draw(ui, cx, view, &shown, parts.mosaic, pointed);
        if let Some(place) = parts.seen {
            seen(ui, cx, view, &shown, place);
        }
        if let Some(row) = parts.strongest {
            strongest::draw(ui, cx, view, &shown, row);
        }
        if let Some(place) = parts.first_steps {
            first_steps::draw(ui, cx, place);
        }
        if parts.has_scale {
            scale::draw(ui, cx, view, &shown, canvas);
        }
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

/// Where the parts of a view are.
struct Parts {
    mosaic: Rect,
    seen: Option<Rect>,
    strongest: Option<Rect>,
    first_steps: Option<Rect>,
    has_scale: bool,
}

/// Space around the mosaic of a view that is alone, and of one of several.
const MARGIN: f32 = 14.0;
const SMALL_MARGIN: f32 = 6.0;
/// The least height of a view with the scale, alone and as one of several, and with first steps besides.
const LEAST_FOR_SCALE: f32 = 180.0;
const LEAST_OF_SEVERAL: f32 = 170.0;
/// The greatest side of the picture under the mosaic of one of several views.
const SEEN_SIDE: f32 = 150.0;
/// The least width beside a mosaic for the strongest channels.
const LEAST_ASIDE: f32 = 130.0;
const LEAST_FOR_STEPS: f32 = 240.0;
/// Space between the strongest channels' numbers and the first steps.
const SPACE_OVER_STEPS: f32 = 6.0;

impl Parts {
    /// The rectangle of a zoomed mosaic: the canvas without the scale, which covers nothing.
    fn zoomed(&self, canvas: Rect) -> Rect {
        let height = if self.has_scale { scale::HEIGHT } else { 0.0 };
        canvas.with_max_y(canvas.bottom() - height)
    }

    /// A fitted mosaic is at the top, with the strongest channels under it if there is room; a zoomed one takes the whole canvas.
    fn of(cx: &Context<'_>, view: &ViewState, shown: &Shown, canvas: Rect) -> Self {
        let is_alone = cx.model.views.len() == 1;
        let (margin, least) =
            if is_alone { (MARGIN, LEAST_FOR_SCALE) } else { (SMALL_MARGIN, LEAST_OF_SEVERAL) };
        // In a low window the mosaic has all of it.
        let has_scale = scale::has_room(canvas.width()) && canvas.height() >= least;
        let is_fitted = cx.scratch.views.get(&view.id).is_none_or(|own| own.viewport.is_fitted);
        if !is_fitted {
            let zoomed = Self { mosaic: canvas, seen: None, strongest: None, first_steps: None, has_scale };
            return Self { mosaic: zoomed.zoomed(canvas), ..zoomed };
        }
        let mut inner = canvas.shrink2(vec2(margin, 0.0));
        inner.max.y -= if has_scale { scale::HEIGHT } else { 4.0 };
        let has_room = inner.width() >= first_steps::LEAST_WIDTH && inner.height() >= LEAST_FOR_STEPS;
        let first_steps = (is_alone && cx.model.preferences.shows_first_steps && has_room).then(|| {
            inner.max.y -= first_steps::HEIGHT;
            let steps = Rect::from_min_max(
                inner.left_bottom(),
                inner.right_bottom() + vec2(0.0, first_steps::HEIGHT),
            );
            inner.max.y -= SPACE_OVER_STEPS;
            steps
        });
        let pixels = &shown.mosaic.pixels;
        let height = inner.width() * pixels.height() as f32 / pixels.width().max(1) as f32;
        // A mosaic gives way to the channels that answer in the box on the picture, as pointing at it would show nothing otherwise.
        let own = cx.scratch.views.get(&view.id);
        let has_box = own.is_some_and(|own| own.boxed_or(view.request.selection.order).is_some());
        let most = inner.height() - margin - strongest::LEAST_HEIGHT;
        let height = if has_box && most >= LEAST_FOR_SCALE { height.min(most) } else { height };
        let left = inner.height() - height - margin;
        if left < strongest::LEAST_HEIGHT || !strongest::is_wanted(shown) {
            // A mosaic that is less wide than the view has them at its side.
            let width = inner.height() * pixels.width() as f32 / pixels.height().max(1) as f32;
            let aside = inner.with_min_x(inner.left() + width + MARGIN);
            let has_aside = strongest::is_wanted(shown) && aside.width() >= LEAST_ASIDE;
            let mosaic = if has_aside { inner.with_max_x(inner.left() + width) } else { inner };
            let strongest = has_aside.then_some(aside);
            return Self { mosaic, seen: None, strongest, first_steps, has_scale };
        }
        let (top, row) = inner.split_top_bottom_at_y(inner.top() + height);
        let mut row = row.with_min_y(row.top() + margin);
        // The picture of a view that is alone is at the sides already.
        let seen = (!is_alone).then(|| {
            let side = row.height().min(SEEN_SIDE).min(row.width() / 3.0);
            let seen = Rect::from_min_size(row.min, vec2(side, side));
            row.min.x = seen.right() + MARGIN;
            seen
        });
        Self { mosaic: top, seen, strongest: Some(row), first_steps, has_scale }
    }
}

/// The picture as the network of one of several views saw it.
fn seen(ui: &Ui, cx: &Context<'_>, view: &ViewState, shown: &Shown, place: Rect) {
    let Some(textures) = cx.textures.view(view.id) else { return };
    let size = vec2(shown.seen.size[0] as f32, shown.seen.size[1] as f32);
    let size = size * (place.width() / size.max_elem().max(1.0));
    let rect = Rect::from_min_size(place.min, size);
    textures.seen.paint_over(ui.painter(), rect, egui::Color32::WHITE);
    let response = ui.interact(rect, ui.scope_id().with(("seen", view.id)), egui::Sense::hover());
    let name = format!("What view {} saw: {}", cx.model.number(view.id), shown.label);
    named(response, egui::Role::Image, &name).on_hover_text(&name);
}

fn title(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, is_active: bool) {
    let number = cx.model.number(view.id);
    ui.horizontal(|ui| {
        let named = naming::on_screen(view);
        let full = named.as_ref().map_or_else(
            || number.to_string(),
            |Named { tag, layer, picture }| format!("{number} · {tag} · {layer} · {picture}"),
        );
        let what = match &named {
            Some(named) if ui.available_width() < NARROW_TITLE => {
                let others: Vec<Named> = cx.model.views.iter().filter_map(naming::on_screen).collect();
                format!("{number} · {}", naming::short(named, &others))
            }
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
            if let Some(asked) = naming::asked(view) {
                let asked = egui::RichText::new(asked).weak();
                let half = ui.available_width() / 2.0;
                ui.scope(|ui| {
                    ui.set_max_width(half);
                    ui.add(egui::Label::new(asked).truncate());
                });
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

/// A line of facts: how many channels, their maps' size, the receptive field, the shares of dead channels and of zeros, the time.
fn facts(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState) {
    ui.horizontal(|ui| {
        ui.set_min_height(24.0);
        let is_alone = cx.model.views.len() == 1;
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if is_alone {
                let add = small_action(ui, "Add view");
                if add.on_hover_text(tip(ui.ctx(), "Add view")).clicked() {
                    cx.commands.push(ViewsCommand::AddView);
                }
            }
            let Some(shown) = &view.shown else { return };
            let time = format!("{:.0} ms", shown.elapsed.as_secs_f64() * 1e3);
            let text = egui::RichText::new(time).small().color(theme::of(ui).quiet);
            ui.add(egui::Label::new(text)).on_hover_text("Time of the run");
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| shown_facts(ui, shown));
        });
    });
}

fn shown_facts(ui: &mut Ui, shown: &Shown) {
    let shape = shown.activation.shape();
    // A class map has one channel, whose name says of which class.
    let name = match &shown.class_map {
        Some(_) => format!("Class map · {}", shown.activation.name()),
        None => counted(shape.channels, "channel"),
    };
    let num = egui::RichText::new(name).text_style(theme::name_style()).color(theme::of(ui).strong);
    let range = format!("values {} to {}", format_value(shown.stats.min), format_value(shown.stats.max));
    let input = &shown.view.preprocessed;
    let all = format!(
        "{}×{} {}; {} · {shape} · {:.0} ms · {:.0} % dead · sparsity {:.0} %",
        input.batch.width(),
        input.batch.height(),
        input.fit,
        input.scale,
        shown.elapsed.as_secs_f64() * 1e3,
        shown.stats.dead_share() * 100.0,
        shown.stats.zero_share * 100.0,
    );
    let name = ui.add(egui::Label::new(num).truncate());
    // Who can't see the line hears all of it.
    name.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &all));
    name.on_hover_text(format!(
        "{all}\n{range}; colours: {}, {}",
        shown.mosaic.settings.normalisation.describe(),
        shown.mosaic.range,
    ));
    let field = shown.infos.get(shown.node.0).map(|info| layers::field_words(&info.receptive_field));
    let graph = shown.run_by.backbone.graph();
    let is_keras = shown.class_map.is_none() && shown.spec().is_keras;
    let keras = is_keras.then(|| graph.aliases_of(shown.node).first().copied()).flatten();
    let chips = [
        (Some(format!("{} × {}", shape.height, shape.width)), "Rows × columns of each map"),
        (field, "Receptive field and stride, in pixels of the network's input"),
        (
            Some(format!("{:.0} % dead", shown.stats.dead_share() * 100.0)),
            "Channels that are zero everywhere",
        ),
        (
            Some(format!("{:.0} % zero", shown.stats.zero_share * 100.0)),
            "Share of zeros among all values (sparsity)",
        ),
        (keras.map(str::to_owned), "The layer's name in Keras"),
    ];
    for (words, hint) in chips {
        let Some(words) = words else { continue };
        // A chip that doesn't fit is left out, rather than cut.
        let width = 7.0 * words.chars().count() as f32 + 20.0;
        if ui.available_width() < width {
            break;
        }
        egui::Frame::new()
            .fill(theme::of(ui).card)
            .corner_radius(theme::CONTROL_RADIUS)
            .inner_margin(egui::Margin::symmetric(8, 2))
            .show(ui, |ui| ui.add(egui::Label::new(egui::RichText::new(words).small())).on_hover_text(hint));
    }
}

/// Says that what is shown isn't the picture of the figure that was opened, as long as no other is opened.
fn missing_picture(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState) {
    let mut of_view = cx.model.expected.iter().filter(|expected| expected.view == view.id);
    let Some((record, _)) = of_view.find_map(|expected| expected.picture.as_ref()) else { return };
    ui.horizontal_wrapped(|ui| {
        let words = format!("Not the figure's picture, which was not found: {}", record.file_name);
        let colour = theme::warning(ui.visuals().dark_mode);
        ui.add(egui::Label::new(egui::RichText::new(words).small().color(colour)).wrap());
        let open = small_action(ui, "Open it…");
        if open.on_hover_text("Its pixels are then compared with the figure's").clicked() {
            cx.commands.push(ViewsCommand::Activate(view.id));
            cx.commands.push(ViewCommand::ChoosePicture);
        }
    });
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
                .on_hover_text(CORRELATION)
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

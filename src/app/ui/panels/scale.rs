//! The bar under a mosaic: what its colours mean, the shape of its grid, zoom and fit.

use egui::{Color32, Rect, Sense, Ui, vec2};

use crate::app::message::view::ViewCommand;
use crate::app::message::views::ViewsCommand;
use crate::app::model::shown::{NUM_BINS, Shown};
use crate::app::model::view::ViewState;
use crate::app::ui::context::Context;
use crate::app::ui::looks::{SHARED_WORDS, normalisation_words, ramp};
use crate::app::ui::theme;
use crate::app::ui::widgets::{small_action, steady};
use crate::mosaic::{ColourMap, Grid, MosaicSetting, Normalisation, RangeUsed, SpecialLook, format_value};
use crate::render::Change;
use crate::tensor::ChannelKind;

/// Height of the bar with the space above and below it.
pub(crate) const HEIGHT: f32 = 52.0;
/// Width of the colours, the least width of a view that has the bar, and the least for all that is in it.
const RAMP_WIDTH: f32 = 200.0;
const LEAST_WIDTH: f32 = 260.0;
const WHOLE_WIDTH: f32 = 560.0;

/// Whether a view of this width has the bar.
pub(crate) fn has_room(width: f32) -> bool {
    width >= LEAST_WIDTH
}

/// Draws the bar in the middle of the lower end of `area`.
pub(crate) fn draw(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, shown: &Shown, area: Rect) {
    let tokens = theme::of(ui);
    let id = ui.scope_id().with(("scale", view.id));
    // The bar's width is known after it was drawn once.
    let width = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(area.width().min(WHOLE_WIDTH));
    let corner = egui::pos2(area.center().x - width * 0.5, area.bottom() - HEIGHT + 8.0);
    let place = Rect::from_min_size(corner, vec2(area.right() - corner.x, HEIGHT - 16.0));
    let drawn = ui.scope_builder(egui::UiBuilder::new().max_rect(place).id_salt(id), |ui| {
        egui::Frame::new()
            .fill(tokens.card)
            .stroke(egui::Stroke::new(1.0, tokens.control_line))
            .corner_radius(theme::CARD_RADIUS)
            .inner_margin(egui::Margin::symmetric(12, 6))
            .show(ui, |ui| {
                ui.horizontal(|ui| contents(ui, cx, view, shown, area));
            })
            .response
            .rect
    });
    ui.data_mut(|data| data.insert_temp(id, drawn.inner.width()));
}

fn contents(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, shown: &Shown, area: Rect) {
    let words = |ui: &mut Ui, words: &str| {
        let text = egui::RichText::new(words).small().color(theme::of(ui).quiet);
        ui.add(egui::Label::new(text))
    };
    let is_whole = area.width() >= WHOLE_WIDTH;
    // What is changed here is changed in this view.
    let before = cx.commands.len();
    let normalisation = shown.mosaic.settings.normalisation;
    if is_whole {
        let is_shared = view.is_plain() && cx.model.shared_range.is_some();
        let named = if is_shared { SHARED_WORDS.to_owned() } else { normalisation_words(normalisation) };
        words(ui, &named).on_hover_text(normalisation.describe());
    }
    match shown.mosaic.range {
        RangeUsed::Shared(range) if view.is_plain() => {
            steady(ui, "limits", |ui| limits(ui, cx, shown, (range.low, range.high)));
        }
        RangeUsed::Shared(range) => {
            words(ui, &format_value(range.low));
            bar(ui, shown.mosaic.colour_map);
            words(ui, &format_value(range.high));
        }
        RangeUsed::PerChannel(_) | RangeUsed::PerLocation(_) => {
            let own = own_ends(cx, view, shown);
            let (low, high) = own.clone().unwrap_or_else(|| {
                let low = if shown.mosaic.colour_map.is_diverging() { "−max" } else { "min" };
                (low.to_owned(), "max".to_owned())
            });
            let hint = "Each tile has its own range; the numbers are those of the channel under the pointer, or of the selected one. To drag the ends, choose a normalization of the whole layer";
            words(ui, &low);
            bar(ui, shown.mosaic.colour_map).on_hover_text(hint);
            words(ui, &high);
        }
    }
    for look in &shown.mosaic.looks {
        special(ui, *look);
    }
    grid(ui, cx, view, shown, area);
    if is_whole && let Some(own) = cx.scratch.views.get(&view.id) {
        let share = own.viewport.scale * ui.ctx().pixels_per_point() * 100.0;
        words(ui, &format!("{share:.0} %")).on_hover_text("Screen pixels for each pixel of the mosaic");
    }
    if is_whole && small_action(ui, "Fit").on_hover_text("Fit the mosaic to the window (F)").clicked() {
        cx.commands.push(ViewCommand::Fit);
    }
    if cx.commands.len() > before && view.id != cx.model.view().id {
        cx.commands.insert(before, ViewsCommand::Activate(view.id));
    }
}

/// The ends of the colours for the channel under the pointer, or the selected one, where each channel has its own.
fn own_ends(cx: &Context<'_>, view: &ViewState, shown: &Shown) -> Option<(String, String)> {
    let RangeUsed::PerChannel(_) = shown.mosaic.range else { return None };
    let hovered = cx.scratch.views.get(&view.id).and_then(|own| own.hovered).map(|at| at.channel);
    let stats = shown.stats.channels.get(hovered.or(view.selected)?)?;
    if stats.kind != ChannelKind::Live {
        return None;
    }
    let reach = stats.min.abs().max(stats.max.abs());
    let (low, high) =
        if shown.mosaic.colour_map.is_diverging() { (-reach, reach) } else { (stats.min, stats.max) };
    Some((format_value(low), format_value(high)))
}

/// How many times as far from zero as the layer's values an end of the colours can be typed.
const FARTHEST: f32 = 1000.0;

/// The ends of a range for the whole layer, to drag; a double click on the colours gives the layer's own range back.
fn limits(ui: &mut Ui, cx: &mut Context<'_>, shown: &Shown, (low, high): (f32, f32)) {
    let speed = f64::from((shown.stats.max - shown.stats.min).abs().max(1e-6)) / 200.0;
    let (mut new_low, mut new_high) = (low, high);
    let reach = FARTHEST * shown.stats.max.abs().max(shown.stats.min.abs()).max(1.0);
    let field = |ui: &mut Ui, value: &mut f32, name: &str| {
        let field = egui::DragValue::new(value).speed(speed).max_decimals(4).range(-reach..=reach);
        // A range that is there already is left as it is.
        let field = ui.add(field.clamp_existing_to_range(false));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, name));
        field.on_hover_text("Drag, or click and type")
    };
    field(ui, &mut new_low, "Lower end of the colours");
    let colours = bar(ui, shown.mosaic.colour_map).on_hover_text("Double click: the layer's own range");
    counts(ui, colours.rect, shown, (low, high));
    field(ui, &mut new_high, "Upper end of the colours");
    let mut want = |way: Normalisation| {
        cx.commands.push(ViewCommand::Change(Change::Mosaic(MosaicSetting::Normalisation(way))));
    };
    if colours.double_clicked() {
        want(Normalisation::Layer);
    } else if (new_low, new_high) != (low, high) && new_low < new_high {
        want(Normalisation::Fixed { low: new_low, high: new_high });
    }
}

/// Draws how many values have each colour, on a logarithmic scale, above the colours.
fn counts(ui: &Ui, rect: Rect, shown: &Shown, (low, high): (f32, f32)) {
    let most = shown.histogram.iter().copied().max().unwrap_or(0);
    let height = |count: u32| (f64::from(count) + 1.0).ln() / (f64::from(most) + 1.0).ln().max(1e-9);
    let bin = (shown.stats.max - shown.stats.min) / NUM_BINS as f32;
    for (at, count) in shown.histogram.iter().enumerate() {
        let share = |value: f32| (value - low) / (high - low).max(f32::MIN_POSITIVE);
        let from = share(shown.stats.min + bin * at as f32).clamp(0.0, 1.0);
        let to = share(shown.stats.min + bin * (at + 1) as f32).clamp(0.0, 1.0);
        if to > from && *count > 0 {
            let x = |share: f32| rect.left() + rect.width() * share;
            let top = rect.top() - 1.0 - HISTOGRAM * height(*count) as f32;
            let bar = Rect::from_min_max(egui::pos2(x(from), top), egui::pos2(x(to), rect.top() - 1.0));
            ui.painter().rect_filled(bar, 0.0, theme::of(ui).quiet.gamma_multiply(0.6));
        }
    }
}

/// Height of the counts above the colours.
const HISTOGRAM: f32 = 9.0;

fn bar(ui: &mut Ui, map: ColourMap) -> egui::Response {
    let width = RAMP_WIDTH.min((ui.available_width() - 220.0).max(50.0));
    let (rect, response) = ui.allocate_exact_size(vec2(width, 10.0), Sense::click());
    ramp(ui.painter(), rect, map);
    response
}

/// A look outside the colour map, with its name.
fn special(ui: &mut Ui, look: SpecialLook) {
    let paper = crate::mosaic::Paper::Dark;
    let [r, g, b, _] = look.colour(paper);
    let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    ui.painter().rect_filled(rect, 2.0, Color32::from_rgb(r, g, b));
    ui.painter().rect_stroke(
        rect,
        2.0,
        egui::Stroke::new(1.0, theme::of(ui).control_line),
        egui::StrokeKind::Outside,
    );
    let text = egui::RichText::new(look.name()).small().color(theme::of(ui).quiet);
    ui.add(egui::Label::new(text));
}

/// The shape of the grid: automatic, as the canvas is, or typed in the display settings.
fn grid(ui: &mut Ui, cx: &mut Context<'_>, view: &ViewState, shown: &Shown, area: Rect) {
    let taken = shown.mosaic.geometry.grid();
    let text = format!("{} × {}", taken.rows, taken.columns);
    let text = egui::RichText::new(text).small().color(theme::of(ui).quiet);
    let wanted = view.request.settings.grid;
    let mut choice = None;
    let menu = ui.menu_button(text, |ui| {
        if ui.selectable_label(wanted.is_none(), "Automatic").clicked() {
            choice = Some(None);
            ui.close();
        }
        let fitting = canvas_grid(shown, area);
        let words = format!("Fit the canvas ({} × {})", fitting.rows, fitting.columns);
        if ui.selectable_label(wanted == Some(fitting), words).clicked() {
            choice = Some(Some(fitting));
            ui.close();
        }
    });
    menu.response.on_hover_text("Rows × columns of channels");
    if let Some(grid) = choice {
        cx.commands.push(ViewCommand::Change(Change::Mosaic(MosaicSetting::Grid(grid))));
    }
}

/// The rows and columns at which the tiles fill the canvas best.
fn canvas_grid(shown: &Shown, area: Rect) -> Grid {
    let geometry = &shown.mosaic.geometry;
    let num = shown.mosaic.order.len().max(1);
    // Both layouts have as many values: the grid's cells of the map's size, or the map's of the grid's.
    let tile = geometry.map();
    let tile = (tile.columns.max(1) as f32, tile.rows.max(1) as f32);
    let size = |columns: usize| {
        let rows = num.div_ceil(columns) as f32;
        (area.width() / (columns as f32 * tile.0)).min((area.height() - HEIGHT) / (rows * tile.1))
    };
    let columns = (1..=num).max_by(|a, b| size(*a).total_cmp(&size(*b)).then(b.cmp(a))).unwrap_or(1);
    Grid { rows: num.div_ceil(columns), columns }
}

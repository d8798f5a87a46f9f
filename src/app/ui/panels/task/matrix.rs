//! A matrix of values between layers as cells to point at and to click, with names along it and a colour scale.

use std::f32::consts::FRAC_PI_2;
use std::sync::Arc;

use egui::epaint::TextShape;
use egui::{Align2, Color32, Galley, Id, Pos2, Rect, Sense, Ui, pos2, vec2};

use crate::app::ui::theme;
use crate::app::ui::widgets::named;
use crate::mosaic::MatrixPlan;

/// Least and greatest side of a cell, in points.
const CELL: (f32, f32) = (10.0, 44.0);
/// Side of a cell from which on its value is written into it.
const WRITTEN: f32 = 32.0;
/// The most layers for which each cell is a widget of its own, for the keyboard and for screen readers.
const MOST_WIDGETS: usize = 24;
const GAP: f32 = 6.0;
/// Width of the colour scale, and of its numbers.
const SCALE: (f32, f32) = (12.0, 44.0);
/// Greatest number of characters of a name; the middle of a longer one is left out.
const LONGEST: usize = 40;

/// Draws the matrix; `words` describes a cell. Returns row and column of a cell that was clicked.
pub(crate) fn draw(
    ui: &mut Ui,
    plan: &MatrixPlan,
    words: &dyn Fn(usize, usize) -> String,
) -> Option<(usize, usize)> {
    let num = plan.names.len();
    let (font, ink) = (egui::TextStyle::Small.resolve(ui.style()), theme::of(ui).strong);
    let layout = |name: &String| ui.painter().layout_no_wrap(shortened(name), font.clone(), ink);
    let names: Vec<Arc<Galley>> = plan.names.iter().map(layout).collect();
    let longest = names.iter().map(|name| name.size().x).fold(0.0, f32::max);
    let room = ui.available_width() - longest - 3.0 * GAP - SCALE.0 - SCALE.1;
    let side = (room / num.max(1) as f32).clamp(CELL.0, CELL.1).floor();
    let extent = side * num as f32;
    let whole = vec2(longest + extent + 3.0 * GAP + SCALE.0 + SCALE.1, extent + GAP + longest);
    let scrolled = egui::ScrollArea::horizontal().id_salt("matrix").auto_shrink([false, true]);
    scrolled
        .show(ui, |ui| {
            let (rect, _) = ui.allocate_exact_size(whole, Sense::hover());
            let cells = Rect::from_min_size(rect.min + vec2(longest + GAP, 0.0), vec2(extent, extent));
            paint(ui, plan, cells, side);
            for (at, name) in names.iter().enumerate() {
                let middle = (at as f32 + 0.5) * side;
                let half = name.size().y * 0.5;
                let left = pos2(cells.left() - GAP - name.size().x, cells.top() + middle - half);
                ui.painter().galley(left, Arc::clone(name), ink);
                let below = pos2(cells.left() + middle - half, cells.bottom() + GAP + name.size().x);
                ui.painter().add(TextShape::new(below, Arc::clone(name), ink).with_angle(-FRAC_PI_2));
            }
            scale(ui, plan, cells);
            pointed(ui, num, cells, side, words)
        })
        .inner
}

/// Paints the cells.
fn paint(ui: &Ui, plan: &MatrixPlan, cells: Rect, side: f32) {
    let num = plan.names.len();
    let (table, blank) = (plan.colour_map.table(), theme::of(ui).card);
    let font = egui::TextStyle::Small.resolve(ui.style());
    for row in 0..num {
        for column in 0..num {
            let rect = cell(cells, side, row, column);
            let value = plan.values.get(row * num + column).copied().flatten();
            let ground = value.map_or(blank, |value| colour(value, plan, &table));
            ui.painter().rect_filled(rect, 0.0, ground);
            if side >= WRITTEN {
                let text = value.map_or_else(|| "–".to_owned(), |value| number(value, 2));
                let ink = if value.is_none() {
                    theme::of(ui).strong
                } else if is_bright(ground) {
                    Color32::BLACK
                } else {
                    Color32::WHITE
                };
                ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, font.clone(), ink);
            }
        }
    }
    let line = (2.0, ui.visuals().window_fill);
    for at in plan.breaks.iter().filter(|at| (1..num).contains(*at)) {
        let along = *at as f32 * side;
        ui.painter().hline(cells.x_range(), cells.top() + along, line);
        ui.painter().vline(cells.left() + along, cells.y_range(), line);
    }
}

/// Paints the colour scale with its limits.
fn scale(ui: &Ui, plan: &MatrixPlan, cells: Rect) {
    let table = plan.colour_map.table();
    let bar = Rect::from_min_size(
        pos2(cells.right() + 2.0 * GAP, cells.top()),
        vec2(SCALE.0, cells.height().max(4.0 * SCALE.0)),
    );
    // One mesh: rectangles by themselves have soft edges, which show as stripes.
    let mut mesh = egui::Mesh::default();
    let last = table.len().saturating_sub(1).max(1) as f32;
    for (at, [red, green, blue, _]) in table.iter().enumerate() {
        let (y, colour) =
            (bar.bottom() - at as f32 / last * bar.height(), Color32::from_rgb(*red, *green, *blue));
        let first = mesh.vertices.len() as u32;
        mesh.colored_vertex(pos2(bar.left(), y), colour);
        mesh.colored_vertex(pos2(bar.right(), y), colour);
        if at > 0 {
            mesh.add_triangle(first - 2, first - 1, first);
            mesh.add_triangle(first - 1, first, first + 1);
        }
    }
    ui.painter().add(mesh);
    let font = egui::TextStyle::Small.resolve(ui.style());
    for (at, align, value) in
        [(bar.right_top(), Align2::LEFT_TOP, plan.high), (bar.right_bottom(), Align2::LEFT_BOTTOM, plan.low)]
    {
        let ink = theme::of(ui).quiet;
        ui.painter().text(at + vec2(GAP, 0.0), align, number(value, 2), font.clone(), ink);
    }
}

/// Describes the cell under the pointer, and returns the one that was clicked.
fn pointed(
    ui: &Ui,
    num: usize,
    cells: Rect,
    side: f32,
    words: &dyn Fn(usize, usize) -> String,
) -> Option<(usize, usize)> {
    let id = Id::unique("matrix of layers");
    if num > MOST_WIDGETS {
        let response = ui.interact(cells, id, Sense::click());
        let response = named(response, egui::Role::Image, &format!("Matrix of {num} layers"));
        let (row, column) = response.hover_pos().and_then(|at| place(cells, side, num, at))?;
        ring(ui, cell(cells, side, row, column));
        let is_clicked = response.clicked();
        response.on_hover_text_at_pointer(words(row, column));
        return is_clicked.then_some((row, column));
    }
    let mut clicked = None;
    for row in 0..num {
        for column in 0..num {
            let rect = cell(cells, side, row, column);
            let response = ui.interact(rect, id.with((row, column)), Sense::click());
            let text = words(row, column);
            let response = named(response, egui::Role::Button, &text);
            if response.hovered() || response.has_focus() {
                ring(ui, rect);
            }
            if response.on_hover_text(text).clicked() {
                clicked = Some((row, column));
            }
        }
    }
    clicked
}

fn ring(ui: &Ui, rect: Rect) {
    ui.painter().rect_stroke(rect, 0.0, (3.0, theme::RING), egui::StrokeKind::Inside);
    ui.painter().rect_stroke(rect, 0.0, (1.5, theme::HOVERED), egui::StrokeKind::Inside);
}

fn cell(cells: Rect, side: f32, row: usize, column: usize) -> Rect {
    Rect::from_min_size(cells.min + vec2(column as f32, row as f32) * side, vec2(side, side))
}

fn place(cells: Rect, side: f32, num: usize, at: Pos2) -> Option<(usize, usize)> {
    let (column, row) = ((at.x - cells.left()) / side, (at.y - cells.top()) / side);
    let is_in = |share: f32| share >= 0.0 && share < num as f32;
    (is_in(column) && is_in(row)).then_some((row as usize, column as usize))
}

fn colour(value: f64, plan: &MatrixPlan, table: &[[u8; 4]]) -> Color32 {
    let share = ((value - plan.low) / (plan.high - plan.low)).clamp(0.0, 1.0);
    let step = (share * table.len().saturating_sub(1) as f64).round() as usize;
    table
        .get(step)
        .map_or(Color32::TRANSPARENT, |[red, green, blue, _]| Color32::from_rgb(*red, *green, *blue))
}

fn is_bright(colour: Color32) -> bool {
    let [red, green, blue, _] = colour.to_array().map(u32::from);
    // The weights of ITU-R BT.601, in thousandths.
    299 * red + 587 * green + 114 * blue > 128 * 1000
}

/// A number with a true minus sign.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|digit| matches!(digit, b'0' | b'.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

/// A name of at most `LONGEST` characters, without the middle of a longer one.
fn shortened(name: &str) -> String {
    let num = name.chars().count();
    if num <= LONGEST {
        return name.to_owned();
    }
    let half = LONGEST / 2;
    let start: String = name.chars().take(half).collect();
    let end: String = name.chars().skip(num - half + 1).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_in_the_cell_that_is_drawn_there() {
        let cells = Rect::from_min_size(pos2(10.0, 20.0), vec2(60.0, 60.0));
        for row in 0..3 {
            for column in 0..3 {
                let middle = cell(cells, 20.0, row, column).center();
                assert_eq!(place(cells, 20.0, 3, middle), Some((row, column)));
            }
        }
        for outside in [pos2(9.0, 30.0), pos2(71.0, 30.0), pos2(30.0, 81.0)] {
            assert_eq!(place(cells, 20.0, 3, outside), None);
        }
    }

    #[test]
    fn numbers_have_a_true_minus_and_long_names_both_ends() {
        assert_eq!([number(-0.001, 2), number(-0.5, 2), number(1.0, 2)], ["0.00", "−0.50", "1.00"]);
        let long = shortened(&format!("begin{}/end", "x".repeat(60)));
        assert!(
            long.chars().count() == LONGEST && long.starts_with("begin") && long.ends_with("/end"),
            "{long}"
        );
        assert_eq!(shortened("block1_pool"), "block1_pool");
    }
}

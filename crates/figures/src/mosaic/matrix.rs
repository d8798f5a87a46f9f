//! A matrix of values as a figure: a coloured cell for each value, names along both sides, and a colour bar.
//!
//! Owns where cells lie, so that a window can find the cell under the pointer. Must not know what the values are.

use super::{ColourMap, MosaicError, Paper, PixelRect, Pixels, text};

/// Height of names and values, in pixels.
const TEXT: f32 = 14.0;
/// Height of the title.
const TITLE: f32 = 19.0;
/// Blank border of the figure.
const MARGIN: u32 = 16;
/// The most names on a side for which the values are written into the cells.
const MOST_WRITTEN: usize = 24;
/// Side of a cell with its value in it.
const WRITTEN_CELL: u32 = 44;
/// The longest name that is drawn; the middle of a longer one is left out.
const LONGEST_NAME: usize = 48;
/// The least width, in which a title and lines have room.
const LEAST_WIDTH: u64 = 440;
/// Columns of the colour bar.
const BAR: u32 = 16;

/// A square matrix of values with the names of its rows, which are also those of its columns.
#[derive(Clone, Debug)]
pub struct MatrixPlan {
    /// The first line.
    pub title: String,
    /// Lines under it.
    pub lines: Vec<String>,
    /// Names of rows and columns, in order.
    pub names: Vec<String>,
    /// Values, row-major; `None` where there is none.
    pub values: Vec<Option<f64>>,
    /// Rows before which a line is drawn, and the same columns.
    pub breaks: Vec<usize>,
    /// The value of the map's first colour. A smaller one has this colour too.
    pub low: f64,
    /// The value of its last colour.
    pub high: f64,
    /// The colours.
    pub colour_map: ColourMap,
    /// What it is drawn on.
    pub paper: Paper,
}

/// A matrix as it was drawn.
#[derive(Clone, Debug)]
pub struct MatrixFigure {
    /// The figure.
    pub pixels: Pixels,
    /// The cells of all values.
    pub cells: PixelRect,
    /// Side of a cell, in pixels.
    pub cell: u32,
}

impl MatrixFigure {
    /// Row and column of the cell at a pixel.
    pub fn cell_at(&self, x: u32, y: u32) -> Option<(usize, usize)> {
        let (column, row) = (x.checked_sub(self.cells.x)?, y.checked_sub(self.cells.y)?);
        (column < self.cells.width && row < self.cells.height)
            .then(|| ((row / self.cell) as usize, (column / self.cell) as usize))
    }
}

/// Draws a matrix.
///
/// # Errors
/// A matrix without a row, or one that no viewer would open.
pub fn matrix_figure(plan: &MatrixPlan) -> Result<MatrixFigure, MosaicError> {
    let num = plan.names.len();
    let names: Vec<String> = plan.names.iter().map(|name| text::shorten_middle(name, LONGEST_NAME)).collect();
    let longest = names.iter().map(|name| text::width(name, TEXT)).max().unwrap_or(0);
    let is_written = num <= MOST_WRITTEN;
    let cell = if is_written { WRITTEN_CELL } else { text::line_height(TEXT) };
    let side = u64::from(cell) * num as u64;
    if side == 0 {
        return Err(MosaicError::Empty { what: "the matrix".to_owned() });
    }
    let gap = text::line_height(TEXT) / 2;
    let ticks = bar_ticks(plan);
    let tick_width = ticks.iter().map(|(_, label)| text::width(label, TEXT)).max().unwrap_or(0);
    let right = 2 * gap + BAR + gap + tick_width + MARGIN;
    let width = (u64::from(MARGIN + longest + gap) + side + u64::from(right)).max(LEAST_WIDTH);
    let room = u32::try_from(width).unwrap_or(u32::MAX).saturating_sub(2 * MARGIN);
    let title = text::wrap(&plan.title, TITLE, room, 2);
    let lines: Vec<String> = plan.lines.iter().flat_map(|line| text::wrap(line, TEXT, room, 3)).collect();
    let head = title.len() as u32 * text::line_height(TITLE) + lines.len() as u32 * text::line_height(TEXT);
    let top = MARGIN + head + gap;
    let height = u64::from(top) + side + u64::from(gap + longest + MARGIN);
    let mut pixels = Pixels::filled("the matrix", width, height, plan.paper.ground())?;

    let mut y = MARGIN;
    for line in &title {
        text::draw(&mut pixels, MARGIN, y, line, TITLE, plan.paper.ink());
        y += text::line_height(TITLE);
    }
    for line in &lines {
        text::draw(&mut pixels, MARGIN, y, line, TEXT, plan.paper.quiet_ink());
        y += text::line_height(TEXT);
    }
    let cells = PixelRect { x: MARGIN + longest + gap, y: top, width: side as u32, height: side as u32 };
    let table = plan.colour_map.table();
    for row in 0..num {
        for column in 0..num {
            let rect = PixelRect {
                x: cells.x + column as u32 * cell,
                y: cells.y + row as u32 * cell,
                width: cell,
                height: cell,
            };
            let value = plan.values.get(row * num + column).copied().flatten();
            draw_cell(&mut pixels, rect, value, plan, &table, is_written);
        }
    }
    for at in plan.breaks.iter().filter(|at| (1..num).contains(*at)) {
        let (x, y) = (cells.x + *at as u32 * cell - 1, cells.y + *at as u32 * cell - 1);
        pixels.fill(PixelRect { x, y: cells.y, width: 2, height: cells.height }, plan.paper.ground());
        pixels.fill(PixelRect { x: cells.x, y, width: cells.width, height: 2 }, plan.paper.ground());
    }
    let centred = (cell - text::line_height(TEXT).min(cell)) / 2;
    for (at, name) in names.iter().enumerate() {
        let along = at as u32 * cell + centred;
        let left = cells.x - gap - text::width(name, TEXT);
        text::draw(&mut pixels, left, cells.y + along, name, TEXT, plan.paper.ink());
        text::draw_upwards(
            &mut pixels,
            cells.x + along,
            cells.y + cells.height + gap,
            name,
            TEXT,
            plan.paper,
        )?;
    }
    let bar = PixelRect { x: cells.x + cells.width + 2 * gap, y: cells.y, width: BAR, height: cells.height };
    draw_bar(&mut pixels, bar, &table, &ticks, gap, plan.paper);
    Ok(MatrixFigure { pixels, cells, cell })
}

/// The colour of a value.
fn colour(value: f64, plan: &MatrixPlan, table: &[[u8; 4]]) -> [u8; 4] {
    let share = ((value - plan.low) / (plan.high - plan.low)).clamp(0.0, 1.0);
    let step = (share * (table.len().saturating_sub(1)) as f64).round() as usize;
    table.get(step).copied().unwrap_or_else(|| plan.paper.blank())
}

fn draw_cell(
    pixels: &mut Pixels,
    rect: PixelRect,
    value: Option<f64>,
    plan: &MatrixPlan,
    table: &[[u8; 4]],
    is_written: bool,
) {
    let ground = value.map_or_else(|| plan.paper.blank(), |value| colour(value, plan, table));
    pixels.fill(rect, ground);
    if !is_written {
        return;
    }
    let words = value.map_or_else(|| "–".to_owned(), written);
    let [red, green, blue, _] = ground.map(u32::from);
    // The weights of ITU-R BT.601, in thousandths.
    let is_bright = 299 * red + 587 * green + 114 * blue > 128 * 1000;
    let ink = if is_bright { Paper::Light.ink() } else { Paper::Dark.ink() };
    let left = rect.x + rect.width.saturating_sub(text::width(&words, TEXT)) / 2;
    let top = rect.y + rect.height.saturating_sub(text::line_height(TEXT)) / 2;
    text::draw(pixels, left, top, &words, TEXT, ink);
}

/// A value with two decimals and a true minus sign.
fn written(value: f64) -> String {
    let words = format!("{value:.2}");
    match words.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|b| matches!(b, b'0' | b'.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => words,
    }
}

/// Where on the bar labels stand, as a share from its lower end, and their words.
fn bar_ticks(plan: &MatrixPlan) -> Vec<(f64, String)> {
    let mut ticks = vec![(0.0, written(plan.low)), (1.0, written(plan.high))];
    if plan.low < 0.0 && plan.high > 0.0 {
        ticks.push((-plan.low / (plan.high - plan.low), written(0.0)));
    }
    ticks
}

fn draw_bar(
    pixels: &mut Pixels,
    bar: PixelRect,
    table: &[[u8; 4]],
    ticks: &[(f64, String)],
    gap: u32,
    paper: Paper,
) {
    let last = bar.height.saturating_sub(1).max(1);
    for row in 0..bar.height {
        let share = f64::from(last - row.min(last)) / f64::from(last);
        let step = (share * table.len().saturating_sub(1) as f64).round() as usize;
        let colour = table.get(step).copied().unwrap_or_else(|| paper.blank());
        pixels.fill(PixelRect { x: bar.x, y: bar.y + row, width: bar.width, height: 1 }, colour);
    }
    pixels.frame(bar, paper.line());
    let line = text::line_height(TEXT);
    let mut taken: Vec<u32> = Vec::new();
    for (share, label) in ticks {
        let middle = bar.y + ((1.0 - share) * f64::from(last)).round() as u32;
        let lowest = (bar.y + bar.height).saturating_sub(line).max(bar.y);
        let top = middle.saturating_sub(line / 2).clamp(bar.y, lowest);
        // The ends come first; a label between them that would cover one of theirs is left out.
        if taken.iter().all(|other| other.abs_diff(top) >= line) {
            text::draw(pixels, bar.x + bar.width + gap, top, label, TEXT, paper.quiet_ink());
            taken.push(top);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(num: usize) -> MatrixPlan {
        MatrixPlan {
            title: "linear CKA".to_owned(),
            lines: vec!["20 pictures".to_owned()],
            names: (0..num).map(|at| format!("block{at}_pool")).collect(),
            values: (0..num * num).map(|at| if at == 1 { None } else { Some(at as f64 / 8.0) }).collect(),
            breaks: vec![2],
            low: 0.0,
            high: 1.0,
            colour_map: ColourMap::Viridis,
            paper: Paper::Light,
        }
    }

    #[test]
    fn every_value_has_its_colour_and_every_pixel_its_cell() {
        let drawn = matrix_figure(&plan(3)).unwrap();
        let table = ColourMap::Viridis.table();
        let corner = |row: u32, column: u32| {
            let (x, y) = (drawn.cells.x + column * drawn.cell + 3, drawn.cells.y + row * drawn.cell + 3);
            assert_eq!(drawn.cell_at(x, y), Some((row as usize, column as usize)));
            drawn.pixels.pixel(x, y).unwrap()
        };
        assert_eq!(corner(0, 0), table[0]);
        assert_eq!(corner(0, 1), Paper::Light.blank(), "no value");
        assert_eq!(corner(1, 1), table[128], "4/8 of 255, rounded");
        assert_eq!(corner(2, 2), table[255]);
        assert_eq!(drawn.cell_at(drawn.cells.x - 1, drawn.cells.y), None);
        assert_eq!(drawn.cell_at(drawn.cells.x, drawn.cells.y + drawn.cells.height), None);
    }

    #[test]
    fn a_large_matrix_has_smaller_cells_and_one_without_rows_is_refused() {
        let drawn = matrix_figure(&plan(60)).unwrap();
        assert!(drawn.cell < WRITTEN_CELL && drawn.cell >= text::line_height(TEXT));
        assert_eq!(matrix_figure(&plan(0)).unwrap_err().to_string(), "nothing to show: the matrix is empty");
        assert_eq!([written(-0.001), written(-0.5), written(1.0)], ["0.00", "−0.50", "1.00"]);
    }
}

//! A plot of points over two axes: lines and dots with intervals, reference lines, and a legend beside them.
//!
//! Owns where things lie and what they look like. Must not know what the values are.

use super::plot_axis::{PlacedAxis, PlotAxis, PlotScale, tick_words};
use super::plot_pen::{Pen, Spot};
use super::text::draw_upwards;
use super::{MosaicError, Paper, PixelRect, Pixels, text};

/// Height of names and values, in pixels.
const TEXT: f32 = 14.0;
/// Height of the title.
const TITLE: f32 = 19.0;
/// Blank border of the figure.
const MARGIN: u32 = 16;
/// Columns and rows within the axes.
const WIDTH: u32 = 720;
const HEIGHT: u32 = 480;
/// Side of a plot whose axes are of the same values.
const SIDE: u32 = 560;
/// The longest name in the legend; the middle of a longer one is left out.
const LONGEST_NAME: usize = 44;
/// Columns of a sample in the legend.
const SAMPLE: u32 = 26;
/// How far from the points an axis goes, as a share of their extent.
const FAR: f64 = 1.5;
/// The least extent of points, as a share of the largest value.
const LEAST_SPAN: f64 = 0.2;
/// Length of a dash, and of what is between two.
const DASH: f32 = 6.0;
/// Colours that people with any colour vision tell apart (Okabe and Ito 2008), the most legible first.
const COLOURS: [[u8; 4]; 7] = [
    [0, 114, 178, 255],
    [213, 94, 0, 255],
    [0, 158, 115, 255],
    [204, 121, 167, 255],
    [230, 159, 0, 255],
    [86, 180, 233, 255],
    [120, 120, 128, 255],
];

/// A place of a plot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlotPoint {
    /// Along the axis of columns; with names, the place of one.
    pub x: f64,
    /// Along the axis of rows.
    pub y: f64,
    /// From where to where the value may be.
    pub interval: Option<(f64, f64)>,
    /// What is written beside it where there is room.
    pub label: String,
}

/// Names and heights of dashed lines.
type References<'a> = Vec<(&'a str, f64)>;

/// Points of one colour.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotSeries {
    /// In the legend; an empty one isn't there.
    pub name: String,
    /// The points, in the order in which a line joins them.
    pub points: Vec<PlotPoint>,
    /// Whether a line joins them.
    pub is_joined: bool,
}

/// All that a plot shows.
#[derive(Clone, Debug)]
pub struct PlotPlan {
    /// The first line.
    pub title: String,
    /// Lines under it.
    pub lines: Vec<String>,
    /// The axis of columns.
    pub x: PlotAxis,
    /// The axis of rows, which has no names.
    pub y: PlotAxis,
    /// The points.
    pub series: Vec<PlotSeries>,
    /// Dashed lines at a height, with their names.
    pub references: Vec<(String, f64)>,
    /// Whether both axes are of the same values, with a line where they are equal.
    pub has_diagonal: bool,
    /// What it is drawn on.
    pub paper: Paper,
}

impl PlotPlan {
    fn points(&self) -> impl Iterator<Item = &PlotPoint> {
        self.series.iter().flat_map(|series| &series.points)
    }

    /// The axes over the values that are there. A reference far from all points is left out, and an interval that goes far goes out of the plot.
    fn axes(&self, area: PixelRect) -> Option<(PlacedAxis, PlacedAxis, References<'_>)> {
        let points = || self.points().filter(|it| it.x.is_finite() && it.y.is_finite());
        let mut xs: Vec<f64> = points().map(|it| it.x).collect();
        let mut ys: Vec<f64> = points().map(|it| it.y).collect();
        let least = ys.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ys.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // What is further away than this would press all points into one line.
        let far = FAR * (most - least).max(LEAST_SPAN * most.abs());
        let ends = points().filter_map(|it| it.interval).flat_map(|(low, high)| [low, high]);
        ys.extend(ends.filter(|end| end.is_finite()).map(|end| end.clamp(least - far, most + far)));
        let is_near = |y: f64| (least - far..=most + far).contains(&y);
        let shown = self.references.iter().filter(|(_, y)| is_near(*y));
        let shown: Vec<(&str, f64)> = shown.map(|(name, y)| (&**name, *y)).collect();
        ys.extend(shown.iter().map(|(_, y)| *y));
        if self.has_diagonal {
            xs.extend_from_slice(&ys);
            ys.clone_from(&xs);
        }
        let (left, right) = (area.x as f32, (area.x + area.width) as f32);
        let (top, bottom) = (area.y as f32, (area.y + area.height) as f32);
        Some((
            PlacedAxis::new(&self.x.scale, &xs, left, right)?,
            PlacedAxis::new(&self.y.scale, &ys, bottom, top)?,
            shown,
        ))
    }
}

/// Draws a plot.
///
/// # Errors
/// A plot without a point.
pub fn plot_figure(plan: &PlotPlan) -> Result<Pixels, MosaicError> {
    let empty = || MosaicError::Empty { what: "the plot".to_owned() };
    let (columns, rows) = if plan.has_diagonal { (SIDE, SIDE) } else { (WIDTH, HEIGHT) };
    let (line, gap) = (text::line_height(TEXT), text::line_height(TEXT) / 2);
    // Values first, so that there is room for their words.
    let free = PixelRect { x: 0, y: 0, width: columns, height: rows };
    let (_, y_axis, _) = plan.axes(free).ok_or_else(empty)?;
    let y_words = y_axis.ticks().into_iter().map(|tick| text::width(&tick.1, TEXT)).max().unwrap_or(0);
    let legend = legend(plan);
    let legend_width = legend.iter().map(|(name, _)| SAMPLE + text::width(name, TEXT)).max();
    let legend_width = legend_width.map_or(0, |width| width + 2 * gap);
    let names = match &plan.x.scale {
        PlotScale::Names(names) => names.iter().map(|name| text::width(name, TEXT)).max().unwrap_or(0),
        PlotScale::Linear | PlotScale::Log => line,
    };
    let left = MARGIN + line + gap + y_words + gap;
    let width = left + columns + legend_width + MARGIN;
    let room = width - 2 * MARGIN;
    let title = text::wrap(&plan.title, TITLE, room, 2);
    let lines: Vec<String> = plan.lines.iter().flat_map(|it| text::wrap(it, TEXT, room, 3)).collect();
    let head = title.len() as u32 * text::line_height(TITLE) + lines.len() as u32 * line;
    let area = PixelRect { x: left, y: MARGIN + head + gap, width: columns, height: rows };
    let height = area.y + rows + gap + names + gap + line + MARGIN;
    let paper = plan.paper;
    let mut pixels = Pixels::filled("the plot", width.into(), height.into(), paper.ground())?;
    let mut y = MARGIN;
    for words in &title {
        text::draw(&mut pixels, MARGIN, y, words, TITLE, paper.ink());
        y += text::line_height(TITLE);
    }
    for words in &lines {
        text::draw(&mut pixels, MARGIN, y, words, TEXT, paper.quiet_ink());
        y += line;
    }
    let (x_axis, y_axis, references) = plan.axes(area).ok_or_else(empty)?;
    draw_axes(&mut pixels, plan, area, &x_axis, &y_axis)?;
    let along = area.x + (columns.saturating_sub(text::width(&plan.x.title, TEXT))) / 2;
    let under = area.y + rows + gap + names + gap;
    text::draw(&mut pixels, along, under, &plan.x.title, TEXT, paper.ink());
    let down = area.y + (rows.saturating_sub(text::width(&plan.y.title, TEXT))) / 2;
    draw_upwards(&mut pixels, MARGIN, down, &plan.y.title, TEXT, paper)?;

    let mut pen = Pen { pixels: &mut pixels, area };
    let (first, last) = (area.x as f32, (area.x + columns) as f32);
    if plan.has_diagonal {
        let (low, high) = (x_axis.low().max(y_axis.low()), x_axis.high().min(y_axis.high()));
        let at = |value: f64| (x_axis.place(value), y_axis.place(value));
        pen.line(at(low), at(high), 1.0, paper.line(), 1.0);
    }
    for (_, height) in references {
        pen.dashed((first, y_axis.place(height)), last, DASH, paper.quiet_ink());
    }
    draw_series(&mut pen, plan, &x_axis, &y_axis);
    draw_labels(&mut pixels, plan, area, &x_axis, &y_axis);
    let mut y = area.y;
    for (name, colour) in legend {
        let x = area.x + columns + 2 * gap;
        let middle = (y + line / 2) as f32;
        let whole = PixelRect { x: 0, y: 0, width, height };
        let mut pen = Pen { pixels: &mut pixels, area: whole };
        match colour {
            Some(colour) => pen.dot((x as f32 + 9.0, middle), 4.5, colour, 1.0),
            None => pen.dashed((x as f32, middle), x as f32 + 3.0 * DASH, DASH, paper.quiet_ink()),
        }
        text::draw(&mut pixels, x + SAMPLE, y, &name, TEXT, paper.ink());
        y += line + 2;
    }
    Ok(pixels)
}

/// Names with their colours; those of references have none.
fn legend(plan: &PlotPlan) -> Vec<(String, Option<[u8; 4]>)> {
    let short = |name: &str| text::shorten_middle(name, LONGEST_NAME);
    let series = plan.series.iter().enumerate().filter(|(_, it)| !it.name.is_empty());
    let series = series.map(|(at, it)| (short(&it.name), Some(colour(at))));
    let value = |y: f64| tick_words(y, 0.01);
    let references = plan.references.iter().map(|(name, y)| (format!("{} {}", short(name), value(*y)), None));
    series.chain(references).collect()
}

fn colour(series: usize) -> [u8; 4] {
    COLOURS[series % COLOURS.len()]
}

fn draw_axes(
    pixels: &mut Pixels,
    plan: &PlotPlan,
    area: PixelRect,
    x_axis: &PlacedAxis,
    y_axis: &PlacedAxis,
) -> Result<(), MosaicError> {
    let (paper, line, gap) = (plan.paper, text::line_height(TEXT), text::line_height(TEXT) / 2);
    let (bottom, faint) = (area.y + area.height, paper.blank());
    for (at, words) in y_axis.ticks() {
        let y = at.round() as u32;
        pixels.fill(PixelRect { x: area.x, y, width: area.width, height: 1 }, faint);
        let left = (area.x - gap).saturating_sub(text::width(&words, TEXT));
        text::draw(pixels, left, y.saturating_sub(line / 2), &words, TEXT, paper.quiet_ink());
    }
    for (at, words) in x_axis.ticks() {
        let x = at.round() as u32;
        pixels.fill(PixelRect { x, y: area.y, width: 1, height: area.height }, faint);
        if matches!(plan.x.scale, PlotScale::Names(_)) {
            let left = x.saturating_sub(line / 2);
            draw_upwards(pixels, left, bottom + gap, &words, TEXT, paper)?;
        } else {
            let left = x.saturating_sub(text::width(&words, TEXT) / 2);
            text::draw(pixels, left, bottom + gap, &words, TEXT, paper.quiet_ink());
        }
    }
    pixels.fill(PixelRect { x: area.x, y: area.y, width: 1, height: area.height + 1 }, paper.line());
    pixels.fill(PixelRect { x: area.x, y: bottom, width: area.width, height: 1 }, paper.line());
    Ok(())
}

fn draw_series(pen: &mut Pen<'_>, plan: &PlotPlan, x_axis: &PlacedAxis, y_axis: &PlacedAxis) {
    // The more points, the smaller and the more transparent, so that crowds can be seen.
    let num = plan.points().count();
    let (radius, share) = match num {
        0..=60 => (4.5, 1.0),
        61..=400 => (3.5, 0.55),
        401..=2000 => (3.0, 0.4),
        _ => (2.5, 0.25),
    };
    for (at, series) in plan.series.iter().enumerate() {
        let colour = colour(at);
        let places = || series.points.iter().map(|it| (x_axis.place(it.x), y_axis.place(it.y)));
        for point in &series.points {
            if let Some((low, high)) = point.interval {
                let x = x_axis.place(point.x);
                let (low, high) = (y_axis.place(low), y_axis.place(high));
                pen.line((x, low), (x, high), 1.5, colour, 0.55);
                for end in [low, high] {
                    pen.line((x - 3.0, end), (x + 3.0, end), 1.5, colour, 0.55);
                }
            }
        }
        if series.is_joined {
            let next = places().skip(1);
            places().zip(next).for_each(|(from, to)| pen.line(from, to, 2.0, colour, 1.0));
        }
        places().for_each(|place| pen.dot(place, radius, colour, share));
    }
}

/// Writes labels beside points, each where it covers no other, no point and no interval, and no other point is as near; one that has no such
/// place is left out.
fn draw_labels(
    pixels: &mut Pixels,
    plan: &PlotPlan,
    area: PixelRect,
    x_axis: &PlacedAxis,
    y_axis: &PlacedAxis,
) {
    let place = |it: &PlotPoint| (x_axis.place(it.x), y_axis.place(it.y));
    let mut taken: Vec<Spot> = plan.points().map(|it| Spot::around(place(it), 5.0)).collect();
    taken.extend(plan.points().filter_map(|it| {
        let (low, high) = it.interval?;
        let (x, ends) = (x_axis.place(it.x), [y_axis.place(low), y_axis.place(high)]);
        let (top, bottom) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        Some(Spot { left: x - 2.0, top, right: x + 2.0, bottom })
    }));
    let places: Vec<(f32, f32)> = plan.points().map(place).collect();
    let whole = Spot::of(area);
    for point in plan.points().filter(|it| !it.label.is_empty()) {
        let (x, y) = place(point);
        let words = text::shorten_middle(&point.label, LONGEST_NAME);
        let (width, height) = (text::width(&words, TEXT) as f32, text::line_height(TEXT) as f32);
        let corners = [
            (x + 9.0, y - height / 2.0),
            (x - 9.0 - width, y - height / 2.0),
            (x + 6.0, y - height - 4.0),
            (x + 6.0, y + 4.0),
            (x - 6.0 - width, y - height - 4.0),
            (x - 6.0 - width, y + 4.0),
        ];
        let spots = corners.map(|(left, top)| Spot { left, top, right: left + width, bottom: top + height });
        let is_own = |spot: &Spot| {
            let own = spot.distance((x, y));
            places.iter().all(|other| *other == (x, y) || spot.distance(*other) > 1.5 * own)
        };
        let is_free =
            |spot: &&Spot| whole.holds(spot) && is_own(spot) && taken.iter().all(|other| !spot.meets(other));
        if let Some(spot) = spots.iter().find(is_free).copied() {
            text::draw(pixels, spot.left as u32, spot.top as u32, &words, TEXT, plan.paper.quiet_ink());
            taken.push(spot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> PlotPlan {
        let point = |x: f64, y: f64| PlotPoint { x, y, ..PlotPoint::default() };
        PlotPlan {
            title: "title".into(),
            lines: vec!["line".into()],
            x: PlotAxis { title: "true".into(), scale: PlotScale::Linear },
            y: PlotAxis { title: "told".into(), scale: PlotScale::Linear },
            series: vec![PlotSeries {
                name: "a".into(),
                points: vec![point(0.0, 1.0), point(10.0, 4.0)],
                is_joined: false,
            }],
            references: vec![("mean".into(), 2.0)],
            has_diagonal: false,
            paper: Paper::Light,
        }
    }

    #[test]
    fn every_point_has_its_colour_where_it_belongs() {
        let area = PixelRect { x: 100, y: 50, width: 720, height: 480 };
        let plan = plan();
        let (x, y, references) = plan.axes(area).unwrap();
        assert_eq!(references, [("mean", 2.0)]);
        assert!(x.place(0.0) < x.place(10.0) && y.place(1.0) > y.place(4.0), "rows are counted from above");
        let drawn = plot_figure(&plan).unwrap();
        let coloured = drawn.rgba().as_chunks::<4>().0.iter().filter(|it| **it == COLOURS[0]).count();
        assert!((100..400).contains(&coloured), "two dots and one in the legend: {coloured}");
    }

    #[test]
    fn what_would_flatten_all_points_is_only_in_the_legend_and_nothing_is_no_plot() {
        let mut far = plan();
        far.references = vec![("far".into(), -100.0)];
        let area = PixelRect { x: 0, y: 0, width: 100, height: 100 };
        assert!(far.axes(area).unwrap().2.is_empty());
        assert_eq!(legend(&far)[1].0, "far −100.00");
        far.series.clear();
        assert_eq!(plot_figure(&far).unwrap_err().to_string(), "nothing to show: the plot is empty");
        let mut alone = plan();
        alone.series[0].points.truncate(1);
        alone.has_diagonal = true;
        plot_figure(&alone).unwrap();
    }
}

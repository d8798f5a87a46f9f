//! The plots of a probe: what the best head told beside what is true, scores against cost, scores over depth.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::design::Design;
use super::report::{Line, Report};
use crate::formats::write_png_with_texts;
use crate::models::Registry;
use crate::mosaic::{
    ColourMap, MatrixPlan, Paper, Pixels, PlotAxis, PlotPlan, PlotPoint, PlotScale, PlotSeries,
    matrix_figure, plot_figure,
};
use crate::probe::{Predictions, TargetKind, Values};
use crate::tensor::counted;

/// Names of the files.
const PREDICTIONS: &str = "predictions.png";
const CONFUSION: &str = "confusion.png";
const COST: &str = "cost.png";
const DEPTH: &str = "depth.png";
/// The program and its version.
const PROGRAM: &str = concat!("filterscope ", env!("CARGO_PKG_VERSION"));

/// All files that may be written.
pub(crate) fn files(folder: &Path) -> [PathBuf; 4] {
    [PREDICTIONS, CONFUSION, COST, DEPTH].map(|name| folder.join(name))
}

/// Writes all plots, each whole. Returns why one isn't there.
pub(super) fn write(
    folder: &Path,
    report: &Report,
    design: &Design,
    told: &Predictions,
) -> anyhow::Result<Vec<String>> {
    std::fs::create_dir_all(folder).with_context(|| format!("can't make \"{}\"", folder.display()))?;
    let Some(best) = report.lines.first() else { return Ok(Vec::new()) };
    let put = |name: &str, title: &str, pixels: &Pixels| {
        let path: PathBuf = folder.join(name);
        let texts = [("Title", title.to_owned()), ("Software", PROGRAM.to_owned())];
        write_png_with_texts(&path, pixels, &texts)
    };
    let measure = match report.kind {
        TargetKind::Numbers => "R²",
        TargetKind::Classes => "accuracy",
    };
    let name = &design.target.name;
    let of_best = format!(
        "{} {} {}: {measure} {:.3} [{:.3}, {:.3}], {}, each predicted by a head that was fitted without it",
        best.network,
        best.layer,
        best.head,
        best.scores.main(),
        best.interval.low,
        best.interval.high,
        counted(design.scored.len(), "row")
    );
    let title = format!("{name}: predicted and true");
    match (told, &design.target.values) {
        (Predictions::Numbers(told), Values::Numbers(truth)) => {
            let at = |row: &usize| PlotPoint { x: truth[*row], y: told[*row], ..PlotPoint::default() };
            let points = design.scored.iter().map(at).collect();
            let plan = PlotPlan {
                title: title.clone(),
                lines: vec![of_best],
                x: PlotAxis { title: format!("true {name}"), scale: PlotScale::Linear },
                y: PlotAxis { title: format!("predicted {name}"), scale: PlotScale::Linear },
                series: vec![PlotSeries { name: String::new(), points, is_joined: false }],
                references: Vec::new(),
                has_diagonal: true,
                paper: Paper::Light,
            };
            put(PREDICTIONS, &title, &plot_figure(&plan)?)?;
        }
        (Predictions::Classes(told), Values::Classes { labels, names }) => {
            let plan = confusion(&title, of_best, (labels, told), names, &design.scored);
            put(CONFUSION, &title, &matrix_figure(&plan)?.pixels)?;
        }
        (Predictions::Numbers(_), Values::Classes { .. }) | (Predictions::Classes(_), Values::Numbers(_)) => {
        }
    }
    let y = PlotAxis { title: measure.to_owned(), scale: PlotScale::Linear };
    let title = format!("{name}: score against cost");
    put(COST, &title, &plot_figure(&cost(&title, report, &y))?)?;
    let title = format!("{name}: score over depth");
    let Some(plan) = depth(&title, report, &y) else {
        let why = "it needs two layers of one of the program's networks";
        return Ok(vec![format!("there is no {DEPTH}: {why}")]);
    };
    put(DEPTH, &title, &plot_figure(&plan)?)?;
    Ok(Vec::new())
}

/// A cell for each true and told class: the share of the true class's rows.
fn confusion(
    title: &str,
    of_best: String,
    (labels, told): (&[usize], &[usize]),
    names: &[String],
    scored: &[usize],
) -> MatrixPlan {
    let num = names.len();
    let mut counts = vec![0_usize; num * num];
    for row in scored {
        counts[labels[*row] * num + told[*row]] += 1;
    }
    let values = (0..num * num).map(|at| {
        let all: usize = counts[at / num * num..][..num].iter().sum();
        (all > 0).then(|| counts[at] as f64 / all as f64)
    });
    MatrixPlan {
        title: title.to_owned(),
        lines: vec![of_best, "rows are true classes, columns predicted ones; shares of each row".to_owned()],
        names: names.to_vec(),
        values: values.collect(),
        breaks: Vec::new(),
        low: 0.0,
        high: 1.0,
        colour_map: ColourMap::Viridis,
        paper: Paper::Light,
    }
}

/// The lines of each network, networks in the order of their best line.
fn by_network(report: &Report) -> Vec<(&str, Vec<&Line>)> {
    let mut all: Vec<(&str, Vec<&Line>)> = Vec::new();
    for line in &report.lines {
        match all.iter_mut().find(|(network, _)| *network == line.network) {
            Some((_, lines)) => lines.push(line),
            None => all.push((&line.network, vec![line])),
        }
    }
    all
}

fn references(report: &Report) -> Vec<(String, f64)> {
    report.baselines.iter().map(|it| (it.name.clone(), it.scores.main())).collect()
}

fn cost(title: &str, report: &Report, y: &PlotAxis) -> PlotPlan {
    let have_times = report.lines.iter().all(|line| line.milliseconds.is_some());
    let (axis, what) = if have_times {
        ("milliseconds a picture (network alone)", "the best layer of each network, with each head")
    } else {
        (
            "width (numbers a picture)",
            "there are no times of stored features; the width stands in their place",
        )
    };
    let heads: BTreeSet<&str> = report.lines.iter().map(|line| line.head).collect();
    let point = |line: &Line| {
        let label =
            if heads.len() > 1 { format!("{} {}", line.layer, line.head) } else { line.layer.clone() };
        let x = line.milliseconds.filter(|_| have_times).unwrap_or(line.width as f64);
        let interval = Some((line.interval.low, line.interval.high));
        PlotPoint { x, y: line.scores.main(), interval, label }
    };
    let series = by_network(report).into_iter().map(|(network, mut lines)| {
        if have_times {
            // All layers are computed in one run, and have its time.
            let mut seen = Vec::new();
            lines.retain(|line| {
                !seen.contains(&line.head) && {
                    seen.push(line.head);
                    true
                }
            });
        }
        let points = lines.into_iter().map(point).collect();
        PlotSeries { name: network.to_owned(), points, is_joined: false }
    });
    PlotPlan {
        title: title.to_owned(),
        lines: vec![format!("{what}; bars are 95 % intervals")],
        x: PlotAxis { title: axis.to_owned(), scale: PlotScale::Log },
        y: y.clone(),
        series: series.collect(),
        references: references(report),
        has_diagonal: false,
        paper: Paper::Light,
    }
}

/// A line for each network of which two layers are there, with the head of the best line. Of one network the layers have their names; the
/// layers of several are placed by how deep in their network they are.
fn depth(title: &str, report: &Report, y: &PlotAxis) -> Option<PlotPlan> {
    let head = report.lines.first()?.head;
    let mut all: Vec<(&str, Vec<(f64, &Line)>)> = Vec::new();
    for (network, lines) in by_network(report) {
        let Some(graph) = Registry::find(network).ok().and_then(|spec| spec.graph().ok()) else { continue };
        let last = graph.nodes().len().saturating_sub(1).max(1) as f64;
        let place = |line: &Line| graph.find(&line.layer).map(|node| node.0 as f64 / last);
        let lines = lines.into_iter().filter(|line| line.head == head);
        let mut placed: Vec<(f64, &Line)> = lines.filter_map(|line| Some((place(line)?, line))).collect();
        placed.sort_by(|a, b| a.0.total_cmp(&b.0));
        if placed.len() > 1 {
            all.push((network, placed));
        }
    }
    let names: Vec<String> = match &all[..] {
        [] => return None,
        [(_, lines)] => lines.iter().map(|(_, line)| line.layer.clone()).collect(),
        _ => Vec::new(),
    };
    let are_named = !names.is_empty();
    let series = all.into_iter().map(|(network, lines)| {
        let point = |(at, (depth, line)): (usize, (f64, &Line))| PlotPoint {
            x: if are_named { at as f64 } else { depth },
            y: line.scores.main(),
            interval: Some((line.interval.low, line.interval.high)),
            label: String::new(),
        };
        PlotSeries {
            name: network.to_owned(),
            points: lines.into_iter().enumerate().map(point).collect(),
            is_joined: true,
        }
    });
    let (axis, scale) = if are_named {
        ("layer, in the order of the network", PlotScale::Names(names))
    } else {
        ("depth (share of the network's layers)", PlotScale::Linear)
    };
    Some(PlotPlan {
        title: title.to_owned(),
        lines: vec![format!("{head}; bars are 95 % intervals")],
        x: PlotAxis { title: axis.to_owned(), scale },
        y: y.clone(),
        series: series.collect(),
        references: references(report),
        has_diagonal: false,
        paper: Paper::Light,
    })
}

//! What a probe says: lines with their scores, baselines, differences and warnings; as Markdown, CSV or JSON.

use serde_json::{Value, json};

use super::design::Design;
use super::sets::OpenSet;
use super::settings::ProbeWords;
use crate::probe::{DUPLICATE_COSINE, Duplicates, HeadScore, Interval, Scores, Split, TargetKind, Values};
use crate::study::short::short_bytes;
use crate::tensor::{counted, shown};

/// A share of scored rows with a near duplicate from which on a warning is given.
const MANY: f64 = 0.05;
/// A share of rows whose neighbour in time is in another fold from which on a warning is given. Long drives as groups have less.
const MANY_APART: f64 = 0.2;
/// Permuted scores that are as good as this share of all are no accident.
const SIGNIFICANT: f64 = 0.05;

/// The scores of one head on one set of features.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) network: String,
    pub(super) layer: String,
    pool: String,
    weights_sha256: String,
    folder: String,
    pub(super) head: &'static str,
    strengths: Vec<f64>,
    pub(super) width: usize,
    num_bytes: u64,
    pub(super) milliseconds: Option<f64>,
    pub(super) scores: Scores,
    pub(super) interval: Interval,
    transfer: Transfer,
    permutation_p: Option<f64>,
    num_permutations: usize,
}

/// What is said of features without a head being fitted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    pub(super) logme: f64,
    pub(super) leep: Option<f64>,
}

impl Line {
    pub(super) fn new(
        set: &OpenSet,
        told: &HeadScore,
        scores: Scores,
        interval: Interval,
        transfer: Transfer,
        permutation_p: Option<f64>,
        milliseconds: Option<f64>,
    ) -> Self {
        let recipe = set.recipe();
        Self {
            network: recipe.tag.clone(),
            layer: recipe.layer.clone(),
            pool: set.pool(),
            weights_sha256: recipe.weights_sha256.clone(),
            folder: set.folder().display().to_string(),
            head: told.head.name(),
            strengths: told.strengths.clone(),
            width: set.width(),
            num_bytes: set.num_bytes(),
            milliseconds,
            scores,
            interval,
            transfer,
            permutation_p,
            num_permutations: told.permuted.len(),
        }
    }

    fn to_json(&self) -> Value {
        let mut line = json!({
            "network": self.network, "layer": self.layer, "pool": self.pool, "head": self.head,
            "strengths": self.strengths, "width": self.width, "num_bytes": self.num_bytes,
            "milliseconds_per_picture": self.milliseconds,
            "interval": self.interval, "logme": self.transfer.logme, "leep": self.transfer.leep, "permutation_p": self.permutation_p, "permutations": self.num_permutations,
            "weights_sha256": self.weights_sha256, "folder": self.folder,
        });
        add_scores(&mut line, &self.scores);
        line
    }
}

/// The scores of what knows less than a network.
#[derive(Debug)]
pub(super) struct Baseline {
    pub(super) name: String,
    pub(super) scores: Scores,
    pub(super) interval: Interval,
}

/// A baseline that couldn't be made.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) name: &'static str,
    pub(super) why: String,
    /// Whether an option left it out.
    pub(super) is_asked: bool,
}

/// By how much the best one is better than another, over the same draws of rows.
#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) best: String,
    pub(super) other: String,
    pub(super) is_baseline: bool,
    /// Whether it is among the sentences below the table: the next best, and the best of each other network.
    pub(super) is_shown: bool,
    pub(super) difference: f64,
    pub(super) interval: Interval,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Report {
    target: String,
    pub(super) kind: TargetKind,
    num_classes: Option<usize>,
    num_rows: usize,
    num_scored: usize,
    split: Split,
    split_words: String,
    block: usize,
    seed: u64,
    pub(super) lines: Vec<Line>,
    pub(super) baselines: Vec<Baseline>,
    pub(super) missing: Vec<Missing>,
    pub(super) differences: Vec<Comparison>,
    /// By the title of the features.
    pub(super) duplicates: Vec<(String, Duplicates)>,
    pub(crate) warnings: Vec<String>,
    /// The share of permutations in which the best of all lines is as good as the best one here.
    pub(super) best_p: Option<f64>,
}

fn add_scores(line: &mut Value, scores: &Scores) {
    if let (Some(line), Ok(Value::Object(scores))) = (line.as_object_mut(), serde_json::to_value(scores)) {
        line.extend(scores);
    }
}

impl Report {
    pub(super) fn new(design: &Design) -> Self {
        let num_classes = match &design.target.values {
            Values::Numbers(_) => None,
            Values::Classes { names, .. } => Some(names.len()),
        };
        Self {
            target: design.target.name.clone(),
            kind: design.target.kind(),
            num_classes,
            num_rows: design.target.num_rows(),
            num_scored: design.scored.len(),
            split: design.split.clone(),
            split_words: design.words.clone(),
            block: design.resamples.block(),
            seed: design.seed,
            lines: Vec::new(),
            baselines: Vec::new(),
            missing: Vec::new(),
            differences: Vec::new(),
            duplicates: Vec::new(),
            warnings: Vec::new(),
            best_p: None,
        }
    }

    /// Warns of rows that are nearly the same on both sides of the split, by the features in which most are, and names two.
    pub(super) fn warn_of_duplicates(&mut self, set: &OpenSet, found: &Duplicates, design: &Design) {
        let share = found.count as f64 / found.of.max(1) as f64;
        let Some((row, other, cosine)) = found.named.first().filter(|_| share > MANY) else { return };
        let name = |row: usize| {
            let file = set.index().column("file").and_then(|files| files.get(row));
            file.map_or_else(|| format!("row {row}"), |file| format!("`{}`", shown(file)))
        };
        let hint = match design.split {
            Split::Random | Split::File(_) => {
                "; a split by `block` or `group:COLUMN` keeps neighbours together"
            }
            Split::Block | Split::Group(_) => "",
        };
        self.warnings.push(format!(
            "by the features of {}, {} of {} scored rows have a near duplicate among the rows fitted on (cosine above {DUPLICATE_COSINE}), such as {} and {} ({cosine:.3}): a head may remember them instead of telling{hint}",
            set.title(),
            found.count,
            found.of,
            name(*row),
            name(*other)
        ));
    }

    /// Warns where rows were split at random, and their order means something.
    pub(super) fn warn_of_order(&mut self, title: &str, difference: f64, words: &ProbeWords) {
        self.warnings.push(format!(
            "rows were split at random, and by the features of {title} neighbouring rows look more alike than others of their class (cosine +{difference:.2}): if they were taken one after the other, neighbours are on both sides and scores are too good; {}",
            words.block_split
        ));
    }

    /// The best first.
    pub(super) fn sort(&mut self) {
        self.lines.sort_by(|a, b| b.scores.main().total_cmp(&a.scores.main()));
        self.baselines.sort_by(|a, b| b.scores.main().total_cmp(&a.scores.main()));
    }

    /// Warns where the best score may mean nothing.
    pub(super) fn conclude(&mut self, design: &Design, words: &ProbeWords) {
        if let Some(best) = self.lines.first() {
            let (chance, what) = design.chance();
            if best.interval.low <= chance {
                self.warnings.push(format!("the best score is not surely above {what}"));
            }
        }
        for difference in self.differences.iter().filter(|it| it.is_baseline && it.interval.low <= 0.0) {
            let is =
                if difference.difference <= 0.0 { "is no better than" } else { "is not surely better than" };
            self.warnings.push(format!("the best, {}, {is} {}", difference.best, difference.other));
        }
        for missing in self.missing.iter().filter(|it| !it.is_asked) {
            let Missing { name, why, .. } = missing;
            self.warnings.push(format!("there is no baseline of {name} to compare with: {why}"));
        }
        // The lines come best first.
        let num = self.lines.first().map_or(0, |best| best.num_permutations);
        let least = 1.0 / (num as f64 + 1.0);
        match self.best_p {
            Some(p) if p > SIGNIFICANT && p <= least => self.warnings.push(format!(
                "{} can show no smaller share than {least:.2}, so whether the best score is chance isn't known: 19 or more can",
                counted(num, "permutation")
            )),
            Some(p) if p > SIGNIFICANT => self.warnings.push(format!(
                "with the target moved to other rows, the best of all is as good as here in a share of {p:.2}: the best score may be chance"
            )),
            None if self.lines.len() > 1 => self.warnings.push(format!(
                "the best of {} lines was chosen on these rows, and its head has no permutation check here: a lead over the baselines may be chance",
                self.lines.len()
            )),
            Some(_) | None => {}
        }
        if !matches!(design.split, Split::Block) && design.neighbours_apart > MANY_APART {
            let how = match &design.split {
                Split::Random => "at random".to_owned(),
                other => format!("by `{other}`"),
            };
            self.warnings.push(format!(
                "rows in time were split {how}: neighbouring frames are on both sides, and scores are too good; {}",
                words.block_split
            ));
        }
    }

    /// Everything, as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let baselines: Vec<Value> = self
            .baselines
            .iter()
            .map(|baseline| {
                let mut line = json!({ "name": baseline.name, "interval": baseline.interval });
                add_scores(&mut line, &baseline.scores);
                line
            })
            .collect();
        let differences: Vec<Value> = self
            .differences
            .iter()
            .map(|it| {
                json!({
                    "best": it.best, "other": it.other, "is_baseline": it.is_baseline,
                    "difference": it.difference, "interval": it.interval,
                })
            })
            .collect();
        json!({
            "target": self.target,
            "kind": self.kind.words(),
            "num_classes": self.num_classes,
            "num_rows": self.num_rows,
            "num_scored": self.num_scored,
            "split": self.split.to_string(),
            "split_words": self.split_words,
            "rows_drawn_together": self.block,
            "permutation_p_of_best": self.best_p,
            "seed": self.seed,
            "score": match self.kind { TargetKind::Numbers => "r2", TargetKind::Classes => "accuracy" },
            "results": self.lines.iter().map(Line::to_json).collect::<Vec<_>>(),
            "baselines": baselines,
            "missing_baselines":
                self.missing.iter().map(|it| json!({ "name": it.name, "why": it.why })).collect::<Vec<_>>(),
            "differences": differences,
            "near_duplicates": self.duplicates.iter().map(|(name, found)| json!({ "features": name, "count": found.count, "of": found.of, "cosine_above": DUPLICATE_COSINE, "named": found.named })).collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
    }

    /// A line for each set and head, and for each baseline.
    pub(crate) fn to_csv(&self) -> anyhow::Result<String> {
        let (main, second, third) = self.measures();
        let mut csv = csv::Writer::from_writer(Vec::new());
        let head = ["network", "layer", "pool", "head", main, "low", "high", second, third, "logme"];
        csv.write_record(head.iter().chain(&[
            "permutation_p",
            "leep",
            "milliseconds_per_picture",
            "width",
            "num_bytes",
            "folder",
        ]))?;
        for line in &self.lines {
            let [main, second, third] = values(&line.scores);
            let optional = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            csv.write_record([
                line.network.clone(),
                line.layer.clone(),
                line.pool.clone(),
                line.head.to_owned(),
                main.to_string(),
                line.interval.low.to_string(),
                line.interval.high.to_string(),
                second.to_string(),
                third.to_string(),
                line.transfer.logme.to_string(),
                optional(line.permutation_p),
                optional(line.transfer.leep),
                optional(line.milliseconds),
                line.width.to_string(),
                line.num_bytes.to_string(),
                line.folder.clone(),
            ])?;
        }
        for baseline in &self.baselines {
            let [main, second, third] = values(&baseline.scores);
            let mut cells = vec![baseline.name.clone(), String::new(), String::new(), "baseline".to_owned()];
            cells.extend(
                [main, baseline.interval.low, baseline.interval.high, second, third].map(|v| v.to_string()),
            );
            cells.resize(16, String::new());
            csv.write_record(cells)?;
        }
        Ok(String::from_utf8(csv.into_inner()?)?)
    }

    fn measures(&self) -> (&'static str, &'static str, &'static str) {
        match self.kind {
            TargetKind::Numbers => ("r2", "rmse", "mae"),
            TargetKind::Classes => ("accuracy", "macro_f1", "balanced_accuracy"),
        }
    }

    /// Titles and rows, the networks first.
    pub(crate) fn cells(&self) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let titles = match self.kind {
            TargetKind::Numbers => ["R²", "RMSE", "MAE"],
            TargetKind::Classes => ["ACCURACY", "MACRO F1", "BALANCED"],
        };
        let [main, second, third] = titles;
        let mut head = vec!["NETWORK", "LAYER", "HEAD", main, "95 %", second, third, "LOGME"];
        head.extend((self.kind == TargetKind::Classes).then_some("LEEP"));
        head.extend(["P", "MS", "WIDTH", "ON DISK"]);
        let none = || "–".to_owned();
        let interval = |it: Interval| format!("[{}, {}]", short(it.low), short(it.high));
        let lines = self.lines.iter().map(|line| {
            let [main, second, third] = values(&line.scores).map(short);
            let mut cells = vec![line.network.clone(), line.layer.clone(), line.head.to_owned(), main];
            cells.extend([interval(line.interval), second, third, short(line.transfer.logme)]);
            if self.kind == TargetKind::Classes {
                cells.push(line.transfer.leep.map_or_else(none, short));
            }
            cells.extend([
                line.permutation_p.map_or_else(none, |p| format!("{p:.2}")),
                line.milliseconds.map_or_else(none, |ms| format!("{ms:.1}")),
                line.width.to_string(),
                short_bytes(line.num_bytes),
            ]);
            cells
        });
        let baselines = self.baselines.iter().map(|baseline| {
            let [main, second, third] = values(&baseline.scores).map(short);
            let name = format!("({})", baseline.name);
            let mut cells = vec![name, none(), none(), main, interval(baseline.interval), second, third];
            cells.resize_with(head.len(), none);
            cells
        });
        let rows = lines.chain(baselines).collect();
        (head, rows)
    }

    /// The target, its rows and the split.
    pub(crate) fn heading(&self) -> String {
        let classes = self.num_classes.map(|num| format!(", {num} different")).unwrap_or_default();
        format!(
            "`{}` ({}{}) of {}; {}",
            self.target,
            self.kind.words(),
            classes,
            counted(self.num_rows, "row"),
            self.split_words
        )
    }

    /// The best beside the others, and which baselines there are none of, a sentence each.
    pub(crate) fn comparisons(&self) -> Vec<String> {
        let one = |it: &Comparison| {
            if it.difference < 0.0 {
                // Only a baseline is better than the best line.
                let (low, high) = (short(-it.interval.high), short(-it.interval.low));
                let by = short(-it.difference);
                return format!(
                    "{} doesn't beat {}, which is better by {by} [{low}, {high}]",
                    it.best, it.other
                );
            }
            let beats = match (it.difference > 0.0, it.interval.low > 0.0) {
                (true, true) => "beats",
                (true, false) => "doesn't surely beat",
                (false, _) => return format!("{} is no better than {}", it.best, it.other),
            };
            format!(
                "{} {beats} {} by {} [{}, {}]",
                it.best,
                it.other,
                short(it.difference),
                short(it.interval.low),
                short(it.interval.high)
            )
        };
        let missing = self.missing.iter().map(|it| format!("no baseline of {}: {}", it.name, it.why));
        let shown = self.differences.iter().filter(|it| it.is_baseline || it.is_shown);
        shown.map(one).chain(missing).collect()
    }

    /// As a table of Markdown, with the differences below.
    pub(crate) fn to_markdown(&self) -> String {
        let (titles, rows) = self.cells();
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let titles: Vec<String> = titles.into_iter().map(str::to_owned).collect();
        let rules: Vec<String> =
            (0..titles.len()).map(|at| if at < 3 { "---" } else { "---:" }.to_owned()).collect();
        let rows: String = rows.iter().map(|row| line(row)).collect();
        let said: Vec<String> = self.comparisons().iter().map(|said| format!("- {said}")).collect();
        format!("{}\n\n{}{}{rows}\n{}\n", self.heading(), line(&titles), line(&rules), said.join("\n"))
    }
}

/// The measures in the order of the table.
fn values(scores: &Scores) -> [f64; 3] {
    match scores {
        Scores::Numbers { r2, rmse, mae } => [*r2, *rmse, *mae],
        Scores::Classes { accuracy, macro_f1, balanced_accuracy } => {
            [*accuracy, *macro_f1, *balanced_accuracy]
        }
    }
}

/// Three digits behind the point, or fewer of a large number; small ones with three digits in all.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.01 => format!("{value:.2e}"),
        size if size < 100.0 => format!("{value:.3}"),
        _ => format!("{value:.0}"),
    }
}

//! What is the same for all networks: the target, which rows are scored, and how rows are drawn for intervals.

use std::collections::BTreeMap;

use anyhow::anyhow;

use super::sets::OpenSet;
use super::settings::{ProbeSettings, ProbeWords};
use crate::probe::{Folds, Resamples, Split, Target, TargetKind, Values};
use crate::tensor::{ColumnKind, counted, shown};

/// Columns that say when a row was taken, by their names in lower case: these, and any with `timestamp` in it.
const TIMES: [&str; 3] = ["time", "stamp", "t"];
/// Draws of rows have seeds of their own.
const DRAW_SEED: u64 = 0x6472_6177;

/// What all networks are asked.
#[derive(Debug)]
pub(super) struct Design {
    pub(super) target: Target,
    pub(super) split: Split,
    pub(super) folds: Folds,
    /// The rows in time, or group after group.
    pub(super) order: Vec<usize>,
    /// Whether neighbours in that order have something in common.
    pub(super) are_in_time: bool,
    pub(super) scored: Vec<usize>,
    pub(super) resamples: Resamples,
    pub(super) seed: u64,
    /// The share of rows of a log whose next row in time is in another fold.
    pub(super) neighbours_apart: f64,
    /// The split, in words.
    pub(super) words: String,
    pub(super) notes: Vec<String>,
}

impl Design {
    pub(super) fn new(args: &ProbeSettings, sets: &[OpenSet]) -> anyhow::Result<Self> {
        let index = sets[0].index();
        let names = || index.columns().iter().map(|column| column.name.as_str());
        let column = |name: &str| index.column(name).ok_or_else(|| Target::missing(name, names()));
        let kind_of = |name: &str| {
            let found = index.columns().iter().find(|column| column.name == name);
            found.map_or(ColumnKind::Text, |column| column.kind)
        };
        let cells = column(&args.target)?;
        let kind = args.kind;
        let target = Target::read(&args.target, cells, kind_of(&args.target), kind)?;
        let mut notes = Vec::new();
        if kind.is_none() && target.may_be_classes() {
            notes.push(format!(
                "`{}` is taken as numbers; where its values are names of classes, {}",
                args.target, args.words.as_classes
            ));
        }
        let is_time = |name: &str| name.contains("timestamp") || TIMES.contains(&name);
        let time = names().find(|name| is_time(&name.to_lowercase()));
        let times =
            time.and_then(|name| Some((name.to_owned(), numbers(index.column(name)?, kind_of(name))?)));
        let is_log = time.is_some() || !sets[0].recipe().cameras.is_empty();
        let split = args.split.clone().unwrap_or(match target.kind() {
            TargetKind::Classes if !is_log => Split::Random,
            TargetKind::Classes | TargetKind::Numbers => Split::Block,
        });
        if let (Split::Block, Some(name), None) = (&split, time, &times) {
            return Err(no_order((name, kind_of(name)), index.column(name).unwrap_or_default(), args.words));
        }
        let num_rows = target.num_rows();
        let mut order: Vec<usize> = (0..num_rows).collect();
        let own: Vec<String> = order.iter().map(ToString::to_string).collect();
        let moments: &[String] = index.column("row").unwrap_or(&own);
        let mut in_time = "in the order of the index".to_owned();
        if let Some((name, times)) = &times {
            // Pictures of one moment are from one row of the log, and stay together at the time of the first of them.
            let mut first: BTreeMap<&str, f64> = BTreeMap::new();
            for row in 0..num_rows {
                let seen = first.entry(&moments[row]).or_insert(times[row]);
                *seen = seen.min(times[row]);
            }
            let at = |row: usize| first.get(moments[row].as_str()).copied().unwrap_or(times[row]);
            let is_in_order = order.windows(2).all(|pair| at(pair[0]) <= at(pair[1]));
            order
                .sort_by(|a, b| at(*a).total_cmp(&at(*b)).then(moments[*a].cmp(&moments[*b])).then(a.cmp(b)));
            in_time = format!("in the order of `{name}`");
            if !is_in_order {
                notes.push(format!(
                    "the rows are not in the order of `{name}`; they are split by it all the same"
                ));
            }
        }
        let in_order = order.clone();
        let (num, seed) = (usize::from(args.folds), args.seed);
        let (folds, words, units, are_in_time) = match &split {
            Split::Block => {
                let folds = Folds::blocks(&order, moments, num)?;
                (folds, folds_words(num, &format!("consecutive rows {in_time}")), moments, true)
            }
            Split::Random => {
                (Folds::random(&target, num, seed)?, folds_words(num, "random rows"), moments, is_log)
            }
            Split::Group(name) => {
                let cells = column(name)?;
                let folds = Folds::groups(name, cells, num)?;
                order.sort_by(|a, b| cells[*a].cmp(&cells[*b]));
                let words = folds_words(folds.num, &format!("whole groups of `{name}`"));
                (folds, words, cells, false)
            }
            Split::File(name) => {
                let folds = Folds::parts(name, column(name)?, num)?;
                (folds, format!("the parts that `{name}` names; those of test are scored"), moments, is_log)
            }
        };
        let apart = in_order.windows(2).filter(|pair| folds.of_row[pair[0]] != folds.of_row[pair[1]]).count();
        let neighbours_apart = if is_log { apart as f64 / num_rows as f64 } else { 0.0 };
        let scored = folds.scored_rows();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut before = None;
        for row in order.iter().filter(|row| scored.binary_search(row).is_ok()) {
            match groups.last_mut() {
                Some(group) if before == Some(&units[*row]) => group.push(*row),
                _ => groups.push(vec![*row]),
            }
            before = Some(&units[*row]);
        }
        let resamples = Resamples::new(&groups, are_in_time, seed ^ DRAW_SEED);
        // Neighbours of one group have it in common, whatever their order.
        let are_in_time = are_in_time || matches!(split, Split::Group(_));
        Ok(Self {
            target,
            split,
            folds,
            order,
            are_in_time,
            scored,
            resamples,
            seed,
            neighbours_apart,
            words,
            notes,
        })
    }
}

impl Design {
    /// The score of an answer that needs no feature and no row to fit on, and what it is: what the scores must be above, however badly the
    /// baselines do with this split.
    pub(super) fn chance(&self) -> (f64, String) {
        match &self.target.values {
            Values::Numbers(_) => (0.0, "0, which the mean of the scored rows has".to_owned()),
            Values::Classes { labels, names } => {
                let mut counts = vec![0_usize; names.len()];
                self.scored.iter().for_each(|row| counts[labels[*row]] += 1);
                let most = counts.into_iter().max().unwrap_or(0);
                let share = most as f64 / self.scored.len().max(1) as f64;
                (share, format!("{share:.3}, the share of the most frequent class among the scored rows"))
            }
        }
    }
}

/// The numbers of a column, if all its cells are numbers.
fn numbers(cells: &[String], kind: ColumnKind) -> Option<Vec<f64>> {
    cells.iter().map(|cell| kind.cell(cell).number()).collect()
}

/// Why rows can't be put in order by a column that says when they were taken.
fn no_order((name, kind): (&str, ColumnKind), cells: &[String], words: &ProbeWords) -> anyhow::Error {
    let found = cells.iter().enumerate().find(|(_, cell)| kind.cell(cell).number().is_none());
    let (row, cell) = found.map_or((0, ""), |(row, cell)| (row, cell.as_str()));
    anyhow!(
        "`{name}` says when rows were taken, and not all of its cells are numbers (row {row}: `{}`), so they can't be put in order; \
         write it as seconds, or {}",
        shown(cell),
        words.other_split
    )
}

/// `5 folds of consecutive rows`.
fn folds_words(num: usize, what: &str) -> String {
    format!("{} of {what}", counted(num, "fold"))
}

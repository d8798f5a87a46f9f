//! Nested scoring: each scored fold is left out alone for the score, and with each other fold for the choice of a strength.

use super::error::ProbeError;
use super::folds::Folds;
use super::scores::ScoreMeasure;
use super::target::{Target, Values};

/// Asked between fits whether to go on.
pub(super) type GoOn<'a> = &'a (dyn Fn() -> bool + Sync);

/// What a fit asks and tells while it runs.
#[derive(Clone, Copy)]
pub struct FitWatch<'a> {
    /// Asked whether to go on.
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    /// Told how many steps are done, and of how many, where a fit has many. Calls come from several threads and may overtake each other.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

impl FitWatch<'static> {
    /// Goes on to the end and tells nobody.
    pub const SILENT: Self = Self { go_on: &|| true, progress: &|_, _| {} };
}

impl std::fmt::Debug for FitWatch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FitWatch")
    }
}

/// What was told for each row; rows that are not scored have no meaning.
#[derive(Clone, Debug, PartialEq)]
pub enum Predictions {
    /// Numbers.
    Numbers(Vec<f64>),
    /// Classes, by their place among the target's names.
    Classes(Vec<usize>),
}

impl Predictions {
    pub(super) fn empty(target: &Target) -> Self {
        match &target.values {
            Values::Numbers(numbers) => Self::Numbers(vec![f64::NAN; numbers.len()]),
            Values::Classes { labels, .. } => Self::Classes(vec![0; labels.len()]),
        }
    }

    /// Classes are given as whole numbers.
    pub(super) fn set(&mut self, row: usize, told: f64) {
        match self {
            Self::Numbers(all) => all[row] = told,
            Self::Classes(all) => all[row] = told as usize,
        }
    }

    /// Beside the truth.
    pub fn measure<'a>(&'a self, target: &'a Target) -> Option<ScoreMeasure<'a>> {
        match (self, &target.values) {
            (Self::Numbers(told), Values::Numbers(truth)) => Some(ScoreMeasure::Numbers(truth, told)),
            (Self::Classes(told), Values::Classes { labels, names }) => {
                Some(ScoreMeasure::Classes(labels, told, names.len()))
            }
            (Self::Numbers(_), Values::Classes { .. }) | (Self::Classes(_), Values::Numbers(_)) => None,
        }
    }
}

/// What was computed for a choice of folds to leave out: for some folds, a list of numbers.
pub(super) type PerFold = Vec<((usize, Option<usize>), Vec<(usize, Vec<f64>)>)>;

/// Computes something for each choice of folds to leave out, on all threads.
pub(super) fn for_all(
    folds: &Folds,
    go_on: GoOn<'_>,
    each: impl Fn((usize, Option<usize>)) -> Result<Vec<(usize, Vec<f64>)>, ProbeError> + Sync,
) -> Result<PerFold, ProbeError> {
    use rayon::prelude::*;
    folds
        .left_out()
        .into_par_iter()
        .map(|out| if go_on() { Ok((out, each(out)?)) } else { Err(ProbeError::Interrupted) })
        .collect()
}

/// Of losses that have `num` numbers for each target, one after the other, those of one target.
pub(super) fn of_target(losses: &PerFold, which: usize, num: usize) -> PerFold {
    let part = |list: &Vec<f64>| list[which * num..][..num].to_vec();
    let lists =
        |lists: &Vec<(usize, Vec<f64>)>| lists.iter().map(|(fold, list)| (*fold, part(list))).collect();
    losses.iter().map(|(out, all)| (*out, lists(all))).collect()
}

/// The place of the smallest sum of losses over the inner folds of a scored one; of equal ones the last, which is the stronger.
pub(super) fn choose(losses: &PerFold, folds: &Folds, scored: usize, num: usize) -> usize {
    let mut sums = vec![0.0; num];
    for inner in folds.inner.iter().filter(|inner| **inner != scored) {
        let pair = (scored.min(*inner), Some(scored.max(*inner)));
        let of_pair = losses.iter().filter(|(out, _)| *out == pair).flat_map(|(_, lists)| lists);
        for (_, list) in of_pair.filter(|(fold, _)| fold == inner) {
            sums.iter_mut().zip(list).for_each(|(sum, loss)| *sum += loss);
        }
    }
    (0..num).rev().min_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap_or(0)
}

//! Fits a head on the rows that a split leaves, for each scored fold, with its strength chosen on the other folds.

use std::str::FromStr;

use faer::Mat;

use super::dense::{UNITS, dense, dense_on_all};
use super::error::ProbeError;
use super::folds::{Folds, check_extent};
use super::knn::knn;
use super::linear::{KeptHead, LinearHead};
use super::logistic::{logistic, logistic_on_all};
use super::matrix::{Parts, largest};
use super::nested::{FitWatch, GoOn, PerFold, Predictions, choose, for_all, of_target};
use super::permutation::{Permuted, score};
use super::ridge::{Ridge, STRENGTHS};
use super::target::{Target, Values};

/// What is fitted on features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeHead {
    /// Ridge regression; of classes, least squares to a column of 0 and 1 for each.
    Ridge,
    /// Multinomial logistic regression.
    Logistic,
    /// k nearest neighbours.
    Knn,
    /// A hidden layer of 1024 units before the last.
    Dense,
}

/// A word that names no head.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("head `{0}`: expected ridge, logistic, knn or dense")]
pub struct UnknownProbeHead(String);

impl ProbeHead {
    /// As it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ridge => "ridge",
            Self::Logistic => "logistic",
            Self::Knn => "knn",
            Self::Dense => "dense",
        }
    }

    /// Bytes that a fit on rows of this width takes beside the rows, for each fold that is fitted at the same time.
    pub const fn num_bytes(self, width: u64) -> u64 {
        match self {
            // Weights, their slopes, the slopes' squares, and the best weights so far.
            Self::Dense => 4 * 8 * width * UNITS as u64,
            Self::Ridge | Self::Logistic | Self::Knn => 0,
        }
    }
}

impl FromStr for ProbeHead {
    type Err = UnknownProbeHead;

    fn from_str(text: &str) -> Result<Self, UnknownProbeHead> {
        let all = [Self::Ridge, Self::Logistic, Self::Knn, Self::Dense];
        all.into_iter()
            .find(|head| head.name() == text.trim())
            .ok_or_else(|| UnknownProbeHead(text.to_owned()))
    }
}

/// A head's predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadScore {
    /// The head.
    pub head: ProbeHead,
    /// What it told for each scored row, fitted on rows of other folds.
    pub predictions: Predictions,
    /// α, λ, k or the number of epochs, chosen for each scored fold in order.
    pub strengths: Vec<f64>,
    /// Scores with the target's values moved to other rows, if asked for; not of `dense`.
    pub permuted: Vec<f64>,
    /// The score of the true target that these are compared with. Logistic regression has one strength for all of them.
    pub compared: f64,
}

/// Fits and scores a head on rows × width numbers, row-major.
///
/// # Errors
/// Numbers that are not finite; a head that doesn't go with the target; the watch didn't want to go on.
pub fn evaluate(
    head: ProbeHead,
    values: &[f32],
    width: usize,
    target: &Target,
    folds: &Folds,
    permutations: Permuted<'_>,
    watch: FitWatch<'_>,
) -> Result<HeadScore, ProbeError> {
    let go_on = watch.go_on;
    check_parts(target, folds)?;
    let parts = Parts::new(values, width, folds)?;
    let (predictions, strengths, mut permuted) = match head {
        ProbeHead::Ridge => ridge(&parts, target, folds, permutations, go_on)?,
        ProbeHead::Logistic => logistic(&parts, target, folds, permutations, watch)?,
        ProbeHead::Knn => knn(&parts, target, folds, permutations, go_on)?,
        ProbeHead::Dense => {
            let (predictions, epochs) = dense(&parts, target, folds, permutations.seed, watch)?;
            (predictions, epochs, Vec::new())
        }
    };
    let compared = if head == ProbeHead::Logistic && !permuted.is_empty() {
        permuted.remove(0)
    } else {
        score(&predictions, target, &folds.scored_rows())
    };
    Ok(HeadScore { head, predictions, strengths, permuted, compared })
}

/// The baseline that knows no features: the mean of the rows fitted on, or their most frequent class.
///
/// # Errors
/// None but those of [`evaluate`].
pub fn constant_baseline(target: &Target, folds: &Folds) -> Result<Predictions, ProbeError> {
    check_parts(target, folds)?;
    let mut predictions = Predictions::empty(target);
    for fold in &folds.scored {
        let kept = || (0..folds.of_row.len()).filter(|row| folds.of_row[*row] != *fold);
        let told = match &target.values {
            Values::Numbers(numbers) => kept().map(|row| numbers[row]).sum::<f64>() / kept().count() as f64,
            Values::Classes { labels, names } => {
                let mut counts = vec![0.0; names.len()];
                kept().for_each(|row| counts[labels[row]] += 1.0);
                largest(counts.iter()) as f64
            }
        };
        folds.rows(*fold).into_iter().for_each(|row| predictions.set(row, told));
    }
    Ok(predictions)
}

/// A target that is constant in what is left to fit on would be told by every head.
fn check_parts(target: &Target, folds: &Folds) -> Result<(), ProbeError> {
    check_extent("a target", target.num_rows(), folds.of_row.len())?;
    for (first, second) in folds.left_out() {
        let kept = |row: &usize| folds.of_row[*row] != first && Some(folds.of_row[*row]) != second;
        let rows: Vec<usize> = (0..folds.of_row.len()).filter(kept).collect();
        let is_constant = match &target.values {
            Values::Numbers(numbers) => rows.iter().all(|row| numbers[*row] == numbers[rows[0]]),
            Values::Classes { labels, .. } => rows.iter().all(|row| labels[*row] == labels[rows[0]]),
        };
        if is_constant {
            return Err(ProbeError::ConstantPart);
        }
    }
    Ok(())
}

/// Ridge for the true target and permuted ones at once.
fn ridge(
    parts: &Parts,
    target: &Target,
    folds: &Folds,
    permutations: Permuted<'_>,
    go_on: GoOn<'_>,
) -> Result<(Predictions, Vec<f64>, Vec<f64>), ProbeError> {
    let targets = permutations.targets(target, folds);
    let columns: Vec<Vec<f64>> = targets.iter().flat_map(Target::columns).collect();
    let per = columns.len() / targets.len();
    let losses = losses(parts, &columns, per, folds, go_on)?;
    // The place of the strength for each target and scored fold.
    let chosen: Vec<Vec<usize>> = (0..targets.len())
        .map(|which| {
            let losses = of_target(&losses, which, STRENGTHS.len());
            folds.scored.iter().map(|fold| choose(&losses, folds, *fold, STRENGTHS.len())).collect()
        })
        .collect();
    let told = for_all(folds, go_on, |out| {
        let place = folds.scored.iter().position(|fold| *fold == out.0);
        let (None, Some(place)) = (out.1, place) else { return Ok(vec![]) };
        let fitted = Ridge::fit(parts, out, &columns)?;
        let basis = fitted.basis(parts.folds[out.0].x.as_ref());
        let mut told = vec![Vec::new(); targets.len()];
        for (strength, value) in STRENGTHS.iter().enumerate() {
            let which: Vec<usize> = (0..targets.len()).filter(|at| chosen[*at][place] == strength).collect();
            if which.is_empty() {
                continue;
            }
            let all = fitted.predict(basis.as_ref(), *value);
            for which in which {
                let of_row = |row: usize| match per {
                    1 => all[(row, which)],
                    _ => largest((0..per).map(|at| &all[(row, which * per + at)])) as f64,
                };
                told[which] = (0..basis.nrows()).map(of_row).collect();
            }
        }
        Ok(told.into_iter().map(|list| (out.0, list)).collect())
    })?;
    let scored = folds.scored_rows();
    let predictions = |which: usize| {
        let mut predictions = Predictions::empty(target);
        for (_, lists) in &told {
            if let Some((fold, list)) = lists.get(which) {
                parts.folds[*fold].rows.iter().zip(list).for_each(|(row, told)| predictions.set(*row, *told));
            }
        }
        predictions
    };
    let score = |which: usize| score(&predictions(which), &targets[which], &scored);
    let strengths = chosen[0].iter().map(|place| STRENGTHS[*place]).collect();
    Ok((predictions(0), strengths, (1..targets.len()).map(score).collect()))
}

/// For each fold left out: a loss for each target and strength, target after target. A target has `per` columns.
fn losses(
    parts: &Parts,
    columns: &[Vec<f64>],
    per: usize,
    folds: &Folds,
    go_on: GoOn<'_>,
) -> Result<PerFold, ProbeError> {
    for_all(folds, go_on, |out| {
        let Some(second) = out.1 else { return Ok(vec![]) };
        let fitted = Ridge::fit(parts, out, columns)?;
        let loss = |fold: usize| {
            let rows = &parts.folds[fold].rows;
            let basis = fitted.basis(parts.folds[fold].x.as_ref());
            let mut losses = vec![0.0; columns.len() / per * STRENGTHS.len()];
            for (place, strength) in STRENGTHS.iter().enumerate() {
                let told = fitted.predict(basis.as_ref(), *strength);
                for (column, truth) in columns.iter().enumerate() {
                    let squares = rows.iter().zip(told.col(column).iter());
                    let sum: f64 = squares.map(|(row, told)| (truth[*row] - told).powi(2)).sum();
                    losses[column / per * STRENGTHS.len() + place] += sum;
                }
            }
            losses
        };
        Ok(vec![(out.0, loss(out.0)), (second, loss(second))])
    })
}

/// Fits a head on all rows, with its strength chosen on all folds, each left out in turn. Returns it with that strength. `dense` is fitted on
/// all folds but the first, which says when its fit ends.
///
/// # Errors
/// Those of [`evaluate`]; nearest neighbours, which have no weights.
pub fn fit_on_all(
    head: ProbeHead,
    values: &[f32],
    width: usize,
    target: &Target,
    folds: &Folds,
    seed: u64,
    watch: FitWatch<'_>,
) -> Result<(KeptHead, f64), ProbeError> {
    let go_on = watch.go_on;
    // A fold without rows takes the place of the scored one.
    let folds = Folds {
        of_row: folds.of_row.clone(),
        num: folds.num + 1,
        scored: vec![folds.num],
        inner: (0..folds.num).collect(),
    };
    check_parts(target, &folds)?;
    let parts = Parts::new(values, width, &folds)?;
    let empty = folds.num - 1;
    let linear = |weights: &Mat<f64>, intercepts, strength| {
        (KeptHead { hidden: None, last: LinearHead::of(weights, intercepts) }, strength)
    };
    match (head, &target.values) {
        (ProbeHead::Ridge, _) => {
            let columns = target.columns();
            let losses = losses(&parts, &columns, columns.len(), &folds, go_on)?;
            let strength = STRENGTHS[choose(&losses, &folds, empty, STRENGTHS.len())];
            let fitted = Ridge::fit(&parts, (empty, None), &columns)?;
            let (weights, intercepts) = fitted.plain(&parts, strength);
            Ok(linear(&weights, intercepts, strength))
        }
        (ProbeHead::Logistic, Values::Classes { labels, names }) => {
            let (weights, intercepts, strength) =
                logistic_on_all(&parts, labels, names.len(), &folds, go_on)?;
            Ok(linear(&weights, intercepts, strength))
        }
        (ProbeHead::Logistic, Values::Numbers(_)) => {
            Err(ProbeError::WrongHead { head: "logistic", needs: "classes", got: "numbers" })
        }
        (ProbeHead::Knn, _) => Err(ProbeError::NoWeights { head: "knn" }),
        (ProbeHead::Dense, _) => {
            let (hidden, last, epochs) = dense_on_all(&parts, target, &folds, seed, watch)?;
            Ok((KeptHead { hidden: Some(hidden), last }, epochs))
        }
    }
}

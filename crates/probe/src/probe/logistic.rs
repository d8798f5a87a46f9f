//! Multinomial logistic regression on standardised features, by L-BFGS: the W and b for which −Σ log p(class) + λ/2 ‖W‖² is smallest.
//! The intercepts b are not shrunk. λ is scikit-learn's 1/C, also of two classes: there, one class's weights are the other's with the sign
//! turned, and each is half of what is shrunk, so the penalty counts twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use argmin::core::{CostFunction, Error, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use faer::{Mat, MatRef};
use rayon::prelude::*;

use super::error::ProbeError;
use super::folds::Folds;
use super::matrix::{Parts, Standard, largest, product};
use super::nested::{FitWatch, GoOn, PerFold, Predictions, choose, for_all};
use super::permutation::{Permuted, score};
use super::ridge::eigen;
use super::target::{Target, Values};

/// The λ that are compared, the strongest first: each begins where the one before ended.
pub(super) const STRENGTHS: [f64; 6] = [1e3, 1e2, 1e1, 1.0, 1e-1, 1e-2];
/// The λ of permutations.
const PERMUTED: f64 = 10.0;
/// L-BFGS ends where the gradient, divided by the number of rows, is shorter than this: a tenth of what scikit-learn takes.
const TOLERANCE: f64 = 1e-5;
const MOST_STEPS: u64 = 300;
/// Pairs of steps and gradients that L-BFGS keeps.
const MEMORY: usize = 10;

/// Predictions for the scored rows, λ for each scored fold, and the scores of the true target and of
/// permutations, all with λ = 10: a λ that the true target chose would favour it, and a choice for each takes hours.
pub(super) fn logistic(
    parts: &Parts,
    target: &Target,
    folds: &Folds,
    permutations: Permuted<'_>,
    watch: FitWatch<'_>,
) -> Result<(Predictions, Vec<f64>, Vec<f64>), ProbeError> {
    let go_on = watch.go_on;
    let Values::Classes { labels, names } = &target.values else {
        return Err(ProbeError::WrongHead { head: "logistic", needs: "classes", got: "numbers" });
    };
    let losses = losses(parts, labels, names.len(), folds, go_on)?;
    let best: Vec<usize> =
        folds.scored.iter().map(|fold| choose(&losses, folds, *fold, STRENGTHS.len())).collect();
    let mut targets = permutations.targets(target, folds);
    // The true target twice: with the λ that it chose, and with that of the permutations.
    targets.insert(0, target.clone());
    if permutations.count == 0 {
        targets.truncate(1);
    }
    let (done, of) = (AtomicUsize::new(0), folds.scored.len() * targets.len());
    let fitted = for_all(folds, go_on, |out| {
        let place = folds.scored.iter().position(|fold| *fold == out.0);
        let (None, Some(place)) = (out.1, place) else { return Ok(vec![]) };
        let rows = FittedRows::of(parts, out)?;
        let basis = rows.basis(parts, out.0);
        let each = |(which, target): (usize, &Target)| {
            let Values::Classes { labels, .. } = &target.values else { return Ok((out.0, vec![])) };
            // The true target comes to its λ by all stronger ones, as where strengths are compared.
            let strengths = if which == 0 { &STRENGTHS[..=best[place]] } else { &[PERMUTED][..] };
            let weights = rows.path(labels, names.len(), strengths, go_on)?;
            let Some(weights) = weights.last() else { return Ok((out.0, vec![])) };
            let scores = product(basis.as_ref(), weights.as_ref());
            let told = (0..scores.nrows()).map(|row| largest(scores.row(row).iter()) as f64).collect();
            (watch.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, of);
            Ok((out.0, told))
        };
        targets.par_iter().enumerate().map(each).collect()
    })?;
    let mut predictions: Vec<Predictions> = targets.iter().map(Predictions::empty).collect();
    for (_, all) in fitted {
        for ((fold, told), predictions) in all.into_iter().zip(&mut predictions) {
            for (row, told) in parts.folds[fold].rows.iter().zip(told) {
                predictions.set(*row, told);
            }
        }
    }
    let scored = folds.scored_rows();
    let permuted = predictions.iter().zip(&targets).skip(1);
    let permuted = permuted.map(|(told, target)| score(told, target, &scored)).collect();
    let strengths = best.into_iter().map(|place| STRENGTHS[place]).collect();
    Ok((predictions.swap_remove(0), strengths, permuted))
}

/// The loss of each strength, for each choice of two folds to leave out.
fn losses(
    parts: &Parts,
    labels: &[usize],
    num_classes: usize,
    folds: &Folds,
    go_on: GoOn<'_>,
) -> Result<PerFold, ProbeError> {
    for_all(folds, go_on, |out| {
        let Some(second) = out.1 else { return Ok(vec![]) };
        let rows = FittedRows::of(parts, out)?;
        let path = rows.path(labels, num_classes, &STRENGTHS, go_on)?;
        let loss = |fold: usize| {
            let scores = rows.basis(parts, fold);
            let rows = &parts.folds[fold].rows;
            path.iter().map(|weights| log_loss(scores.as_ref(), weights, rows, labels)).collect()
        };
        Ok(vec![(out.0, loss(out.0)), (second, loss(second))])
    })
}

/// Weights (columns × classes) and intercepts of the features as they are, fitted on all rows; and λ. The last of `folds` is empty.
pub(super) fn logistic_on_all(
    parts: &Parts,
    labels: &[usize],
    num_classes: usize,
    folds: &Folds,
    go_on: GoOn<'_>,
) -> Result<(Mat<f64>, Vec<f64>, f64), ProbeError> {
    let losses = losses(parts, labels, num_classes, folds, go_on)?;
    let empty = folds.num - 1;
    let best = choose(&losses, folds, empty, STRENGTHS.len());
    let fitted = FittedRows::of(parts, (empty, None))?;
    let path = fitted.path(labels, num_classes, &STRENGTHS[..=best], go_on)?;
    let last = path.last().cloned().unwrap_or_else(|| Mat::zeros(1, num_classes));
    let num = last.nrows() - 1;
    let mut weights = last.as_ref().subrows(0, num).to_owned();
    if let Some(turned) = &fitted.turned {
        weights = product(turned.as_ref(), weights.as_ref());
    }
    let (weights, taken) = fitted.standard.undo(parts, &weights);
    let intercepts = taken.iter().enumerate().map(|(class, taken)| last[(num, class)] - taken).collect();
    Ok((weights, intercepts, STRENGTHS[best]))
}

/// The sum of −log p(class) over a fold's rows.
fn log_loss(basis: MatRef<'_, f64>, weights: &Mat<f64>, rows: &[usize], labels: &[usize]) -> f64 {
    let scores = product(basis, weights.as_ref());
    (0..scores.nrows()).map(|at| log_sum_exp(&scores, at) - scores[(at, labels[rows[at]])]).sum()
}

/// log Σ exp of a row of scores.
fn log_sum_exp(scores: &Mat<f64>, row: usize) -> f64 {
    let most = scores.row(row).iter().fold(f64::NEG_INFINITY, |most, value| most.max(*value));
    most + scores.row(row).iter().map(|value| (value - most).exp()).sum::<f64>().ln()
}

/// The rows that are fitted on.
#[derive(Debug)]
struct FittedRows {
    standard: Standard,
    /// Where rows are fewer than columns: an orthonormal basis of the rows' space, in which the penalty is the same.
    turned: Option<Mat<f64>>,
    /// rows × columns of that basis, with a column of ones.
    x: Arc<Mat<f64>>,
    /// Their numbers.
    of: Vec<usize>,
}

impl FittedRows {
    fn of(parts: &Parts, out: (usize, Option<usize>)) -> Result<Self, ProbeError> {
        let standard = Standard::of(parts, out);
        let mut x = Mat::zeros(standard.num_rows, parts.width);
        let mut rows = Vec::new();
        for (_, fold) in parts.kept(out) {
            let mut part = x.as_mut().subrows_mut(rows.len(), fold.rows.len());
            part.copy_from(standard.apply(fold.x.as_ref()));
            rows.extend_from_slice(&fold.rows);
        }
        let turned = if standard.num_rows < parts.width { Some(row_space(&x)?) } else { None };
        if let Some(turned) = &turned {
            x = product(x.as_ref(), turned.as_ref());
        }
        Ok(Self { standard, turned, x: Arc::new(with_ones(&x)), of: rows })
    }

    /// For each strength (columns + 1) × classes, each beginning where the one before ended; the last row are the intercepts.
    fn path(
        &self,
        labels: &[usize],
        num_classes: usize,
        strengths: &[f64],
        go_on: GoOn<'_>,
    ) -> Result<Vec<Mat<f64>>, ProbeError> {
        let classes = self.of.iter().map(|row| labels[*row]).collect();
        let mut start = vec![0.0; self.x.ncols() * num_classes];
        let shared = Arc::new(Shared { x: Arc::clone(&self.x), classes, num_classes });
        let mut weights = Vec::new();
        for strength in strengths {
            if !go_on() {
                return Err(ProbeError::Interrupted);
            }
            let strength = if num_classes == 2 { 2.0 * strength } else { *strength };
            start = minimum(&shared, strength, start);
            weights.push(as_matrix(&start, num_classes));
        }
        Ok(weights)
    }

    /// A fold's rows, standardised, with a column of ones.
    fn basis(&self, parts: &Parts, fold: usize) -> Mat<f64> {
        let x = self.standard.apply(parts.folds[fold].x.as_ref());
        match &self.turned {
            Some(turned) => with_ones(&product(x.as_ref(), turned.as_ref())),
            None => with_ones(&x),
        }
    }
}

/// An orthonormal basis of the space that rows span: columns × rank.
fn row_space(x: &Mat<f64>) -> Result<Mat<f64>, ProbeError> {
    let (values, vectors) = eigen(product(x.as_ref(), x.transpose()).as_ref())?;
    let largest = values.iter().fold(0.0f64, |most, value| most.max(*value));
    let kept: Vec<usize> = (0..values.len()).filter(|at| values[*at] > 1e-10 * largest).collect();
    let scaled = Mat::from_fn(vectors.nrows(), kept.len(), |row, column| {
        vectors[(row, kept[column])] / values[kept[column]].sqrt()
    });
    Ok(product(x.transpose(), scaled.as_ref()))
}

fn with_ones(x: &Mat<f64>) -> Mat<f64> {
    Mat::from_fn(
        x.nrows(),
        x.ncols() + 1,
        |row, column| if column == x.ncols() { 1.0 } else { x[(row, column)] },
    )
}

fn as_matrix(weights: &[f64], num_classes: usize) -> Mat<f64> {
    Mat::from_fn(weights.len() / num_classes, num_classes, |row, class| weights[row * num_classes + class])
}

/// What is the same for all strengths.
#[derive(Debug)]
struct Shared {
    x: Arc<Mat<f64>>,
    classes: Vec<usize>,
    num_classes: usize,
}

/// The place that L-BFGS asked about last, and the best one.
#[derive(Debug, Default)]
struct Seen {
    last: Option<(Vec<f64>, f64, Vec<f64>)>,
    best: Option<(Vec<f64>, f64)>,
}

/// The function to be made small. Its value and gradient are computed together.
struct Loss {
    shared: Arc<Shared>,
    strength: f64,
    seen: Arc<Mutex<Seen>>,
}

impl Loss {
    fn at(&self, weights: &[f64]) -> (f64, Vec<f64>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((place, value, gradient)) = &seen.last
            && place == weights
        {
            return (*value, gradient.clone());
        }
        let (value, gradient) = self.shared.value_and_gradient(weights, self.strength);
        if seen.best.as_ref().is_none_or(|(_, best)| value < *best) {
            seen.best = Some((weights.to_vec(), value));
        }
        seen.last = Some((weights.to_vec(), value, gradient.clone()));
        (value, gradient)
    }
}

impl Shared {
    /// Both divided by the number of rows.
    fn value_and_gradient(&self, weights: &[f64], strength: f64) -> (f64, Vec<f64>) {
        let matrix = as_matrix(weights, self.num_classes);
        let mut scores = product(self.x.as_ref().as_ref(), matrix.as_ref());
        let mut value = 0.0;
        for (row, class) in self.classes.iter().enumerate() {
            let norm = log_sum_exp(&scores, row);
            value += norm - scores[(row, *class)];
            for at in 0..self.num_classes {
                scores[(row, at)] = (scores[(row, at)] - norm).exp() - f64::from(u8::from(at == *class));
            }
        }
        let slopes = product(self.x.transpose(), scores.as_ref());
        let num_shrunk = weights.len() - self.num_classes;
        let rows = self.classes.len() as f64;
        let gradient = (0..weights.len())
            .map(|at| {
                let pull = if at < num_shrunk { strength * weights[at] } else { 0.0 };
                (slopes[(at / self.num_classes, at % self.num_classes)] + pull) / rows
            })
            .collect();
        let penalty: f64 = weights[..num_shrunk].iter().map(|weight| weight * weight).sum();
        ((value + 0.5 * strength * penalty) / rows, gradient)
    }
}

impl CostFunction for Loss {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, weights: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.at(weights).0)
    }
}

impl Gradient for Loss {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, weights: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.at(weights).1)
    }
}

fn minimum(shared: &Arc<Shared>, strength: f64, start: Vec<f64>) -> Vec<f64> {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let loss = Loss { shared: Arc::clone(shared), strength, seen: Arc::clone(&seen) };
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY).with_tolerance_grad(TOLERANCE);
    if let Ok(solver) = solver.and_then(|solver| solver.with_tolerance_cost(0.0)) {
        let run =
            Executor::new(loss, solver).configure(|state| state.param(start.clone()).max_iters(MOST_STEPS));
        // A search that ends at the limits of f64 is an error of the library; the best place that it saw is the minimum all the same.
        drop(run.run());
    }
    let best = seen.lock().unwrap_or_else(PoisonError::into_inner).best.take();
    best.map_or(start, |(weights, _)| weights)
}

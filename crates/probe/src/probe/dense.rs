//! A head with a hidden layer, as the article has it: 1024 units with `ReLU`, of which a random half is left out in each step of the fit
//! (dropout, Srivastava et al. 2014), and a linear layer. Fitted on standardised features by `RMSprop` in batches of 32.
//!
//! A fold of those fitted on is held out: the fit ends where its loss has not fallen for ten epochs, and the weights of the best epoch are
//! taken. Sums are in f64 and in one order.

use std::sync::atomic::{AtomicUsize, Ordering};

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::error::ProbeError;
use super::folds::Folds;
use super::linear::LinearHead;
use super::matrix::{Parts, Standard, largest, product};
use super::nested::{FitWatch, Predictions};
use super::rmsprop::Fitted;
use super::target::{Target, Values};
use crate::tensor::Random;

/// Units of the hidden layer.
pub(super) const UNITS: usize = 1024;
/// Rows of a step.
const BATCH: usize = 32;
const MOST_EPOCHS: usize = 100;
/// Epochs without a smaller loss after which a fit ends.
const PATIENCE: usize = 10;
/// Starting weights and what is left out have random numbers of their own.
const SEED: u64 = 0x6465_6e73;

/// What a fold's rows are fitted to.
#[derive(Debug)]
enum Truth {
    /// With mean 0 and deviation 1 over the rows fitted on; what these were.
    Numbers(Vec<f64>, f64, f64),
    Classes(Vec<usize>, usize),
}

impl Truth {
    /// Of all rows, with the scale of those fitted on.
    fn of(target: &Target, fitted_on: &[usize]) -> Self {
        match &target.values {
            Values::Numbers(numbers) => {
                let num = fitted_on.len().max(1) as f64;
                let mean = fitted_on.iter().map(|row| numbers[*row]).sum::<f64>() / num;
                let variance = fitted_on.iter().map(|row| (numbers[*row] - mean).powi(2)).sum::<f64>() / num;
                let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
                Self::Numbers(numbers.iter().map(|it| (it - mean) / deviation).collect(), mean, deviation)
            }
            Values::Classes { labels, names } => Self::Classes(labels.clone(), names.len()),
        }
    }

    fn num_outputs(&self) -> usize {
        match self {
            Self::Numbers(..) => 1,
            Self::Classes(_, num) => *num,
        }
    }

    /// The mean loss of these rows' outputs, which become its slopes: the squared error, or −log p of the class.
    fn loss(&self, outputs: &mut Mat<f64>, rows: &[usize]) -> f64 {
        let num = rows.len().max(1) as f64;
        let mut sum = 0.0;
        for (at, row) in rows.iter().enumerate() {
            match self {
                Self::Numbers(truth, ..) => {
                    let error = outputs[(at, 0)] - truth[*row];
                    sum += error * error;
                    outputs[(at, 0)] = 2.0 * error / num;
                }
                Self::Classes(labels, classes) => {
                    let most = outputs.row(at).iter().fold(f64::NEG_INFINITY, |most, it| most.max(*it));
                    let all: f64 = outputs.row(at).iter().map(|it| (it - most).exp()).sum();
                    let norm = most + all.ln();
                    sum += norm - outputs[(at, labels[*row])];
                    for class in 0..*classes {
                        let is_right = f64::from(u8::from(class == labels[*row]));
                        outputs[(at, class)] = ((outputs[(at, class)] - norm).exp() - is_right) / num;
                    }
                }
            }
        }
        sum / num
    }
}

/// Both layers, with what their fit remembers.
#[derive(Debug)]
struct Net {
    /// columns × units.
    first: Fitted,
    first_bias: Fitted,
    /// units × outputs.
    last: Fitted,
    last_bias: Fitted,
}

impl Net {
    /// Uniform weights within ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010), as Keras begins, and biases of 0.
    fn new(width: usize, units: usize, outputs: usize, random: &mut Random) -> Self {
        let mut layer = |inputs: usize, outputs: usize| {
            let limit = (6.0 / (inputs + outputs) as f64).sqrt();
            Fitted::new(Mat::from_fn(inputs, outputs, |_, _| {
                let unit = (random.bits() >> 11) as f64 / (1u64 << 53) as f64;
                limit * (2.0 * unit - 1.0)
            }))
        };
        let bias = |outputs: usize| Fitted::new(Mat::zeros(1, outputs));
        Self {
            first: layer(width, units),
            first_bias: bias(units),
            last: layer(units, outputs),
            last_bias: bias(outputs),
        }
    }

    /// The hidden units of rows (rows × columns), after `ReLU`.
    fn hidden(&self, x: MatRef<'_, f64>) -> Mat<f64> {
        let mut hidden = product(x, self.first.values.as_ref());
        for unit in 0..hidden.ncols() {
            let bias = self.first_bias.values[(0, unit)];
            hidden.col_as_slice_mut(unit).iter_mut().for_each(|it| *it = (*it + bias).max(0.0));
        }
        hidden
    }

    fn outputs(&self, hidden: &Mat<f64>) -> Mat<f64> {
        let mut outputs = product(hidden.as_ref(), self.last.values.as_ref());
        for column in 0..outputs.ncols() {
            let bias = self.last_bias.values[(0, column)];
            outputs.col_as_slice_mut(column).iter_mut().for_each(|it| *it += bias);
        }
        outputs
    }

    /// One step on these rows (rows × columns), each hidden value times its `factors`, which is 0 where it is left out. Returns the loss.
    fn step(&mut self, x: MatRef<'_, f64>, truth: &Truth, rows: &[usize], factors: &Mat<f64>) -> f64 {
        let mut hidden = self.hidden(x);
        scale(&mut hidden, factors);
        let mut slopes = self.outputs(&hidden);
        let loss = truth.loss(&mut slopes, rows);
        let mut back = product(slopes.as_ref(), self.last.values.transpose());
        scale(&mut back, factors);
        for unit in 0..back.ncols() {
            let kept = hidden.col_as_slice(unit);
            let slopes = back.col_as_slice_mut(unit).iter_mut().zip(kept);
            slopes.filter(|(_, hidden)| **hidden <= 0.0).for_each(|(slope, _)| *slope = 0.0);
        }
        let sums = |of: &Mat<f64>| Mat::from_fn(1, of.ncols(), |_, at| of.col_as_slice(at).iter().sum());
        self.last_bias.slopes = sums(&slopes);
        self.first_bias.slopes = sums(&back);
        let last = self.last.slopes.as_mut();
        matmul(last, Accum::Replace, hidden.transpose(), slopes.as_ref(), 1.0, Par::Seq);
        let first = self.first.slopes.as_mut();
        matmul(first, Accum::Replace, x.transpose(), back.as_ref(), 1.0, Par::Seq);
        for layer in [&mut self.first, &mut self.first_bias, &mut self.last, &mut self.last_bias] {
            layer.step();
        }
        loss
    }

    fn values(&self) -> [Mat<f64>; 4] {
        [&self.first, &self.first_bias, &self.last, &self.last_bias].map(|layer| layer.values.clone())
    }

    fn set_values(&mut self, [first, first_bias, last, last_bias]: [Mat<f64>; 4]) {
        self.first.values = first;
        self.first_bias.values = first_bias;
        self.last.values = last;
        self.last_bias.values = last_bias;
    }
}

fn scale(values: &mut Mat<f64>, factors: &Mat<f64>) {
    for column in 0..values.ncols() {
        let pairs = values.col_as_slice_mut(column).iter_mut().zip(factors.col_as_slice(column));
        pairs.for_each(|(value, factor)| *value *= factor);
    }
}

/// 0 or 2, each for half of the values: what is kept counts twice, so that sums stay as they are.
fn dropout(rows: usize, units: usize, random: &mut Random) -> Mat<f64> {
    let (mut bits, mut left) = (0, 0);
    Mat::from_fn(rows, units, |_, _| {
        if left == 0 {
            (bits, left) = (random.bits(), 64);
        }
        let is_kept = bits & 1 == 1;
        (bits, left) = (bits >> 1, left - 1);
        if is_kept { 2.0 } else { 0.0 }
    })
}

/// The fold that is held out beside `out`: the next one on which strengths are compared.
fn held_out(folds: &Folds, out: usize) -> usize {
    let others = || folds.inner.iter().filter(|fold| **fold != out);
    others().find(|fold| **fold > out).or_else(|| others().next()).copied().unwrap_or(out)
}

/// A net that was fitted without a fold, and what is needed to use it.
struct Ended {
    net: Net,
    standard: Standard,
    truth: Truth,
    /// The best epoch, from 1.
    epoch: usize,
}

/// Fits on all folds but `out` and the one that is held out. `epochs` is how many all fits have done.
fn fit(
    parts: &Parts,
    target: &Target,
    folds: &Folds,
    out: usize,
    seed: u64,
    watch: FitWatch<'_>,
    (epochs, of): (&AtomicUsize, usize),
) -> Result<Ended, ProbeError> {
    let held = held_out(folds, out);
    let standard = Standard::of(parts, (out, Some(held)));
    // Rows as columns, so that each lies together.
    let mut x = Mat::zeros(parts.width, standard.num_rows);
    let mut rows = Vec::with_capacity(standard.num_rows);
    for (_, fold) in parts.kept((out, Some(held))) {
        let columns = x.as_mut().subcols_mut(rows.len(), fold.rows.len());
        columns.transpose_mut().copy_from(standard.apply(fold.x.as_ref()));
        rows.extend_from_slice(&fold.rows);
    }
    let truth = Truth::of(target, &rows);
    let (held_x, held_rows) = (standard.apply(parts.folds[held].x.as_ref()), &parts.folds[held].rows);
    let mut random = Random::new(seed ^ SEED.wrapping_add(out as u64));
    let mut net = Net::new(parts.width, UNITS, truth.num_outputs(), &mut random);
    let mut best = (0, f64::INFINITY, net.values());
    for epoch in 1..=MOST_EPOCHS {
        for places in random.shuffled(rows.len()).chunks(BATCH) {
            if !(watch.go_on)() {
                return Err(ProbeError::Interrupted);
            }
            let mut batch = Mat::zeros(parts.width, places.len());
            for (at, place) in places.iter().enumerate() {
                batch.col_as_slice_mut(at).copy_from_slice(x.col_as_slice(*place));
            }
            let of_batch: Vec<usize> = places.iter().map(|place| rows[*place]).collect();
            let factors = dropout(places.len(), UNITS, &mut random);
            net.step(batch.transpose(), &truth, &of_batch, &factors);
        }
        let loss = truth.loss(&mut net.outputs(&net.hidden(held_x.as_ref())), held_rows);
        if loss < best.1 {
            best = (epoch, loss, net.values());
        }
        let is_over = epoch >= best.0 + PATIENCE;
        let done = if is_over { MOST_EPOCHS - epoch + 1 } else { 1 };
        (watch.progress)(epochs.fetch_add(done, Ordering::Relaxed) + done, of);
        if is_over {
            break;
        }
    }
    net.set_values(best.2);
    Ok(Ended { net, standard, truth, epoch: best.0 })
}

/// Predictions for the scored rows, and the number of epochs for each scored fold.
pub(super) fn dense(
    parts: &Parts,
    target: &Target,
    folds: &Folds,
    seed: u64,
    watch: FitWatch<'_>,
) -> Result<(Predictions, Vec<f64>), ProbeError> {
    use rayon::prelude::*;
    let (epochs, of) = (AtomicUsize::new(0), folds.scored.len() * MOST_EPOCHS);
    let fitted: Vec<(Vec<f64>, usize)> = folds
        .scored
        .par_iter()
        .map(|out| {
            let ended = fit(parts, target, folds, *out, seed, watch, (&epochs, of))?;
            let x = ended.standard.apply(parts.folds[*out].x.as_ref());
            let outputs = ended.net.outputs(&ended.net.hidden(x.as_ref()));
            let told = |row: usize| match &ended.truth {
                Truth::Numbers(_, mean, deviation) => outputs[(row, 0)] * deviation + mean,
                Truth::Classes(..) => largest(outputs.row(row).iter()) as f64,
            };
            Ok(((0..outputs.nrows()).map(told).collect(), ended.epoch))
        })
        .collect::<Result<_, ProbeError>>()?;
    let mut predictions = Predictions::empty(target);
    for (fold, (told, _)) in folds.scored.iter().zip(&fitted) {
        parts.folds[*fold].rows.iter().zip(told).for_each(|(row, told)| predictions.set(*row, *told));
    }
    Ok((predictions, fitted.into_iter().map(|(_, epoch)| epoch as f64).collect()))
}

/// Both layers for features as they are, fitted on all folds but the first, which is held out; and the number of epochs. The last of
/// `folds` is empty.
pub(super) fn dense_on_all(
    parts: &Parts,
    target: &Target,
    folds: &Folds,
    seed: u64,
    watch: FitWatch<'_>,
) -> Result<(LinearHead, LinearHead, f64), ProbeError> {
    let epochs = AtomicUsize::new(0);
    let ended = fit(parts, target, folds, folds.num - 1, seed, watch, (&epochs, MOST_EPOCHS))?;
    let (weights, taken) = ended.standard.undo(parts, &ended.net.first.values);
    let bias = &ended.net.first_bias.values;
    let intercepts = taken.iter().enumerate().map(|(unit, taken)| bias[(0, unit)] - taken).collect();
    let hidden = LinearHead::of(&weights, intercepts);
    let (scale, mean) = match ended.truth {
        Truth::Numbers(_, mean, deviation) => (deviation, mean),
        Truth::Classes(..) => (1.0, 0.0),
    };
    let last = &ended.net.last.values;
    let weights = Mat::from_fn(last.nrows(), last.ncols(), |row, column| last[(row, column)] * scale);
    let bias = ended.net.last_bias.values.row(0).iter().map(|it| it * scale + mean).collect();
    Ok((hidden, LinearHead::of(&weights, bias), ended.epoch as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Peer {
        width: usize,
        units: usize,
        outputs: usize,
        x: Vec<f64>,
        numbers: Option<Vec<f64>>,
        labels: Option<Vec<usize>>,
        /// first, its bias, last, its bias: row-major.
        start: [Vec<f64>; 4],
        batches: Vec<Vec<usize>>,
        /// For each batch, rows × units.
        factors: Vec<Vec<f64>>,
        losses: Vec<f64>,
        end: [Vec<f64>; 4],
    }

    fn matrix(rows: usize, columns: usize, values: &[f64]) -> Mat<f64> {
        assert_eq!(values.len(), rows * columns);
        Mat::from_fn(rows, columns, |row, column| values[row * columns + column])
    }

    /// The same weights, batches and dropped units as torch had: the same losses, and the same weights after all steps.
    #[test]
    fn steps_are_torchs() {
        let text = include_str!("../../../../tests/fixtures/probe/torch.json");
        let peers: Vec<Peer> = serde_json::from_str(text).unwrap();
        assert_eq!(peers.len(), 2);
        for peer in peers {
            let (width, units, outputs) = (peer.width, peer.units, peer.outputs);
            let shapes = [(width, units), (1, units), (units, outputs), (1, outputs)];
            let of =
                |all: &[Vec<f64>; 4]| [0, 1, 2, 3].map(|at| matrix(shapes[at].0, shapes[at].1, &all[at]));
            let mut net = Net::new(width, units, outputs, &mut Random::new(0));
            net.set_values(of(&peer.start));
            let x = matrix(peer.x.len() / width, width, &peer.x);
            let truth = match (peer.numbers, peer.labels) {
                (Some(numbers), _) => Truth::Numbers(numbers, 0.0, 1.0),
                (_, labels) => Truth::Classes(labels.unwrap(), outputs),
            };
            for ((rows, factors), expected) in peer.batches.iter().zip(&peer.factors).zip(&peer.losses) {
                let batch = Mat::from_fn(rows.len(), width, |row, column| x[(rows[row], column)]);
                let factors = matrix(rows.len(), units, factors);
                let loss = net.step(batch.as_ref(), &truth, rows, &factors);
                assert!((loss - expected).abs() < 1e-12, "{loss} {expected}");
            }
            for (got, expected) in net.values().iter().zip(&of(&peer.end)) {
                for column in 0..got.ncols() {
                    for (got, expected) in got.col(column).iter().zip(expected.col(column).iter()) {
                        assert!((got - expected).abs() < 1e-12, "{got} {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn half_of_the_units_are_left_out_and_a_fold_beside_the_scored_one_is_held_out() {
        let factors = dropout(32, UNITS, &mut Random::new(1));
        let sum: f64 = (0..UNITS).map(|at| factors.col_as_slice(at).iter().sum::<f64>()).sum();
        assert!((sum / (32.0 * UNITS as f64) - 1.0).abs() < 0.02, "{sum}");
        let folds = |scored: Vec<usize>, inner: Vec<usize>| Folds { of_row: vec![], num: 5, scored, inner };
        let all = folds((0..5).collect(), (0..5).collect());
        assert_eq!([0, 3, 4].map(|out| held_out(&all, out)), [1, 4, 0]);
        assert_eq!(held_out(&folds(vec![0], vec![2]), 0), 2, "rows that a column calls val");
    }
}

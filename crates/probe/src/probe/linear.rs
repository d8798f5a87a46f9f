//! A head as it is kept: weights and intercepts of the features as they are.

use faer::Mat;

use super::matrix::largest;
use super::nested::Predictions;

/// A linear layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearHead {
    /// columns × outputs, row-major.
    pub weights: Vec<f64>,
    /// One for each output.
    pub intercepts: Vec<f64>,
}

impl LinearHead {
    /// Of weights, columns × outputs.
    pub(super) fn of(weights: &Mat<f64>, intercepts: Vec<f64>) -> Self {
        let rows =
            (0..weights.nrows()).flat_map(|row| (0..weights.ncols()).map(move |at| weights[(row, at)]));
        Self { weights: rows.collect(), intercepts }
    }

    /// How many numbers a row must have.
    pub fn width(&self) -> usize {
        self.weights.len() / self.intercepts.len().max(1)
    }

    fn outputs(&self, row: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut sums = self.intercepts.clone();
        for (value, weights) in row.zip(self.weights.chunks_exact(sums.len().max(1))) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
        sums
    }
}

/// A head of one layer or two. A target of numbers has one output; a target of classes one for each, of which the largest is told.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptHead {
    /// What comes before the last layer, with `ReLU`.
    pub hidden: Option<LinearHead>,
    /// The last layer.
    pub last: LinearHead,
}

impl KeptHead {
    /// How many numbers a row of features must have.
    pub fn width(&self) -> usize {
        self.hidden.as_ref().unwrap_or(&self.last).width()
    }

    /// What the head tells of rows × width numbers, row-major: numbers if it has one output, otherwise classes.
    pub fn tell(&self, rows: &[f32]) -> Predictions {
        let of_row = |row: &[f32]| {
            let row = row.iter().map(|value| f64::from(*value));
            match &self.hidden {
                Some(hidden) => self.last.outputs(hidden.outputs(row).into_iter().map(|it| it.max(0.0))),
                None => self.last.outputs(row),
            }
        };
        let all = rows.chunks_exact(self.width().max(1)).map(of_row);
        if self.last.intercepts.len() == 1 {
            Predictions::Numbers(all.flatten().collect())
        } else {
            Predictions::Classes(all.map(|sums| largest(sums.iter())).collect())
        }
    }
}

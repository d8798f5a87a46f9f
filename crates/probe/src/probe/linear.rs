//! A head as it is kept: weights and intercepts of the features as they are.

use super::matrix::largest;
use super::nested::Predictions;

/// A linear head. A target of numbers has one output; a target of classes one for each, of which the largest is told.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearHead {
    /// columns × outputs, row-major.
    pub weights: Vec<f64>,
    /// One for each output.
    pub intercepts: Vec<f64>,
}

impl LinearHead {
    /// How many numbers a row of features must have.
    pub fn width(&self) -> usize {
        self.weights.len() / self.intercepts.len().max(1)
    }

    /// What the head tells of rows × width numbers, row-major: numbers if it has one output, otherwise classes.
    pub fn tell(&self, rows: &[f32]) -> Predictions {
        let outputs = self.intercepts.len();
        let of_row = |row: &[f32]| {
            let mut sums = self.intercepts.clone();
            for (value, weights) in row.iter().zip(self.weights.chunks_exact(outputs.max(1))) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += f64::from(*value) * weight;
                }
            }
            sums
        };
        let all = rows.chunks_exact(self.width().max(1)).map(of_row);
        if outputs == 1 {
            Predictions::Numbers(all.flatten().collect())
        } else {
            Predictions::Classes(all.map(|sums| largest(sums.iter())).collect())
        }
    }
}

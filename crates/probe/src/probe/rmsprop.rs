//! `RMSprop` (Tieleman and Hinton 2012) with torch's formula, which adds ε behind the root, and Keras' constants: a rate of 10⁻³, a decay of
//! 0.9, ε of 10⁻⁷.

use faer::Mat;

const RATE: f64 = 1e-3;
const DECAY: f64 = 0.9;
const EPSILON: f64 = 1e-7;

/// A matrix that is fitted.
#[derive(Debug)]
pub(super) struct Fitted {
    pub(super) values: Mat<f64>,
    /// The slopes of the loss that the next step goes down.
    pub(super) slopes: Mat<f64>,
    /// The mean of the slopes' squares, in which older ones count less and less.
    squares: Mat<f64>,
}

impl Fitted {
    pub(super) fn new(values: Mat<f64>) -> Self {
        let zeros = || Mat::zeros(values.nrows(), values.ncols());
        Self { slopes: zeros(), squares: zeros(), values }
    }

    pub(super) fn step(&mut self) {
        for column in 0..self.values.ncols() {
            let slopes = self.slopes.col_as_slice(column);
            let squares = self.squares.col_as_slice_mut(column);
            let values = self.values.col_as_slice_mut(column);
            for ((value, square), slope) in values.iter_mut().zip(squares).zip(slopes) {
                *square = DECAY * *square + (1.0 - DECAY) * slope * slope;
                *value -= RATE * slope / (square.sqrt() + EPSILON);
            }
        }
    }
}

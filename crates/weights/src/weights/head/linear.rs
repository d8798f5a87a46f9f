//! Computing a linear layer.

/// Weights `[outputs, inputs]`, row-major, and one bias per output.
pub(super) type Linear = (Vec<f32>, Vec<f32>);

/// The outputs: each row of weights multiplied by the inputs and summed, plus the bias.
pub(super) fn linear(weight: &[f32], bias: &[f32], inputs: &[f64]) -> Vec<f64> {
    let product = |row: &[f32]| row.iter().zip(inputs).map(|(w, x)| f64::from(*w) * x).sum::<f64>();
    weight.chunks_exact(inputs.len().max(1)).zip(bias).map(|(row, b)| product(row) + f64::from(*b)).collect()
}

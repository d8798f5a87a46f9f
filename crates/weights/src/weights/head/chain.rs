//! Computing a Keras head: what it takes from the last feature map, and the layers before its last one.

use super::linear::{Linear, linear};
use super::plan::{Function, HeadPlan, PlanStep, Taken};
use crate::tensor::{Activation, MapShape};
use crate::weights::tensor_file::TensorFile;

/// A layer with more weights than this is refused. VGG's first dense layer has more.
const MAX_VALUES: usize = 32 << 20;

/// One layer before the last one.
#[derive(Debug)]
enum Step {
    /// Weights `[outputs, inputs]`, row-major, and one bias per output.
    Linear(Vec<f32>, Vec<f32>),
    /// Each value is multiplied by a factor, then a shift is added.
    Affine(Vec<f64>, Vec<f64>),
    Function(Function),
}

/// All layers before the last one.
#[derive(Debug)]
pub(super) struct Chain {
    takes: Taken,
    /// Shape that the last feature map must have, if the head takes all of its values.
    shape: Option<MapShape>,
    steps: Vec<Step>,
}

impl Chain {
    /// The layers of a plan before its last one, and the last layer, with weights from a file, for a last feature map of `num_channels`
    /// channels. The error says in words why the plan can't be used.
    pub(super) fn of(
        file: &TensorFile,
        plan: &HeadPlan,
        num_channels: usize,
    ) -> Result<(Self, Linear), String> {
        let mut width = match plan.takes {
            Taken::Mean | Taken::Largest => Some(num_channels),
            // The first dense layer says how many inputs it has.
            Taken::Flattened => None,
        };
        let mut shape = None;
        let mut steps = Vec::new();
        for step in &plan.steps {
            steps.push(match step {
                PlanStep::Function(function) => Step::Function(*function),
                PlanStep::Norm { layer, epsilon } => norm(file, layer, *epsilon, width)?,
                PlanStep::Dense(layer) => {
                    let (weight, bias) = dense(file, layer)?;
                    let inputs = weight.len() / bias.len();
                    if width.is_none() {
                        shape = Some(square(inputs, num_channels).ok_or_else(|| {
                            format!("`{layer}` takes {inputs} values, which are no square map of {num_channels} filters")
                        })?);
                    } else if width != Some(inputs) {
                        return Err(format!("`{layer}` takes {inputs} values and is given {}", width.unwrap_or_default()));
                    }
                    width = Some(bias.len());
                    Step::Linear(weight, bias)
                }
            });
        }
        let last_linear = steps.iter().rposition(|step| matches!(step, Step::Linear(..)));
        match steps.pop() {
            Some(Step::Linear(weight, bias)) if last_linear == Some(steps.len()) => {
                Ok((Self { takes: plan.takes, shape, steps }, (weight, bias)))
            }
            _ => Err("its last layer is no dense one".to_owned()),
        }
    }

    /// Whether the head takes the mean of each channel, so that each location contributes to a class's score.
    pub(super) fn takes_means(&self) -> bool {
        self.takes == Taken::Mean
    }

    /// The inputs of the last layer. `None` for a map of another size.
    pub(super) fn units(&self, map: &Activation) -> Option<Vec<f64>> {
        let taken = self.taken(map)?;
        Some(self.steps.iter().fold(taken, |x, step| step.apply(&x)))
    }

    /// The derivative of a class's score with respect to the mean of each channel, at this map. `row` holds the last layer's weights for
    /// the class. If all functions are piecewise linear, the score at this picture is the sum of the means, each multiplied by its
    /// derivative, plus a constant.
    pub(super) fn slopes(&self, map: &Activation, row: &[f32]) -> Option<Vec<f64>> {
        let mut values = vec![self.taken(map)?];
        for step in &self.steps {
            let next = step.apply(values.last()?);
            values.push(next);
        }
        let mut slopes: Vec<f64> = row.iter().map(|w| f64::from(*w)).collect();
        for (step, given) in self.steps.iter().zip(&values).rev() {
            slopes = step.back(given, &slopes);
        }
        Some(slopes)
    }

    /// Why a map of this shape gives no classes, in words; `None` if its shape fits.
    pub(super) fn refusal(&self, map: MapShape) -> Option<String> {
        let MapShape { height, width, .. } = self.shape.filter(|shape| *shape != map)?;
        Some(format!(
            "no classes: this classifier takes a last map of {height}×{width}, and this one is {}×{}; pictures of the network's own input size give that",
            map.height, map.width
        ))
    }

    fn taken(&self, map: &Activation) -> Option<Vec<f64>> {
        let shape = map.shape();
        if self.shape.is_some_and(|own| own != shape) {
            return None;
        }
        let of_channels =
            |of: &dyn Fn(&[f32]) -> f64| (0..shape.channels).map(|c| of(map.channel(c))).collect();
        Some(match self.takes {
            Taken::Mean => of_channels(&|values| {
                values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len().max(1) as f64
            }),
            Taken::Largest => of_channels(&|values| {
                // NaN stays NaN.
                let larger = |most: f64, v: &f32| if v.is_nan() { f64::NAN } else { most.max(f64::from(*v)) };
                values
                    .iter()
                    .fold(f64::NEG_INFINITY, |most, v| if most.is_nan() { most } else { larger(most, v) })
            }),
            Taken::Flattened => {
                let places = 0..shape.plane();
                places
                    .flat_map(|at| (0..shape.channels).map(move |c| f64::from(map.channel(c)[at])))
                    .collect()
            }
        })
    }
}

impl Step {
    fn apply(&self, x: &[f64]) -> Vec<f64> {
        match self {
            Self::Linear(weight, bias) => linear(weight, bias, x),
            Self::Affine(factors, shifts) => {
                x.iter().zip(factors).zip(shifts).map(|((x, factor), shift)| x * factor + shift).collect()
            }
            Self::Function(function) => x.iter().map(|x| function.of(*x)).collect(),
        }
    }

    /// Backward step: turns derivatives with respect to the outputs into derivatives with respect to the inputs, which were `x`.
    fn back(&self, x: &[f64], slopes: &[f64]) -> Vec<f64> {
        match self {
            Self::Linear(weight, _) => {
                let mut sums = vec![0.0; x.len()];
                for (row, slope) in weight.chunks_exact(x.len().max(1)).zip(slopes) {
                    for (sum, w) in sums.iter_mut().zip(row) {
                        *sum += slope * f64::from(*w);
                    }
                }
                sums
            }
            Self::Affine(factors, _) => {
                slopes.iter().zip(factors).map(|(slope, factor)| slope * factor).collect()
            }
            Self::Function(function) => {
                slopes.iter().zip(x).map(|(slope, x)| slope * function.slope(*x)).collect()
            }
        }
    }
}

/// Keras' constants of SELU.
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

impl Function {
    fn of(self, x: f64) -> f64 {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        match self {
            // NaN stays NaN.
            Self::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Self::Relu6 => x.clamp(0.0, 6.0),
            Self::LeakyRelu(slope) => {
                if x < 0.0 {
                    x * slope
                } else {
                    x
                }
            }
            Self::Elu(alpha) => {
                if x < 0.0 {
                    alpha * x.exp_m1()
                } else {
                    x
                }
            }
            Self::Selu => SELU_SCALE * if x < 0.0 { SELU_ALPHA * x.exp_m1() } else { x },
            Self::Gelu => x * normal_below(x),
            Self::Swish => x * sigmoid(x),
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => x.tanh(),
            Self::Softplus => {
                if x > 30.0 {
                    x
                } else {
                    x.exp().ln_1p()
                }
            }
        }
    }

    /// The derivative at `x`: exact for piecewise linear functions, otherwise a difference quotient with a step too small to matter here.
    fn slope(self, x: f64) -> f64 {
        const STEP: f64 = 1e-5;
        match self {
            Self::Relu => f64::from(u8::from(x > 0.0)),
            Self::Relu6 => f64::from(u8::from(x > 0.0 && x < 6.0)),
            Self::LeakyRelu(slope) => {
                if x < 0.0 {
                    slope
                } else {
                    1.0
                }
            }
            Self::Elu(_)
            | Self::Selu
            | Self::Gelu
            | Self::Swish
            | Self::Sigmoid
            | Self::Tanh
            | Self::Softplus => (self.of(x + STEP) - self.of(x - STEP)) / (2.0 * STEP),
        }
    }
}

/// The cumulative standard normal distribution at `x`. The error function is computed by its series near zero and by its continued
/// fraction farther away.
fn normal_below(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let erf = if z < 2.5 {
        let (mut term, mut sum) = (z, z);
        for n in 1..60 {
            term *= -z * z / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    } else {
        let fraction = (1..60).rev().fold(z, |below, n| z + f64::from(n) / 2.0 / below);
        1.0 - (-z * z).exp() / (fraction * std::f64::consts::PI.sqrt())
    };
    0.5 * (1.0 + erf * x.signum())
}

/// The shape of a square map of `num_channels` channels that has `num_values` values in all, if there is one.
fn square(num_values: usize, num_channels: usize) -> Option<MapShape> {
    let num_places = num_values.checked_div(num_channels).filter(|num| num * num_channels == num_values)?;
    let side = num_places.isqrt();
    (side > 0 && side * side == num_places).then(|| MapShape::new(num_channels, side, side))
}

/// A dense layer's weights, transposed to `[outputs, inputs]`, and its bias; zeros if it has none.
pub(super) fn dense(file: &TensorFile, layer: &str) -> Result<Linear, String> {
    let tensor = |leaf: &str| file.tensor(&format!("{layer}/{leaf}"));
    let shape = file.entry(&format!("{layer}/kernel")).map(|entry| entry.shape.clone());
    let Some([inputs, outputs]) = shape.as_deref() else {
        return Err(format!("`{layer}` has no weights of a dense layer in the file"));
    };
    if inputs.checked_mul(*outputs).is_none_or(|num| num > MAX_VALUES) {
        return Err(format!("`{layer}` is too large ({inputs} × {outputs} values)"));
    }
    let Some((_, kernel)) = tensor("kernel") else {
        return Err(format!("`{layer}` has no readable weights"));
    };
    let bias = tensor("bias").map_or_else(|| vec![0.0; *outputs], |(_, bias)| bias);
    let is_sound = *outputs > 0
        && *inputs > 0
        && bias.len() == *outputs
        && kernel.len() == inputs * outputs
        && kernel.iter().chain(&bias).all(|v| v.is_finite());
    if !is_sound {
        return Err(format!("the weights of `{layer}` are not finite or of another shape"));
    }
    let turned = (0..*outputs).flat_map(|o| kernel.iter().skip(o).step_by(*outputs).copied()).collect();
    Ok((turned, bias))
}

fn norm(file: &TensorFile, layer: &str, epsilon: f64, width: Option<usize>) -> Result<Step, String> {
    let tensor = |leaf: &str| file.tensor(&format!("{layer}/{leaf}")).map(|(_, values)| values);
    let (Some(mean), Some(variance)) = (tensor("moving_mean"), tensor("moving_variance")) else {
        return Err(format!("`{layer}` has no weights of a batch norm in the file"));
    };
    let gamma = tensor("gamma").unwrap_or_else(|| vec![1.0; mean.len()]);
    let beta = tensor("beta").unwrap_or_else(|| vec![0.0; mean.len()]);
    let is_sound = width.is_none_or(|width| width == mean.len())
        && [&variance, &gamma, &beta].iter().all(|other| other.len() == mean.len())
        && variance.iter().all(|v| *v >= 0.0)
        && mean.iter().chain(&variance).chain(&gamma).chain(&beta).all(|v| v.is_finite());
    if !is_sound {
        return Err(format!("the weights of `{layer}` are not finite or of another shape"));
    }
    let factors: Vec<f64> =
        gamma.iter().zip(&variance).map(|(g, v)| f64::from(*g) / (f64::from(*v) + epsilon).sqrt()).collect();
    let shifts =
        beta.iter().zip(&mean).zip(&factors).map(|((b, m), f)| f64::from(*b) - f64::from(*m) * f).collect();
    Ok(Step::Affine(factors, shifts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_their_slopes() {
        for (function, x, expected) in [
            (Function::Gelu, 0.7, 0.530_625_443),
            (Function::Gelu, -4.0, -0.000_126_685),
            (Function::Swish, 1.5, 1.226_361_714),
            (Function::Selu, -1.0, -1.111_330_738),
            (Function::Softplus, 0.3, 0.854_355_244),
            (Function::Elu(1.0), -0.5, -0.393_469_340),
        ] {
            assert!((function.of(x) - expected).abs() < 1e-8, "{function:?} {x}: {}", function.of(x));
        }
        assert!(Function::Relu.of(f64::NAN).is_nan());
        assert_eq!((Function::Relu.slope(2.0), Function::Relu.slope(-2.0)), (1.0, 0.0));
        assert!((Function::Tanh.slope(0.3) - (1.0 - 0.3f64.tanh().powi(2))).abs() < 1e-8);
    }
}

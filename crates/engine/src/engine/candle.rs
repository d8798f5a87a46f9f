//! Runs the steps of a plan with candle's operations: the only executor for GPUs, and a reference on the CPU.

use std::collections::HashMap;

use candle_core::{Device, Result, Tensor};

use super::fold::{affine_of, conv_params, token_params};
use super::step::Step;
use crate::graph::{
    ActivationFn, Attention, BorderMean, Conv2d, Extent2d, Graph, Interpolation, Lrn, NodeId, Op, PairFn,
    Pool2d, Resize, Sides,
};
use crate::tensor::InputBatch;
use crate::weights::BoundWeights;

/// Parameters of a step on the device.
#[derive(Clone, Debug)]
enum Loaded {
    /// Kernel and bias. The batch norms and scales of the step are folded in.
    Conv { kernel: Tensor, bias: Option<Tensor> },
    /// `x · scale + shift`, `[1, C, 1, 1]` each. For a layer norm they apply to the normalised values.
    Affine { scale: Tensor, shift: Tensor },
    /// The tokens before the patches, and the values added to the patches; `[1, C, 1, tokens]` each.
    Tokens { before: Tensor, positions: Tensor },
}

/// Executor that uses candle. Keeps the parameters uploaded so far, by node and the last node folded into it.
#[derive(Debug)]
pub(super) struct CandleExecutor {
    device: Device,
    loaded: HashMap<(NodeId, Option<NodeId>), Loaded>,
    /// Values of the current run, by node.
    values: Vec<Option<Tensor>>,
}

impl CandleExecutor {
    pub(super) fn new(device: Device) -> Self {
        Self { device, loaded: HashMap::new(), values: Vec::new() }
    }

    /// Prepares for a run: copies the picture to the device.
    pub(super) fn begin(&mut self, graph: &Graph, input: &InputBatch) -> Result<()> {
        self.values = vec![None; graph.nodes().len()];
        let shape = (input.num_images(), 3, input.height(), input.width());
        self.values[0] = Some(Tensor::from_slice(input.values(), shape, &self.device)?);
        Ok(())
    }

    /// Computes the value of a step and waits until it is done, so that timings are meaningful. `border` holds the widths that
    /// shape inference found for the step's first node.
    pub(super) fn run(
        &mut self,
        graph: &Graph,
        weights: &BoundWeights,
        step: &Step,
        border: Sides,
    ) -> Result<()> {
        if step.inputs.is_empty() {
            // The picture is on the device already.
            return Ok(());
        }
        let inputs: Result<Vec<Tensor>> = step.inputs.iter().map(|id| self.value(*id).cloned()).collect();
        let inputs = inputs?;
        let mut value = self.first(graph, weights, step, border, &inputs.iter().collect::<Vec<_>>())?;
        if let (true, Some(residual)) = (step.adds(graph), inputs.last()) {
            value = value.add(residual)?;
        }
        if let Some(function) = step.activation(graph) {
            value = activate(&value, function)?;
        }
        self.device.synchronize()?;
        self.values[step.output.0] = Some(value);
        Ok(())
    }

    fn value(&self, id: NodeId) -> Result<&Tensor> {
        match &self.values[id.0] {
            Some(value) => Ok(value),
            None => candle_core::bail!("a value was dropped before it was needed: a bug of the plan"),
        }
    }

    /// The values of a computed node, `[C, H, W]` for each image.
    pub(super) fn values(&self, id: NodeId) -> Result<Vec<Vec<f32>>> {
        let value = self.value(id)?;
        (0..value.dim(0)?).map(|image| value.get(image)?.flatten_all()?.to_vec1::<f32>()).collect()
    }

    /// Drops the value of a node.
    pub(super) fn free(&mut self, id: NodeId) {
        self.values[id.0] = None;
    }

    /// Drops all values.
    pub(super) fn end(&mut self) {
        self.values.clear();
    }

    /// Computes the step's first node together with the nodes folded into it.
    fn first(
        &mut self,
        graph: &Graph,
        weights: &BoundWeights,
        step: &Step,
        border: Sides,
        inputs: &[&Tensor],
    ) -> Result<Tensor> {
        match &graph.node(step.nodes[0]).op {
            // `begin` has set its value.
            Op::Input => mismatch(graph, step),
            Op::Conv2d(conv) => {
                let loaded = self.load(graph, weights, step)?;
                let Loaded::Conv { kernel, bias } = loaded else { return mismatch(graph, step) };
                convolve(inputs[0], conv, border, &kernel, bias.as_ref())
            }
            Op::BatchNorm(_) | Op::Scale(_) | Op::Times(_) | Op::LayerNorm(_) => {
                let loaded = self.load(graph, weights, step)?;
                let Loaded::Affine { scale, shift } = loaded else { return mismatch(graph, step) };
                let x = match &graph.node(step.nodes[0]).op {
                    Op::LayerNorm(norm) => &normalised(inputs[0], norm.eps)?,
                    _ => inputs[0],
                };
                x.broadcast_mul(&scale)?.broadcast_add(&shift)
            }
            Op::PRelu(_) => {
                let loaded = self.load(graph, weights, step)?;
                let Loaded::Affine { scale, .. } = loaded else { return mismatch(graph, step) };
                inputs[0].relu()?.sub(&inputs[0].neg()?.relu()?.broadcast_mul(&scale)?)
            }
            Op::Activation(function) => activate(inputs[0], *function),
            Op::Add => inputs[1..].iter().try_fold(inputs[0].clone(), |sum, x| sum.add(x)),
            Op::Pairwise(pairwise) => {
                inputs[1..].iter().try_fold(inputs[0].clone(), |a, b| paired(&a, b, pairwise.function))
            }
            Op::Lrn(lrn) => normalised_around(inputs[0], lrn),
            Op::Gate => inputs[0].broadcast_mul(inputs[1]),
            Op::MaxPool(pool) => max_pool(inputs[0], pool, border),
            Op::AvgPool(pool, mean) => avg_pool(inputs[0], pool, *mean, border),
            Op::GlobalAvgPool => inputs[0].mean_keepdim((2, 3)),
            Op::GlobalMaxPool => global_max(inputs[0]),
            Op::Concat => Tensor::cat(inputs, 1),
            Op::Slice(range) => inputs[0].narrow(1, range.first, range.channels)?.contiguous(),
            Op::Shuffle(groups) => {
                let (num_images, channels, height, width) = inputs[0].dims4()?;
                let apart = inputs[0].reshape((num_images, *groups, channels / groups, height * width))?;
                apart.transpose(1, 2)?.contiguous()?.reshape((num_images, channels, height, width))
            }
            Op::Resize(resize) => resized(inputs[0], resize),
            Op::ZeroPad(sides) => pad(inputs[0], *sides),
            Op::Tokens(_) => {
                let loaded = self.load(graph, weights, step)?;
                let Loaded::Tokens { before, positions } = loaded else { return mismatch(graph, step) };
                let num_images = inputs[0].dim(0)?;
                let patches = inputs[0].flatten_from(2)?.unsqueeze(2)?.broadcast_add(&positions)?;
                Tensor::cat(&[&before.repeat((num_images, 1, 1, 1))?, &patches], 3)
            }
            Op::Attention(attention) => attend(inputs[0], *attention),
            Op::TokenGrid(tokens) => {
                let [rows, columns] = tokens.grid;
                let patches = inputs[0].narrow(3, tokens.num_before(), rows * columns)?;
                patches.reshape((inputs[0].dim(0)?, tokens.channels, rows, columns))
            }
        }
    }

    fn load(&mut self, graph: &Graph, weights: &BoundWeights, step: &Step) -> Result<Loaded> {
        let key = (step.nodes[0], step.last_folded(graph));
        if let Some(loaded) = self.loaded.get(&key) {
            return Ok(loaded.clone());
        }
        let loaded = match &graph.node(key.0).op {
            Op::Conv2d(conv) => {
                let Some((kernel, bias)) = conv_params(graph, weights, key.0, key.1) else {
                    return mismatch(graph, step);
                };
                let bias =
                    bias.map(|b| Tensor::from_vec(b, (1, conv.c_out, 1, 1), &self.device)).transpose()?;
                let shape = conv.weight_shape();
                Loaded::Conv { kernel: Tensor::from_vec(kernel, &shape, &self.device)?, bias }
            }
            Op::BatchNorm(_) | Op::Scale(_) | Op::Times(_) | Op::LayerNorm(_) | Op::PRelu(_) => {
                let Some((scale, shift)) = affine_of(graph, weights, key.0) else {
                    return mismatch(graph, step);
                };
                let shape = (1, scale.len(), 1, 1);
                Loaded::Affine {
                    scale: Tensor::from_vec(scale.iter().map(|v| *v as f32).collect(), shape, &self.device)?,
                    shift: Tensor::from_vec(shift.iter().map(|v| *v as f32).collect(), shape, &self.device)?,
                }
            }
            Op::Tokens(tokens) => {
                let Some((before, positions)) = token_params(weights, tokens, key.0) else {
                    return mismatch(graph, step);
                };
                let row = |values: Vec<f32>| {
                    let shape = (1, tokens.channels, 1, values.len() / tokens.channels);
                    Tensor::from_vec(values, shape, &self.device)
                };
                Loaded::Tokens { before: row(before)?, positions: row(positions)? }
            }
            // Nothing is loaded for the others.
            _ => return mismatch(graph, step),
        };
        self.loaded.insert(key, loaded.clone());
        Ok(loaded)
    }
}

/// Error for weights that belong to another graph, or for a step that would compute the input. Both are bugs of this program;
/// they are reported instead of causing a panic.
fn mismatch<T>(graph: &Graph, step: &Step) -> Result<T> {
    candle_core::bail!("no parameters bound for `{}`", graph.node(step.output).name)
}

fn convolve(
    x: &Tensor,
    conv: &Conv2d,
    border: Sides,
    kernel: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    // candle takes one padding for all four sides and one stride for both directions.
    let even = border.top == border.bottom && border.top == border.left && border.top == border.right;
    let (x, padding) = if even { (x.clone(), border.top) } else { (pad(x, border)?, 0) };
    let [rows, columns] = conv.stride;
    let y = if rows == columns && conv.dilation[0] == conv.dilation[1] {
        x.conv2d(kernel, padding, rows, conv.dilation[0], conv.groups)?
    } else {
        let dense = dense(&x, padding, conv, kernel)?;
        every(&every(&dense, 2, rows)?, 3, columns)?
    };
    match bias {
        Some(bias) => y.broadcast_add(bias),
        None => Ok(y),
    }
}

/// A convolution of stride 1. candle takes one dilation for both directions; if there are two, the kernel's rows are convolved
/// one by one and added up.
fn dense(x: &Tensor, padding: usize, conv: &Conv2d, kernel: &Tensor) -> Result<Tensor> {
    let [down, across] = conv.dilation;
    if down == across {
        return x.conv2d(kernel, padding, 1, down, conv.groups);
    }
    let around = Sides { top: padding, bottom: padding, left: padding, right: padding };
    let x = pad(x, around)?;
    let height = x.dim(2)? - (conv.kernel[0] - 1) * down;
    let row = |ky: usize| {
        let seen = x.narrow(2, ky * down, height)?.contiguous()?;
        seen.conv2d(&kernel.narrow(2, ky, 1)?.contiguous()?, 0, 1, across, conv.groups)
    };
    (1..conv.kernel[0]).try_fold(row(0)?, |sum, ky| sum.add(&row(ky)?))
}

/// Resizes the rows, then the columns. Each new one is computed from one or two old ones.
fn resized(x: &Tensor, resize: &Resize) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    let [rows, columns] = match resize.to {
        Extent2d::Size(size) => size,
        Extent2d::Times(scales) => {
            [(height as f32 * scales[0]) as usize, (width as f32 * scales[1]) as usize]
        }
    };
    let along = |x: &Tensor, axis: usize, from: usize, to: usize| -> Result<Tensor> {
        let samples = resize.samples(axis, from, to);
        let picked = |place: fn(&Interpolation) -> usize| {
            let places: Vec<u32> = samples.iter().map(|sample| place(sample) as u32).collect();
            x.index_select(&Tensor::new(places, x.device())?, axis + 2)
        };
        let low = picked(|sample| sample.low)?;
        if !resize.is_linear() {
            return Ok(low);
        }
        let share = |of: fn(f32) -> f32| {
            let shares: Vec<f32> = samples.iter().map(|sample| of(sample.share)).collect();
            let shape = if axis == 0 { (1, 1, to, 1) } else { (1, 1, 1, to) };
            Tensor::from_vec(shares, shape, x.device())
        };
        let high = picked(|sample| sample.high)?.broadcast_mul(&share(|s| s)?)?;
        low.broadcast_mul(&share(|s| 1.0 - s)?)?.add(&high)
    };
    along(&along(x, 0, height, rows)?, 1, width, columns)
}

/// Every `stride`-th index of a dimension, from 0.
fn every(x: &Tensor, dim: usize, stride: usize) -> Result<Tensor> {
    let picked: Vec<u32> = (0..x.dim(dim)? as u32).step_by(stride).collect();
    x.index_select(&Tensor::new(picked, x.device())?, dim)
}

fn pad(x: &Tensor, s: Sides) -> Result<Tensor> {
    x.pad_with_zeros(2, s.top, s.bottom)?.pad_with_zeros(3, s.left, s.right)
}

/// Surrounds a map with −∞, so that a maximum never picks a border cell.
fn pad_lowest(x: &Tensor, s: Sides) -> Result<Tensor> {
    let around = |x: Tensor, dim: usize, before: usize, after: usize| -> Result<Tensor> {
        let band = |width: usize| {
            let mut dims = x.dims().to_vec();
            dims[dim] = width;
            Tensor::full(f32::NEG_INFINITY, dims, x.device())
        };
        match (before, after) {
            (0, 0) => Ok(x),
            (0, _) => Tensor::cat(&[&x, &band(after)?], dim),
            (_, 0) => Tensor::cat(&[&band(before)?, &x], dim),
            _ => Tensor::cat(&[&band(before)?, &x, &band(after)?], dim),
        }
    };
    around(around(x.clone(), 2, s.top, s.bottom)?, 3, s.left, s.right)
}

fn max_pool(x: &Tensor, pool: &Pool2d, border: Sides) -> Result<Tensor> {
    let x = pad_lowest(x, border)?;
    x.max_pool2d_with_stride((pool.kernel[0], pool.kernel[1]), (pool.stride[0], pool.stride[1]))
}

fn avg_pool(x: &Tensor, pool: &Pool2d, mean: BorderMean, border: Sides) -> Result<Tensor> {
    let slide = |x: &Tensor| {
        pad(x, border)?
            .avg_pool2d_with_stride((pool.kernel[0], pool.kernel[1]), (pool.stride[0], pool.stride[1]))
    };
    let padded_mean = slide(x)?;
    if border.is_none() || mean == BorderMean::CountBorder {
        return Ok(padded_mean);
    }
    let (_, _, height, width) = x.dims4()?;
    let share_inside = slide(&Tensor::ones((1, 1, height, width), x.dtype(), x.device())?)?;
    padded_mean.broadcast_div(&share_inside)
}

/// Attention, `[N, 3C, 1, T]` → `[N, C, 1, T]`.
fn attend(x: &Tensor, attention: Attention) -> Result<Tensor> {
    let (num_images, _, _, num_tokens) = x.dims4()?;
    let d = attention.head_channels();
    let parts = x.reshape((num_images, 3, attention.heads, d, num_tokens))?;
    let part = |number: usize| parts.narrow(1, number, 1)?.squeeze(1)?.contiguous();
    let (queries, keys, values) = (part(0)?, part(1)?, part(2)?);
    // One row per query, with a score for each key.
    let scores = (queries.transpose(2, 3)?.contiguous()?.matmul(&keys)? * (1.0 / (d as f64).sqrt()))?;
    let shares = candle_nn::ops::softmax_last_dim(&scores)?;
    let sums = values.matmul(&shares.transpose(2, 3)?.contiguous()?)?;
    sums.reshape((num_images, attention.channels, 1, num_tokens))
}

/// Normalises the channels of each position to mean 0 and deviation 1.
fn normalised(x: &Tensor, eps: f64) -> Result<Tensor> {
    let rest = x.broadcast_sub(&x.mean_keepdim(1)?)?;
    let deviation = (rest.sqr()?.mean_keepdim(1)? + eps)?.sqrt()?;
    rest.broadcast_div(&deviation)
}

/// `ln(1 + e^x)`, written so that no large number is exponentiated.
fn softplus(x: &Tensor) -> Result<Tensor> {
    x.relu()?.add(&(x.abs()?.neg()?.exp()? + 1.0)?.log()?)
}

/// Combines two maps position by position; the smaller one is repeated (broadcast).
fn paired(a: &Tensor, b: &Tensor, function: PairFn) -> Result<Tensor> {
    let largest = match function {
        PairFn::Sum => return a.broadcast_add(b),
        PairFn::Difference => return a.broadcast_sub(b),
        PairFn::Product => return a.broadcast_mul(b),
        PairFn::Quotient => return a.broadcast_div(b),
        PairFn::Largest => a.broadcast_maximum(b)?,
        PairFn::Smallest => a.broadcast_minimum(b)?,
    };
    // candle's comparisons may lose a NaN.
    let nan = |x: &Tensor, or: &Tensor| -> Result<Tensor> {
        let x = x.broadcast_as(or.shape())?.contiguous()?;
        x.ne(&x)?.where_cond(&x, or)
    };
    nan(a, &nan(b, &largest)?)
}

/// The largest value of each map; NaN if the map has a NaN.
fn global_max(x: &Tensor) -> Result<Tensor> {
    let x = x.flatten_from(2)?;
    let largest = x.max_keepdim(2)?;
    let nan = x.ne(&x)?.to_dtype(x.dtype())?.max_keepdim(2)?;
    let is_nan = nan.ne(&nan.zeros_like()?)?;
    let nan = Tensor::full(f32::NAN, largest.dims(), x.device())?;
    is_nan.where_cond(&nan, &largest)?.unsqueeze(3)
}

/// Local response normalisation.
fn normalised_around(x: &Tensor, lrn: &Lrn) -> Result<Tensor> {
    let channels = x.dim(1)?;
    let reach = (lrn.size / 2).min(channels);
    let squares = x.sqr()?.pad_with_zeros(1, reach, reach)?;
    let window = |from: usize| squares.narrow(1, from, channels);
    let sum = (1..=2 * reach).try_fold(window(0)?, |sum, from| sum.add(&window(from)?))?;
    let base = sum.affine(f64::from(lrn.alpha) / lrn.size as f64, f64::from(lrn.bias))?;
    x.mul(&base.powf(-f64::from(lrn.beta))?)
}

fn activate(x: &Tensor, function: ActivationFn) -> Result<Tensor> {
    let hard = |x: &Tensor| (x + 3.0)?.clamp(0f32, 6f32)?.affine(1.0 / 6.0, 0.0);
    match function {
        ActivationFn::Relu => x.relu(),
        ActivationFn::Relu6 => x.clamp(0f32, 6f32),
        ActivationFn::Silu => x.silu(),
        ActivationFn::Sigmoid => candle_nn::ops::sigmoid(x),
        ActivationFn::HardSigmoid => hard(x),
        ActivationFn::HardSwish => x.mul(&hard(x)?),
        ActivationFn::Gelu => x.gelu_erf(),
        ActivationFn::GeluTanh => x.gelu(),
        ActivationFn::LeakyRelu(slope) => x.relu()?.sub(&x.neg()?.relu()?.affine(f64::from(slope), 0.0)?),
        ActivationFn::Elu(alpha) => x.elu(f64::from(alpha)),
        ActivationFn::Tanh => x.tanh(),
        ActivationFn::Softplus => softplus(x),
        ActivationFn::Mish => x.mul(&softplus(x)?.tanh()?),
        ActivationFn::Clip(low, high) => x.clamp(low, high),
        ActivationFn::Abs => x.abs(),
        ActivationFn::Sqrt => x.sqrt(),
        ActivationFn::Reciprocal => x.recip(),
    }
}

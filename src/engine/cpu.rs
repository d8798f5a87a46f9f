//! Runs the steps of a plan on the CPU with kernels of our own, on maps in blocks of sixteen channels.

use std::collections::HashMap;

use super::fold::{affine_of, conv_params};
use super::ops::{self, BLOCK, Blocked, Buffers, Cell, Level, PackedDense, PackedDepthwise, Window};
use super::plan::{Plan, Step};
use crate::graph::{ActivationFn, BorderMean, Conv2d, Graph, NodeId, Op, Pool2d, Sides};
use crate::tensor::{InputBatch, MapShape};
use crate::weights::BoundWeights;

/// Parameters of a step in the order its kernel reads them.
#[derive(Debug)]
enum Packed {
    Dense(PackedDense),
    Depthwise(PackedDepthwise),
    Grouped {
        kernel: Vec<f32>,
        bias: Option<Vec<f32>>,
    },
    /// `x · scale + shift`.
    Affine {
        scale: Vec<Cell>,
        shift: Vec<Cell>,
    },
}

/// Keeps packed parameters and the memory of values from run to run.
#[derive(Debug)]
pub(super) struct CpuExecutor {
    level: Level,
    buffers: Buffers,
    packed: HashMap<(NodeId, Option<NodeId>), Packed>,
}

impl CpuExecutor {
    pub(super) fn new(level: Level) -> Self {
        Self { level, buffers: Buffers::default(), packed: HashMap::new() }
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// The input in blocks.
    pub(super) fn place(&mut self, input: &InputBatch) -> Blocked {
        let mut maps = self.buffers.take(input.num_images(), MapShape::new(3, input.height(), input.width()));
        maps.read_planar(input.values());
        maps
    }

    /// Takes a value back.
    pub(super) fn release(&mut self, value: Blocked) {
        self.buffers.give(value);
    }

    /// Lets go of memory that the run didn't need.
    pub(super) fn end_run(&mut self) {
        self.buffers.end_run();
    }

    /// Bytes kept for values between runs.
    pub(super) fn free_bytes(&self) -> usize {
        self.buffers.free_bytes()
    }

    /// The value of a step, or nothing if the weights are another graph's.
    pub(super) fn run(
        &mut self,
        graph: &Graph,
        weights: &BoundWeights,
        plan: &Plan,
        step: &Step,
        inputs: &[&Blocked],
    ) -> Option<Blocked> {
        let Self { level, buffers, packed } = self;
        let level = *level;
        let first = step.nodes[0];
        let (border, shape) = (plan.info(first).border, plan.info(step.output).shape);
        let mut out = buffers.take(plan.num_images(), shape);
        let function = step.activation(graph);
        let mut pending = function;
        match &graph.node(first).op {
            // Placed by `place`.
            Op::Input => return None,
            Op::Conv2d(conv) => {
                let key = (first, step.folded_norm(graph));
                if let std::collections::hash_map::Entry::Vacant(entry) = packed.entry(key) {
                    entry.insert(pack_conv(level, graph, weights, conv, key)?);
                }
                let packed = packed.get(&key)?;
                with_border(buffers, inputs[0], border, 0.0, |x| {
                    convolve(level, x, packed, conv, function, &mut out);
                });
                pending = None;
            }
            Op::BatchNorm(norm) => {
                let key = (first, None);
                if let std::collections::hash_map::Entry::Vacant(entry) = packed.entry(key) {
                    let (scale, shift) = affine_of(graph, weights, first)?;
                    let (scale, shift) = (cells(&scale, norm.channels), cells(&shift, norm.channels));
                    entry.insert(Packed::Affine { scale, shift });
                }
                let Packed::Affine { scale, shift } = packed.get(&key)? else { return None };
                ops::affine(level, inputs[0], scale, shift, &mut out);
            }
            Op::Activation(function) => {
                out.cells_mut().copy_from_slice(inputs[0].cells());
                ops::activate(level, *function, &mut out);
            }
            Op::Add => ops::add(level, inputs, &mut out),
            Op::Gate => ops::gate(level, inputs[0], inputs[1], &mut out),
            Op::MaxPool(Pool2d { kernel, stride, .. }) => {
                with_border(buffers, inputs[0], border, f32::NEG_INFINITY, |x| {
                    ops::max_pool(level, x, *kernel, *stride, &mut out);
                });
            }
            Op::AvgPool(Pool2d { kernel, stride, .. }, mean) => {
                let inside = (*mean == BorderMean::IgnoreBorder).then_some(border);
                with_border(buffers, inputs[0], border, 0.0, |x| {
                    ops::avg_pool(level, x, *kernel, *stride, inside, &mut out);
                });
            }
            Op::GlobalAvgPool => ops::global_avg_pool(level, inputs[0], &mut out),
            Op::Concat => ops::concat(inputs, &mut out),
            Op::ZeroPad(sides) => ops::bordered(inputs[0], *sides, 0.0, &mut out),
        }
        if let Some(function) = pending {
            ops::activate(level, function, &mut out);
        }
        Some(out)
    }
}

/// Calls `then` with `x` surrounded by `value`, in scratch memory where there is anything to surround it with.
fn with_border(buffers: &mut Buffers, x: &Blocked, border: Sides, value: f32, then: impl FnOnce(&Blocked)) {
    if border.is_none() {
        return then(x);
    }
    let MapShape { channels, height, width } = x.shape();
    let around =
        MapShape::new(channels, height + border.top + border.bottom, width + border.left + border.right);
    let mut scratch = buffers.take(x.num_images(), around);
    ops::bordered(x, border, value, &mut scratch);
    then(&scratch);
    buffers.give(scratch);
}

fn convolve(
    level: Level,
    x: &Blocked,
    packed: &Packed,
    conv: &Conv2d,
    function: Option<ActivationFn>,
    out: &mut Blocked,
) {
    match packed {
        Packed::Dense(packed) => ops::convolve(level, x, packed, Window::of(conv), function, out),
        Packed::Depthwise(packed) => ops::depthwise(level, x, packed, Window::of(conv), function, out),
        Packed::Grouped { kernel, bias } => {
            ops::grouped(level, x, kernel, bias.as_deref(), conv, function, out);
        }
        Packed::Affine { .. } => {}
    }
}

fn pack_conv(
    level: Level,
    graph: &Graph,
    weights: &BoundWeights,
    conv: &Conv2d,
    (id, norm): (NodeId, Option<NodeId>),
) -> Option<Packed> {
    let (kernel, bias) = conv_params(graph, weights, id, norm)?;
    Some(if conv.groups == 1 {
        Packed::Dense(PackedDense::new(level, &kernel, bias.as_deref(), conv))
    } else if conv.is_depthwise() && conv.c_out == conv.c_in {
        Packed::Depthwise(PackedDepthwise::new(&kernel, bias.as_deref(), conv.c_out))
    } else {
        Packed::Grouped { kernel: kernel.into_owned(), bias: bias.map(std::borrow::Cow::into_owned) }
    })
}

/// One cell per block of channels.
fn cells(values: &[f64], channels: usize) -> Vec<Cell> {
    let mut cells = vec![Cell::ZERO; channels.div_ceil(BLOCK)];
    for (channel, value) in values.iter().enumerate() {
        cells[channel / BLOCK].0[channel % BLOCK] = *value as f32;
    }
    cells
}

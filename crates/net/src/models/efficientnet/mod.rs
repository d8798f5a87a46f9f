//! EfficientNet (Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019) B0–B7 and
//! EfficientNet-Lite 0–4, as TensorFlow made them (timm's `tf_efficientnet_*`, Keras' `EfficientNetB0` to `B7`) and as torch trained
//! them (timm's `efficientnet_*` and torchvision's of the same names).
//!
//! This module owns the graphs, their layer names and the model specs of their weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Files of timm's two variants can be bound to each other's graphs, and then the results are silently wrong: TensorFlow pads as
//! SAME with an eps of 1e-3, torch by half a kernel on each side with 1e-5. Keras pads in layers of their own, which equals SAME
//! at the size that a model was built for.
//!
//! Names are timm's. torchvision's networks have torchvision's names, with timm's as aliases; Keras' networks have Keras' names
//! as aliases. `bn1`, `bn2` and `bn3` are batch norm alone, while timm's modules of these names include the activation; here its
//! value is `bn1.act`, timm's own name for that part. A block `blocks.S.B` is its sum if it has a skip connection, otherwise its
//! last batch norm; `blocks.S` is the last block of its stage. The mean of squeeze-and-excitation has no module in timm; here it
//! is `se.avg_pool`. The graph ends at `bn2.act`, after the last 1×1 convolution.

mod names;
mod rows;

pub(super) use rows::ROWS;

use self::names::{BlockNames, LayerNames};
use crate::graph::{ActivationFn, BatchNorm, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding};

/// The framework whose conventions the weights were trained with.
#[derive(Clone, Copy, PartialEq)]
enum Convention {
    TensorFlow,
    /// TensorFlow's conventions, with Keras' names.
    Keras,
    Torch,
    /// torch's conventions, with torchvision's names. B5 to B7 are TensorFlow's weights with TensorFlow's eps, but still with
    /// torch's borders.
    Torchvision {
        has_tensorflows_eps: bool,
    },
}

impl Convention {
    const fn eps(self) -> f64 {
        match self {
            Self::TensorFlow | Self::Keras | Self::Torchvision { has_tensorflows_eps: true } => 1e-3,
            Self::Torch | Self::Torchvision { has_tensorflows_eps: false } => 1e-5,
        }
    }

    const fn padding(self, kernel: usize) -> Padding {
        match self {
            Self::TensorFlow | Self::Keras => Padding::Same,
            Self::Torch | Self::Torchvision { .. } => Padding::symmetric(kernel / 2, kernel / 2),
        }
    }
}

/// A stage of B0, table 1 of the paper.
struct Stage {
    num_blocks: usize,
    kernel: usize,
    stride: usize,
    /// Factor by which a block has more channels inside than at its input; 1 means a depthwise-separable block.
    expansion: usize,
    c_out: usize,
}

const fn stage(num_blocks: usize, kernel: usize, stride: usize, expansion: usize, c_out: usize) -> Stage {
    Stage { num_blocks, kernel, stride, expansion, c_out }
}

const B0: [Stage; 7] = [
    stage(1, 3, 1, 1, 16),
    stage(2, 3, 2, 6, 24),
    stage(2, 5, 2, 6, 40),
    stage(3, 3, 2, 6, 80),
    stage(3, 5, 1, 6, 112),
    stage(4, 5, 2, 6, 192),
    stage(1, 3, 1, 6, 320),
];

/// The two series.
#[derive(Clone, Copy, PartialEq)]
enum Series {
    /// The main series: `SiLU`, squeeze-and-excitation, everything scaled.
    B,
    /// The Lite series: `ReLU6`, no squeeze-and-excitation. The stem, the head and the depths of the first and last stage are
    /// those of B0.
    Lite,
}

impl Series {
    const fn activation(self) -> ActivationFn {
        match self {
            Self::B => ActivationFn::Silu,
            Self::Lite => ActivationFn::Relu6,
        }
    }
}

/// `channels × width`, rounded to the nearest multiple of 8 but never below 90 % of the exact value (TensorFlow's
/// `round_filters`).
fn scaled_channels(channels: usize, width: f64) -> usize {
    let wanted = channels as f64 * width;
    let nearest = ((wanted + 4.0) / 8.0).floor().max(1.0) * 8.0;
    let rounded = if nearest < 0.9 * wanted { nearest + 8.0 } else { nearest };
    rounded as usize
}

/// Number of blocks of a stage, scaled and rounded up (TensorFlow's `round_repeats`).
fn scaled_depth(num_blocks: usize, depth: f64) -> usize {
    (num_blocks as f64 * depth).ceil() as usize
}

fn build(convention: Convention, series: Series, width: f64, depth: f64) -> Result<Graph, GraphError> {
    let (builder, x) = GraphBuilder::new();
    let mut net = EfficientNet { b: builder, convention, series };
    let (c_stem, c_head) = match series {
        Series::B => (scaled_channels(32, width), scaled_channels(1280, width)),
        Series::Lite => (32, 1280),
    };
    let [conv, norm, act] = names::stem();
    let x = net.conv(&conv, x, Conv2d::new(3, c_stem, 3).with_stride(2));
    let mut x = net.norm_act(&norm, &act, x);
    net.b.stage(x);
    let last = B0.len() - 1;
    for (s, stage) in B0.iter().enumerate() {
        let depth = if series == Series::Lite && (s == 0 || s == last) { 1.0 } else { depth };
        let c_out = scaled_channels(stage.c_out, width);
        for at in 0..scaled_depth(stage.num_blocks, depth) {
            let stride = if at == 0 { stage.stride } else { 1 };
            x = net.block(s, at, x, stage, stride, c_out);
        }
        net.alias(&names::stage(s), x);
    }
    let [conv, norm, act] = names::head(B0.len() + 1);
    let x = net.conv(&conv, x, Conv2d::new(net.b.channels(x), c_head, 1));
    let x = net.norm_act(&norm, &act, x);
    net.b.stage(x);
    net.b.finish()
}

struct EfficientNet {
    b: GraphBuilder,
    convention: Convention,
    series: Series,
}

impl EfficientNet {
    /// Adds a node with the name that its own framework uses, and with its other names as aliases.
    fn node(&mut self, names: &LayerNames, op: Op, inputs: &[NodeId]) -> NodeId {
        let is_torchvisions = matches!(self.convention, Convention::Torchvision { .. });
        let own = if is_torchvisions { names.torchvision.first() } else { None };
        let has_params = !op.params().is_empty();
        let id = self.b.node(own.unwrap_or(&names.timm), op, inputs);
        if self.convention == Convention::Keras
            && has_params
            && let Some(layer) = &names.keras_params
        {
            self.b.keras(id, layer.clone());
        }
        self.alias(names, id);
        id
    }

    /// Adds the other names of an existing node as aliases.
    fn alias(&mut self, names: &LayerNames, id: NodeId) {
        let more = match self.convention {
            Convention::TensorFlow | Convention::Torch => &[],
            Convention::Keras => names.keras.as_slice(),
            Convention::Torchvision { .. } => &names.torchvision[..],
        };
        self.b.alias(names.timm.clone(), id);
        for name in more {
            self.b.alias(name.clone(), id);
        }
    }

    fn conv(&mut self, names: &LayerNames, x: NodeId, conv: Conv2d) -> NodeId {
        let padding = self.convention.padding(conv.kernel[0]);
        self.node(names, Op::Conv2d(conv.with_padding(padding)), &[x])
    }

    fn norm(&mut self, names: &LayerNames, x: NodeId) -> NodeId {
        let (channels, eps) = (self.b.channels(x), self.convention.eps());
        self.node(names, Op::BatchNorm(BatchNorm { channels, eps, has_gamma: true }), &[x])
    }

    fn norm_act(&mut self, norm: &LayerNames, act: &LayerNames, x: NodeId) -> NodeId {
        let x = self.norm(norm, x);
        self.node(act, Op::Activation(self.series.activation()), &[x])
    }

    fn block(
        &mut self,
        s: usize,
        at: usize,
        input: NodeId,
        stage: &Stage,
        stride: usize,
        c_out: usize,
    ) -> NodeId {
        let c_in = self.b.channels(input);
        let inside = c_in * stage.expansion;
        let names = BlockNames::new(s, at, stage.expansion != 1, self.series == Series::B);
        let mut x = input;
        if let Some([conv, norm, act]) = names.expand() {
            x = self.conv(&conv, x, Conv2d::new(c_in, inside, 1));
            x = self.norm_act(&norm, &act, x);
        }
        let [conv, norm, act] = names.depthwise();
        let x = self.conv(&conv, x, Conv2d::depthwise(inside, stage.kernel).with_stride(stride));
        let x = self.norm_act(&norm, &act, x);
        let x = self.squeeze_excite(&names, x, c_in);
        let [conv, norm] = names.project();
        let x = self.conv(&conv, x, Conv2d::new(inside, c_out, 1));
        let x = self.norm(&norm, x);
        let out = if stride == 1 && c_in == c_out {
            self.node(&names.sum(), Op::Add, &[x, input])
        } else {
            self.alias(&names.end(), x);
            x
        };
        self.b.stage(out);
        out
    }

    /// Squeeze-and-excitation: multiplies each channel by a gate value computed from the means of all channels. In between there
    /// are a quarter of the *block's* input channels.
    fn squeeze_excite(&mut self, block: &BlockNames, x: NodeId, c_in: usize) -> NodeId {
        if self.series == Series::Lite {
            return x;
        }
        let (channels, reduced) = (self.b.channels(x), c_in / 4);
        let [mean, reduce, act, expand, gate, out] = block.squeeze_excite();
        let means = self.node(&mean, Op::GlobalAvgPool, &[x]);
        let fewer = self.conv(&reduce, means, Conv2d::new(channels, reduced, 1).with_bias());
        let fewer = self.node(&act, Op::Activation(self.series.activation()), &[fewer]);
        let all = self.conv(&expand, fewer, Conv2d::new(reduced, channels, 1).with_bias());
        let gates = self.node(&gate, Op::Activation(ActivationFn::Sigmoid), &[all]);
        self.node(&out, Op::Gate, &[x, gates])
    }
}

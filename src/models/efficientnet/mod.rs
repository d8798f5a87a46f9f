//! EfficientNet (Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019) B0–B7 and
//! EfficientNet-Lite 0–4, as TensorFlow made them (timm's `tf_efficientnet_*`) and as torch trained them (`efficientnet_*`).
//!
//! Owns the graphs, their layer names and the rows of their weights. Must not know values of weights or how a graph runs.
//!
//! The two bind each other's files and are then silently wrong: TensorFlow pads as SAME with an eps of 1e-3, torch by half a kernel
//! on each side with 1e-5.
//!
//! Names are timm's. `bn1`, `bn2` and `bn3` are batch norm alone, while timm's modules of those names apply the activation too:
//! that value is `bn1.act`, timm's own name for the part. A block `blocks.S.B` is its sum where it has a skip, else its last batch
//! norm; `blocks.S` is the last block of its stage. The mean of squeeze-and-excitation is no module in timm; it is `se.avg_pool`
//! here. The graph ends at `bn2.act`, after the last 1×1 convolution.

mod rows;

pub(super) use rows::ROWS;

use crate::graph::{ActivationFn, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding};

/// Whose conventions the weights were trained with.
#[derive(Clone, Copy, PartialEq)]
enum Convention {
    TensorFlow,
    Torch,
}

impl Convention {
    const fn eps(self) -> f64 {
        match self {
            Self::TensorFlow => 1e-3,
            Self::Torch => 1e-5,
        }
    }

    const fn padding(self, kernel: usize) -> Padding {
        match self {
            Self::TensorFlow => Padding::Same,
            Self::Torch => Padding::symmetric(kernel / 2, kernel / 2),
        }
    }
}

/// A stage of B0, table 1 of the paper.
struct Stage {
    num_blocks: usize,
    kernel: usize,
    stride: usize,
    /// Channels of a block's inside per input channel; 1 means a depthwise-separable block.
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
    /// `SiLU`, squeeze-and-excitation, everything scaled.
    B,
    /// `ReLU6`, no squeeze-and-excitation; stem, head and the depth of the first and last stage are those of B0.
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

/// `channels × width` to the nearest multiple of 8, but never below 90 % of it (TensorFlow's `round_filters`).
fn scaled_channels(channels: usize, width: f64) -> usize {
    let wanted = channels as f64 * width;
    let nearest = ((wanted + 4.0) / 8.0).floor().max(1.0) * 8.0;
    let rounded = if nearest < 0.9 * wanted { nearest + 8.0 } else { nearest };
    rounded as usize
}

/// Blocks of a stage, rounded up (TensorFlow's `round_repeats`).
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
    let x = net.conv("conv_stem", x, Conv2d::new(3, c_stem, 3).with_stride(2));
    let mut x = net.norm_act("bn1", x);
    net.b.stage(x);
    let last = B0.len() - 1;
    for (s, stage) in B0.iter().enumerate() {
        let depth = if series == Series::Lite && (s == 0 || s == last) { 1.0 } else { depth };
        let c_out = scaled_channels(stage.c_out, width);
        for at in 0..scaled_depth(stage.num_blocks, depth) {
            let stride = if at == 0 { stage.stride } else { 1 };
            x = net.block(&format!("blocks.{s}.{at}"), x, stage, stride, c_out);
        }
        net.b.alias(format!("blocks.{s}"), x);
    }
    let x = net.conv("conv_head", x, Conv2d::new(net.b.channels(x), c_head, 1));
    let x = net.norm_act("bn2", x);
    net.b.stage(x);
    net.b.finish()
}

struct EfficientNet {
    b: GraphBuilder,
    convention: Convention,
    series: Series,
}

impl EfficientNet {
    fn conv(&mut self, name: impl Into<String>, x: NodeId, conv: Conv2d) -> NodeId {
        self.b.conv(name, x, conv.with_padding(self.convention.padding(conv.kernel[0])))
    }

    fn norm(&mut self, name: &str, x: NodeId) -> NodeId {
        let channels = self.b.channels(x);
        self.b.norm(name, x, channels, self.convention.eps())
    }

    fn norm_act(&mut self, name: &str, x: NodeId) -> NodeId {
        let x = self.norm(name, x);
        self.b.act(format!("{name}.act"), x, self.series.activation())
    }

    fn block(&mut self, name: &str, input: NodeId, stage: &Stage, stride: usize, c_out: usize) -> NodeId {
        let c_in = self.b.channels(input);
        let inside = c_in * stage.expansion;
        let depthwise = Conv2d::depthwise(inside, stage.kernel).with_stride(stride);
        let project = Conv2d::new(inside, c_out, 1);
        let x = if stage.expansion == 1 {
            let x = self.conv(format!("{name}.conv_dw"), input, depthwise);
            let x = self.norm_act(&format!("{name}.bn1"), x);
            let x = self.squeeze_excite(name, x, c_in);
            let x = self.conv(format!("{name}.conv_pw"), x, project);
            self.norm(&format!("{name}.bn2"), x)
        } else {
            let x = self.conv(format!("{name}.conv_pw"), input, Conv2d::new(c_in, inside, 1));
            let x = self.norm_act(&format!("{name}.bn1"), x);
            let x = self.conv(format!("{name}.conv_dw"), x, depthwise);
            let x = self.norm_act(&format!("{name}.bn2"), x);
            let x = self.squeeze_excite(name, x, c_in);
            let x = self.conv(format!("{name}.conv_pwl"), x, project);
            self.norm(&format!("{name}.bn3"), x)
        };
        let out = if stride == 1 && c_in == c_out {
            self.b.node(name, Op::Add, &[x, input])
        } else {
            self.b.alias(name, x);
            x
        };
        self.b.stage(out);
        out
    }

    /// A gate per channel, from the means of all channels; a quarter of the channels that come into the *block* in between.
    fn squeeze_excite(&mut self, block: &str, x: NodeId, c_in: usize) -> NodeId {
        if self.series == Series::Lite {
            return x;
        }
        let (channels, reduced) = (self.b.channels(x), c_in / 4);
        let gate = self.b.node(format!("{block}.se.avg_pool"), Op::GlobalAvgPool, &[x]);
        let reduce = Conv2d::new(channels, reduced, 1).with_bias();
        let gate = self.b.conv(format!("{block}.se.conv_reduce"), gate, reduce);
        let gate = self.b.act(format!("{block}.se.act1"), gate, self.series.activation());
        let expand = Conv2d::new(reduced, channels, 1).with_bias();
        let gate = self.b.conv(format!("{block}.se.conv_expand"), gate, expand);
        let gate = self.b.act(format!("{block}.se.gate"), gate, ActivationFn::Sigmoid);
        self.b.node(format!("{block}.se"), Op::Gate, &[x, gate])
    }
}

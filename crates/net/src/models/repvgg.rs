//! `RepVGG` (Ding et al., 2021, "`RepVGG`: Making VGG-style `ConvNets` Great Again") as it is trained: three branches in each block.
//!
//! This module owns the graphs, their layer names and the model specs of their weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! The paper merges the branches into one 3×3 convolution for deployment. Published weights have the branches, and here they can
//! be viewed. Names are timm's: a block `stages.S.B` is its `ReLU`, `.conv_kxk` and `.conv_1x1` are its convolutions after batch
//! norm, `.identity` is the batch norm of the block's input, `.add` is the sum of the two convolutions, and `.sum` is the sum of
//! all three.

use super::spec::{ModelSpec, Verification, short_side_crop};
use crate::graph::{ActivationFn, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale};

const EPS: f64 = 1e-5;

/// Number of blocks in each of the four stages (tables 2 and 3 of the paper); the stem is the paper's first stage.
const DEPTHS_A: [usize; 4] = [2, 4, 14, 1];
const DEPTHS_B: [usize; 4] = [4, 6, 16, 1];

/// Builds the graph. `widths` holds the channels of the stem and the four stages.
fn build(depths: [usize; 4], widths: [usize; 5]) -> Result<Graph, GraphError> {
    let (mut b, x) = GraphBuilder::new();
    let mut x = block(&mut b, "stem", x, widths[0], 2);
    for (s, (depth, width)) in depths.into_iter().zip(&widths[1..]).enumerate() {
        for at in 0..depth {
            x = block(&mut b, &format!("stages.{s}.{at}"), x, *width, if at == 0 { 2 } else { 1 });
        }
        b.alias(format!("stages.{s}"), x);
    }
    b.finish()
}

fn block(b: &mut GraphBuilder, name: &str, input: NodeId, c_out: usize, stride: usize) -> NodeId {
    let c_in = b.channels(input);
    let branch = |b: &mut GraphBuilder, name: String, kernel: usize| {
        let border = Padding::symmetric(kernel / 2, kernel / 2);
        let conv = Conv2d::new(c_in, c_out, kernel).with_stride(stride).with_padding(border);
        let x = b.conv(format!("{name}.conv"), input, conv);
        let x = b.norm(format!("{name}.bn"), x, c_out, EPS);
        b.alias(name, x);
        x
    };
    let wide = branch(b, format!("{name}.conv_kxk"), 3);
    let narrow = branch(b, format!("{name}.conv_1x1"), 1);
    let mut sum = b.node(format!("{name}.add"), Op::Add, &[wide, narrow]);
    if stride == 1 && c_in == c_out {
        let identity = b.norm(format!("{name}.identity"), input, c_in, EPS);
        sum = b.node(format!("{name}.sum"), Op::Add, &[sum, identity]);
    }
    let out = b.act(name, sum, ActivationFn::Relu);
    b.alias(format!("{name}.act"), out);
    b.stage(out);
    out
}

/// What all models share; `_cfg` in timm's `byobnet.py`.
const RVGG: ModelSpec = ModelSpec {
    tag: "",
    title: "",
    bare_names: &[],
    build: || build(DEPTHS_A, [64, 96, 192, 384, 1408]),
    variant: "three branches, batch norm eps 1e-5",
    preprocess: short_side_crop(PixelSize::square(224), 0.875, ResizeFilter::Bilinear, ValueScale::TORCH),
    head_prefixes: &["head."],
    is_keras: false,
    license: "MIT",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

pub(super) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "repvgg_a2.rvgg_in1k",
        title: "RepVGG-A2 with its branches, ImageNet, the authors' weights",
        bare_names: &["repvgg_a2"],
        source: "timm/repvgg_a2.rvgg_in1k",
        ..RVGG
    },
    ModelSpec {
        tag: "repvgg_b0.rvgg_in1k",
        title: "RepVGG-B0 with its branches, ImageNet, the authors' weights",
        bare_names: &["repvgg_b0"],
        build: || build(DEPTHS_B, [64, 64, 128, 256, 1280]),
        source: "timm/repvgg_b0.rvgg_in1k",
        ..RVGG
    },
    ModelSpec {
        tag: "repvgg_b1.rvgg_in1k",
        title: "RepVGG-B1 with its branches, ImageNet, the authors' weights",
        bare_names: &["repvgg_b1"],
        build: || build(DEPTHS_B, [64, 128, 256, 512, 2048]),
        source: "timm/repvgg_b1.rvgg_in1k",
        ..RVGG
    },
];

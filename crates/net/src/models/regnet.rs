//! `RegNetY` (Radosavovic et al., "Designing Network Design Spaces", 2020): grouped bottlenecks with squeeze-and-excitation.
//!
//! This module owns the graphs, their layer names and the model specs of their weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Names are timm's: a unit `sL.bB.convN` is its `ReLU` (the last unit is its batch norm), and a block `sL.bB` is the `ReLU`
//! after its sum.

use super::spec::{ModelSpec, Verification, short_side_crop};
use crate::graph::{ActivationFn, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale};

const EPS: f64 = 1e-5;
const STEM: usize = 32;

/// Number of blocks and channels of the four stages, and channels per group (table 12 of the paper, after its quantisation).
struct Design {
    depths: [usize; 4],
    widths: [usize; 4],
    group: usize,
}

const Y_004: Design = Design { depths: [1, 3, 6, 6], widths: [48, 104, 208, 440], group: 8 };
const Y_008: Design = Design { depths: [1, 3, 8, 2], widths: [64, 128, 320, 768], group: 16 };
const Y_016: Design = Design { depths: [2, 6, 17, 2], widths: [48, 120, 336, 888], group: 24 };
const Y_032: Design = Design { depths: [2, 5, 13, 1], widths: [72, 216, 576, 1512], group: 24 };

fn build(design: &Design) -> Result<Graph, GraphError> {
    let (b, x) = GraphBuilder::new();
    let mut net = RegNet { b };
    let mut x = net.unit_act("stem", x, Conv2d::new(3, STEM, 3).with_stride(2));
    net.b.stage(x);
    for (stage, (depth, width)) in (1..).zip(design.depths.into_iter().zip(design.widths)) {
        for at in 1..=depth {
            x = net.block(&format!("s{stage}.b{at}"), x, width, design.group, if at == 1 { 2 } else { 1 });
        }
        net.b.alias(format!("s{stage}"), x);
    }
    net.b.finish()
}

struct RegNet {
    b: GraphBuilder,
}

impl RegNet {
    /// Convolution and batch norm.
    fn unit(&mut self, name: &str, x: NodeId, conv: Conv2d) -> NodeId {
        let border = conv.kernel[0] / 2;
        let x = self.b.conv(format!("{name}.conv"), x, conv.with_padding(Padding::symmetric(border, border)));
        self.b.norm(format!("{name}.bn"), x, conv.c_out, EPS)
    }

    fn unit_act(&mut self, name: &str, x: NodeId, conv: Conv2d) -> NodeId {
        let x = self.unit(name, x, conv);
        self.b.act(name, x, ActivationFn::Relu)
    }

    fn block(&mut self, name: &str, input: NodeId, width: usize, group: usize, stride: usize) -> NodeId {
        let c_in = self.b.channels(input);
        let x = self.unit_act(&format!("{name}.conv1"), input, Conv2d::new(c_in, width, 1));
        let grouped = Conv2d { groups: width / group, ..Conv2d::new(width, width, 3) };
        let x = self.unit_act(&format!("{name}.conv2"), x, grouped.with_stride(stride));
        let x = self.gate(&format!("{name}.se"), x, c_in / 4);
        let x = self.unit(&format!("{name}.conv3"), x, Conv2d::new(width, width, 1));
        self.b.alias(format!("{name}.conv3"), x);
        let shortcut = if stride == 1 && c_in == width {
            input
        } else {
            let down = format!("{name}.downsample");
            let x = self.unit(&down, input, Conv2d::new(c_in, width, 1).with_stride(stride));
            self.b.alias(down, x);
            x
        };
        let sum = self.b.node(format!("{name}.add"), Op::Add, &[x, shortcut]);
        let out = self.b.act(name, sum, ActivationFn::Relu);
        self.b.alias(format!("{name}.act3"), out);
        self.b.stage(out);
        out
    }

    /// Multiplies each channel by a gate value. `reduced` is the number of channels in between: a quarter of the block's input
    /// channels.
    fn gate(&mut self, name: &str, x: NodeId, reduced: usize) -> NodeId {
        let channels = self.b.channels(x);
        let gate = self.b.node(format!("{name}.avg_pool"), Op::GlobalAvgPool, &[x]);
        let gate = self.b.conv(format!("{name}.fc1"), gate, Conv2d::new(channels, reduced, 1).with_bias());
        let gate = self.b.act(format!("{name}.act"), gate, ActivationFn::Relu);
        let gate = self.b.conv(format!("{name}.fc2"), gate, Conv2d::new(reduced, channels, 1).with_bias());
        let gate = self.b.act(format!("{name}.gate"), gate, ActivationFn::Sigmoid);
        self.b.node(name, Op::Gate, &[x, gate])
    }
}

/// torchvision's second weights; `_cfgtv2` in timm's `regnet.py`.
const TV2: ModelSpec = ModelSpec {
    tag: "",
    title: "",
    bare_names: &[],
    build: || build(&Y_016),
    variant: "batch norm eps 1e-5",
    preprocess: short_side_crop(PixelSize::square(224), 0.965, ResizeFilter::Bicubic, ValueScale::TORCH),
    head_prefixes: &["head."],
    is_keras: false,
    license: "BSD-3-Clause",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

pub(super) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "regnety_004.tv2_in1k",
        title: "RegNetY of 0.4 GFLOP, ImageNet, torchvision's second weights",
        bare_names: &["regnety_004"],
        build: || build(&Y_004),
        source: "timm/regnety_004.tv2_in1k",
        ..TV2
    },
    ModelSpec {
        tag: "regnety_008.pycls_in1k",
        title: "RegNetY of 0.8 GFLOP, ImageNet, the authors' weights",
        bare_names: &["regnety_008"],
        build: || build(&Y_008),
        preprocess: short_side_crop(PixelSize::square(224), 0.875, ResizeFilter::Bicubic, ValueScale::TORCH),
        license: "MIT",
        source: "timm/regnety_008.pycls_in1k",
        ..TV2
    },
    ModelSpec {
        tag: "regnety_016.tv2_in1k",
        title: "RegNetY of 1.6 GFLOP, ImageNet, torchvision's second weights",
        bare_names: &["regnety_016"],
        source: "timm/regnety_016.tv2_in1k",
        ..TV2
    },
    ModelSpec {
        tag: "regnety_032.tv2_in1k",
        title: "RegNetY of 3.2 GFLOP, ImageNet, torchvision's second weights",
        bare_names: &["regnety_032"],
        build: || build(&Y_032),
        source: "timm/regnety_032.tv2_in1k",
        ..TV2
    },
];

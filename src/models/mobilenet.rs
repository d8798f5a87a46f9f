//! `MobileNetV2` (Sandler et al., "Inverted Residuals and Linear Bottlenecks", 2018) and `MobileNetV3` large (Howard et al.,
//! "Searching for `MobileNetV3`", 2019), as timm trained them.
//!
//! Owns the graphs, their layer names and the rows of their weights. Must not know values of weights or how a graph runs.
//!
//! Names are timm's, as in `EfficientNet`, of which these are the forebear and the sibling: `bn1` is batch norm alone and `bn1.act`
//! what follows. `MobileNetV3` ends at its last 1×1 of 960 filters; its `conv_head` comes after the mean and is part of the classifier.
//! Keras' networks of these names pad otherwise.

use super::row::{Row, Verification, short_side_crop};
use crate::graph::{ActivationFn, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale};

const EPS: f64 = 1e-5;

/// One block.
#[derive(Clone, Copy)]
struct Block {
    kernel: usize,
    stride: usize,
    /// Channels inside; those that come in for a block without expansion.
    inside: usize,
    c_out: usize,
    has_gate: bool,
    activation: ActivationFn,
}

/// Table 2 of `MobileNetV2`'s paper: expansion, filters, blocks, stride of the first.
const V2: [(usize, usize, usize, usize); 7] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
];

fn v2() -> Result<Graph, GraphError> {
    let (b, x) = GraphBuilder::new();
    let mut net = MobileNet { b };
    let activation = ActivationFn::Relu6;
    let mut x = net.stem(x, 32, activation);
    for (s, (expansion, c_out, num_blocks, stride)) in V2.into_iter().enumerate() {
        for at in 0..num_blocks {
            let inside = net.b.channels(x) * expansion;
            let stride = if at == 0 { stride } else { 1 };
            let block = Block { kernel: 3, stride, inside, c_out, has_gate: false, activation };
            x = net.block(&format!("blocks.{s}.{at}"), x, block);
        }
        net.b.alias(format!("blocks.{s}"), x);
    }
    let x = net.conv("conv_head", x, Conv2d::new(320, 1280, 1));
    let x = net.norm_act("bn2", x, activation);
    net.b.stage(x);
    net.b.finish()
}

/// Table 1 of `MobileNetV3`'s paper, stage by stage as timm groups it.
fn v3_large() -> Result<Graph, GraphError> {
    use ActivationFn::{HardSwish, Relu};
    let block = |kernel, stride, inside, c_out, has_gate, activation| Block {
        kernel,
        stride,
        inside,
        c_out,
        has_gate,
        activation,
    };
    let stages: [&[Block]; 6] = [
        &[block(3, 1, 16, 16, false, Relu)],
        &[block(3, 2, 64, 24, false, Relu), block(3, 1, 72, 24, false, Relu)],
        &[
            block(5, 2, 72, 40, true, Relu),
            block(5, 1, 120, 40, true, Relu),
            block(5, 1, 120, 40, true, Relu),
        ],
        &[
            block(3, 2, 240, 80, false, HardSwish),
            block(3, 1, 200, 80, false, HardSwish),
            block(3, 1, 184, 80, false, HardSwish),
            block(3, 1, 184, 80, false, HardSwish),
        ],
        &[block(3, 1, 480, 112, true, HardSwish), block(3, 1, 672, 112, true, HardSwish)],
        &[
            block(5, 2, 672, 160, true, HardSwish),
            block(5, 1, 960, 160, true, HardSwish),
            block(5, 1, 960, 160, true, HardSwish),
        ],
    ];
    let (b, x) = GraphBuilder::new();
    let mut net = MobileNet { b };
    let mut x = net.stem(x, 16, HardSwish);
    for (s, blocks) in stages.into_iter().enumerate() {
        for (at, block) in blocks.iter().enumerate() {
            x = net.block(&format!("blocks.{s}.{at}"), x, *block);
        }
        net.b.alias(format!("blocks.{s}"), x);
    }
    let x = net.conv("blocks.6.0.conv", x, Conv2d::new(160, 960, 1));
    let x = net.norm_act("blocks.6.0.bn1", x, HardSwish);
    net.b.alias("blocks.6.0", x);
    net.b.alias("blocks.6", x);
    net.b.stage(x);
    net.b.finish()
}

struct MobileNet {
    b: GraphBuilder,
}

impl MobileNet {
    fn conv(&mut self, name: impl Into<String>, x: NodeId, conv: Conv2d) -> NodeId {
        let border = conv.kernel[0] / 2;
        self.b.conv(name, x, conv.with_padding(Padding::symmetric(border, border)))
    }

    fn norm(&mut self, name: &str, x: NodeId) -> NodeId {
        let channels = self.b.channels(x);
        self.b.norm(name, x, channels, EPS)
    }

    fn norm_act(&mut self, name: &str, x: NodeId, activation: ActivationFn) -> NodeId {
        let x = self.norm(name, x);
        self.b.act(format!("{name}.act"), x, activation)
    }

    fn stem(&mut self, x: NodeId, c_out: usize, activation: ActivationFn) -> NodeId {
        let x = self.conv("conv_stem", x, Conv2d::new(3, c_out, 3).with_stride(2));
        let x = self.norm_act("bn1", x, activation);
        self.b.stage(x);
        x
    }

    /// Widen, look, narrow; the first block of all has nothing to widen.
    fn block(&mut self, name: &str, input: NodeId, block: Block) -> NodeId {
        let c_in = self.b.channels(input);
        let Block { kernel, stride, inside, c_out, has_gate, activation } = block;
        let is_widened = inside != c_in;
        let names = if is_widened { ["bn2", "conv_pwl", "bn3"] } else { ["bn1", "conv_pw", "bn2"] };
        let x = if is_widened {
            let x = self.conv(format!("{name}.conv_pw"), input, Conv2d::new(c_in, inside, 1));
            self.norm_act(&format!("{name}.bn1"), x, activation)
        } else {
            input
        };
        let x =
            self.conv(format!("{name}.conv_dw"), x, Conv2d::depthwise(inside, kernel).with_stride(stride));
        let mut x = self.norm_act(&format!("{name}.{}", names[0]), x, activation);
        if has_gate {
            x = self.gate(&format!("{name}.se"), x);
        }
        let x = self.conv(format!("{name}.{}", names[1]), x, Conv2d::new(inside, c_out, 1));
        let x = self.norm(&format!("{name}.{}", names[2]), x);
        let out = if stride == 1 && c_in == c_out {
            self.b.node(name, Op::Add, &[x, input])
        } else {
            self.b.alias(name, x);
            x
        };
        self.b.stage(out);
        out
    }

    /// A gate per channel; a quarter of the channels, in eights, in between.
    fn gate(&mut self, name: &str, x: NodeId) -> NodeId {
        let channels = self.b.channels(x);
        let quarter = channels / 4;
        let rounded = ((quarter + 4) / 8).max(1) * 8;
        // Never below 90 % of it.
        let reduced = if rounded * 10 < quarter * 9 { rounded + 8 } else { rounded };
        let gate = self.b.node(format!("{name}.avg_pool"), Op::GlobalAvgPool, &[x]);
        let reduce = Conv2d::new(channels, reduced, 1).with_bias();
        let gate = self.b.conv(format!("{name}.conv_reduce"), gate, reduce);
        let gate = self.b.act(format!("{name}.act1"), gate, ActivationFn::Relu);
        let expand = Conv2d::new(reduced, channels, 1).with_bias();
        let gate = self.b.conv(format!("{name}.conv_expand"), gate, expand);
        let gate = self.b.act(format!("{name}.gate"), gate, ActivationFn::HardSigmoid);
        self.b.node(name, Op::Gate, &[x, gate])
    }
}

/// What the rows share; `_cfg` in timm's `efficientnet.py` and `mobilenetv3.py`.
const RA: Row = Row {
    tag: "",
    title: "",
    bare_names: &[],
    build: v2,
    variant: "padding of half a kernel, batch norm eps 1e-5",
    preprocess: short_side_crop(PixelSize::square(224), 0.875, ResizeFilter::Bicubic, ValueScale::TORCH),
    head_prefixes: &["classifier."],
    is_keras: false,
    license: "Apache-2.0",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

pub(super) const ROWS: &[Row] = &[
    Row {
        tag: "mobilenetv2_100.ra_in1k",
        title: "MobileNetV2, ImageNet, trained by timm with RandAugment",
        bare_names: &["mobilenetv2_100"],
        source: "timm/mobilenetv2_100.ra_in1k",
        ..RA
    },
    Row {
        tag: "mobilenetv3_large_100.ra_in1k",
        title: "MobileNetV3 large, ImageNet, trained by timm with RandAugment",
        bare_names: &["mobilenetv3_large_100"],
        build: v3_large,
        head_prefixes: &["conv_head.", "classifier."],
        source: "timm/mobilenetv3_large_100.ra_in1k",
        ..RA
    },
];

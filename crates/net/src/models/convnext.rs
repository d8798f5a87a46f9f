//! `ConvNeXt` (Liu et al., "A `ConvNet` for the 2020s", 2022), as in timm.
//!
//! This module owns the graphs, their layer names and the model specs of their weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Names are timm's. A block's `mlp` consists of two linear layers, applied at each position, with an exact GELU between them.
//! `gamma` is a parameter of the block; here it is the name of the node that scales by it. The block's own name is that of its
//! sum. timm's head takes the mean first, and then applies a layer norm and the classifier, so the graph ends at the last block.

use super::spec::{ModelSpec, Verification, short_side_crop};
use crate::graph::{ActivationFn, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale};

/// Epsilon of all layer norms.
const EPS: f64 = 1e-6;

/// Number of blocks and channels of the four stages (section 3 of the paper).
struct Design {
    depths: [usize; 4],
    widths: [usize; 4],
}

const TINY: Design = Design { depths: [3, 3, 9, 3], widths: [96, 192, 384, 768] };
const SMALL: Design = Design { depths: [3, 3, 27, 3], widths: [96, 192, 384, 768] };
const BASE: Design = Design { depths: [3, 3, 27, 3], widths: [128, 256, 512, 1024] };
const LARGE: Design = Design { depths: [3, 3, 27, 3], widths: [192, 384, 768, 1536] };

fn build(design: &Design) -> Result<Graph, GraphError> {
    let (mut b, x) = GraphBuilder::new();
    let patches = Conv2d::new(3, design.widths[0], 4).with_stride(4).with_bias();
    let x = b.conv("stem.0", x, patches);
    let mut x = b.layer_norm("stem.1", x, EPS);
    b.alias("stem", x);
    b.stage(x);
    for (stage, (depth, width)) in design.depths.into_iter().zip(design.widths).enumerate() {
        let stage = format!("stages.{stage}");
        if b.channels(x) != width {
            let norm = b.layer_norm(format!("{stage}.downsample.0"), x, EPS);
            let halved = Conv2d::new(b.channels(x), width, 2).with_stride(2).with_bias();
            x = b.conv(format!("{stage}.downsample.1"), norm, halved);
            b.alias(format!("{stage}.downsample"), x);
            b.stage(x);
        }
        for at in 0..depth {
            x = block(&mut b, &format!("{stage}.blocks.{at}"), x);
        }
        b.alias(stage, x);
    }
    b.finish()
}

fn block(b: &mut GraphBuilder, name: &str, input: NodeId) -> NodeId {
    let width = b.channels(input);
    let depthwise = Conv2d::depthwise(width, 7).with_padding(Padding::symmetric(3, 3)).with_bias();
    let x = b.conv(format!("{name}.conv_dw"), input, depthwise);
    let x = b.layer_norm(format!("{name}.norm"), x, EPS);
    let x = b.conv(format!("{name}.mlp.fc1"), x, Conv2d::linear(width, 4 * width));
    let x = b.act(format!("{name}.mlp.act"), x, ActivationFn::Gelu);
    let x = b.conv(format!("{name}.mlp.fc2"), x, Conv2d::linear(4 * width, width));
    b.alias(format!("{name}.mlp"), x);
    let x = b.scale(format!("{name}.gamma"), x);
    let out = b.node(name, Op::Add, &[x, input]);
    b.stage(out);
    out
}

/// The authors' weights; `_cfg` in timm's `convnext.py`.
const FB: ModelSpec = ModelSpec {
    tag: "",
    title: "",
    bare_names: &[],
    build: || build(&TINY),
    variant: "layer norm eps 1e-6, exact GELU",
    preprocess: short_side_crop(PixelSize::square(224), 0.875, ResizeFilter::Bicubic, ValueScale::TORCH),
    head_prefixes: &["head."],
    is_keras: false,
    license: "Apache-2.0",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

pub(super) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "convnext_tiny.fb_in1k",
        title: "ConvNeXt-T, ImageNet, the authors' weights",
        bare_names: &["convnext_tiny"],
        source: "timm/convnext_tiny.fb_in1k",
        ..FB
    },
    ModelSpec {
        tag: "convnext_tiny.fb_in22k_ft_in1k",
        title: "ConvNeXt-T, ImageNet after ImageNet-22k, the authors' weights",
        source: "timm/convnext_tiny.fb_in22k_ft_in1k",
        ..FB
    },
    ModelSpec {
        tag: "convnext_small.fb_in1k",
        title: "ConvNeXt-S, ImageNet, the authors' weights",
        bare_names: &["convnext_small"],
        build: || build(&SMALL),
        source: "timm/convnext_small.fb_in1k",
        ..FB
    },
    ModelSpec {
        tag: "convnext_small.fb_in22k_ft_in1k",
        title: "ConvNeXt-S, ImageNet after ImageNet-22k, the authors' weights",
        build: || build(&SMALL),
        source: "timm/convnext_small.fb_in22k_ft_in1k",
        ..FB
    },
    ModelSpec {
        tag: "convnext_base.fb_in1k",
        title: "ConvNeXt-B, ImageNet, the authors' weights",
        bare_names: &["convnext_base"],
        build: || build(&BASE),
        source: "timm/convnext_base.fb_in1k",
        ..FB
    },
    ModelSpec {
        tag: "convnext_base.fb_in22k_ft_in1k",
        title: "ConvNeXt-B, ImageNet after ImageNet-22k, the authors' weights",
        build: || build(&BASE),
        source: "timm/convnext_base.fb_in22k_ft_in1k",
        ..FB
    },
    ModelSpec {
        tag: "convnext_large.fb_in1k",
        title: "ConvNeXt-L, ImageNet, the authors' weights",
        bare_names: &["convnext_large"],
        build: || build(&LARGE),
        source: "timm/convnext_large.fb_in1k",
        ..FB
    },
    ModelSpec {
        tag: "convnext_large.fb_in22k_ft_in1k",
        title: "ConvNeXt-L, ImageNet after ImageNet-22k, the authors' weights",
        build: || build(&LARGE),
        source: "timm/convnext_large.fb_in22k_ft_in1k",
        ..FB
    },
];

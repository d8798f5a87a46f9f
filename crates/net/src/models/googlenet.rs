//! `GoogLeNet`, also called Inception v1 (Szegedy et al., "Going Deeper with Convolutions", 2014), as in torchvision.
//!
//! This module owns the graph, its layer names and the model specs of its weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Names are torchvision's. A unit `X` consists of `X.conv`, `X.bn` and the `ReLU` named `X`. The paper's 5×5 convolutions are
//! 3×3 here: a mistake of the port, with which its weights were trained. The graph ends at `inception5b`; the auxiliary
//! classifiers are left out.

use super::spec::{ModelSpec, Verification, short_side_crop};
use crate::graph::{
    ActivationFn, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding, Pool2d, Sides,
};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale, WeightSource};

const EPS: f64 = 1e-3;

/// Table 1 of the paper: filters of the first branch's 1×1, of the second branch's two convolutions, of the third's two, and of
/// the one after the pool.
const BLOCKS: [(&str, [usize; 6]); 9] = [
    ("inception3a", [64, 96, 128, 16, 32, 32]),
    ("inception3b", [128, 128, 192, 32, 96, 64]),
    ("inception4a", [192, 96, 208, 16, 48, 64]),
    ("inception4b", [160, 112, 224, 24, 64, 64]),
    ("inception4c", [128, 128, 256, 24, 64, 64]),
    ("inception4d", [112, 144, 288, 32, 64, 64]),
    ("inception4e", [256, 160, 320, 32, 128, 128]),
    ("inception5a", [256, 160, 320, 32, 128, 128]),
    ("inception5b", [384, 192, 384, 48, 128, 128]),
];

fn build() -> Result<Graph, GraphError> {
    let (mut b, x) = GraphBuilder::new();
    let x = unit(&mut b, "conv1", x, Conv2d::new(3, 64, 7).with_stride(2));
    b.stage(x);
    let x = shrink(&mut b, "maxpool1", x, 3);
    let x = unit(&mut b, "conv2", x, Conv2d::new(64, 64, 1));
    b.stage(x);
    let x = unit(&mut b, "conv3", x, Conv2d::new(64, 192, 3));
    b.stage(x);
    let mut x = shrink(&mut b, "maxpool2", x, 3);
    for (name, filters) in BLOCKS {
        x = match name {
            "inception4a" => shrink(&mut b, "maxpool3", x, 3),
            "inception5a" => shrink(&mut b, "maxpool4", x, 2),
            _ => x,
        };
        x = block(&mut b, name, x, filters);
    }
    b.finish()
}

/// Convolution that keeps the map's size at stride 1, then batch norm and `ReLU`.
fn unit(b: &mut GraphBuilder, name: &str, x: NodeId, conv: Conv2d) -> NodeId {
    let border = conv.kernel[0] / 2;
    let x = b.conv(format!("{name}.conv"), x, conv.with_padding(Padding::symmetric(border, border)));
    let x = b.norm(format!("{name}.bn"), x, conv.c_out, EPS);
    b.act(name, x, ActivationFn::Relu)
}

/// A max pool whose last window may reach beyond the map's end.
fn shrink(b: &mut GraphBuilder, name: &str, x: NodeId, kernel: usize) -> NodeId {
    let x = b.max_pool(name, x, Pool2d::new(kernel, 2, Padding::Ceil(Sides::default())));
    b.stage(x);
    x
}

fn block(b: &mut GraphBuilder, name: &str, input: NodeId, filters: [usize; 6]) -> NodeId {
    let [first, reduce3, second, reduce5, third, behind_pool] = filters;
    let c_in = b.channels(input);
    let mut branches = vec![unit(b, &format!("{name}.branch1"), input, Conv2d::new(c_in, first, 1))];
    for (branch, reduce, c_out) in [("branch2", reduce3, second), ("branch3", reduce5, third)] {
        let x = unit(b, &format!("{name}.{branch}.0"), input, Conv2d::new(c_in, reduce, 1));
        let x = unit(b, &format!("{name}.{branch}.1"), x, Conv2d::new(reduce, c_out, 3));
        b.alias(format!("{name}.{branch}"), x);
        branches.push(x);
    }
    let pool = Pool2d::new(3, 1, Padding::symmetric(1, 1));
    let x = b.max_pool(format!("{name}.branch4.0"), input, pool);
    let x = unit(b, &format!("{name}.branch4.1"), x, Conv2d::new(c_in, behind_pool, 1));
    b.alias(format!("{name}.branch4"), x);
    branches.push(x);
    let x = b.node(name, Op::Concat, &branches);
    b.stage(x);
    x
}

pub(super) const ROWS: &[ModelSpec] = &[ModelSpec {
    tag: "googlenet.tv_in1k",
    title: "GoogLeNet (Inception v1), ImageNet, torchvision's weights (a port of TensorFlow's)",
    bare_names: &["googlenet"],
    build,
    variant: "max pools in ceil mode, batch norm eps 1e-3",
    // torchvision normalises with ImageNet's mean and deviation and converts the result to −1..1 inside the network
    // (`transform_input`).
    preprocess: short_side_crop(PixelSize::square(224), 0.875, ResizeFilter::Bilinear, ValueScale::HALF),
    head_prefixes: &["fc.", "aux1.", "aux2."],
    is_keras: false,
    license: "BSD-3-Clause",
    source: "googlenet-1378be20.pth of torchvision",
    file: Some(WeightSource::Https {
        url: "https://download.pytorch.org/models/googlenet-1378be20.pth",
        md5: None,
    }),
    verification: Verification::GeneratedWeights,
    caution: "",
}];

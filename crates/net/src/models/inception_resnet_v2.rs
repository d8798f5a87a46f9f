//! Inception-ResNet-v2 (Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", 2016), as
//! in timm.
//!
//! This module owns the graph, its layer names and the model specs of its weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Names are timm's. A unit `X` consists of `X.conv`, `X.bn` and the `ReLU` named `X`; a branch's name also means its last
//! unit. A residual block `repeat.B` scales the output of its `conv2d` (`times`), adds the block's input (`add`), and applies a
//! `ReLU`, which has the block's name. The graph ends at `conv2d_7b`.

use super::spec::{ModelSpec, Verification, short_side_crop};
use crate::graph::{
    ActivationFn, BorderMean, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding, Pool2d,
};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale};

const EPS: f64 = 1e-3;

/// Filters, kernel, stride and border of a unit.
type Unit = (usize, [usize; 2], usize, [usize; 2]);

const fn one(c_out: usize) -> Unit {
    (c_out, [1, 1], 1, [0, 0])
}

/// A unit with the border that keeps the map's size.
const fn same(c_out: usize, rows: usize, columns: usize) -> Unit {
    (c_out, [rows, columns], 1, [rows / 2, columns / 2])
}

/// A unit that halves the map, without a border.
const fn halve(c_out: usize) -> Unit {
    (c_out, [3, 3], 2, [0, 0])
}

fn build() -> Result<Graph, GraphError> {
    let (b, x) = GraphBuilder::new();
    let mut net = Net { b };
    let x = net.stage_unit("conv2d_1a", x, halve(32));
    let x = net.stage_unit("conv2d_2a", x, (32, [3, 3], 1, [0, 0]));
    let x = net.stage_unit("conv2d_2b", x, same(64, 3, 3));
    let x = net.shrink("maxpool_3a", x);
    net.b.stage(x);
    let x = net.stage_unit("conv2d_3b", x, one(80));
    let x = net.stage_unit("conv2d_4a", x, (192, [3, 3], 1, [0, 0]));
    let x = net.shrink("maxpool_5a", x);
    net.b.stage(x);

    let pool = Pool2d::new(3, 1, Padding::symmetric(1, 1));
    let branches = [
        net.branch("mixed_5b.branch0", x, &[one(96)]),
        net.branch("mixed_5b.branch1", x, &[one(48), same(64, 5, 5)]),
        net.branch("mixed_5b.branch2", x, &[one(64), same(96, 3, 3), same(96, 3, 3)]),
        {
            let mean = net.b.avg_pool("mixed_5b.branch3.0", x, pool, BorderMean::IgnoreBorder);
            let x = net.unit("mixed_5b.branch3.1", mean, one(64));
            net.b.alias("mixed_5b.branch3", x);
            x
        },
    ];
    let mut x = net.join("mixed_5b", &branches);
    let block35 = [&[one(32)][..], &[one(32), same(32, 3, 3)], &[one(32), same(48, 3, 3), same(64, 3, 3)]];
    for at in 0..10 {
        x = net.residual(&format!("repeat.{at}"), x, &block35, Some(0.17));
    }
    net.b.alias("repeat", x);

    let branches = [
        net.branch("mixed_6a.branch0", x, &[halve(384)]),
        net.branch("mixed_6a.branch1", x, &[one(256), same(256, 3, 3), halve(384)]),
        net.shrink("mixed_6a.branch2", x),
    ];
    let mut x = net.join("mixed_6a", &branches);
    let block17 = [&[one(192)][..], &[one(128), same(160, 1, 7), same(192, 7, 1)]];
    for at in 0..20 {
        x = net.residual(&format!("repeat_1.{at}"), x, &block17, Some(0.10));
    }
    net.b.alias("repeat_1", x);

    let branches = [
        net.branch("mixed_7a.branch0", x, &[one(256), halve(384)]),
        net.branch("mixed_7a.branch1", x, &[one(256), halve(288)]),
        net.branch("mixed_7a.branch2", x, &[one(256), same(288, 3, 3), halve(320)]),
        net.shrink("mixed_7a.branch3", x),
    ];
    let mut x = net.join("mixed_7a", &branches);
    let block8 = [&[one(192)][..], &[one(192), same(224, 1, 3), same(256, 3, 1)]];
    for at in 0..9 {
        x = net.residual(&format!("repeat_2.{at}"), x, &block8, Some(0.20));
    }
    net.b.alias("repeat_2", x);
    let x = net.residual("block8", x, &block8, None);
    net.stage_unit("conv2d_7b", x, one(1536));
    net.b.finish()
}

struct Net {
    b: GraphBuilder,
}

impl Net {
    fn unit(&mut self, name: &str, x: NodeId, (c_out, [rows, columns], stride, border): Unit) -> NodeId {
        let conv = Conv2d::new(self.b.channels(x), c_out, 1)
            .with_kernel(rows, columns)
            .with_stride(stride)
            .with_padding(Padding::symmetric(border[0], border[1]));
        let x = self.b.conv(format!("{name}.conv"), x, conv);
        let x = self.b.norm(format!("{name}.bn"), x, c_out, EPS);
        self.b.act(name, x, ActivationFn::Relu)
    }

    fn stage_unit(&mut self, name: &str, x: NodeId, unit: Unit) -> NodeId {
        let x = self.unit(name, x, unit);
        self.b.stage(x);
        x
    }

    /// Units one after the other. They are numbered, unless there is only one.
    fn branch(&mut self, name: &str, x: NodeId, units: &[Unit]) -> NodeId {
        if let [only] = units {
            return self.unit(name, x, *only);
        }
        let numbered = units.iter().enumerate();
        let x = numbered.fold(x, |x, (at, unit)| self.unit(&format!("{name}.{at}"), x, *unit));
        self.b.alias(name, x);
        x
    }

    fn shrink(&mut self, name: &str, x: NodeId) -> NodeId {
        self.b.max_pool(name, x, Pool2d::new(3, 2, Padding::Valid))
    }

    fn join(&mut self, name: &str, branches: &[NodeId]) -> NodeId {
        let x = self.b.node(name, Op::Concat, branches);
        self.b.stage(x);
        x
    }

    /// Figures 10, 11 and 13 of the paper. The network's last block has neither a scale nor a `ReLU`.
    fn residual(&mut self, name: &str, input: NodeId, branches: &[&[Unit]], scale: Option<f32>) -> NodeId {
        let branches: Vec<NodeId> = branches
            .iter()
            .enumerate()
            .map(|(at, units)| self.branch(&format!("{name}.branch{at}"), input, units))
            .collect();
        let x = self.b.node(format!("{name}.concat"), Op::Concat, &branches);
        let widen = Conv2d::new(self.b.channels(x), self.b.channels(input), 1).with_bias();
        let x = self.b.conv(format!("{name}.conv2d"), x, widen);
        let out = match scale {
            Some(scale) => {
                let x = self.b.node(format!("{name}.times"), Op::Times(scale), &[x]);
                let sum = self.b.node(format!("{name}.add"), Op::Add, &[x, input]);
                self.b.act(name, sum, ActivationFn::Relu)
            }
            None => self.b.node(name, Op::Add, &[x, input]),
        };
        self.b.stage(out);
        out
    }
}

/// `_cfg` of timm's `inception_resnet_v2.py`.
const TF: ModelSpec = ModelSpec {
    tag: "inception_resnet_v2.tf_in1k",
    title: "Inception-ResNet-v2, ImageNet, timm's port of TensorFlow-Slim's weights",
    bare_names: &["inception_resnet_v2"],
    build,
    variant: "average pools ignore the border, batch norm eps 1e-3, residuals scaled by 0.17, 0.1 and 0.2",
    preprocess: short_side_crop(PixelSize::square(299), 0.8975, ResizeFilter::Bicubic, ValueScale::HALF),
    head_prefixes: &["classif."],
    is_keras: false,
    license: "Apache-2.0",
    source: "timm/inception_resnet_v2.tf_in1k",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

pub(super) const ROWS: &[ModelSpec] = &[
    TF,
    ModelSpec {
        tag: "inception_resnet_v2.tf_ens_adv_in1k",
        title: "Inception-ResNet-v2, ImageNet with adversarial pictures, timm's port of TensorFlow-Slim's weights",
        bare_names: &[],
        source: "timm/inception_resnet_v2.tf_ens_adv_in1k",
        ..TF
    },
];

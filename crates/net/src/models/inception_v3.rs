//! InceptionV3 (Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015), as in timm's
//! `inception_v3` and in Keras.
//!
//! This module owns the graph, its layer names and the model specs of its weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Names are timm's, which are those of TensorFlow's original. A unit `X` consists of three nodes: `X.conv`, `X.bn` (batch norm
//! alone; timm's module of that name includes the `ReLU`) and the `ReLU`, which is named `X` because it is the unit's output. The
//! graph ends at `Mixed_7c`, Keras' `mixed10`.

use super::spec::{ModelSpec, Verification, keras_file, short_side_crop, stretch};
use crate::graph::{
    ActivationFn, BatchNorm, BorderMean, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding, Pool2d,
};
use crate::tensor::{PixelSize, PreprocessSpec, ResizeFilter, ValueScale};

/// Batch norm epsilon of all InceptionV3 weights, including timm's ports.
const EPS: f64 = 1e-3;

/// Properties that tensors don't show.
#[derive(Clone, Copy)]
struct Convention {
    /// How the average pools of the mixed blocks treat the border. With Keras' way, nodes also get Keras' layer names.
    border: BorderMean,
    /// Whether batch norms have a gamma. Keras' own file has none (`scale=False`); ports write it as 1.
    has_gamma: bool,
}

const TORCH: Convention = Convention { border: BorderMean::CountBorder, has_gamma: true };
const KERAS: Convention = Convention { border: BorderMean::IgnoreBorder, has_gamma: false };

fn build(convention: Convention) -> Result<Graph, GraphError> {
    let (builder, x) = GraphBuilder::new();
    let mut net = InceptionV3 { b: builder, convention, num_convs: 0 };

    let x = net.unit_stage("Conv2d_1a_3x3", x, unit(32, 3, 3).stride(2));
    let x = net.unit_stage("Conv2d_2a_3x3", x, unit(32, 3, 3));
    let x = net.unit_stage("Conv2d_2b_3x3", x, unit(64, 3, 3).same());
    let x = net.b.max_pool("Pool1", x, Pool2d::new(3, 2, Padding::Valid));
    net.b.stage(x);
    let x = net.unit_stage("Conv2d_3b_1x1", x, unit(80, 1, 1));
    let x = net.unit_stage("Conv2d_4a_3x3", x, unit(192, 3, 3));
    let x = net.b.max_pool("Pool2", x, Pool2d::new(3, 2, Padding::Valid));
    net.b.stage(x);

    let x = net.mixed_35("Mixed_5b", "mixed0", x, 32);
    let x = net.mixed_35("Mixed_5c", "mixed1", x, 64);
    let x = net.mixed_35("Mixed_5d", "mixed2", x, 64);
    let x = net.reduce_to_17("Mixed_6a", "mixed3", x);
    let x = net.mixed_17("Mixed_6b", "mixed4", x, 128);
    let x = net.mixed_17("Mixed_6c", "mixed5", x, 160);
    let x = net.mixed_17("Mixed_6d", "mixed6", x, 160);
    let x = net.mixed_17("Mixed_6e", "mixed7", x, 192);
    let x = net.reduce_to_8("Mixed_7a", "mixed8", x);
    let x = net.mixed_8("Mixed_7b", "mixed9", x);
    net.b.alias("mixed9_0", x.split);
    let x = net.mixed_8("Mixed_7c", "mixed10", x.out);
    net.b.alias("mixed9_1", x.split);
    net.b.finish()
}

/// A convolution with batch norm and `ReLU`, before it is added to the graph.
#[derive(Clone, Copy)]
struct Unit {
    c_out: usize,
    kernel: [usize; 2],
    stride: usize,
    padding: Padding,
}

/// A unit without a border, with stride 1.
const fn unit(c_out: usize, rows: usize, columns: usize) -> Unit {
    Unit { c_out, kernel: [rows, columns], stride: 1, padding: Padding::Valid }
}

impl Unit {
    const fn stride(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    /// The unit with the border that keeps the map's size. Kernels are odd, so both sides are equal.
    const fn same(mut self) -> Self {
        self.padding = Padding::symmetric(self.kernel[0] / 2, self.kernel[1] / 2);
        self
    }
}

struct InceptionV3 {
    b: GraphBuilder,
    convention: Convention,
    num_convs: usize,
}

/// A block of the last grid: its output, and the first of its two split branches, for which Keras has a name.
struct Mixed8 {
    out: NodeId,
    split: NodeId,
}

/// Keras' name of the `n`-th layer of a kind, which Keras numbers in order of creation.
fn numbered(kind: &str, n: usize) -> String {
    if n == 0 { kind.to_owned() } else { format!("{kind}_{n}") }
}

impl InceptionV3 {
    fn unit(&mut self, name: &str, x: NodeId, unit: Unit) -> NodeId {
        let conv = Conv2d::new(self.b.channels(x), unit.c_out, 1)
            .with_kernel(unit.kernel[0], unit.kernel[1])
            .with_stride(unit.stride)
            .with_padding(unit.padding);
        let norm = BatchNorm { channels: unit.c_out, eps: EPS, has_gamma: self.convention.has_gamma };
        let conv = self.b.conv(format!("{name}.conv"), x, conv);
        let norm = self.b.node(format!("{name}.bn"), Op::BatchNorm(norm), &[conv]);
        if self.convention.border == BorderMean::IgnoreBorder {
            self.b.keras(conv, numbered("conv2d", self.num_convs));
            self.b.keras(norm, numbered("batch_normalization", self.num_convs));
        }
        self.num_convs += 1;
        self.b.act(name, norm, ActivationFn::Relu)
    }

    fn unit_stage(&mut self, name: &str, x: NodeId, unit: Unit) -> NodeId {
        let x = self.unit(name, x, unit);
        self.b.stage(x);
        x
    }

    /// Units of one branch, one after the other.
    fn branch(&mut self, block: &str, x: NodeId, units: &[(&str, Unit)]) -> NodeId {
        units.iter().fold(x, |x, (name, unit)| self.unit(&format!("{block}.{name}"), x, *unit))
    }

    fn pool_branch(&mut self, block: &str, x: NodeId, c_out: usize) -> NodeId {
        let pool = Pool2d::new(3, 1, Padding::symmetric(1, 1));
        let pooled = self.b.avg_pool(format!("{block}.branch_pool.pool"), x, pool, self.convention.border);
        self.branch(block, pooled, &[("branch_pool", unit(c_out, 1, 1))])
    }

    fn shrinking_pool(&mut self, block: &str, x: NodeId) -> NodeId {
        self.b.max_pool(format!("{block}.branch_pool"), x, Pool2d::new(3, 2, Padding::Valid))
    }

    fn join(&mut self, block: &str, keras: &str, branches: &[NodeId]) -> NodeId {
        let x = self.b.node(block, Op::Concat, branches);
        self.b.alias(keras, x);
        self.b.stage(x);
        x
    }

    /// Figure 5 of the paper.
    fn mixed_35(&mut self, block: &str, keras: &str, x: NodeId, pool_features: usize) -> NodeId {
        let branches = [
            self.branch(block, x, &[("branch1x1", unit(64, 1, 1))]),
            self.branch(block, x, &[("branch5x5_1", unit(48, 1, 1)), ("branch5x5_2", unit(64, 5, 5).same())]),
            self.branch(
                block,
                x,
                &[
                    ("branch3x3dbl_1", unit(64, 1, 1)),
                    ("branch3x3dbl_2", unit(96, 3, 3).same()),
                    ("branch3x3dbl_3", unit(96, 3, 3).same()),
                ],
            ),
            self.pool_branch(block, x, pool_features),
        ];
        self.join(block, keras, &branches)
    }

    fn reduce_to_17(&mut self, block: &str, keras: &str, x: NodeId) -> NodeId {
        let branches = [
            self.branch(block, x, &[("branch3x3", unit(384, 3, 3).stride(2))]),
            self.branch(
                block,
                x,
                &[
                    ("branch3x3dbl_1", unit(64, 1, 1)),
                    ("branch3x3dbl_2", unit(96, 3, 3).same()),
                    ("branch3x3dbl_3", unit(96, 3, 3).stride(2)),
                ],
            ),
            self.shrinking_pool(block, x),
        ];
        self.join(block, keras, &branches)
    }

    /// Figure 6 of the paper with n = 7. `c7` is the number of filters inside the factorised 7×7 convolution.
    fn mixed_17(&mut self, block: &str, keras: &str, x: NodeId, c7: usize) -> NodeId {
        let branches = [
            self.branch(block, x, &[("branch1x1", unit(192, 1, 1))]),
            self.branch(
                block,
                x,
                &[
                    ("branch7x7_1", unit(c7, 1, 1)),
                    ("branch7x7_2", unit(c7, 1, 7).same()),
                    ("branch7x7_3", unit(192, 7, 1).same()),
                ],
            ),
            self.branch(
                block,
                x,
                &[
                    ("branch7x7dbl_1", unit(c7, 1, 1)),
                    ("branch7x7dbl_2", unit(c7, 7, 1).same()),
                    ("branch7x7dbl_3", unit(c7, 1, 7).same()),
                    ("branch7x7dbl_4", unit(c7, 7, 1).same()),
                    ("branch7x7dbl_5", unit(192, 1, 7).same()),
                ],
            ),
            self.pool_branch(block, x, 192),
        ];
        self.join(block, keras, &branches)
    }

    fn reduce_to_8(&mut self, block: &str, keras: &str, x: NodeId) -> NodeId {
        let branches = [
            self.branch(
                block,
                x,
                &[("branch3x3_1", unit(192, 1, 1)), ("branch3x3_2", unit(320, 3, 3).stride(2))],
            ),
            self.branch(
                block,
                x,
                &[
                    ("branch7x7x3_1", unit(192, 1, 1)),
                    ("branch7x7x3_2", unit(192, 1, 7).same()),
                    ("branch7x7x3_3", unit(192, 7, 1).same()),
                    ("branch7x7x3_4", unit(192, 3, 3).stride(2)),
                ],
            ),
            self.shrinking_pool(block, x),
        ];
        self.join(block, keras, &branches)
    }

    /// Figure 7 of the paper: two branches end in a 1×3 and a 3×1 convolution side by side.
    fn mixed_8(&mut self, block: &str, keras: &str, x: NodeId) -> Mixed8 {
        let narrow = self.branch(block, x, &[("branch1x1", unit(320, 1, 1))]);
        let split = self.branch(block, x, &[("branch3x3_1", unit(384, 1, 1))]);
        let split = self.split(block, "branch3x3", ["branch3x3_2a", "branch3x3_2b"], split);
        let double = self.branch(
            block,
            x,
            &[("branch3x3dbl_1", unit(448, 1, 1)), ("branch3x3dbl_2", unit(384, 3, 3).same())],
        );
        let double = self.split(block, "branch3x3dbl", ["branch3x3dbl_3a", "branch3x3dbl_3b"], double);
        let pooled = self.pool_branch(block, x, 192);
        let out = self.join(block, keras, &[narrow, split, double, pooled]);
        Mixed8 { out, split }
    }

    fn split(&mut self, block: &str, name: &str, [wide, tall]: [&str; 2], x: NodeId) -> NodeId {
        let halves = [
            self.branch(block, x, &[(wide, unit(384, 1, 3).same())]),
            self.branch(block, x, &[(tall, unit(384, 3, 1).same())]),
        ];
        self.b.node(format!("{block}.{name}"), Op::Concat, &halves)
    }
}

const SIZE: PixelSize = PixelSize::square(299);

/// timm's specs; `_cfg` and `default_cfgs` in its `inception_v3.py`.
const TIMM: ModelSpec = ModelSpec {
    tag: "",
    title: "",
    bare_names: &[],
    build: || build(TORCH),
    variant: "average pools count the border, batch norm eps 1e-3",
    preprocess: short_side_crop(SIZE, 0.875, ResizeFilter::Bicubic, ValueScale::HALF),
    head_prefixes: &["fc.", "AuxLogits."],
    is_keras: false,
    license: "Apache-2.0",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

pub(super) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "inception_v3.tv_in1k",
        title: "InceptionV3, ImageNet, torchvision's weights (a modified port of TensorFlow's)",
        bare_names: &["inception_v3"],
        source: "timm/inception_v3.tv_in1k",
        ..TIMM
    },
    ModelSpec {
        tag: "inception_v3.tf_in1k",
        title: "InceptionV3, ImageNet, timm's port of TensorFlow-Slim's weights",
        source: "timm/inception_v3.tf_in1k",
        caution: "TensorFlow's average pools ignore the border; timm runs these weights with pools that count it, and so does \
                  this row",
        ..TIMM
    },
    ModelSpec {
        tag: "inception_v3.gluon_in1k",
        title: "InceptionV3, ImageNet, GluonCV's weights",
        preprocess: PreprocessSpec { scale: ValueScale::TORCH, ..TIMM.preprocess },
        source: "timm/inception_v3.gluon_in1k",
        ..TIMM
    },
    ModelSpec {
        tag: "inception_v3.keras_in1k",
        title: "InceptionV3, ImageNet, Keras' weights",
        bare_names: &["InceptionV3"],
        build: || build(KERAS),
        variant: "average pools ignore the border, batch norm eps 1e-3 without gamma",
        preprocess: stretch(SIZE, ResizeFilter::Nearest, ValueScale::TF),
        head_prefixes: &["predictions/"],
        is_keras: true,
        license: "Apache-2.0 (Keras' documentation)",
        source: "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras applications",
        file: keras_file!(
            "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "bcbd6486424b2319ff4ef7d526e38f63"
        ),
        ..TIMM
    },
];

//! Xception (Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2016), as in timm's `legacy_xception` and
//! in Keras. timm's `xception41`, `xception65` and `xception71` are other networks.
//!
//! This module owns the graphs, their layer names and the model specs of their weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Names are timm's. Keras' `blockN` is timm's `block(N−1)`, and those of Keras' layer names that don't depend on counting are
//! aliases. A separable convolution is two nodes, `X.conv1` (depthwise) and `X.pointwise`; the name `X` also means the value of
//! the latter. timm and Keras differ in what tensors don't show: Keras pads its max pools as TensorFlow's SAME, timm with one
//! cell on each side; Keras' eps is 1e-3, timm's 1e-5. The graph ends at `act4`, Keras' `block14_sepconv2_act`.

use super::spec::{ModelSpec, Verification, keras_file, short_side_crop, stretch};
use crate::graph::{ActivationFn, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding, Pool2d};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale, WeightSource};

/// The framework whose conventions the weights were trained with, or are run with.
#[derive(Clone, Copy, PartialEq)]
enum Convention {
    Timm,
    Keras,
}

impl Convention {
    const fn pool_padding(self) -> Padding {
        match self {
            Self::Timm => Padding::symmetric(1, 1),
            Self::Keras => Padding::Same,
        }
    }

    const fn eps(self) -> f64 {
        match self {
            Self::Timm => 1e-5,
            Self::Keras => 1e-3,
        }
    }
}

fn build(convention: Convention) -> Result<Graph, GraphError> {
    let (builder, x) = GraphBuilder::new();
    let mut net = Xception { b: builder, convention, num_skips: 0 };

    // Figure 5 of the paper: entry flow,
    let x = net.stem(1, x, Conv2d::new(3, 32, 3).with_stride(2));
    let x = net.stem(2, x, Conv2d::new(32, 64, 3));
    let x = net.strided_block(1, x, [128, 128]);
    let x = net.strided_block(2, x, [256, 256]);
    let mut x = net.strided_block(3, x, [728, 728]);
    // middle flow,
    for block in 4..=11 {
        x = net.middle_block(block, x);
    }
    // exit flow.
    let x = net.strided_block(12, x, [728, 1024]);
    let x = net.exit(3, x, 1536);
    net.exit(4, x, 2048);
    net.b.finish()
}

struct Xception {
    b: GraphBuilder,
    convention: Convention,
    num_skips: usize,
}

impl Xception {
    /// Records that Keras keeps a node's parameters in `layer`.
    fn keras(&mut self, id: NodeId, layer: &str) {
        if self.convention == Convention::Keras {
            self.b.keras(id, layer);
        }
    }

    fn norm(&mut self, name: String, x: NodeId) -> NodeId {
        let channels = self.b.channels(x);
        self.b.norm(name, x, channels, self.convention.eps())
    }

    fn stem(&mut self, k: usize, x: NodeId, conv: Conv2d) -> NodeId {
        let keras = format!("block1_conv{k}");
        let x = self.b.conv(format!("conv{k}"), x, conv);
        self.b.alias(&keras, x);
        self.keras(x, &keras);
        let x = self.norm(format!("bn{k}"), x);
        self.b.alias(format!("{keras}_bn"), x);
        self.keras(x, &format!("{keras}_bn"));
        let x = self.b.act(format!("act{k}"), x, ActivationFn::Relu);
        self.b.alias(format!("{keras}_act"), x);
        self.b.stage(x);
        x
    }

    /// Depthwise convolution, pointwise convolution and batch norm.
    fn separable(&mut self, name: &str, norm: String, keras: &str, x: NodeId, c_out: usize) -> NodeId {
        let c_in = self.b.channels(x);
        let depthwise = Conv2d::depthwise(c_in, 3).with_padding(Padding::symmetric(1, 1));
        let x = self.b.conv(format!("{name}.conv1"), x, depthwise);
        self.keras(x, keras);
        let x = self.b.conv(format!("{name}.pointwise"), x, Conv2d::new(c_in, c_out, 1));
        self.b.alias(name, x);
        self.b.alias(keras, x);
        self.keras(x, keras);
        let x = self.norm(norm, x);
        self.b.alias(format!("{keras}_bn"), x);
        self.keras(x, &format!("{keras}_bn"));
        x
    }

    /// The separable convolutions of a block, each after a `ReLU` (except the very first one in the network). Also returns the
    /// number of the next layer in `rep`.
    fn rep(&mut self, block: usize, x: NodeId, c_outs: &[usize]) -> (NodeId, usize) {
        let (mut x, mut at) = (x, 0);
        for (k, c_out) in (1..).zip(c_outs) {
            let keras = format!("block{}_sepconv{k}", block + 1);
            if (block, k) != (1, 1) {
                x = self.b.act(format!("block{block}.rep.{at}"), x, ActivationFn::Relu);
                self.b.alias(format!("{keras}_act"), x);
                at += 1;
            }
            let (name, norm) = (format!("block{block}.rep.{at}"), format!("block{block}.rep.{}", at + 1));
            x = self.separable(&name, norm, &keras, x, *c_out);
            at += 2;
        }
        (x, at)
    }

    fn strided_block(&mut self, block: usize, x: NodeId, c_outs: [usize; 2]) -> NodeId {
        let (main, at) = self.rep(block, x, &c_outs);
        let pool = Pool2d::new(3, 2, self.convention.pool_padding());
        let main = self.b.max_pool(format!("block{block}.rep.{at}"), main, pool);
        self.b.alias(format!("block{}_pool", block + 1), main);

        let skip = Conv2d::new(self.b.channels(x), c_outs[1], 1).with_stride(2);
        let skip = self.b.conv(format!("block{block}.skip"), x, skip);
        let norm = self.norm(format!("block{block}.skipbn"), skip);
        // Keras numbers unnamed layers by order of creation.
        let n = if self.num_skips == 0 { String::new() } else { format!("_{}", self.num_skips) };
        self.num_skips += 1;
        self.keras(skip, &format!("conv2d{n}"));
        self.keras(norm, &format!("batch_normalization{n}"));
        self.add(block, main, norm)
    }

    fn middle_block(&mut self, block: usize, x: NodeId) -> NodeId {
        let (main, _) = self.rep(block, x, &[728; 3]);
        self.add(block, main, x)
    }

    fn add(&mut self, block: usize, main: NodeId, skip: NodeId) -> NodeId {
        let x = self.b.node(format!("block{block}"), Op::Add, &[main, skip]);
        self.b.alias(format!("block{block}.rep"), main);
        self.b.stage(x);
        x
    }

    fn exit(&mut self, k: usize, x: NodeId, c_out: usize) -> NodeId {
        let keras = format!("block14_sepconv{}", k - 2);
        let x = self.separable(&format!("conv{k}"), format!("bn{k}"), &keras, x, c_out);
        let x = self.b.act(format!("act{k}"), x, ActivationFn::Relu);
        self.b.alias(format!("{keras}_act"), x);
        self.b.stage(x);
        x
    }
}

const SIZE: PixelSize = PixelSize::square(299);

pub(super) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "legacy_xception.tf_in1k",
        title: "Xception, ImageNet, timm's weights (ported from Keras, run with torch's conventions)",
        bare_names: &["legacy_xception"],
        build: || build(Convention::Timm),
        variant: "max pools pad one cell on each side, batch norm eps 1e-5",
        preprocess: short_side_crop(SIZE, 0.8975, ResizeFilter::Bicubic, ValueScale::HALF),
        head_prefixes: &["fc.", "last_linear."],
        is_keras: false,
        license: "Apache-2.0",
        source: "xception-43020ad28.pth of timm's release v0.1-cadene",
        file: Some(WeightSource::Https {
            url: "https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-cadene/xception-43020ad28.pth",
            md5: None,
        }),
        verification: Verification::GeneratedWeights,
        caution: "",
    },
    ModelSpec {
        tag: "xception.keras_in1k",
        title: "Xception, ImageNet, Keras' weights",
        bare_names: &["xception", "Xception"],
        build: || build(Convention::Keras),
        variant: "max pools padded as TensorFlow's SAME, batch norm eps 1e-3",
        // Keras' `load_img` stretches the picture to the target size with nearest-neighbour sampling.
        preprocess: stretch(SIZE, ResizeFilter::Nearest, ValueScale::TF),
        head_prefixes: &["predictions/"],
        is_keras: true,
        license: "MIT (Keras' documentation: trained by its author)",
        source: "xception_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras applications",
        file: keras_file!(
            "xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "b0042744bf5b25fce3cb969f33bebb97"
        ),
        verification: Verification::RealWeights,
        caution: "",
    },
];

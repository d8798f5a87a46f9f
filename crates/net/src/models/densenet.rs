//! `DenseNet` (Huang et al., "Densely Connected Convolutional Networks", 2016) 121, 169 and 201, as in torchvision and timm.
//!
//! This module owns the graphs, their layer names and the model specs of their weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Names are torch's. Within a dense block, every layer reads the maps of all layers before it. torch has no module for this
//! concatenation; here it is `….cat`, and the last one of a block has the block's name. timm's `norm1`, `norm2` and `norm5`
//! include the `ReLU`; here its value is `norm1.act` and so on. The graph ends at `features.norm5.act`, Keras' `relu`.

use super::spec::{ModelSpec, Verification, short_side_crop};
use crate::graph::{
    ActivationFn, BorderMean, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding, Pool2d,
};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale};

/// Channels that each layer adds, and how many times that number its 1×1 convolution has (table 1 of the paper).
const GROWTH: usize = 32;
const BOTTLENECK: usize = 4;
const EPS: f64 = 1e-5;

/// Number of layers in each of the four blocks.
const BLOCKS_121: [usize; 4] = [6, 12, 24, 16];
const BLOCKS_169: [usize; 4] = [6, 12, 32, 32];
const BLOCKS_201: [usize; 4] = [6, 12, 48, 32];

fn build(blocks: [usize; 4]) -> Result<Graph, GraphError> {
    let (b, x) = GraphBuilder::new();
    let mut net = DenseNet { b };
    let stem = Conv2d::new(3, 2 * GROWTH, 7).with_stride(2).with_padding(Padding::symmetric(3, 3));
    let x = net.b.conv("features.conv0", x, stem);
    let x = net.norm_act("features.norm0", x);
    net.b.stage(x);
    let mut x = net.b.max_pool("features.pool0", x, Pool2d::new(3, 2, Padding::symmetric(1, 1)));
    net.b.stage(x);
    for (at, num_layers) in (1..).zip(blocks) {
        x = net.dense_block(&format!("features.denseblock{at}"), x, num_layers);
        if at < blocks.len() {
            x = net.transition(&format!("features.transition{at}"), x);
        }
    }
    let x = net.norm_act("features.norm5", x);
    net.b.alias("relu", x);
    net.b.stage(x);
    net.b.finish()
}

struct DenseNet {
    b: GraphBuilder,
}

impl DenseNet {
    fn norm_act(&mut self, name: &str, x: NodeId) -> NodeId {
        let channels = self.b.channels(x);
        let x = self.b.norm(name, x, channels, EPS);
        self.b.act(format!("{name}.act"), x, ActivationFn::Relu)
    }

    fn dense_block(&mut self, name: &str, input: NodeId, num_layers: usize) -> NodeId {
        let mut maps = vec![input];
        for at in 1..=num_layers {
            let layer = format!("{name}.denselayer{at}");
            let seen = if at == 1 { input } else { self.b.node(format!("{layer}.cat"), Op::Concat, &maps) };
            let x = self.norm_act(&format!("{layer}.norm1"), seen);
            let squeeze = Conv2d::new(self.b.channels(x), BOTTLENECK * GROWTH, 1);
            let x = self.b.conv(format!("{layer}.conv1"), x, squeeze);
            let x = self.norm_act(&format!("{layer}.norm2"), x);
            let grow = Conv2d::new(BOTTLENECK * GROWTH, GROWTH, 3).with_padding(Padding::symmetric(1, 1));
            let x = self.b.conv(format!("{layer}.conv2"), x, grow);
            self.b.alias(layer, x);
            maps.push(x);
        }
        let out = self.b.node(name, Op::Concat, &maps);
        self.b.stage(out);
        out
    }

    fn transition(&mut self, name: &str, x: NodeId) -> NodeId {
        let x = self.norm_act(&format!("{name}.norm"), x);
        let channels = self.b.channels(x);
        let x = self.b.conv(format!("{name}.conv"), x, Conv2d::new(channels, channels / 2, 1));
        let pool = Pool2d::new(2, 2, Padding::Valid);
        let x = self.b.avg_pool(format!("{name}.pool"), x, pool, BorderMean::CountBorder);
        self.b.alias(name, x);
        self.b.stage(x);
        x
    }
}

/// What all models share; `_cfg` in timm's `densenet.py`.
const TV: ModelSpec = ModelSpec {
    tag: "",
    title: "",
    bare_names: &[],
    build: || build(BLOCKS_121),
    variant: "batch norm eps 1e-5",
    preprocess: short_side_crop(PixelSize::square(224), 0.875, ResizeFilter::Bicubic, ValueScale::TORCH),
    head_prefixes: &["classifier."],
    is_keras: false,
    license: "Apache-2.0",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

pub(super) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "densenet121.ra_in1k",
        title: "DenseNet-121, ImageNet, trained by timm with RandAugment",
        bare_names: &["densenet121"],
        source: "timm/densenet121.ra_in1k",
        ..TV
    },
    ModelSpec {
        tag: "densenet121.tv_in1k",
        title: "DenseNet-121, ImageNet, torchvision's weights",
        source: "timm/densenet121.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "densenet169.tv_in1k",
        title: "DenseNet-169, ImageNet, torchvision's weights",
        bare_names: &["densenet169"],
        build: || build(BLOCKS_169),
        source: "timm/densenet169.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "densenet201.tv_in1k",
        title: "DenseNet-201, ImageNet, torchvision's weights",
        bare_names: &["densenet201"],
        build: || build(BLOCKS_201),
        source: "timm/densenet201.tv_in1k",
        ..TV
    },
];

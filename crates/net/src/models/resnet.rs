//! ResNet (He et al., "Deep Residual Learning for Image Recognition", 2015): torch's v1.5, and Keras' `ResNet50`, 101 and 152.
//!
//! This module owns the graphs, their layer names and the model specs of their weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! The two are different networks of the same shapes. torch (torchvision and timm) puts the stride of a stage in the 3×3
//! convolution, has no biases and an eps of 1e-5. Keras puts the stride in the first 1×1, as the paper does, gives every
//! convolution a bias, pads in nodes of their own and has an eps of 1.001e-5. Each has its own names. In torch's, a block
//! `layerL.B` has the name of its output, so this is the name of its last `ReLU`, and its sum is `layerL.B.add`; `layerL` is the
//! last block of its stage.

use super::spec::{ModelSpec, Verification, keras_file, short_side_crop, stretch};
use crate::graph::{
    ActivationFn, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Op, Padding, Pool2d, Sides,
};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale, WeightSource};

/// Table 1 of the paper: number of blocks in each of the four stages.
const STAGES_18: [usize; 4] = [2, 2, 2, 2];
const STAGES_34: [usize; 4] = [3, 4, 6, 3];
const STAGES_50: [usize; 4] = [3, 4, 6, 3];
const STAGES_101: [usize; 4] = [3, 4, 23, 3];
const STAGES_152: [usize; 4] = [3, 8, 36, 3];

/// Filters inside the blocks of each stage. The output of a bottleneck has four times as many channels.
const WIDTHS: [usize; 4] = [64, 128, 256, 512];

/// A residual block.
#[derive(Clone, Copy, PartialEq)]
enum Block {
    /// Two 3×3.
    Basic,
    /// 1×1, 3×3, 1×1.
    Bottleneck,
}

/// torch's ResNet.
fn torch(block: Block, stages: [usize; 4]) -> Result<Graph, GraphError> {
    let (mut b, x) = GraphBuilder::new();
    let stem = Conv2d::new(3, 64, 7).with_stride(2).with_padding(Padding::symmetric(3, 3));
    let x = b.conv("conv1", x, stem);
    let x = b.norm("bn1", x, 64, TORCH_EPS);
    let x = b.act("act1", x, ActivationFn::Relu);
    b.alias("relu", x);
    b.stage(x);
    let mut x = b.max_pool("maxpool", x, Pool2d::new(3, 2, Padding::symmetric(1, 1)));
    b.stage(x);
    for (layer, (num_blocks, width)) in (1..).zip(stages.into_iter().zip(WIDTHS)) {
        for at in 0..num_blocks {
            let stride = if layer > 1 && at == 0 { 2 } else { 1 };
            x = torch_block(&mut b, &format!("layer{layer}.{at}"), x, block, width, stride);
        }
        b.alias(format!("layer{layer}"), x);
    }
    b.finish()
}

const TORCH_EPS: f64 = 1e-5;

fn torch_block(
    b: &mut GraphBuilder,
    name: &str,
    input: NodeId,
    block: Block,
    width: usize,
    stride: usize,
) -> NodeId {
    // Kernel, filters, stride.
    let units: &[(usize, usize, usize)] = match block {
        Block::Basic => &[(3, width, stride), (3, width, 1)],
        Block::Bottleneck => &[(1, width, 1), (3, width, stride), (1, 4 * width, 1)],
    };
    let mut x = input;
    for (k, (kernel, c_out, stride)) in (1..).zip(units.iter().copied()) {
        let conv = Conv2d::new(b.channels(x), c_out, kernel)
            .with_stride(stride)
            .with_padding(Padding::symmetric(kernel / 2, kernel / 2));
        x = b.conv(format!("{name}.conv{k}"), x, conv);
        x = b.norm(format!("{name}.bn{k}"), x, c_out, TORCH_EPS);
        if k < units.len() {
            x = b.act(format!("{name}.act{k}"), x, ActivationFn::Relu);
        }
    }
    let (c_in, c_out) = (b.channels(input), b.channels(x));
    let shortcut = if stride == 1 && c_in == c_out {
        input
    } else {
        let conv = Conv2d::new(c_in, c_out, 1).with_stride(stride);
        let conv = b.conv(format!("{name}.downsample.0"), input, conv);
        let norm = b.norm(format!("{name}.downsample.1"), conv, c_out, TORCH_EPS);
        b.alias(format!("{name}.downsample"), norm);
        norm
    };
    let sum = b.node(format!("{name}.add"), Op::Add, &[x, shortcut]);
    let out = b.act(name, sum, ActivationFn::Relu);
    b.alias(format!("{name}.act{}", units.len()), out);
    b.stage(out);
    out
}

/// Keras' `ResNet50`, `ResNet101` and `ResNet152`, named as Keras names them.
fn keras(stages: [usize; 4]) -> Result<Graph, GraphError> {
    let (b, x) = GraphBuilder::new();
    let mut net = Keras { b };
    let x = net.zero_pad("conv1_pad", x, 3);
    let x = net.conv_norm("conv1", x, Conv2d::new(3, 64, 7).with_stride(2));
    let x = net.b.act("conv1_relu", x, ActivationFn::Relu);
    net.b.stage(x);
    let x = net.zero_pad("pool1_pad", x, 1);
    let mut x = net.b.max_pool("pool1_pool", x, Pool2d::new(3, 2, Padding::Valid));
    net.b.stage(x);
    for (stage, (num_blocks, width)) in (2..).zip(stages.into_iter().zip(WIDTHS)) {
        for at in 1..=num_blocks {
            let stride = if stage > 2 && at == 1 { 2 } else { 1 };
            x = net.block(&format!("conv{stage}_block{at}"), x, width, stride);
        }
    }
    net.b.finish()
}

/// Keras' `ResNet50` before 2019 (`keras_applications` up to 1.0.7): the same shapes under the paper's names, with Keras' usual eps.
fn keras_first() -> Result<Graph, GraphError> {
    let (b, x) = GraphBuilder::new();
    let mut net = Keras { b };
    let x = net.zero_pad("conv1_pad", x, 3);
    let x = net.first_unit("conv1", "bn_conv1", x, Conv2d::new(3, 64, 7).with_stride(2));
    let x = net.b.act("conv1_relu", x, ActivationFn::Relu);
    net.b.stage(x);
    let x = net.zero_pad("pool1_pad", x, 1);
    let mut x = net.b.max_pool("pool1_pool", x, Pool2d::new(3, 2, Padding::Valid));
    net.b.stage(x);
    for (stage, (num_blocks, width)) in (2..).zip(STAGES_50.into_iter().zip(WIDTHS)) {
        for (at, letter) in ('a'..='z').take(num_blocks).enumerate() {
            let stride = if stage > 2 && at == 0 { 2 } else { 1 };
            x = net.first_block(&format!("{stage}{letter}"), x, width, stride);
        }
    }
    net.b.finish()
}

struct Keras {
    b: GraphBuilder,
}

impl Keras {
    fn zero_pad(&mut self, name: &str, x: NodeId, cells: usize) -> NodeId {
        let sides = Sides { top: cells, bottom: cells, left: cells, right: cells };
        self.b.node(name, Op::ZeroPad(sides), &[x])
    }

    fn conv_norm(&mut self, name: &str, x: NodeId, conv: Conv2d) -> NodeId {
        let (conv_name, norm_name) = (format!("{name}_conv"), format!("{name}_bn"));
        let x = self.b.conv(&conv_name, x, conv.with_bias());
        self.b.keras(x, conv_name);
        let x = self.b.norm(&norm_name, x, conv.c_out, 1.001e-5);
        self.b.keras(x, norm_name);
        x
    }

    /// Convolution with bias, and batch norm, as in Keras' first `ResNet50`.
    fn first_unit(&mut self, conv_name: &str, norm_name: &str, x: NodeId, conv: Conv2d) -> NodeId {
        let x = self.b.conv(conv_name, x, conv.with_bias());
        self.b.keras(x, conv_name);
        let x = self.b.norm(norm_name, x, conv.c_out, 1e-3);
        self.b.keras(x, norm_name);
        x
    }

    /// A block of Keras' first `ResNet50`; `at` is its stage and letter.
    fn first_block(&mut self, at: &str, input: NodeId, width: usize, stride: usize) -> NodeId {
        let (c_in, c_out) = (self.b.channels(input), 4 * width);
        let unit = |net: &mut Self, branch: &str, x: NodeId, conv: Conv2d| {
            net.first_unit(&format!("res{at}_branch{branch}"), &format!("bn{at}_branch{branch}"), x, conv)
        };
        let x = unit(self, "2a", input, Conv2d::new(c_in, width, 1).with_stride(stride));
        let x = self.b.act(format!("res{at}_branch2a_relu"), x, ActivationFn::Relu);
        let same = Padding::symmetric(1, 1);
        let x = unit(self, "2b", x, Conv2d::new(width, width, 3).with_padding(same));
        let x = self.b.act(format!("res{at}_branch2b_relu"), x, ActivationFn::Relu);
        let x = unit(self, "2c", x, Conv2d::new(width, c_out, 1));
        let shortcut = if c_in == c_out {
            input
        } else {
            unit(self, "1", input, Conv2d::new(c_in, c_out, 1).with_stride(stride))
        };
        let x = self.b.node(format!("res{at}_add"), Op::Add, &[x, shortcut]);
        let x = self.b.act(format!("res{at}"), x, ActivationFn::Relu);
        self.b.stage(x);
        x
    }

    fn block(&mut self, name: &str, input: NodeId, width: usize, stride: usize) -> NodeId {
        let (c_in, c_out) = (self.b.channels(input), 4 * width);
        let shortcut = if c_in == c_out {
            input
        } else {
            self.conv_norm(&format!("{name}_0"), input, Conv2d::new(c_in, c_out, 1).with_stride(stride))
        };
        let x = self.conv_norm(&format!("{name}_1"), input, Conv2d::new(c_in, width, 1).with_stride(stride));
        let x = self.b.act(format!("{name}_1_relu"), x, ActivationFn::Relu);
        let same = Padding::symmetric(1, 1);
        let x = self.conv_norm(&format!("{name}_2"), x, Conv2d::new(width, width, 3).with_padding(same));
        let x = self.b.act(format!("{name}_2_relu"), x, ActivationFn::Relu);
        let x = self.conv_norm(&format!("{name}_3"), x, Conv2d::new(width, c_out, 1));
        let x = self.b.node(format!("{name}_add"), Op::Add, &[shortcut, x]);
        let x = self.b.act(format!("{name}_out"), x, ActivationFn::Relu);
        self.b.stage(x);
        x
    }
}

const SIZE: PixelSize = PixelSize::square(224);

/// torchvision's first weights; `_cfg` in timm's `resnet.py`.
const TV: ModelSpec = ModelSpec {
    tag: "",
    title: "",
    bare_names: &[],
    build: || torch(Block::Bottleneck, STAGES_50),
    variant: "stride in the 3×3 (v1.5), no biases, batch norm eps 1e-5",
    preprocess: short_side_crop(SIZE, 0.875, ResizeFilter::Bilinear, ValueScale::TORCH),
    head_prefixes: &["fc."],
    is_keras: false,
    license: "BSD-3-Clause",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

/// timm's own training recipe A1 ("ResNet strikes back", 2021); `_rcfg` in timm's `resnet.py`.
const A1: ModelSpec = ModelSpec {
    preprocess: short_side_crop(SIZE, 0.95, ResizeFilter::Bicubic, ValueScale::TORCH),
    license: "Apache-2.0",
    ..TV
};

const BASIC: &str = "stride in the first 3×3, no biases, batch norm eps 1e-5";

/// Keras' models. Its `load_img` stretches the picture to the target size with nearest-neighbour sampling.
const KERAS: ModelSpec = ModelSpec {
    build: || keras(STAGES_50),
    variant: "stride in the first 1×1, biases, batch norm eps 1.001e-5",
    preprocess: stretch(SIZE, ResizeFilter::Nearest, ValueScale::CAFFE),
    head_prefixes: &["predictions/", "probs/"],
    is_keras: true,
    license: "MIT (Keras' documentation: ported from Kaiming He's)",
    ..TV
};

pub(super) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "resnet18.a1_in1k",
        title: "ResNet-18, ImageNet, timm's recipe A1",
        bare_names: &["resnet18"],
        build: || torch(Block::Basic, STAGES_18),
        variant: BASIC,
        source: "timm/resnet18.a1_in1k",
        ..A1
    },
    ModelSpec {
        tag: "resnet18.tv_in1k",
        title: "ResNet-18, ImageNet, torchvision's weights",
        build: || torch(Block::Basic, STAGES_18),
        variant: BASIC,
        source: "timm/resnet18.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "resnet34.a1_in1k",
        title: "ResNet-34, ImageNet, timm's recipe A1",
        bare_names: &["resnet34"],
        build: || torch(Block::Basic, STAGES_34),
        variant: BASIC,
        source: "timm/resnet34.a1_in1k",
        ..A1
    },
    ModelSpec {
        tag: "resnet34.tv_in1k",
        title: "ResNet-34, ImageNet, torchvision's weights",
        build: || torch(Block::Basic, STAGES_34),
        variant: BASIC,
        source: "timm/resnet34.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "resnet50.a1_in1k",
        title: "ResNet-50, ImageNet, timm's recipe A1",
        bare_names: &["resnet50"],
        source: "timm/resnet50.a1_in1k",
        ..A1
    },
    ModelSpec {
        tag: "resnet50.tv_in1k",
        title: "ResNet-50, ImageNet, torchvision's weights",
        source: "timm/resnet50.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "resnet101.a1_in1k",
        title: "ResNet-101, ImageNet, timm's recipe A1",
        bare_names: &["resnet101"],
        build: || torch(Block::Bottleneck, STAGES_101),
        source: "timm/resnet101.a1_in1k",
        ..A1
    },
    ModelSpec {
        tag: "resnet101.tv_in1k",
        title: "ResNet-101, ImageNet, torchvision's weights",
        build: || torch(Block::Bottleneck, STAGES_101),
        source: "timm/resnet101.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "resnet152.a1_in1k",
        title: "ResNet-152, ImageNet, timm's recipe A1",
        bare_names: &["resnet152"],
        build: || torch(Block::Bottleneck, STAGES_152),
        source: "timm/resnet152.a1_in1k",
        ..A1
    },
    ModelSpec {
        tag: "resnet152.tv_in1k",
        title: "ResNet-152, ImageNet, torchvision's weights",
        build: || torch(Block::Bottleneck, STAGES_152),
        source: "timm/resnet152.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "resnet50.keras_in1k",
        title: "ResNet-50, ImageNet, Keras' weights (the authors' own, ported from Caffe)",
        bare_names: &["ResNet50"],
        source: "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras applications (layers named conv2_block1_…)",
        file: keras_file!(
            "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "4d473c1dd8becc155b73f8504c6f6626"
        ),
        caution: "an older Keras file has the same name and layers named res2a_…; that is another network",
        ..KERAS
    },
    ModelSpec {
        tag: "resnet50.keras_2016_in1k",
        title: "ResNet-50, ImageNet, Keras' weights before 2019 (layers named res2a_branch2a)",
        build: keras_first,
        variant: "stride in the first 1×1, biases, batch norm eps 1e-3",
        head_prefixes: &["fc1000/"],
        source: "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras applications before 2019",
        file: Some(WeightSource::Https {
            url: "https://github.com/fchollet/deep-learning-models/releases/download/v0.2/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
            md5: Some("a268eb855778b3df3c7506639542a6af"),
        }),
        ..KERAS
    },
    ModelSpec {
        tag: "resnet101.keras_in1k",
        title: "ResNet-101, ImageNet, Keras' weights (the authors' own, ported from Caffe)",
        bare_names: &["ResNet101"],
        build: || keras(STAGES_101),
        source: "resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras applications",
        file: keras_file!(
            "resnet/resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "88cf7a10940856eca736dc7b7e228a21"
        ),
        ..KERAS
    },
    ModelSpec {
        tag: "resnet152.keras_in1k",
        title: "ResNet-152, ImageNet, Keras' weights (the authors' own, ported from Caffe)",
        bare_names: &["ResNet152"],
        build: || keras(STAGES_152),
        source: "resnet152_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras applications",
        file: keras_file!(
            "resnet/resnet152_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "ee4c566cf9a93f14d82f913c2dc6dd0c"
        ),
        ..KERAS
    },
];

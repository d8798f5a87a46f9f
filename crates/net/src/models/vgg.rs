//! VGG (Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014), as in torchvision,
//! timm and Keras.
//!
//! This module owns the graphs, their layer names and the model specs of their weights. It knows neither the values of weights
//! nor how a graph runs.
//!
//! Names are torchvision's `features.N`. Keras has the same network for depths 16 and 19 without batch norm. Its names are
//! aliases (`block1_conv1` is the value after the `ReLU` there). The graph ends at the last pool, Keras' `block5_pool`.

use super::spec::{ModelSpec, Verification, keras_file, short_side_crop, stretch};
use crate::graph::{ActivationFn, Conv2d, Graph, GraphBuilder, GraphError, Padding, Pool2d};
use crate::tensor::{PixelSize, ResizeFilter, ValueScale};

/// Filters of each convolution in the five blocks.
const CHANNELS: [usize; 5] = [64, 128, 256, 512, 512];

/// Table 1 of the paper: convolutions per block (columns A, B, D and E), each followed by a pool.
const VGG11: [usize; 5] = [1, 1, 2, 2, 2];
const VGG13: [usize; 5] = [2, 2, 2, 2, 2];
const VGG16: [usize; 5] = [2, 2, 3, 3, 3];
const VGG19: [usize; 5] = [2, 2, 4, 4, 4];

/// Whether there is a batch norm between each convolution and its `ReLU`.
#[derive(Clone, Copy, PartialEq)]
enum Norm {
    None,
    Batch,
}

fn build(depth: [usize; 5], norm: Norm) -> Result<Graph, GraphError> {
    let in_keras = norm == Norm::None && (depth == VGG16 || depth == VGG19);
    let (mut b, mut x) = GraphBuilder::new();
    let mut num_features = 0;
    let mut feature = || {
        num_features += 1;
        format!("features.{}", num_features - 1)
    };
    for (block, (num_convs, c_out)) in (1..).zip(depth.into_iter().zip(CHANNELS)) {
        for k in 1..=num_convs {
            let conv =
                Conv2d::new(b.channels(x), c_out, 3).with_padding(Padding::symmetric(1, 1)).with_bias();
            let conv = b.conv(feature(), x, conv);
            x = match norm {
                Norm::None => conv,
                Norm::Batch => b.norm(feature(), conv, c_out, 1e-5),
            };
            x = b.act(feature(), x, ActivationFn::Relu);
            b.stage(x);
            if in_keras {
                b.keras(conv, format!("block{block}_conv{k}"));
                b.alias(format!("block{block}_conv{k}"), x);
            }
        }
        x = b.max_pool(feature(), x, Pool2d::new(2, 2, Padding::Valid));
        b.stage(x);
        if in_keras {
            b.alias(format!("block{block}_pool"), x);
        }
    }
    b.finish()
}

const SIZE: PixelSize = PixelSize::square(224);

/// timm's models; `_cfg` in its `vgg.py`.
const TV: ModelSpec = ModelSpec {
    tag: "",
    title: "",
    bare_names: &[],
    build: || build(VGG16, Norm::None),
    variant: "no batch norm",
    preprocess: short_side_crop(SIZE, 0.875, ResizeFilter::Bilinear, ValueScale::TORCH),
    head_prefixes: &["pre_logits.", "head.", "classifier."],
    is_keras: false,
    license: "BSD-3-Clause",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

const TV_BN: ModelSpec = ModelSpec { variant: "batch norm eps 1e-5", ..TV };

/// Keras' models. Its `load_img` stretches the picture to the target size with nearest-neighbour sampling.
const KERAS: ModelSpec = ModelSpec {
    preprocess: stretch(SIZE, ResizeFilter::Nearest, ValueScale::CAFFE),
    head_prefixes: &["fc1/", "fc2/", "predictions/"],
    is_keras: true,
    license: "CC BY (Keras' documentation: ported from VGG at Oxford, Creative Commons Attribution)",
    ..TV
};

pub(super) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "vgg11.tv_in1k",
        title: "VGG-11, ImageNet, torchvision's weights",
        bare_names: &["vgg11"],
        build: || build(VGG11, Norm::None),
        source: "timm/vgg11.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "vgg13.tv_in1k",
        title: "VGG-13, ImageNet, torchvision's weights",
        bare_names: &["vgg13"],
        build: || build(VGG13, Norm::None),
        source: "timm/vgg13.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "vgg16.tv_in1k",
        title: "VGG-16, ImageNet, torchvision's weights",
        bare_names: &["vgg16"],
        source: "timm/vgg16.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "vgg19.tv_in1k",
        title: "VGG-19, ImageNet, torchvision's weights",
        bare_names: &["vgg19"],
        build: || build(VGG19, Norm::None),
        source: "timm/vgg19.tv_in1k",
        ..TV
    },
    ModelSpec {
        tag: "vgg11_bn.tv_in1k",
        title: "VGG-11 with batch norm, ImageNet, torchvision's weights",
        bare_names: &["vgg11_bn"],
        build: || build(VGG11, Norm::Batch),
        source: "timm/vgg11_bn.tv_in1k",
        ..TV_BN
    },
    ModelSpec {
        tag: "vgg13_bn.tv_in1k",
        title: "VGG-13 with batch norm, ImageNet, torchvision's weights",
        bare_names: &["vgg13_bn"],
        build: || build(VGG13, Norm::Batch),
        source: "timm/vgg13_bn.tv_in1k",
        ..TV_BN
    },
    ModelSpec {
        tag: "vgg16_bn.tv_in1k",
        title: "VGG-16 with batch norm, ImageNet, torchvision's weights",
        bare_names: &["vgg16_bn"],
        build: || build(VGG16, Norm::Batch),
        source: "timm/vgg16_bn.tv_in1k",
        ..TV_BN
    },
    ModelSpec {
        tag: "vgg19_bn.tv_in1k",
        title: "VGG-19 with batch norm, ImageNet, torchvision's weights",
        bare_names: &["vgg19_bn"],
        build: || build(VGG19, Norm::Batch),
        source: "timm/vgg19_bn.tv_in1k",
        ..TV_BN
    },
    ModelSpec {
        tag: "vgg16.keras_in1k",
        title: "VGG-16, ImageNet, Keras' weights (the authors' own, ported from Caffe)",
        bare_names: &["VGG16"],
        source: "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras applications",
        file: keras_file!(
            "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "6d6bbae143d832006294945121d1f1fc"
        ),
        verification: Verification::RealWeights,
        ..KERAS
    },
    ModelSpec {
        tag: "vgg19.keras_in1k",
        title: "VGG-19, ImageNet, Keras' weights (the authors' own, ported from Caffe)",
        bare_names: &["VGG19"],
        build: || build(VGG19, Norm::None),
        source: "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5 of Keras applications",
        file: keras_file!(
            "vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "253f8cb515780f3b799900260a226db6"
        ),
        ..KERAS
    },
];

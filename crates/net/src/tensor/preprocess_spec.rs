//! The preprocessing that a set of weights needs, as data. It is in this layer so that `models` can hold it and `input` can apply it.

use serde::{Deserialize, Serialize};

/// Columns × rows of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PixelSize {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl PixelSize {
    /// A size from columns and rows.
    pub const fn new(width: usize, height: usize) -> Self {
        Self { width, height }
    }

    /// Equal sides.
    pub const fn square(side: usize) -> Self {
        Self::new(side, side)
    }
}

impl std::fmt::Display for PixelSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// How a picture of any size is brought to the network's input size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fit {
    /// Resize both sides to the target size; the aspect ratio is ignored.
    Stretch,
    /// Resize the short side to `floor(target / crop_pct)`, then crop the centre to the target size (timm's and torchvision's evaluation).
    ShortSideCrop {
        /// Share of the short side that the crop keeps, in (0, 1].
        crop_pct: f64,
        /// How the long side is rounded to a whole number.
        long_side: LongSide,
    },
    /// Resize both sides to `resized`, then crop the centre to the target size (Keras' `CenterCrop` after loading a picture).
    StretchCrop {
        /// The whole picture's size before the crop.
        resized: PixelSize,
    },
    /// No resize: the network takes the picture at its own size.
    Native,
}

/// For a resize that keeps the aspect ratio: how the long side is rounded to a whole number, and how the crop is centred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongSide {
    /// Side truncated, offset of the crop rounded half to even: torchvision's `Resize` and `CenterCrop`, and so timm's evaluation.
    CutDown,
    /// Side rounded half to even, offset of the crop truncated: how EfficientNet-Lite0's reference inputs were made.
    Rounded,
}

/// Resize filters, each meaning Pillow's filter of that name (antialiased, 8-bit passes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResizeFilter {
    /// Nearest neighbour (Keras' `load_img` default).
    Nearest,
    /// Triangle.
    Bilinear,
    /// Catmull-Rom, a = −0.5.
    Bicubic,
    /// Lanczos, a = 3.
    Lanczos,
}

impl ResizeFilter {
    /// Pillow's name for it, lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Bilinear => "bilinear",
            Self::Bicubic => "bicubic",
            Self::Lanczos => "lanczos",
        }
    }
}

/// Order of the three colour planes in the network's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelOrder {
    /// Red, green, blue.
    Rgb,
    /// Blue, green, red (Caffe, and so Keras' VGG and `ResNet50`).
    Bgr,
}

/// Mapping of an 8-bit sample `x` to an input value: `(x / divisor − mean) / std`, in f32 and in this order, for each colour plane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueScale {
    /// Order of planes; `mean` and `std` follow it.
    pub order: ChannelOrder,
    /// Applied first.
    pub divisor: f32,
    /// Subtracted second, per plane.
    pub mean: [f32; 3],
    /// Divided by last, per plane.
    pub std: [f32; 3],
}

impl ValueScale {
    /// `(x/255 − mean)/std`, RGB: timm and torchvision.
    pub const fn unit(mean: [f32; 3], std: [f32; 3]) -> Self {
        Self { order: ChannelOrder::Rgb, divisor: 255.0, mean, std }
    }

    /// `x/255` with ImageNet's mean and deviation, RGB (Keras' mode `torch`).
    pub const TORCH: Self = Self::unit([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    /// `(x/255 − 0.5)/0.5`, RGB: timm's Inception constants.
    pub const HALF: Self = Self::unit([0.5; 3], [0.5; 3]);
    /// `x/255`, RGB.
    pub const UNIT: Self = Self::unit([0.0; 3], [1.0; 3]);
    /// `x/127.5 − 1`, RGB (Keras' mode `tf`).
    pub const TF: Self = Self { order: ChannelOrder::Rgb, divisor: 127.5, mean: [1.0; 3], std: [1.0; 3] };
    /// `(x − 127)/128`, RGB: TensorFlow's EfficientNet-Lite.
    pub const LITE: Self = Self { order: ChannelOrder::Rgb, divisor: 1.0, mean: [127.0; 3], std: [128.0; 3] };
    /// BGR minus Caffe's ImageNet means, unscaled (Keras' mode `caffe`).
    pub const CAFFE: Self =
        Self { order: ChannelOrder::Bgr, divisor: 1.0, mean: [103.939, 116.779, 123.68], std: [1.0; 3] };
    /// RGB from 0 to 255, unchanged: the input that the 2017 article's program gave to every network.
    pub const RAW: Self = Self { order: ChannelOrder::Rgb, divisor: 1.0, mean: [0.0; 3], std: [1.0; 3] };

    /// The four mappings that a user can choose by name instead of a model's own.
    pub const NAMED: [(&'static str, Self); 4] =
        [("caffe", Self::CAFFE), ("tf", Self::TF), ("torch", Self::TORCH), ("raw", Self::RAW)];
}

impl std::fmt::Display for ValueScale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let triple = |v: &[f32; 3]| {
            if v[0] == v[1] && v[1] == v[2] {
                format!("{}", v[0])
            } else {
                format!("{}/{}/{}", v[0], v[1], v[2])
            }
        };
        let order = match self.order {
            ChannelOrder::Rgb => "RGB",
            ChannelOrder::Bgr => "BGR",
        };
        let scaled = if self.divisor == 1.0 { "x".to_owned() } else { format!("x/{}", self.divisor) };
        let centred =
            if self.mean == [0.0; 3] { scaled } else { format!("{scaled} − {}", triple(&self.mean)) };
        if self.std == [1.0; 3] {
            write!(f, "{order} {centred}")
        } else if self.mean == [0.0; 3] {
            write!(f, "{order} {centred}/{}", triple(&self.std))
        } else {
            write!(f, "{order} ({centred})/{}", triple(&self.std))
        }
    }
}

/// All settings needed to turn a decoded picture into the network's input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreprocessSpec {
    /// The size the weights are evaluated at.
    pub size: PixelSize,
    /// How the picture is brought to that size.
    pub fit: Fit,
    /// Filter of the resize.
    pub filter: ResizeFilter,
    /// Mapping of 8-bit samples to the network's values.
    pub scale: ValueScale,
}

impl std::fmt::Display for PreprocessSpec {
    /// Writes it as `224x224, centre crop 0.875, bicubic, RGB (x − 127)/128`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { size, fit, filter, scale } = self;
        match fit {
            Fit::Stretch => write!(f, "{size}, stretched, {}, {scale}", filter.name()),
            Fit::ShortSideCrop { crop_pct, .. } => {
                write!(f, "{size}, centre crop {crop_pct}, {}, {scale}", filter.name())
            }
            Fit::StretchCrop { resized } => {
                write!(f, "stretched to {resized}, centre {size}, {}, {scale}", filter.name())
            }
            Fit::Native => write!(f, "the picture's own size, {scale}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_says_all_that_tells_two_weights_apart() {
        let spec = PreprocessSpec {
            size: PixelSize::square(224),
            fit: Fit::ShortSideCrop { crop_pct: 0.95, long_side: LongSide::CutDown },
            filter: ResizeFilter::Bicubic,
            scale: ValueScale::HALF,
        };
        assert_eq!(spec.to_string(), "224x224, centre crop 0.95, bicubic, RGB (x/255 − 0.5)/0.5");
    }
}

//! The settings of single operations: functions, kernels, windows, norms. What an operation makes of its inputs is in `op`.

use serde::Serialize;

use super::padding::Padding;

/// Elementwise functions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivationFn {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x · σ(x)`, also called swish.
    Silu,
    /// `1 / (1 + e^−x)`.
    Sigmoid,
    /// `x · relu6(x + 3) / 6`.
    HardSwish,
    /// `relu6(x + 3) / 6`.
    HardSigmoid,
    /// `x · Φ(x)`, where Φ of the normal distribution is computed with the error function: torch's `GELU()`, which timm's
    /// `ConvNeXt` uses.
    Gelu,
    /// GELU approximated by a hyperbolic tangent (`approximate="tanh"`). It differs from [`Self::Gelu`] by up to 5e-4.
    GeluTanh,
    /// `x`, or this factor times `x` where `x` is negative.
    LeakyRelu(f32),
    /// `x`, or this factor times `e^x − 1` where `x` is negative.
    Elu(f32),
    /// The hyperbolic tangent.
    Tanh,
    /// `ln(1 + e^x)`.
    Softplus,
    /// `x · tanh(ln(1 + e^x))`.
    Mish,
    /// `x` limited to the range from the first number to the second.
    Clip(f32, f32),
    /// The absolute value.
    Abs,
    /// The square root; NaN for negative values.
    Sqrt,
    /// `1 / x`.
    Reciprocal,
}

impl ActivationFn {
    /// The function's usual name, for display.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relu => "ReLU",
            Self::Relu6 => "ReLU6",
            Self::Silu => "SiLU",
            Self::Sigmoid => "sigmoid",
            Self::HardSwish => "hard-swish",
            Self::HardSigmoid => "hard-sigmoid",
            Self::Gelu => "GELU",
            Self::GeluTanh => "tanh-GELU",
            Self::LeakyRelu(_) => "leaky ReLU",
            Self::Elu(_) => "ELU",
            Self::Tanh => "tanh",
            Self::Softplus => "softplus",
            Self::Mish => "Mish",
            Self::Clip(..) => "clip",
            Self::Abs => "abs",
            Self::Sqrt => "sqrt",
            Self::Reciprocal => "reciprocal",
        }
    }
}

/// A 2-D convolution. Parameters: `weight` `[out, in/groups, kernel rows, kernel columns]`, `bias` `[out]` if `has_bias`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Conv2d {
    /// Input channels.
    pub c_in: usize,
    /// Output channels: one per filter.
    pub c_out: usize,
    /// Kernel rows, columns.
    pub kernel: [usize; 2],
    /// Stride in rows, columns.
    pub stride: [usize; 2],
    /// Distance between kernel cells in rows, columns.
    pub dilation: [usize; 2],
    /// Border.
    pub padding: Padding,
    /// Channel groups; `groups == c_in` is depthwise.
    pub groups: usize,
    /// Whether a bias is added.
    pub has_bias: bool,
    /// Whether this is a linear layer applied at each position. Weight files then hold its kernel as `[out, in]`.
    pub is_linear: bool,
}

impl Conv2d {
    /// A dense convolution with a square kernel, stride 1, no border and no bias; set the rest with the methods below.
    pub const fn new(c_in: usize, c_out: usize, kernel: usize) -> Self {
        Self {
            c_in,
            c_out,
            kernel: [kernel, kernel],
            stride: [1, 1],
            dilation: [1, 1],
            padding: Padding::Valid,
            groups: 1,
            has_bias: false,
            is_linear: false,
        }
    }

    /// A linear layer with a bias, applied in the same way at each position.
    pub const fn linear(c_in: usize, c_out: usize) -> Self {
        let mut conv = Self::new(c_in, c_out, 1).with_bias();
        conv.is_linear = true;
        conv
    }

    /// A depthwise convolution: one filter per channel.
    pub const fn depthwise(channels: usize, kernel: usize) -> Self {
        let mut conv = Self::new(channels, channels, kernel);
        conv.groups = channels;
        conv
    }

    /// This convolution with another kernel, rows × columns.
    #[must_use]
    pub const fn with_kernel(mut self, rows: usize, columns: usize) -> Self {
        self.kernel = [rows, columns];
        self
    }

    /// This convolution with this stride in both directions.
    #[must_use]
    pub const fn with_stride(mut self, stride: usize) -> Self {
        self.stride = [stride, stride];
        self
    }

    /// This convolution with this border.
    #[must_use]
    pub const fn with_padding(mut self, padding: Padding) -> Self {
        self.padding = padding;
        self
    }

    /// This convolution with a bias.
    #[must_use]
    pub const fn with_bias(mut self) -> Self {
        self.has_bias = true;
        self
    }

    /// Shape of the kernel, `OIHW`.
    pub const fn weight_shape(&self) -> [usize; 4] {
        [self.c_out, self.c_in / self.groups, self.kernel[0], self.kernel[1]]
    }

    /// Whether each filter sees one channel only.
    pub const fn is_depthwise(&self) -> bool {
        self.groups == self.c_in && self.groups > 1
    }
}

/// Batch normalisation with running statistics: `(x − mean) / √(var + eps) · gamma + beta`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BatchNorm {
    /// Channels.
    pub channels: usize,
    /// The constant added to the variance. It belongs to the weights: 1e-3 and 1e-5 are both common, and the wrong one gives
    /// wrong values without any error.
    pub eps: f64,
    /// Whether there is a gamma. Keras' InceptionV3 has none (`scale=False`); then gamma is 1, and a file may omit it.
    pub has_gamma: bool,
}

/// Layer normalisation over the channels of each position: `(x − mean) / √(var + eps) · gamma + beta` (torch's `LayerNorm` with
/// channels last, timm's `LayerNorm2d`). The variance divides by the number of channels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerNorm {
    /// Channels.
    pub channels: usize,
    /// The constant added to the variance. It belongs to the weights.
    pub eps: f64,
}

/// Local response normalisation, as in `AlexNet` and `GoogLeNet`: `x / (bias + alpha / size · Σ x²)^beta`. The sum runs over a
/// channel and `size / 2` channels on either side of it, as far as they exist. `size` is odd.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lrn {
    /// Number of channels in a sum.
    pub size: usize,
    /// Factor of the sum of squares divided by `size`.
    pub alpha: f32,
    /// Exponent.
    pub beta: f32,
    /// Constant added before the power is taken.
    pub bias: f32,
}

/// The number that an average pool divides by where its window hangs over the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BorderMean {
    /// The window's full size, as in torchvision and timm (`count_include_pad=True`).
    CountBorder,
    /// The number of cells inside the map, as in TensorFlow and Keras.
    IgnoreBorder,
}

/// Window of a pooling operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pool2d {
    /// Window rows, columns.
    pub kernel: [usize; 2],
    /// Stride in rows, columns.
    pub stride: [usize; 2],
    /// Border. A maximum treats it as −∞, never as zero.
    pub padding: Padding,
}

impl Pool2d {
    /// A square window.
    pub const fn new(kernel: usize, stride: usize, padding: Padding) -> Self {
        Self { kernel: [kernel, kernel], stride: [stride, stride], padding }
    }
}

/// A range of adjacent channels of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelRange {
    /// The first channel.
    pub first: usize,
    /// Number of channels.
    pub channels: usize,
}

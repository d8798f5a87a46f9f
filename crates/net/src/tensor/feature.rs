//! How a feature is stored: the type of its numbers and the order of its axes.

use std::str::FromStr;

/// Type of stored numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 32-bit floats, as the network computes them.
    #[default]
    F32,
    /// 16-bit floats: half the size and about three digits; values beyond 65504 become infinite.
    F16,
}

impl Dtype {
    /// Bytes of one number.
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    /// As it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }
}

/// Order of a map's axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AxisOrder {
    /// Rows, columns, channels: the order of Keras and of the 2017 article.
    #[default]
    Hwc,
    /// Channels, rows, columns: the order of torch.
    Chw,
}

impl AxisOrder {
    /// As it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hwc => "hwc",
            Self::Chw => "chw",
        }
    }
}

/// Text that names no known number type or axis order.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{what} `{got}`: expected {expected}")]
pub struct UnknownStorage {
    what: &'static str,
    got: String,
    expected: &'static str,
}

impl FromStr for Dtype {
    type Err = UnknownStorage;

    fn from_str(text: &str) -> Result<Self, UnknownStorage> {
        match text.trim().to_lowercase().as_str() {
            "f32" | "float32" => Ok(Self::F32),
            "f16" | "float16" => Ok(Self::F16),
            _ => Err(UnknownStorage { what: "type", got: text.to_owned(), expected: "f32 or f16" }),
        }
    }
}

impl FromStr for AxisOrder {
    type Err = UnknownStorage;

    fn from_str(text: &str) -> Result<Self, UnknownStorage> {
        match text.trim().to_lowercase().as_str() {
            "hwc" => Ok(Self::Hwc),
            "chw" => Ok(Self::Chw),
            _ => Err(UnknownStorage { what: "order", got: text.to_owned(), expected: "hwc or chw" }),
        }
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::fmt::Display for AxisOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The extent and type of one picture's feature.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FeatureLayout {
    /// `[C]` for a pooled feature; `[H, W, C]` or `[C, H, W]` for a whole map.
    pub shape: Vec<usize>,
    /// Type of the numbers, little-endian, row-major.
    pub dtype: Dtype,
}

impl FeatureLayout {
    /// Numbers of one feature.
    pub fn num_values(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes of one feature.
    pub fn num_bytes(&self) -> usize {
        self.num_values() * self.dtype.bytes()
    }
}

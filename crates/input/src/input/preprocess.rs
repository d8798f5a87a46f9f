//! Makes a decoded picture the network's input, as the model spec says or as the user chooses.
//!
//! Owns the geometry (what part of the picture the network sees, at what size) and the mapping of 8-bit samples to f32. Must not know
//! which network the input is for.

use std::str::FromStr;

use image::RgbImage;

use super::resize::{OutputWindow, resize_window};
use crate::tensor::{
    ChannelOrder, Fit, InputBatch, LongSide, NoRoom, PixelSize, PreprocessSpec, Remedied, Remedy,
    ShapeMismatch, ValueScale, check_room, nearest_names,
};

/// The longest side of a network's input in pixels: 4096² is already 200 MB of input, and layers multiply it.
pub const MAX_INPUT_SIDE: usize = 4096;

/// How the picture is brought to the network's input size: as the model needs it, or in a way that the user chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(into = "String")]
pub enum FitChoice {
    /// As the weights were evaluated.
    #[default]
    Model,
    /// Both sides to the model's size; the aspect ratio is ignored.
    Stretch,
    /// No resize: the picture's own pixels.
    Native,
    /// Both sides to this size; the aspect ratio is ignored.
    Size(PixelSize),
}

/// How 8-bit samples become the network's input values: as the model needs it, or in a mode that the user chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
#[serde(into = "String")]
pub enum ValueChoice {
    /// As the weights were trained.
    #[default]
    Model,
    /// One of [`ValueScale::NAMED`].
    Named {
        /// Its name.
        name: &'static str,
        /// The mapping.
        scale: ValueScale,
    },
}

/// A value of `--fit` or `--preprocess` that can't be parsed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseChoiceError {
    /// Neither a word nor a size.
    #[error("fit `{got}`: expected model, stretch, native, or a size as WIDTHxHEIGHT such as 640x480")]
    UnknownFit {
        /// What was typed.
        got: String,
    },
    /// A size with a side of 0 or above the limit.
    #[error("fit `{got}`: each side must be from 1 to {MAX_INPUT_SIDE} pixels")]
    SideOutOfRange {
        /// What was typed.
        got: String,
    },
    /// No mode of that name.
    #[error("preprocessing `{got}`: expected model, {}{}", mode_names().join(", "), did_you_mean(*nearest))]
    UnknownValues {
        /// What was typed.
        got: String,
        /// The nearest known name, if any is near.
        nearest: Option<&'static str>,
    },
}

fn mode_names() -> [&'static str; 4] {
    ValueScale::NAMED.map(|(name, _)| name)
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

impl FromStr for FitChoice {
    type Err = ParseChoiceError;

    /// `model`, `stretch`, `native`, or `WxH` (width first; `×` and capitals are fine too).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.trim().to_lowercase();
        match plain.as_str() {
            "model" => return Ok(Self::Model),
            "stretch" => return Ok(Self::Stretch),
            "native" => return Ok(Self::Native),
            _ => {}
        }
        let is_number = |side: &str| !side.is_empty() && side.bytes().all(|b| b.is_ascii_digit());
        let sides = plain.split_once(['x', '×']).filter(|(w, h)| is_number(w) && is_number(h));
        let Some((width, height)) = sides else {
            return Err(ParseChoiceError::UnknownFit { got: text.to_owned() });
        };
        match (width.parse(), height.parse()) {
            (Ok(width @ 1..=MAX_INPUT_SIDE), Ok(height @ 1..=MAX_INPUT_SIDE)) => {
                Ok(Self::Size(PixelSize::new(width, height)))
            }
            _ => Err(ParseChoiceError::SideOutOfRange { got: text.to_owned() }),
        }
    }
}

impl std::fmt::Display for FitChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Model => f.write_str("model"),
            Self::Stretch => f.write_str("stretch"),
            Self::Native => f.write_str("native"),
            Self::Size(size) => size.fmt(f),
        }
    }
}

impl From<FitChoice> for String {
    fn from(choice: FitChoice) -> Self {
        choice.to_string()
    }
}

impl FromStr for ValueChoice {
    type Err = ParseChoiceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.trim().to_lowercase();
        if plain == "model" {
            return Ok(Self::Model);
        }
        ValueScale::NAMED
            .into_iter()
            .find(|(name, _)| *name == plain)
            .map(|(name, scale)| Self::Named { name, scale })
            .ok_or_else(|| ParseChoiceError::UnknownValues {
                got: text.to_owned(),
                nearest: nearest_names(&plain, std::iter::once("model").chain(mode_names()), 1)
                    .first()
                    .copied(),
            })
    }
}

impl std::fmt::Display for ValueChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Model => f.write_str("model"),
            Self::Named { name, .. } => f.write_str(name),
        }
    }
}

impl From<ValueChoice> for String {
    fn from(choice: ValueChoice) -> Self {
        choice.to_string()
    }
}

/// A rectangle of the original picture, in its pixels; edges may fall between pixels.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct SourceRegion {
    /// Distance of its left edge from the picture's.
    pub x: f64,
    /// Distance of its top edge from the picture's.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// The network's input and how it was made.
#[derive(Clone, Debug)]
pub struct Preprocessed {
    /// `[1, 3, H, W]` f32.
    pub batch: InputBatch,
    /// The 8-bit picture that the network sees, after resize and crop.
    pub seen: RgbImage,
    /// The part of the original that `seen` shows.
    pub region: SourceRegion,
    /// Size of the whole picture after the resize, before the crop.
    pub resized: PixelSize,
    /// The mapping of samples that was applied.
    pub scale: ValueScale,
    /// The geometry in words: `stretched from 451x300 to 299x299, bilinear`.
    pub fit: String,
}

/// Why a picture can't become the network's input.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum PreprocessError {
    /// A picture without pixels.
    #[error("a picture of {size} pixels has nothing to show")]
    NoPixels {
        /// Its size.
        size: PixelSize,
    },
    /// Too large to go through the network at its own size.
    #[error(
        "a picture of {size} pixels at its own size: the limit is {MAX_INPUT_SIDE} a side; choose a fit such as 640x480"
    )]
    TooLarge {
        /// Its size.
        size: PixelSize,
    },
    /// The preprocessing that the weights need is impossible.
    #[error(
        "the weights ask for {size} pixels and a crop of {crop_pct}: expected sides from 1 to {MAX_INPUT_SIDE} and a crop above 0, at most 1"
    )]
    BadSpec {
        /// The size in the weights' preprocessing.
        size: PixelSize,
        /// The crop in the weights' preprocessing, 1 if it has none.
        crop_pct: f64,
    },
    /// Not enough memory for the network's input.
    #[error("no memory for the network's input: {reason}")]
    NoRoom {
        /// How much memory is needed and free.
        reason: NoRoom,
    },
    /// Values that don't fill the shape, which is a bug of this program.
    #[error(transparent)]
    Shape(#[from] ShapeMismatch),
}

impl Remedied for PreprocessError {
    fn remedy(&self) -> Option<Remedy> {
        matches!(self, Self::NoRoom { .. }).then_some(Remedy::GiveMemory)
    }
}

/// The size at which a picture reaches the network.
///
/// # Errors
/// The fit has no result for this picture.
pub fn input_size(
    original: PixelSize,
    spec: &PreprocessSpec,
    fit: FitChoice,
) -> Result<PixelSize, PreprocessError> {
    Ok(Geometry::new(original, spec, fit)?.window.size)
}

/// Resizes, crops and maps a picture as `spec` says; the user's choices override its fit and its values.
pub fn preprocess(
    picture: &RgbImage,
    spec: &PreprocessSpec,
    fit: FitChoice,
    values: ValueChoice,
) -> Result<Preprocessed, PreprocessError> {
    let original = PixelSize::new(picture.width() as usize, picture.height() as usize);
    if original.width == 0 || original.height == 0 {
        return Err(PreprocessError::NoPixels { size: original });
    }
    let geometry = Geometry::new(original, spec, fit)?;
    // Needed memory: the picture's rows at the new width; then what the network sees as bytes and as fractions, which are copied once.
    let PixelSize { width, height } = geometry.window.size;
    let bytes = 3 * width * original.height + (3 + 2 * 3 * size_of::<f32>()) * width * height;
    check_room(bytes as u64).map_err(|reason| PreprocessError::NoRoom { reason })?;
    let seen = resize_window(picture, geometry.resized, spec.filter, geometry.window);
    let scale = match values {
        ValueChoice::Model => spec.scale,
        ValueChoice::Named { scale, .. } => scale,
    };
    Ok(Preprocessed {
        batch: to_batch(&seen, &scale)?,
        region: geometry.region(original),
        resized: geometry.resized,
        fit: geometry.words(original, spec),
        seen,
        scale,
    })
}

/// The resize and crop: the whole picture is resized to one size, and a window of the result is kept.
struct Geometry {
    resized: PixelSize,
    window: OutputWindow,
}

impl Geometry {
    fn new(original: PixelSize, spec: &PreprocessSpec, choice: FitChoice) -> Result<Self, PreprocessError> {
        let size = match choice {
            FitChoice::Native => return Self::native(original),
            FitChoice::Size(size) => size,
            FitChoice::Model | FitChoice::Stretch => spec.size,
        };
        let fits = |side: usize| (1..=MAX_INPUT_SIDE).contains(&side);
        let bad = |crop_pct| Err(PreprocessError::BadSpec { size, crop_pct });
        if !fits(size.width) || !fits(size.height) {
            return bad(1.0);
        }
        match (choice, spec.fit) {
            (FitChoice::Model, Fit::Native) => Self::native(original),
            (FitChoice::Model, Fit::ShortSideCrop { crop_pct, long_side }) => {
                if !(crop_pct > 0.0 && crop_pct <= 1.0) {
                    return bad(crop_pct);
                }
                Ok(Self::centre_crop(original, size, crop_pct, long_side))
            }
            (FitChoice::Model, Fit::StretchCrop { resized }) => {
                if !fits(resized.width)
                    || !fits(resized.height)
                    || resized.width < size.width
                    || resized.height < size.height
                {
                    return bad(1.0);
                }
                // Keras rounds the offset down.
                let (left, top) = ((resized.width - size.width) / 2, (resized.height - size.height) / 2);
                Ok(Self { resized, window: OutputWindow { left, top, size } })
            }
            _ => Ok(Self::whole(size)),
        }
    }

    fn whole(size: PixelSize) -> Self {
        Self { resized: size, window: OutputWindow { left: 0, top: 0, size } }
    }

    fn native(original: PixelSize) -> Result<Self, PreprocessError> {
        if original.width.max(original.height) > MAX_INPUT_SIDE {
            return Err(PreprocessError::TooLarge { size: original });
        }
        Ok(Self::whole(original))
    }

    /// Resizes to cover `floor(size / crop_pct)` while keeping the aspect ratio, then takes the centre. One side meets its target
    /// exactly. How the other is rounded depends on the weights: 451×300 → 384×256 as in torchvision and timm, or 385×256 if rounded
    /// to nearest.
    fn centre_crop(original: PixelSize, size: PixelSize, crop_pct: f64, long_side: LongSide) -> Self {
        let scaled = |side: usize| (side as f64 / crop_pct).floor();
        let (target_w, target_h) = (scaled(size.width), scaled(size.height));
        let (w, h) = (original.width as f64, original.height as f64);
        let whole = |long: f64| match long_side {
            LongSide::CutDown => long.floor(),
            LongSide::Rounded => long.round_ties_even(),
        };
        let (resized_w, resized_h) = if w * target_h < h * target_w {
            (target_w, whole(h * target_w / w))
        } else {
            (whole(w * target_h / h), target_h)
        };
        let resized = PixelSize::new(resized_w as usize, resized_h as usize);
        let offset = |room: usize| match long_side {
            LongSide::CutDown => (room as f64 / 2.0).round_ties_even() as usize,
            LongSide::Rounded => room / 2,
        };
        let left = offset(resized.width.saturating_sub(size.width));
        let top = offset(resized.height.saturating_sub(size.height));
        Self { resized, window: OutputWindow { left, top, size } }
    }

    fn region(&self, original: PixelSize) -> SourceRegion {
        // Multiply first, so that a whole picture's region is exactly the picture.
        let x = |columns: usize| (columns * original.width) as f64 / self.resized.width as f64;
        let y = |rows: usize| (rows * original.height) as f64 / self.resized.height as f64;
        let OutputWindow { left, top, size } = self.window;
        SourceRegion { x: x(left), y: y(top), width: x(size.width), height: y(size.height) }
    }

    fn words(&self, original: PixelSize, spec: &PreprocessSpec) -> String {
        let (resized, seen, filter) = (self.resized, self.window.size, spec.filter.name());
        let cropped = if seen == resized { String::new() } else { format!(", centre {seen}") };
        if resized == original {
            return format!("own size {original}{cropped}");
        }
        if cropped.is_empty() {
            return format!("stretched from {original} to {resized}, {filter}");
        }
        format!("scaled from {original} to {resized}, {filter}{cropped}")
    }
}

/// One plane for each channel, in the scale's order. A table of the 256 possible values is computed once for each plane.
fn to_batch(seen: &RgbImage, scale: &ValueScale) -> Result<InputBatch, ShapeMismatch> {
    let (width, height) = (seen.width() as usize, seen.height() as usize);
    let pixels = seen.as_raw().as_chunks::<3>().0;
    let channels: [usize; 3] = match scale.order {
        ChannelOrder::Rgb => [0, 1, 2],
        ChannelOrder::Bgr => [2, 1, 0],
    };
    let mut values = Vec::with_capacity(pixels.len() * 3);
    for (channel, (mean, std)) in channels.into_iter().zip(scale.mean.into_iter().zip(scale.std)) {
        let table: [f32; 256] = std::array::from_fn(|x| (x as f32 / scale.divisor - mean) / std);
        values.extend(pixels.iter().map(|pixel| table[usize::from(pixel[channel])]));
    }
    InputBatch::new(1, height, width, values)
}

//! Reads what an ONNX file's metadata properties say about its input.
//!
//! These properties are read: `mean` and `std` (three numbers each, or one for all channels; either for samples from 0 to 1, as
//! timm and torchvision write them, or for samples from 0 to 255), `interpolation`, `crop_pct` and `crop_mode` as timm names
//! them, and `Image.BitmapPixelFormat`, `Image.NominalPixelRange` and `Image.ColorSpaceGamma`
//! (<https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md>). If the value of one of these isn't understood, that is an
//! error: with a guess the network would get the wrong input.
//!
//! This module owns the names and values of the properties. It doesn't know how a file is read.

use std::collections::BTreeMap;

use crate::tensor::{ChannelOrder, Fit, LongSide, ResizeFilter, ValueScale};
use crate::weights::OnnxProblem;

/// What the properties say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Properties {
    /// How samples become values, if the properties say so.
    pub(super) scale: Option<ValueScale>,
    pub(super) fit: Fit,
    pub(super) filter: ResizeFilter,
}

/// The most characters of a value that an error message repeats.
const MAX_SHOWN: usize = 60;

struct Texts<'a>(&'a BTreeMap<String, String>);

impl<'a> Texts<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|text| text.trim())
    }

    fn bad(&self, name: &'static str, expected: &'static str) -> OnnxProblem {
        let value = self.get(name).unwrap_or_default().chars().take(MAX_SHOWN);
        let value = value.map(|c| if c.is_control() { '_' } else { c }).collect();
        OnnxProblem::Property { name, value, expected }
    }
}

impl Properties {
    /// Reads the properties. `takes_bytes`: whether the network takes samples unchanged, as its input's type says.
    pub(super) fn of(metadata: &BTreeMap<String, String>, takes_bytes: bool) -> Result<Self, OnnxProblem> {
        let texts = Texts(metadata);
        let crop_pct = crop(&texts)?;
        Ok(Self { scale: scale(&texts, takes_bytes)?, fit: fit(&texts, crop_pct)?, filter: filter(&texts)? })
    }
}

/// The numbers of a text such as `[0.485, 0.456, 0.406]`. A single number counts for all three channels.
fn three(text: &str) -> Option<[f32; 3]> {
    let numbers: Option<Vec<f32>> = text
        .split(|c: char| c.is_whitespace() || "[](),;".contains(c))
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok().filter(|v: &f32| v.is_finite()))
        .collect();
    match numbers?[..] {
        [one] => Some([one; 3]),
        [a, b, c] => Some([a, b, c]),
        _ => None,
    }
}

fn scale(texts: &Texts<'_>, takes_bytes: bool) -> Result<Option<ValueScale>, OnnxProblem> {
    let order = match texts.get("Image.BitmapPixelFormat") {
        None => None,
        Some("Rgb8") => Some(ChannelOrder::Rgb),
        Some("Bgr8") => Some(ChannelOrder::Bgr),
        Some(_) => return Err(texts.bad("Image.BitmapPixelFormat", "`Rgb8` or `Bgr8`")),
    };
    let range = match texts.get("Image.NominalPixelRange") {
        None => None,
        Some("NominalRange_0_255") => Some(ValueScale::RAW),
        Some("Normalized_0_1") => Some(ValueScale::UNIT),
        Some("Normalized_1_1") => Some(ValueScale::TF),
        Some(_) => {
            let expected = "`NominalRange_0_255`, `Normalized_0_1` or `Normalized_1_1`";
            return Err(texts.bad("Image.NominalPixelRange", expected));
        }
    };
    if !matches!(texts.get("Image.ColorSpaceGamma"), None | Some("SRGB")) {
        return Err(texts.bad("Image.ColorSpaceGamma", "`SRGB`, which pictures are in"));
    }
    let moments = moments(texts)?;
    if takes_bytes {
        let expected = "none, because the input is UINT8: samples as they are";
        if moments.is_some() {
            return Err(texts.bad("mean", expected));
        }
        if range.is_some_and(|scale| scale != ValueScale::RAW) {
            return Err(
                texts.bad("Image.NominalPixelRange", "`NominalRange_0_255`, because the input is UINT8")
            );
        }
        return Ok(Some(ValueScale { order: order.unwrap_or(ChannelOrder::Rgb), ..ValueScale::RAW }));
    }
    if let Some(scale) = moments {
        return Ok(Some(ValueScale { order: order.unwrap_or(ChannelOrder::Rgb), ..scale }));
    }
    Ok(order.zip(range).map(|(order, scale)| ValueScale { order, ..scale }))
}

/// The mapping that `mean` and `std` give, if they are there.
fn moments(texts: &Texts<'_>) -> Result<Option<ValueScale>, OnnxProblem> {
    let numbers = |name: &'static str| match texts.get(name) {
        None => Ok(None),
        Some(text) => three(text).map(Some).ok_or_else(|| texts.bad(name, "three numbers, or one for all")),
    };
    let (mean, std) = match (numbers("mean")?, numbers("std")?) {
        (None, None) => return Ok(None),
        (Some(mean), Some(std)) => (mean, std),
        (Some(_), None) => return Err(texts.bad("mean", "`std` beside it")),
        (None, Some(_)) => return Err(texts.bad("std", "`mean` beside it")),
    };
    if std.iter().any(|v| *v <= 0.0) {
        return Err(texts.bad("std", "numbers above 0"));
    }
    // For samples from 0 to 1, neither mean nor deviation exceeds 1. For samples from 0 to 255 some deviation does, or, if all
    // deviations are 1 (nothing is divided), every mean does.
    let is_of_255 = if std.iter().any(|v| *v > 1.0) {
        if mean.iter().any(|v| *v > 0.0 && *v < 1.0) {
            return Err(
                texts.bad("mean", "numbers of the same range as `std`, whose are of samples from 0 to 255")
            );
        }
        true
    } else {
        let is_not_divided = std.iter().all(|v| *v == 1.0);
        if is_not_divided && mean.iter().all(|v| *v > 1.0) {
            true
        } else if mean.iter().any(|v| *v > 1.0) {
            return Err(texts.bad("mean", "at most 1, because `std` is of samples from 0 to 1"));
        } else {
            false
        }
    };
    if mean.iter().any(|v| v.abs() > 255.0) {
        return Err(texts.bad("mean", "at most 255"));
    }
    let divisor = if is_of_255 { 1.0 } else { 255.0 };
    Ok(Some(ValueScale { order: ChannelOrder::Rgb, divisor, mean, std }))
}

fn crop(texts: &Texts<'_>) -> Result<f64, OnnxProblem> {
    let Some(text) = texts.get("crop_pct") else { return Ok(1.0) };
    let given = text.parse::<f64>().ok().filter(|crop| *crop > 0.0 && *crop <= 1.0);
    given.ok_or_else(|| texts.bad("crop_pct", "a number above 0 and at most 1"))
}

fn fit(texts: &Texts<'_>, crop_pct: f64) -> Result<Fit, OnnxProblem> {
    match texts.get("crop_mode") {
        None | Some("center") => Ok(Fit::ShortSideCrop { crop_pct, long_side: LongSide::CutDown }),
        Some("squash") if crop_pct == 1.0 => Ok(Fit::Stretch),
        Some(_) => Err(texts.bad("crop_mode", "`center`, or `squash` with `crop_pct` 1")),
    }
}

fn filter(texts: &Texts<'_>) -> Result<ResizeFilter, OnnxProblem> {
    let Some(text) = texts.get("interpolation") else { return Ok(ResizeFilter::Bilinear) };
    let all = [ResizeFilter::Nearest, ResizeFilter::Bilinear, ResizeFilter::Bicubic, ResizeFilter::Lanczos];
    let text = text.to_lowercase();
    let found = all.into_iter().find(|filter| text == filter.name());
    found.ok_or_else(|| texts.bad("interpolation", "`nearest`, `bilinear`, `bicubic` or `lanczos`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)], takes_bytes: bool) -> Result<Properties, String> {
        let metadata = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Properties::of(&metadata, takes_bytes).map_err(|problem| problem.to_string())
    }

    fn scale(pairs: &[(&str, &str)]) -> Option<ValueScale> {
        read(pairs, false).unwrap().scale
    }

    #[test]
    fn values_are_read_from_what_files_say() {
        let timm = [("mean", "[0.485, 0.456, 0.406]"), ("std", "(0.229, 0.224, 0.225)")];
        assert_eq!(scale(&timm), Some(ValueScale::TORCH));
        assert_eq!(scale(&[("mean", "127"), ("std", "128 128 128")]), Some(ValueScale::LITE));
        assert_eq!(scale(&[("mean", "0"), ("std", "1")]), Some(ValueScale::UNIT));
        assert_eq!(scale(&[("mean", "0"), ("std", "255")]).unwrap().divisor, 1.0);
        assert_eq!(scale(&[("mean", "123.675 116.28 103.53"), ("std", "1")]).unwrap().divisor, 1.0);
        let image = [("Image.BitmapPixelFormat", "Bgr8"), ("Image.NominalPixelRange", "Normalized_1_1")];
        assert_eq!(scale(&image).map(|s| s.to_string()).as_deref(), Some("BGR x/127.5 − 1"));
        let both = [("mean", "0.5"), ("std", "0.5"), ("Image.BitmapPixelFormat", "Bgr8")];
        assert_eq!(scale(&both).unwrap().order, ChannelOrder::Bgr, "the order is said apart");
        assert_eq!(scale(&[]), None);
        assert_eq!(scale(&[("Image.BitmapPixelFormat", "Bgr8")]), None);
        assert_eq!(read(&[], true).unwrap().scale, Some(ValueScale::RAW));
        assert_eq!(read(&[("crop_mode", "squash")], false).unwrap().fit, Fit::Stretch);
        assert_eq!(read(&[("interpolation", " Bicubic ")], false).unwrap().filter, ResizeFilter::Bicubic);
    }

    #[test]
    fn each_property_that_says_nothing_is_named() {
        let half = ("std", "0.5");
        let table: [(&[(&str, &str)], &str); 21] = [
            (&[("mean", "0.5"), ("std", "0")], "`std` is `0`; expected numbers above 0"),
            (
                &[("mean", "0.5"), ("std", "0.5 0.5")],
                "`std` is `0.5 0.5`; expected three numbers, or one for all",
            ),
            (&[("mean", "0.5,0.5"), half], "`mean` is `0.5,0.5`; expected three numbers, or one for all"),
            (&[("mean", "nan"), half], "`mean` is `nan`; expected three numbers, or one for all"),
            (&[("mean", "0.5")], "`mean` is `0.5`; expected `std` beside it"),
            (&[half], "`std` is `0.5`; expected `mean` beside it"),
            (
                &[("mean", "1.5, 0.456, 0.406"), ("std", "0.229, 0.224, 0.225")],
                "`mean` is `1.5, 0.456, 0.406`; expected at most 1, because `std` is of samples from 0 to 1",
            ),
            (
                &[("mean", "2 0.5 0.5"), ("std", "1")],
                "`mean` is `2 0.5 0.5`; expected at most 1, because `std` is of samples from 0 to 1",
            ),
            (
                &[("mean", "0.485"), ("std", "58.4")],
                "`mean` is `0.485`; expected numbers of the same range as `std`, whose are of samples from 0 to 255",
            ),
            (&[("mean", "300"), ("std", "58.4")], "`mean` is `300`; expected at most 255"),
            (&[("crop_pct", "0")], "`crop_pct` is `0`; expected a number above 0 and at most 1"),
            (&[("crop_pct", "9")], "`crop_pct` is `9`; expected a number above 0 and at most 1"),
            (&[("crop_pct", "abc")], "`crop_pct` is `abc`; expected a number above 0 and at most 1"),
            (&[("crop_pct", "nan")], "`crop_pct` is `nan`; expected a number above 0 and at most 1"),
            (
                &[("interpolation", "random")],
                "`interpolation` is `random`; expected `nearest`, `bilinear`, `bicubic` or `lanczos`",
            ),
            (
                &[("interpolation", "")],
                "`interpolation` is ``; expected `nearest`, `bilinear`, `bicubic` or `lanczos`",
            ),
            (
                &[("crop_mode", "border")],
                "`crop_mode` is `border`; expected `center`, or `squash` with `crop_pct` 1",
            ),
            (
                &[("crop_mode", "squash"), ("crop_pct", "0.9")],
                "`crop_mode` is `squash`; expected `center`, or `squash` with `crop_pct` 1",
            ),
            (
                &[("Image.BitmapPixelFormat", "Gray8")],
                "`Image.BitmapPixelFormat` is `Gray8`; expected `Rgb8` or `Bgr8`",
            ),
            (
                &[("Image.NominalPixelRange", "NominalRange_16_235")],
                "`Image.NominalPixelRange` is `NominalRange_16_235`; expected `NominalRange_0_255`, `Normalized_0_1` or `Normalized_1_1`",
            ),
            (
                &[("Image.ColorSpaceGamma", "Linear")],
                "`Image.ColorSpaceGamma` is `Linear`; expected `SRGB`, which pictures are in",
            ),
        ];
        for (pairs, expected) in table {
            assert_eq!(read(pairs, false).unwrap_err(), format!("its metadata property {expected}"));
        }
        let of_bytes = [("mean", "0.5"), half];
        assert_eq!(
            read(&of_bytes, true).unwrap_err(),
            "its metadata property `mean` is `0.5`; expected none, because the input is UINT8: samples as they are"
        );
        assert!(read(&[("Image.NominalPixelRange", "Normalized_0_1")], true).is_err());
    }
}

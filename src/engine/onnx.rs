//! An ONNX file as a model: its row, and what it says or doesn't say of a picture's values.
//!
//! Metadata that is read: `mean` and `std` (three numbers each, of samples from 0 to 1 as timm and torchvision write them, or of 0 to
//! 255), `interpolation`, `crop_pct`; else `Image.BitmapPixelFormat` with `Image.NominalPixelRange`
//! (<https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md>).

use std::collections::BTreeMap;
use std::path::Path;

use crate::models::{Opened, OpenedAs, Row};
use crate::tensor::{ChannelOrder, Fit, LongSide, PreprocessSpec, ResizeFilter, ValueScale};
use crate::weights::{FREE_SIZE, ONNX_HEAD, OnnxError, OnnxNet};

/// Whether a name is meant as the path of an ONNX file: by its end, which no model's name has.
pub fn is_onnx_path(name: &Path) -> bool {
    name.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"))
}

/// The rows of a file: one where it says how samples become values. Else the first is without that, and one for each way of
/// [`ValueScale::NAMED`] follows, of which a person must choose.
pub fn open_onnx(path: &Path) -> Result<Vec<&'static Row>, OnnxError> {
    let net = OnnxNet::read(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().map(|c| if c.is_control() || c == ',' { '_' } else { c }).collect();
    let by = if net.producer.is_empty() { String::new() } else { format!(", written by {}", net.producer) };
    let title = format!("ONNX network of {} layers{by}", net.graph.nodes().len());
    let variant = match net.fixed_size {
        Some(size) => format!("its file fixes the input at {size}"),
        None => format!("its file fixes no input size; {FREE_SIZE} unless a fit says otherwise"),
    };
    let scale = scale_of(&net.metadata);
    let preprocess = PreprocessSpec {
        size: net.fixed_size.unwrap_or(FREE_SIZE),
        fit: Fit::ShortSideCrop { crop_pct: crop_of(&net.metadata), long_side: LongSide::CutDown },
        filter: filter_of(&net.metadata),
        scale: scale.unwrap_or(ValueScale::TORCH),
    };
    let sha256 = net.tensors.sha256().to_owned();
    let known = |name: String, title: String, scale: ValueScale, knows_values: bool| OpenedAs {
        name,
        title,
        variant: variant.clone(),
        preprocess: PreprocessSpec { scale, ..preprocess },
        knows_values,
        head_prefixes: ONNX_HEAD,
    };
    let row = |known: OpenedAs| Opened::row_of(path, &sha256, net.graph.clone(), known);
    let mut rows = vec![row(known(name.clone(), title.clone(), preprocess.scale, scale.is_some()))];
    if scale.is_none() {
        rows.extend(ValueScale::NAMED.map(|(mode, scale)| {
            let title = format!("{title}; values as `{mode}` has them");
            row(known(format!("{name}+{mode}"), title, scale, true))
        }));
    }
    Ok(rows)
}

/// Numbers of a text such as `[0.485, 0.456, 0.406]`; one stands for three.
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

fn scale_of(metadata: &BTreeMap<String, String>) -> Option<ValueScale> {
    let text = |key: &str| metadata.get(key).map(String::as_str);
    if let (Some(mean), Some(std)) = (text("mean").and_then(three), text("std").and_then(three)) {
        if std.iter().any(|v| *v <= 0.0) {
            return None;
        }
        // Means of samples from 0 to 1 don't exceed 1, nor do deviations; of samples to 255 one of the two does.
        let is_of_255 = mean.iter().chain(&std).any(|v| *v > 1.0);
        let divisor = if is_of_255 { 1.0 } else { 255.0 };
        return Some(ValueScale { order: ChannelOrder::Rgb, divisor, mean, std });
    }
    let order = match text("Image.BitmapPixelFormat")? {
        "Rgb8" => ChannelOrder::Rgb,
        "Bgr8" => ChannelOrder::Bgr,
        _ => return None,
    };
    let scale = match text("Image.NominalPixelRange")? {
        "NominalRange_0_255" => ValueScale::RAW,
        "Normalized_0_1" => ValueScale::UNIT,
        "Normalized_1_1" => ValueScale::TF,
        _ => return None,
    };
    Some(ValueScale { order, ..scale })
}

fn crop_of(metadata: &BTreeMap<String, String>) -> f64 {
    let given = metadata.get("crop_pct").and_then(|text| text.trim().parse::<f64>().ok());
    given.filter(|crop| *crop > 0.0 && *crop <= 1.0).unwrap_or(1.0)
}

fn filter_of(metadata: &BTreeMap<String, String>) -> ResizeFilter {
    let all = [ResizeFilter::Nearest, ResizeFilter::Bilinear, ResizeFilter::Bicubic, ResizeFilter::Lanczos];
    let given = metadata.get("interpolation").map(|text| text.trim().to_lowercase());
    all.into_iter().find(|filter| given.as_deref() == Some(filter.name())).unwrap_or(ResizeFilter::Bilinear)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_from_what_files_say() {
        let scale = |pairs: &[(&str, &str)]| {
            scale_of(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
        };
        let timm = [("mean", "[0.485, 0.456, 0.406]"), ("std", "(0.229, 0.224, 0.225)")];
        assert_eq!(scale(&timm), Some(ValueScale::TORCH));
        assert_eq!(scale(&[("mean", "127"), ("std", "128 128 128")]), Some(ValueScale::LITE));
        assert_eq!(scale(&[("mean", "0.5"), ("std", "0")]), None);
        assert_eq!(scale(&[("mean", "0.5,0.5"), ("std", "0.5")]), None);
        let image = [("Image.BitmapPixelFormat", "Bgr8"), ("Image.NominalPixelRange", "Normalized_1_1")];
        assert_eq!(scale(&image).map(|s| s.to_string()).as_deref(), Some("BGR x/127.5 − 1"));
        assert_eq!(scale(&[]), None);
    }
}

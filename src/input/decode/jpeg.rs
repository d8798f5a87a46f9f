//! JPEG, decoded strictly: a cut or damaged scan is an error.
//!
//! `image` decodes leniently and fills what is missing with grey. Strict mode alone is not the answer either: it refuses
//! stray bytes between headers, which cameras write and every viewer accepts, and it overlooks a baseline file that ends
//! within the last row of blocks. So headers are read leniently, scans strictly, and the end marker is looked for.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::{DecodeErrors, UnsupportedSchemes};

use super::error::format_name;
use super::{DecodeLimits, DecodeNote, DecodeProblem};

const FORMAT: ImageFormat = ImageFormat::Jpeg;

pub(super) fn decode(
    bytes: &[u8],
    limits: &DecodeLimits,
) -> Result<(RgbImage, Vec<DecodeNote>), DecodeProblem> {
    let format = format_name(FORMAT);
    let ends = ends_with_marker(bytes);
    let lenient =
        DecoderOptions::default().set_strict_mode(false).set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), lenient);
    decoder.decode_headers().map_err(|e| problem(&e, ends))?;
    let (width, height) = decoder.dimensions().unwrap_or((0, 0));
    let (width, height) =
        (u32::try_from(width).unwrap_or(u32::MAX), u32::try_from(height).unwrap_or(u32::MAX));
    limits.check(width, height)?;
    if !ends {
        return Err(DecodeProblem::Truncated { format });
    }

    let colours = decoder.input_colorspace().unwrap_or(ColorSpace::RGB);
    let gray = colours == ColorSpace::Luma;
    let out = if gray { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(lenient.jpeg_set_out_colorspace(out).set_strict_mode(true));
    let length = decoder.output_buffer_size().unwrap_or(0);
    if length as u64 > limits.max_bytes {
        return Err(DecodeProblem::TooMuchMemory { format, limit: limits.max_bytes });
    }
    let mut samples = vec![0; length];
    decoder.decode_into(&mut samples).map_err(|e| problem(&e, ends))?;

    let mut picture = if gray {
        GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
    }
    .ok_or_else(|| DecodeProblem::Damaged { format, reason: "fewer samples than pixels".into() })?;

    let mut notes = Vec::new();
    if matches!(colours, ColorSpace::CMYK | ColorSpace::YCCK) {
        notes.push(DecodeNote::CmykConverted);
    }
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    if let Some(turn) = orientation.filter(|o| *o != Orientation::NoTransforms) {
        picture.apply_orientation(turn);
        notes.push(DecodeNote::Oriented);
    }
    Ok((picture.into_rgb8(), notes))
}

/// A file without its end marker that also fails to decode was cut; with it, it is damaged or of an odd kind.
fn problem(error: &DecodeErrors, ends: bool) -> DecodeProblem {
    let format = format_name(FORMAT);
    match error {
        DecodeErrors::Unsupported(scheme) => DecodeProblem::Variant { format, reason: kind(*scheme).into() },
        _ if !ends => DecodeProblem::Truncated { format },
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => DecodeProblem::Truncated { format },
        other => {
            DecodeProblem::Damaged { format, reason: other.to_string().trim_matches(['"', ' ']).to_owned() }
        }
    }
}

/// The kinds of JPEG that the decoder knows and can't read.
fn kind(scheme: UnsupportedSchemes) -> &'static str {
    match scheme {
        UnsupportedSchemes::ExtendedSequentialHuffman => "extended sequential",
        UnsupportedSchemes::LosslessHuffman => "lossless",
        UnsupportedSchemes::ExtendedSequentialDctArithmetic
        | UnsupportedSchemes::ProgressiveDctArithmetic
        | UnsupportedSchemes::LosslessArithmetic => "arithmetic coding",
    }
}

/// Walks the markers from the start of the image to its end marker. Segments are skipped by their lengths, so an EXIF
/// thumbnail's own end marker doesn't count; within a scan, stuffed bytes and restart markers are data.
fn ends_with_marker(bytes: &[u8]) -> bool {
    const END: u8 = 0xD9;
    let mut at = 2;
    while let Some(&byte) = bytes.get(at) {
        if byte != 0xFF {
            // Data of a scan, or stray bytes between headers.
            at += 1;
            continue;
        }
        match bytes.get(at + 1) {
            None => return false,
            Some(&END) => return true,
            Some(0xFF) => at += 1,
            Some(0x00 | 0x01 | 0xD0..=0xD8) => at += 2,
            Some(_) => {
                let (Some(&high), Some(&low)) = (bytes.get(at + 2), bytes.get(at + 3)) else { return false };
                at += 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::ends_with_marker;

    #[test]
    fn the_end_marker_is_found_where_it_counts() {
        let scan = [0xFF, 0xDA, 0, 3, 0, 7, 0xFF, 0, 0xFF, 0xD0, 9];
        let thumbnail = [0xFF, 0xE1, 0, 5, 0xFF, 0xD9, 0];
        let whole = [&[0xFF, 0xD8][..], &thumbnail, &scan, &[0xFF, 0xD9]].concat();
        assert!(ends_with_marker(&whole));
        assert!(ends_with_marker(&[&whole[..], b"trailing bytes"].concat()));
        for cut in 2..whole.len() {
            assert!(!ends_with_marker(&whole[..cut]), "cut at {cut}");
        }
    }
}

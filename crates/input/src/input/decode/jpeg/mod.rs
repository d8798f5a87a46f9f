//! Decodes JPEG to exactly the samples that libjpeg-turbo, and so Pillow, gives. A file that is cut off or damaged is an error.
//!
//! Owns how the decoder, a port of libjpeg-turbo, is used: its strict mode, its limits, and its smoothing of blocks where a
//! progressive file leaves out coefficients. The decoder doesn't notice a missing end marker, reports some valid kinds as corrupt,
//! and refuses some samplings. So the markers are read here first ([`markers`]), and unevenly sampled components are combined here
//! ([`planes`]). Never decodes at a smaller scale, because values are computed from the result.

mod markers;
mod planes;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use libjpeg_turbo_rs::{ColorSpace, DecodeLimits as DecoderLimits, Decoder, JpegError, PixelFormat};

use super::error::format_name;
use super::upright::turn_of;
use super::{DecodeLimits, DecodeNote, DecodeProblem};
use markers::{FrameHeader, Markers};

const FORMAT: ImageFormat = ImageFormat::Jpeg;

/// The most scans of a file. Each scan of a progressive file covers the whole picture, so a small file could take any amount of time.
/// Encoders write about ten; libjpeg-turbo's authors recommend this limit.
const MAX_SCANS: usize = 500;

pub(super) fn decode(
    bytes: &[u8],
    limits: &DecodeLimits,
) -> Result<(RgbImage, Vec<DecodeNote>), DecodeProblem> {
    let format = format_name(FORMAT);
    let markers = Markers::of(bytes);
    if let Some(reason) = markers.undecoded() {
        return Err(DecodeProblem::Variant { format, reason });
    }
    let Some(frame) = &markers.frame else {
        return Err(if markers.end {
            DecodeProblem::Damaged { format, reason: "it has no frame header".into() }
        } else {
            DecodeProblem::Truncated { format }
        });
    };
    limits.check(frame.width, frame.height)?;
    if !markers.end {
        return Err(DecodeProblem::Truncated { format });
    }
    if let Some(reason) = markers.fault {
        return Err(DecodeProblem::Damaged { format, reason: reason.into() });
    }
    let is_gray = frame.components.len() == 1;
    check_memory(frame, is_gray, limits)?;

    let decoder_limits = DecoderLimits {
        max_width: limits.max_side as usize,
        max_height: limits.max_side as usize,
        max_pixels: limits.max_pixels,
        max_scans: MAX_SCANS,
        // The decoder counts each component at full size. What is really needed was checked above.
        max_memory: Some(limits.max_bytes.saturating_mul(2)),
    };
    let problem = |e: JpegError| problem(e, limits);
    let mut decoder = Decoder::new_with_limits(bytes, decoder_limits).map_err(problem)?;
    decoder.set_output_format(if is_gray { PixelFormat::Grayscale } else { PixelFormat::Rgb });
    decoder.set_block_smoothing(true);
    let colours = decoder.jpeg_color_space();
    let turn = turn_of(decoder.exif_data(), markers.xmp.as_deref());

    let contradiction =
        || DecodeProblem::Damaged { format, reason: "its size contradicts its samples".into() };
    let (width, height) = (frame.width, frame.height);
    let picture = if frame.is_uneven() {
        let raw = decoder.decode_raw().map_err(problem)?;
        let samples = planes::to_rgb(frame, raw, colours).ok_or_else(contradiction)?;
        RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
    } else {
        let mut samples = zeros(decoder.output_buffer_size().map_err(problem)?)?;
        decoder.decode_image_into(&mut samples).map_err(problem)?;
        if is_gray {
            GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8)
        } else {
            RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
        }
    };
    let mut picture = picture.ok_or_else(contradiction)?;

    let mut notes = Vec::new();
    if matches!(colours, ColorSpace::Cmyk | ColorSpace::Ycck) {
        notes.push(DecodeNote::CmykConverted);
    }
    if turn != Orientation::NoTransforms {
        picture.apply_orientation(turn);
        notes.push(DecodeNote::Oriented);
    }
    Ok((picture.into_rgb8(), notes))
}

/// Checks the memory needed: for the components' samples, twice as much again for coefficients if all are kept until the last scan,
/// and for the decoded picture.
fn check_memory(frame: &FrameHeader, is_gray: bool, limits: &DecodeLimits) -> Result<(), DecodeProblem> {
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    let planes = frame.plane_bytes() * if frame.is_progressive() { 3 } else { 1 };
    let enlarged = if frame.is_uneven() { pixels * frame.components.len() as u64 } else { 0 };
    let out = if is_gray { pixels } else { 3 * pixels };
    if planes + enlarged + out > limits.max_bytes {
        return Err(DecodeProblem::TooMuchMemory { format: format_name(FORMAT), limit: limits.max_bytes });
    }
    DecodeProblem::check_memory(format_name(FORMAT), planes + enlarged + out + 3 * pixels)
}

fn zeros(length: usize) -> Result<Vec<u8>, DecodeProblem> {
    let mut samples = Vec::new();
    samples
        .try_reserve_exact(length)
        .map_err(|_| DecodeProblem::NoMemory { format: format_name(FORMAT), bytes: length as u64 })?;
    samples.resize(length, 0);
    Ok(samples)
}

/// The problem that a decoder's error stands for. The file has its end marker and is of a kind that is decoded.
fn problem(error: JpegError, limits: &DecodeLimits) -> DecodeProblem {
    let format = format_name(FORMAT);
    match error {
        JpegError::Unsupported(reason) => DecodeProblem::Variant { format, reason },
        JpegError::LimitExceeded { what, .. } if what.starts_with("scan count") => {
            DecodeProblem::TooManyScans { format, limit: MAX_SCANS }
        }
        JpegError::LimitExceeded { .. } => DecodeProblem::TooMuchMemory { format, limit: limits.max_bytes },
        JpegError::AllocationFailed { bytes, .. } => DecodeProblem::NoMemory { format, bytes },
        JpegError::UnexpectedEof => {
            DecodeProblem::Damaged { format, reason: "the data of a scan end too early".into() }
        }
        JpegError::CorruptData(reason) => DecodeProblem::Damaged { format, reason },
        other => DecodeProblem::Damaged { format, reason: other.to_string() },
    }
}

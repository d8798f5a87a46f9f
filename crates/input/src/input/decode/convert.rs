//! Decodes every format but JPEG with the `image` crate, and converts each sample type to 8-bit RGB in one defined way.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::gif::GifDecoder;
use image::codecs::ico::IcoDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::pnm::{PnmDecoder, PnmSubtype};
use image::codecs::qoi::QoiDecoder;
use image::codecs::tiff::TiffDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{
    AnimationDecoder, ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageError, ImageFormat,
    ImageResult, RgbImage, RgbaImage,
};

use super::error::format_name;
use super::gif;
use super::ico::{self, Icon};
use super::png_chunks::{self, Broken, Metadata};
use super::tiff::{self, PreparedTiff, Samples};
use super::upright::turn_of;
use super::{DecodeLimits, DecodeNote, DecodeProblem};

type Decoded = Result<(RgbImage, Vec<DecodeNote>), DecodeProblem>;

pub(super) fn decode(format: ImageFormat, bytes: &[u8], limits: &DecodeLimits) -> Decoded {
    let job = Job { format, limits };
    let input = Cursor::new(bytes);
    match format {
        ImageFormat::Png if is_apples(bytes) => Err(DecodeProblem::Variant {
            format: format_name(format),
            reason: "Apple's own, as apps have them, CgBI".into(),
        }),
        ImageFormat::Png => {
            if let Some([width, height]) = sides_of_png(bytes) {
                limits.check(width, height)?;
            }
            let decoder = job.sorted(PngDecoder::with_limits(input, job.image_limits()))?;
            let animated = job.sorted(decoder.is_apng())?;
            // Errors in the pixels are reported before errors in the metadata.
            let metadata = png_chunks::metadata(bytes);
            let known = metadata.as_ref().ok().cloned().unwrap_or_default();
            let decoded = job.finish_as(decoder, animated, Samples::AsDecoded, Some(known))?;
            let format = format_name(format);
            match metadata {
                Ok(_) => Ok(decoded),
                Err(Broken::Cut) => Err(DecodeProblem::Truncated { format }),
                Err(Broken::Checksum) => {
                    Err(DecodeProblem::Damaged { format, reason: "a checksum in it is wrong".into() })
                }
            }
        }
        ImageFormat::WebP if webp_is_cut(bytes) => {
            Err(DecodeProblem::Truncated { format: format_name(format) })
        }
        ImageFormat::WebP => {
            let decoder = job.sorted(WebPDecoder::new(input))?;
            let animated = decoder.has_animation();
            job.finish(decoder, animated)
        }
        ImageFormat::Gif => {
            let below = gif::colour_below(bytes);
            let bytes = gif::with_whole_canvas(bytes);
            let decoded = job
                .sorted(GifDecoder::new(Cursor::new(&*bytes)))
                .and_then(|decoder| job.first_of_gif(decoder, below));
            decoded.map_err(|problem| match problem {
                DecodeProblem::Truncated { format } if bytes.ends_with(b";") => {
                    DecodeProblem::Damaged { format, reason: "it ends before its first frame does".into() }
                }
                other => other,
            })
        }
        ImageFormat::Tiff => {
            let PreparedTiff { bytes, has_more_pages, samples } = tiff::prepare(bytes, limits)?;
            let decoder = job.sorted(TiffDecoder::new(Cursor::new(&*bytes)))?;
            job.finish_as(decoder, has_more_pages, samples, None)
        }
        ImageFormat::Bmp => job.finish(job.sorted(BmpDecoder::new(input))?, false),
        ImageFormat::Ico => match ico::choose(bytes) {
            None => Err(DecodeProblem::Truncated { format: format_name(format) }),
            Some(Icon::Png(png)) => {
                job.finish(job.sorted(PngDecoder::with_limits(Cursor::new(png), job.image_limits()))?, false)
            }
            Some(Icon::Bitmap(icon)) => job.finish(job.sorted(IcoDecoder::new(Cursor::new(icon)))?, false),
            Some(Icon::Odd) => job.finish(job.sorted(IcoDecoder::new(input))?, false),
        },
        ImageFormat::Qoi => job.finish(job.sorted(QoiDecoder::new(input))?, false),
        _ => {
            let decoder = job.sorted(PnmDecoder::new(input))?;
            let samples = match (decoder.header().subtype(), decoder.header().maximal_sample()) {
                // The decoder itself makes bits 0 and 255.
                (PnmSubtype::Bitmap(_), _) | (PnmSubtype::ArbitraryMap, 1) | (_, 255 | 65_535) => {
                    Samples::AsDecoded
                }
                (_, largest) => Samples::UpTo(largest),
            };
            job.finish_as(decoder, false, samples, None)
        }
    }
}

/// Whether a PNG begins with Apple's own chunk, which is in no standard: then its samples are in another order and packed differently.
fn is_apples(bytes: &[u8]) -> bool {
    bytes.get(12..16) == Some(b"CgBI")
}

/// The sides in a PNG's header. They are checked early, because the decoder reports a PNG without pixels as damaged.
fn sides_of_png(bytes: &[u8]) -> Option<[u32; 2]> {
    let header = bytes.get(12..24)?.strip_prefix(b"IHDR")?;
    let (width, height) = header.split_first_chunk::<4>()?;
    Some([u32::from_be_bytes(*width), u32::from_be_bytes(*height.first_chunk::<4>()?)])
}

struct Job<'a> {
    format: ImageFormat,
    limits: &'a DecodeLimits,
}

impl Job<'_> {
    fn sorted<T>(&self, result: ImageResult<T>) -> Result<T, DecodeProblem> {
        result.map_err(|e: ImageError| DecodeProblem::of(self.format, self.limits.max_bytes, &e))
    }

    /// Limits for the decoder: memory only. Sides and pixels are checked here, with our own messages.
    fn image_limits(&self) -> image::Limits {
        let mut limits = image::Limits::no_limits();
        limits.max_alloc = Some(self.limits.max_bytes);
        limits
    }

    /// Checks what the header says, before any pixel is decoded.
    fn check(&self, decoder: &mut impl ImageDecoder) -> Result<(), DecodeProblem> {
        let (width, height) = decoder.dimensions();
        self.limits.check(width, height)?;
        let format = format_name(self.format);
        if decoder.total_bytes() > self.limits.max_bytes {
            return Err(DecodeProblem::TooMuchMemory { format, limit: self.limits.max_bytes });
        }
        // Memory for the samples as they are decoded, and for the picture as RGB.
        let pixels = u64::from(width) * u64::from(height);
        DecodeProblem::check_memory(format, decoder.total_bytes().saturating_add(pixels.saturating_mul(3)))?;
        // Floats have no agreed range: 0 to 1, 0 to 255 and physical units all occur.
        if matches!(decoder.color_type(), ColorType::Rgb32F | ColorType::Rgba32F) {
            return Err(DecodeProblem::UnknownRange { format, samples: "32-bit floating-point".into() });
        }
        self.sorted(decoder.set_limits(self.image_limits()))
    }

    fn finish(&self, decoder: impl ImageDecoder, several: bool) -> Decoded {
        self.finish_as(decoder, several, Samples::AsDecoded, None)
    }

    /// `metadata` was read from the file directly; if it is `None`, the decoder's is used.
    fn finish_as(
        &self,
        mut decoder: impl ImageDecoder,
        several: bool,
        samples: Samples,
        metadata: Option<Metadata>,
    ) -> Decoded {
        self.check(&mut decoder)?;
        let mut notes = Vec::new();
        if several {
            notes.push(DecodeNote::FirstOfSeveral);
        }
        let depth = decoder.color_type().bytes_per_pixel() / decoder.color_type().channel_count();
        if depth > 1 {
            notes.push(DecodeNote::SixteenBitScaled);
        }
        let inks =
            matches!(decoder.original_color_type(), ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16);
        if inks || samples == Samples::Inks {
            notes.push(DecodeNote::CmykConverted);
        }
        let orientation = if self.format == ImageFormat::Tiff {
            // A TIFF has its orientation in its own tags.
            decoder.orientation().unwrap_or(Orientation::NoTransforms)
        } else {
            let Metadata { exif, xmp } = metadata.unwrap_or_else(|| Metadata {
                exif: decoder.exif_metadata().ok().flatten(),
                xmp: decoder.xmp_metadata().ok().flatten(),
            });
            turn_of(exif.as_deref(), xmp.as_deref())
        };
        let mut picture = self.sorted(DynamicImage::from_decoder(decoder))?;
        match samples {
            Samples::AsDecoded => {}
            Samples::Inks => picture = from_inks(&picture.into_rgba8()).into(),
            Samples::Premultiplied => picture = divided_by_alpha(picture.into_rgba8()).into(),
            Samples::UpTo(largest) => picture = stretched(picture, largest),
        }
        picture.apply_orientation(orientation);
        let rgb = opaque(picture, &mut notes);
        if orientation != Orientation::NoTransforms {
            notes.push(DecodeNote::Oriented);
        }
        Ok((rgb, notes))
    }

    /// Decodes a GIF's first frame on its canvas. Whether there is a second frame is only known by reading on.
    fn first_of_gif(&self, mut decoder: GifDecoder<Cursor<&[u8]>>, below: Option<[u8; 3]>) -> Decoded {
        self.check(&mut decoder)?;
        let mut frames = decoder.into_frames();
        let Some(first) = frames.next() else {
            return Err(DecodeProblem::Truncated { format: format_name(self.format) });
        };
        let mut first = self.sorted(first)?.into_buffer();
        // Such a frame has no transparent colour, so the transparent pixels are those that it doesn't cover.
        if let Some([red, green, blue]) = below {
            for pixel in first.pixels_mut().filter(|pixel| pixel.0[3] == 0) {
                pixel.0 = [red, green, blue, u8::MAX];
            }
        }
        let mut notes = Vec::new();
        if matches!(frames.next(), Some(Ok(_))) {
            notes.push(DecodeNote::FirstOfSeveral);
        }
        let rgb = opaque(DynamicImage::ImageRgba8(first), &mut notes);
        Ok((rgb, notes))
    }
}

/// 8-bit RGB: 16 bits divided by 257 and rounded, grey in all three channels, alpha composed over white.
fn opaque(picture: DynamicImage, notes: &mut Vec<DecodeNote>) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let rgba = picture.into_rgba8();
    if rgba.pixels().any(|p| p.0[3] != u8::MAX) {
        notes.push(DecodeNote::AlphaOverWhite);
    }
    over_white(&rgba)
}

/// `(c·a + 255·(255 − a)) / 255`, rounded: Pillow's `paste` with the alpha channel as mask.
fn over_white(rgba: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, alpha] = rgba.get_pixel(x, y).0.map(u32::from);
        let over = |c: u32| ((c * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        image::Rgb([over(r), over(g), over(b)])
    })
}

/// The samples of a PNM, which were from 0 to `largest`, as 8 bits. The decoder has stretched them to its full range, with another
/// rounding than Pillow, which rounds ties to even. The original samples can be computed back, because no two of them became equal.
fn stretched(picture: DynamicImage, largest: u32) -> DynamicImage {
    let stretch = |sample: u16, full: u16| {
        let before = (f64::from(sample) * f64::from(largest) / f64::from(full)).round();
        (before / f64::from(largest) * 255.0).round_ties_even().min(255.0) as u8
    };
    let in_place = |samples: &mut [u8]| {
        for sample in samples {
            *sample = stretch((*sample).into(), u8::MAX.into());
        }
    };
    let (width, height) = (picture.width(), picture.height());
    let narrow =
        |samples: &[u16]| samples.iter().map(|sample| stretch(*sample, u16::MAX)).collect::<Vec<u8>>();
    let made = match picture {
        DynamicImage::ImageLuma8(mut gray) => {
            in_place(&mut gray);
            return gray.into();
        }
        DynamicImage::ImageRgb8(mut rgb) => {
            in_place(&mut rgb);
            return rgb.into();
        }
        DynamicImage::ImageLuma16(gray) => {
            image::GrayImage::from_raw(width, height, narrow(&gray)).map(DynamicImage::from)
        }
        DynamicImage::ImageRgb16(rgb) => {
            RgbImage::from_raw(width, height, narrow(&rgb)).map(DynamicImage::from)
        }
        // With an alpha channel, which is stretched too.
        other if other.color().bytes_per_pixel() == other.color().channel_count() => {
            let mut rgba = other.into_rgba8();
            in_place(&mut rgba);
            return rgba.into();
        }
        other => RgbaImage::from_raw(width, height, narrow(&other.into_rgba16())).map(DynamicImage::from),
    };
    // The number of samples hasn't changed, so this doesn't fail.
    made.unwrap_or_default()
}

/// Converts cyan, magenta, yellow and black in the four channels, with 255 for full ink, as Pillow does.
fn from_inks(inks: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(inks.width(), inks.height(), |x, y| {
        let [c, m, y, k] = inks.get_pixel(x, y).0.map(u32::from);
        let paper = |ink: u32| (((255 - ink) * (255 - k) + 127) / 255) as u8;
        image::Rgb([paper(c), paper(m), paper(y)])
    })
}

/// Undoes the multiplication of colours by their alpha, as Pillow's conversion from `RGBa` to `RGBA` does.
fn divided_by_alpha(mut rgba: RgbaImage) -> RgbaImage {
    for pixel in rgba.pixels_mut() {
        let [.., alpha] = pixel.0;
        if alpha != 0 {
            for c in pixel.0.iter_mut().take(3) {
                *c = (u32::from(*c) * 255 / u32::from(alpha)).min(255) as u8;
            }
        }
    }
    rgba
}

/// Whether the container or one of its chunks should have more bytes than there are. The padding byte of the last chunk may be
/// missing, since some writers leave it out. The decoder itself calls a cut file corrupt, or doesn't notice that metadata is missing.
fn webp_is_cut(bytes: &[u8]) -> bool {
    let length = |at: usize| Some(u64::from(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)));
    let num_bytes = bytes.len() as u64;
    let Some(whole) = length(4) else { return true };
    let mut at = 12u64;
    while at + 8 <= num_bytes && at < whole + 8 {
        let Some(size) = usize::try_from(at + 4).ok().and_then(length) else { return true };
        let end = at + 8 + size;
        if end > num_bytes {
            return true;
        }
        at = end + size % 2;
    }
    whole + 8 > num_bytes + 1
}

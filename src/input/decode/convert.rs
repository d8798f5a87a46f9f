//! Every format but JPEG, by the `image` crate, and one stated way from each sample type to 8-bit RGB.

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
            // Whether the pixels are sound is told before what stands beside them.
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
                // Of bits the decoder makes 0 and 255 itself.
                (PnmSubtype::Bitmap(_), _) | (PnmSubtype::ArbitraryMap, 1) | (_, 255 | 65_535) => {
                    Samples::AsDecoded
                }
                (_, largest) => Samples::UpTo(largest),
            };
            job.finish_as(decoder, false, samples, None)
        }
    }
}

/// Whether a PNG begins with the chunk that no standard has: its samples are in another order and packed otherwise.
fn is_apples(bytes: &[u8]) -> bool {
    bytes.get(12..16) == Some(b"CgBI")
}

/// The sides that a PNG's header names: the decoder takes one without pixels for damaged.
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

    /// Memory only: sides and pixels are checked with our own words.
    fn image_limits(&self) -> image::Limits {
        let mut limits = image::Limits::no_limits();
        limits.max_alloc = Some(self.limits.max_bytes);
        limits
    }

    /// The header's promises, before any pixel.
    fn check(&self, decoder: &mut impl ImageDecoder) -> Result<(), DecodeProblem> {
        let (width, height) = decoder.dimensions();
        self.limits.check(width, height)?;
        let format = format_name(self.format);
        if decoder.total_bytes() > self.limits.max_bytes {
            return Err(DecodeProblem::TooMuchMemory { format, limit: self.limits.max_bytes });
        }
        // As it is decoded, and as RGB.
        let pixels = u64::from(width) * u64::from(height);
        DecodeProblem::check_memory(format, decoder.total_bytes().saturating_add(pixels.saturating_mul(3)))?;
        // No range is agreed on for floats: 0 to 1, 0 to 255 and physical units all occur.
        if matches!(decoder.color_type(), ColorType::Rgb32F | ColorType::Rgba32F) {
            return Err(DecodeProblem::UnknownRange { format, samples: "32-bit floating-point".into() });
        }
        self.sorted(decoder.set_limits(self.image_limits()))
    }

    fn finish(&self, decoder: impl ImageDecoder, several: bool) -> Decoded {
        self.finish_as(decoder, several, Samples::AsDecoded, None)
    }

    /// `metadata` is what the file itself was asked for; else the decoder is.
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
            // Its tags are the file's own.
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

    /// A GIF's first frame on its own screen. Whether a second follows is only known by reading on.
    fn first_of_gif(&self, mut decoder: GifDecoder<Cursor<&[u8]>>, below: Option<[u8; 3]>) -> Decoded {
        self.check(&mut decoder)?;
        let mut frames = decoder.into_frames();
        let Some(first) = frames.next() else {
            return Err(DecodeProblem::Truncated { format: format_name(self.format) });
        };
        let mut first = self.sorted(first)?.into_buffer();
        // Such a frame has no transparent pixel of its own.
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

/// Samples of a PNM, which were from 0 to `largest`, as 8 bits. The decoder stretched them to all it has room for, rounded in another way
/// than Pillow, which takes the even one of two equally near; what they were follows, for no two became one.
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
        // With an alpha, which is stretched as well.
        other if other.color().bytes_per_pixel() == other.color().channel_count() => {
            let mut rgba = other.into_rgba8();
            in_place(&mut rgba);
            return rgba.into();
        }
        other => RgbaImage::from_raw(width, height, narrow(&other.into_rgba16())).map(DynamicImage::from),
    };
    // As many samples as there were.
    made.unwrap_or_default()
}

/// Cyan, magenta, yellow and black in the four channels, 255 for most ink: Pillow's conversion.
fn from_inks(inks: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(inks.width(), inks.height(), |x, y| {
        let [c, m, y, k] = inks.get_pixel(x, y).0.map(u32::from);
        let paper = |ink: u32| (((255 - ink) * (255 - k) + 127) / 255) as u8;
        image::Rgb([paper(c), paper(m), paper(y)])
    })
}

/// Colours that were multiplied by their alpha, as they were before: Pillow's `RGBa` to `RGBA`.
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

/// Whether the container or a chunk in it promises more bytes than there are; the padding of the last one may be missing, as a careless
/// writer leaves it. The decoder itself calls a cut file corrupt, or overlooks what is missing of its metadata.
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

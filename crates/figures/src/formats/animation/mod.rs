//! Animations: a GIF, an animated PNG, or a folder with a numbered PNG for each frame, written frame by frame.
//!
//! Owns the palette of GIFs. A colour map has 256 steps and a GIF 256 colours in all, so some steps of the map are left out to have
//! colours for ink, paper and marks. The eye doesn't see the difference, and nothing is dithered.

mod palette;

use std::io::{self, Write};
use std::path::Path;

use super::atomic::write_whole;
use super::png::{add_texts, figure_texts};
use super::{FigureRecord, WriteError, write_figure, write_png};
use crate::mosaic::Pixels;
pub use palette::Palette;

/// The kind of files that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnimationFormat {
    /// One GIF that repeats for ever.
    Gif,
    /// One animated PNG, in true colour, that repeats for ever.
    Apng,
    /// A folder of PNGs, from `frame-00001.png` on.
    Frames,
}

/// Settings of a whole animation.
#[derive(Clone, Debug)]
pub struct AnimationSettings {
    /// The kind of files.
    pub format: AnimationFormat,
    /// Width of each frame in pixels.
    pub width: u32,
    /// Height of each frame in pixels.
    pub height: u32,
    /// The exact number of frames that will be written.
    pub num_frames: u32,
    /// How long each frame is shown, in hundredths of a second, the finest step of a GIF.
    pub delay_cs: u16,
    /// The colours of a GIF.
    pub palette: Palette,
}

/// One frame of an animation.
#[derive(Clone, Copy)]
pub struct AnimationFrame<'a> {
    /// Its pixels; all frames have the same size.
    pub pixels: &'a Pixels,
    /// Title and record, if the frame shows a figure that can be made again.
    pub made: Option<(&'a str, &'a FigureRecord)>,
}

/// A function that takes the next frame and writes it.
pub type PushFrame<'a> = dyn FnMut(AnimationFrame<'_>) -> io::Result<()> + 'a;

/// The file of a numbered frame, from 1.
fn frame_name(number: u32) -> String {
    format!("frame-{number:05}.png")
}

/// The first numbered frame in a folder whose number is greater than `num_frames`, if there is one.
#[must_use]
pub fn frame_beyond(folder: &Path, num_frames: u32) -> Option<String> {
    let number = |name: &str| {
        let number: u32 = name.strip_prefix("frame-")?.strip_suffix(".png")?.parse().ok()?;
        (number > num_frames && name == frame_name(number)).then_some(number)
    };
    let entries = std::fs::read_dir(folder).ok()?;
    let numbers = entries.filter_map(|entry| number(entry.ok()?.file_name().to_str()?));
    numbers.min().map(frame_name)
}

/// Writes an animation. `produce` is called with a function that takes the frames in order. One file is written whole or not at all;
/// a folder's files are written one by one. In a folder, each file has its frame's record. A GIF (as a comment, in ASCII) and an
/// animated PNG have the record of the first frame.
pub fn write_animation(
    path: &Path,
    settings: &AnimationSettings,
    produce: &mut dyn FnMut(&mut PushFrame<'_>) -> io::Result<()>,
) -> Result<(), WriteError> {
    match settings.format {
        AnimationFormat::Gif => write_whole(path, |out| gif_frames(out, settings, produce)),
        AnimationFormat::Apng => write_whole(path, |out| apng_frames(out, settings, produce)),
        AnimationFormat::Frames => {
            std::fs::create_dir_all(path).map_err(|e| WriteError::new(e, path))?;
            let mut number = 0;
            let mut failed = None;
            let produced = produce(&mut |frame| {
                number += 1;
                let path = path.join(frame_name(number));
                let written = match frame.made {
                    Some((title, record)) => write_figure(&path, frame.pixels, title, record),
                    None => write_png(&path, frame.pixels),
                };
                written.map_err(|error| {
                    failed = Some(error);
                    io::Error::other("a frame was not written")
                })
            });
            match (failed, produced) {
                (Some(error), _) => Err(error),
                (None, Err(error)) => Err(WriteError::new(error, path)),
                (None, Ok(())) => Ok(()),
            }
        }
    }
}

fn gif_frames(
    out: &mut impl Write,
    settings: &AnimationSettings,
    produce: &mut dyn FnMut(&mut PushFrame<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let side = |side: u32| {
        u16::try_from(side).map_err(|_| io::Error::other("a GIF has at most 65535 pixels a side"))
    };
    let (width, height) = (side(settings.width)?, side(settings.height)?);
    let plain = |error: gif::EncodingError| match error {
        gif::EncodingError::Io(error) => error,
        other => io::Error::other(other),
    };
    let mut palette = settings.palette.clone();
    let mut encoder = gif::Encoder::new(out, width, height, &palette.bytes()).map_err(plain)?;
    encoder.set_repeat(gif::Repeat::Infinite).map_err(plain)?;
    let mut is_first = true;
    produce(&mut |frame| {
        check(frame.pixels, settings)?;
        if let Some((_, record)) = frame.made.filter(|_| is_first) {
            let comment = ascii_json(&record.to_json().map_err(io::Error::other)?);
            encoder
                .write_raw_extension(gif::Extension::Comment.into(), &[comment.as_bytes()])
                .map_err(plain)?;
        }
        is_first = false;
        let indices: Vec<u8> =
            frame.pixels.rgba().as_chunks::<4>().0.iter().map(|pixel| palette.index(*pixel)).collect();
        let frame = gif::Frame {
            delay: settings.delay_cs,
            width,
            height,
            buffer: indices.into(),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).map_err(plain)
    })
}

fn apng_frames(
    out: &mut impl Write,
    settings: &AnimationSettings,
    produce: &mut dyn FnMut(&mut PushFrame<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let plain = |error: png::EncodingError| match error {
        png::EncodingError::IoError(error) => error,
        other => io::Error::other(other),
    };
    let mut encoder = png::Encoder::new(out, settings.width, settings.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_animated(settings.num_frames, 0).map_err(plain)?;
    encoder.set_frame_delay(settings.delay_cs, 100).map_err(plain)?;
    // The header has the first frame's texts, so it is written with the first frame.
    let (mut waiting, mut writer) = (Some(encoder), None);
    produce(&mut |frame| {
        check(frame.pixels, settings)?;
        if let Some(mut encoder) = waiting.take() {
            if let Some((title, record)) = frame.made {
                add_texts(&mut encoder, &figure_texts(title, record)?)?;
            }
            writer = Some(encoder.write_header().map_err(plain)?);
        }
        let pixels = frame.pixels.rgba().as_chunks::<4>().0;
        let rgb: Vec<u8> = pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
        writer.as_mut().map_or(Ok(()), |writer| writer.write_image_data(&rgb).map_err(plain))
    })?;
    writer.map_or_else(
        || Err(io::Error::other("a moving picture without a frame")),
        |writer| writer.finish().map_err(plain),
    )
}

/// JSON with ASCII characters only, for a GIF's comment: other characters are written as JSON's `\uXXXX`.
fn ascii_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

fn check(frame: &Pixels, settings: &AnimationSettings) -> io::Result<()> {
    let is_right = frame.width() == settings.width && frame.height() == settings.height;
    if is_right {
        Ok(())
    } else {
        Err(io::Error::other("a frame of another size, which is a bug of this program"))
    }
}

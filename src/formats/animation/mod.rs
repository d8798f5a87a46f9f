//! Moving pictures: GIF, animated PNG, or a numbered PNG a frame, written as frames come.
//!
//! Owns the palette: a colour map has 256 steps, a GIF 256 colours in all, so the map gives some of its steps to ink, paper and marks;
//! the eye sees none missing, and nothing is dithered.

mod palette;

use std::io::{self, Write};
use std::path::Path;

use super::atomic::write_whole;
use super::png::{add_texts, figure_texts};
use super::{FigureRecord, WriteError, write_figure, write_png};
use crate::mosaic::Pixels;
pub use palette::Palette;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnimationFormat {
    /// One GIF, that begins again at its end.
    Gif,
    /// One animated PNG, in true colour, that begins again at its end.
    Apng,
    /// A folder of PNGs, `frame-00001.png` on.
    Frames,
}

/// Everything that holds for all frames.
#[derive(Clone, Debug)]
pub struct AnimationSettings {
    /// What is written.
    pub format: AnimationFormat,
    /// Columns of each frame.
    pub width: u32,
    /// Rows of each frame.
    pub height: u32,
    /// Frames there will be, exactly.
    pub num_frames: u32,
    /// Time of each frame, in hundredths of a second: a GIF knows nothing finer.
    pub delay_cs: u16,
    /// A GIF's colours.
    pub palette: Palette,
}

/// One frame.
#[derive(Clone, Copy)]
pub struct AnimationFrame<'a> {
    /// Its pixels, of the extent that all have.
    pub pixels: &'a Pixels,
    /// Title and record, where it shows what can be made again.
    pub made: Option<(&'a str, &'a FigureRecord)>,
}

/// A frame's way out.
pub type PushFrame<'a> = dyn FnMut(AnimationFrame<'_>) -> io::Result<()> + 'a;

/// Writes frames as `produce` pushes them: one file whole or not at all, or a folder's files one by one. A file of its own carries each
/// frame's record; a GIF (as a comment, in ASCII) and an animated PNG carry the first frame's.
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
                let path = path.join(format!("frame-{number:05}.png"));
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
    // The header has the first frame's texts, so it waits for that.
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

/// JSON in ASCII alone, as a GIF's comments are: other characters are written as JSON's `\uXXXX`.
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

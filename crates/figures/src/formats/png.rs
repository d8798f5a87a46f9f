//! Figures as PNG that contain a record of how they were made.
//!
//! One iTXt chunk with the keyword `filterscope` holds the whole record as JSON: one place to find it, one schema number, and UTF-8
//! for file names in any script. `Title`, `Software` and `Description` repeat what viewers and catalogues show. All text is
//! uncompressed and comes before the image data, so that other programs find it without decoding.

use std::{
    fs::File,
    io::{self, BufReader, Seek as _, Write},
    path::{Path, PathBuf},
};

use super::gif_text::first_comment;
use super::{BadRecord, FigureRecord, PngTextError, WriteError, read_text_chunks, write_atomically};
use crate::mosaic::Pixels;

/// The keyword of the text chunk with the record.
pub const RECORD_KEYWORD: &str = "filterscope";

/// Writes a picture without a record. An opaque picture is stored as RGB, any other as RGBA.
pub fn write_png(path: &Path, pixels: &Pixels) -> Result<(), WriteError> {
    write_atomically(path, |out| encode(out, pixels, &[]))
}

/// Writes a figure with its record; `title` is the title that viewers show.
///
/// # Errors
/// Those of writing. A record that [`read_record`] would refuse is refused here already, as [`WriteError::Other`].
pub fn write_figure(
    path: &Path,
    pixels: &Pixels,
    title: &str,
    record: &FigureRecord,
) -> Result<(), WriteError> {
    write_atomically(path, |out| encode(out, pixels, &figure_texts(title, record)?))
}

/// Writes a picture with texts, each with its keyword: for figures that are not made from one view, which [`read_record`] could restore.
///
/// # Errors
/// Those of writing.
pub fn write_png_with_texts(
    path: &Path,
    pixels: &Pixels,
    texts: &[(&str, String)],
) -> Result<(), WriteError> {
    write_atomically(path, |out| encode(out, pixels, texts))
}

/// The texts of a figure: title, program, description and record.
pub(super) fn figure_texts(title: &str, record: &FigureRecord) -> io::Result<[(&'static str, String); 4]> {
    Ok([
        ("Title", title.to_owned()),
        ("Software", record.program.clone()),
        ("Description", record.description()),
        (RECORD_KEYWORD, record.to_json().map_err(io::Error::other)?),
    ])
}

/// Adds texts with their keywords, before the pixels.
pub(super) fn add_texts<W: Write>(
    encoder: &mut png::Encoder<'_, W>,
    texts: &[(&str, String)],
) -> io::Result<()> {
    for (keyword, text) in texts {
        // A zero byte would end the text for other readers.
        let text = text.replace('\0', " ");
        let added = if *keyword != RECORD_KEYWORD && text.chars().all(|c| u32::from(c) < 256) {
            encoder.add_text_chunk((*keyword).to_owned(), text)
        } else {
            encoder.add_itxt_chunk((*keyword).to_owned(), text)
        };
        added.map_err(plain)?;
    }
    Ok(())
}

fn encode(out: &mut dyn Write, pixels: &Pixels, texts: &[(&str, String)]) -> io::Result<()> {
    let opaque = pixels.rgba().iter().skip(3).step_by(4).all(|alpha| *alpha == u8::MAX);
    let mut encoder = png::Encoder::new(out, pixels.width(), pixels.height());
    encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    add_texts(&mut encoder, texts)?;
    let mut writer = encoder.write_header().map_err(plain)?;
    if opaque {
        let rgb: Vec<u8> = pixels.rgba().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
        writer.write_image_data(&rgb).map_err(plain)?;
    } else {
        writer.write_image_data(pixels.rgba()).map_err(plain)?;
    }
    writer.finish().map_err(plain)
}

/// Keeps the system's own error if there is one, so that a full disk is reported as such.
fn plain(error: png::EncodingError) -> io::Error {
    match error {
        png::EncodingError::IoError(error) => error,
        other => io::Error::other(other),
    }
}

/// Why a figure's record was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadRecordError {
    /// The file could not be opened.
    #[error("cannot open the figure ({reason}): \"{}\"", .path.display())]
    Open {
        /// The system's error.
        reason: io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The file is not a valid PNG.
    #[error("{reason}: \"{}\"", .path.display())]
    Text {
        /// What is wrong with it.
        reason: PngTextError,
        /// The file.
        path: PathBuf,
    },
    /// A valid PNG without a record: this program didn't make it.
    #[error("no record in the picture; only figures that filterscope wrote have one: \"{}\"", .path.display())]
    NoRecord {
        /// The file.
        path: PathBuf,
    },
    /// The record is not valid.
    #[error("{reason}: \"{}\"", .path.display())]
    Bad {
        /// What is wrong with it.
        reason: BadRecord,
        /// The file.
        path: PathBuf,
    },
}

/// Reads the record of a figure: a PNG, or a GIF of this program, whose first comment it is. The file may come from anywhere, so sizes are limited, fields are checked and no pixel is decoded.
pub fn read_record(path: &Path) -> Result<FigureRecord, ReadRecordError> {
    let path_owned = || path.to_owned();
    // Opening a pipe would wait for the program at its other end.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(ReadRecordError::NoRecord { path: path_owned() });
    }
    let opened = |reason| ReadRecordError::Open { reason, path: path_owned() };
    let mut file = BufReader::new(File::open(path).map_err(opened)?);
    if let Some(comment) = first_comment(&mut file).map_err(opened)? {
        // Other programs write comments too.
        if !comment.starts_with("{\"schema\"") {
            return Err(ReadRecordError::NoRecord { path: path_owned() });
        }
        return FigureRecord::from_json(&comment)
            .map_err(|reason| ReadRecordError::Bad { reason, path: path_owned() });
    }
    file.rewind().map_err(opened)?;
    let chunks =
        read_text_chunks(file).map_err(|reason| ReadRecordError::Text { reason, path: path_owned() })?;
    let chunk = chunks
        .iter()
        .find(|chunk| chunk.keyword == RECORD_KEYWORD)
        .ok_or_else(|| ReadRecordError::NoRecord { path: path_owned() })?;
    FigureRecord::from_json(&chunk.text).map_err(|reason| ReadRecordError::Bad { reason, path: path_owned() })
}

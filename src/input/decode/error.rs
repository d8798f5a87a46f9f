//! What can be wrong with a picture file, in words that say what to do.

use image::error::UnsupportedErrorKind;
use image::{ImageError, ImageFormat};

use crate::tensor::{Remedied, Remedy, check_room};

/// A file that did not become a picture.
#[derive(Debug, thiserror::Error)]
#[error("{problem}: \"{place}\"")]
pub struct DecodeError {
    /// The path as it was given, or the name the bytes came under.
    pub place: String,
    /// What was wrong.
    pub problem: DecodeProblem,
}

/// What was wrong with a picture file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeProblem {
    /// Nothing at that path.
    #[error("no such file: check the path")]
    Missing,
    /// A folder where one picture was expected.
    #[error("a folder where a picture was expected: name a file in it")]
    Directory,
    /// A pipe, a device or a socket.
    #[error("not a regular file: save it to disk first")]
    NotAFile,
    /// The system refused.
    #[error("can't be read ({reason})")]
    Unreadable {
        /// The system's words.
        reason: String,
    },
    /// The system opens no more files.
    #[error("no more files can be opened ({reason})")]
    NoMoreFiles {
        /// The system's words.
        reason: String,
    },
    /// Zero bytes.
    #[error("the file is empty (0 bytes): copy or download it again")]
    Empty,
    /// More bytes than are read.
    #[error("a file of {bytes} bytes, more than the limit of {limit}: make it smaller")]
    FileTooLarge {
        /// Its length.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// Something recognised that isn't a picture this program decodes.
    #[error("{what}, not a picture this program decodes: {advice}")]
    Foreign {
        /// What it is.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Bytes that resemble nothing known.
    #[error(
        "not a kind of picture that is decoded: its first bytes match none of JPEG, PNG, GIF, BMP, TIFF, WebP, PNM, ICO and QOI; convert it to PNG"
    )]
    Unknown,
    /// A header that promises no pixel.
    #[error("a picture of {width}x{height} pixels has nothing to show")]
    NoPixels {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A side beyond the limit.
    #[error("{width}x{height} pixels, more than the limit of {limit} a side: scale it down first")]
    SideTooLong {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// Longest side allowed.
        limit: u32,
    },
    /// An area beyond the limit.
    #[error("{width}x{height} pixels, more than the limit of {limit} in all: scale it down first")]
    TooManyPixels {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// Pixels allowed.
        limit: u64,
    },
    /// Decoding would take more memory than allowed.
    #[error("decoding this {format} takes more than the limit of {limit} bytes: scale it down first")]
    TooMuchMemory {
        /// The file's format.
        format: &'static str,
        /// Bytes allowed.
        limit: u64,
    },
    /// The system has less memory than decoding takes.
    #[error("decoding this {format} takes another {bytes} bytes of memory, which are not there")]
    NoMemory {
        /// The file's format.
        format: &'static str,
        /// Bytes that were asked for.
        bytes: u64,
    },
    /// More passes over the picture than any encoder writes.
    #[error("a {format} of more than {limit} scans: save it anew")]
    TooManyScans {
        /// The file's format.
        format: &'static str,
        /// Scans allowed.
        limit: usize,
    },
    /// A decoder's panic: whose fault it was can't be known.
    #[error("a {format} on which the decoder gave up: convert it to PNG")]
    GaveUp {
        /// The file's format.
        format: &'static str,
    },
    /// Samples of which nobody says what black and white are.
    #[error("a {format} of {samples} samples, whose range is not known: save it with 8 or 16 bits a channel")]
    UnknownRange {
        /// The file's format.
        format: &'static str,
        /// Their depth and kind.
        samples: String,
    },
    /// The file ends before the picture does.
    #[error("a {format} that is cut off before its end: copy or download it again")]
    Truncated {
        /// The file's format.
        format: &'static str,
    },
    /// The bytes contradict their format.
    #[error("a damaged {format} ({reason}): copy or download it again")]
    Damaged {
        /// The file's format.
        format: &'static str,
        /// The decoder's words.
        reason: String,
    },
    /// A variant of a known format that isn't decoded.
    #[error("a {format} of a kind that is not decoded ({reason}): save it as an ordinary PNG")]
    Variant {
        /// The file's format.
        format: &'static str,
        /// The decoder's words.
        reason: String,
    },
}

impl Remedied for DecodeError {
    fn remedy(&self) -> Option<Remedy> {
        self.problem.remedy()
    }
}

impl Remedied for DecodeProblem {
    fn remedy(&self) -> Option<Remedy> {
        if let Self::NoMoreFiles { .. } = self {
            return Some(Remedy::AllowMoreFiles);
        }
        matches!(self, Self::NoMemory { .. }).then_some(Remedy::GiveMemory)
    }
}

impl DecodeProblem {
    /// Whether the system ran out of something, so that the file may be read at another time.
    pub fn is_shortage(&self) -> bool {
        matches!(self, Self::NoMemory { .. } | Self::NoMoreFiles { .. })
    }

    /// An error where a decoder's next so many bytes can't be had.
    pub(super) fn check_memory(format: &'static str, bytes: u64) -> Result<(), Self> {
        check_room(bytes).map_err(|_| Self::NoMemory { format, bytes })
    }

    /// Sorts a decoder's error: cut off, damaged, too large or not decoded.
    pub(super) fn of(format: ImageFormat, limit: u64, error: &ImageError) -> Self {
        let format = format_name(format);
        match error {
            ImageError::Limits(_) => Self::TooMuchMemory { format, limit },
            ImageError::Unsupported(e) => match e.kind() {
                UnsupportedErrorKind::Color(colour) => {
                    Self::Variant { format, reason: format!("colour type {colour:?}") }
                }
                UnsupportedErrorKind::GenericFeature(feature) => {
                    Self::Variant { format, reason: feature.clone() }
                }
                _ => Self::Variant { format, reason: e.to_string() },
            },
            // Decoders read from memory, so no system failed: the data end too early, or are not what they should be.
            ImageError::IoError(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => {
                Self::Damaged { format, reason: e.to_string() }
            }
            ImageError::IoError(_) => Self::Truncated { format },
            other if chain_says_end(other) => Self::Truncated { format },
            other => match innermost(other) {
                reason if reason.starts_with("CRC error") => {
                    Self::Damaged { format, reason: "its checksum is wrong".into() }
                }
                reason => Self::Damaged { format, reason },
            },
        }
    }
}

/// The name people know a format by.
pub(super) fn format_name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Png => "PNG",
        ImageFormat::Gif => "GIF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::WebP => "WebP",
        ImageFormat::Pnm => "PNM",
        ImageFormat::Ico => "Windows icon",
        ImageFormat::Qoi => "QOI",
        _ => "picture",
    }
}

/// Whether an error or one of its causes is the end of the data.
fn chain_says_end(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let text = error.to_string().to_lowercase();
        let io_end = error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::UnexpectedEof);
        let words = ["unexpected eof", "unexpected end", "failed to fill whole buffer"];
        if io_end || words.iter().any(|end| text.contains(end)) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The words of the last cause: the outer ones repeat the format, which our own sentence names.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

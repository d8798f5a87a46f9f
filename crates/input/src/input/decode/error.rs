//! Errors of picture files, with messages that say what to do.

use image::error::UnsupportedErrorKind;
use image::{ImageError, ImageFormat};

use crate::tensor::{Remedied, Remedy, check_room};

/// Why a file could not be decoded as a picture.
#[derive(Debug, thiserror::Error)]
#[error("{problem}: \"{place}\"")]
pub struct DecodeError {
    /// The path as it was given, or the name that came with the bytes.
    pub place: String,
    /// What is wrong.
    pub problem: DecodeProblem,
}

/// What is wrong with a picture file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeProblem {
    /// There is nothing at the path.
    #[error("no such file: check the path")]
    Missing,
    /// A folder where one picture was expected.
    #[error("a folder where a picture was expected: name a file in it")]
    Directory,
    /// A pipe, a device or a socket.
    #[error("not a regular file: save it to disk first")]
    NotAFile,
    /// The system refused access.
    #[error("can't be read ({reason})")]
    Unreadable {
        /// The system's error.
        reason: String,
    },
    /// The system doesn't let the program open more files.
    #[error("no more files can be opened ({reason})")]
    NoMoreFiles {
        /// The system's error.
        reason: String,
    },
    /// Zero bytes.
    #[error("the file is empty (0 bytes): copy or download it again")]
    Empty,
    /// The file has more bytes than are allowed.
    #[error("a file of {bytes} bytes, more than the limit of {limit}: make it smaller")]
    FileTooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// A known kind of file, but not a picture that this program decodes.
    #[error("{what}, not a picture this program decodes: {advice}")]
    Foreign {
        /// What kind of file it is.
        what: &'static str,
        /// What the user can do.
        advice: &'static str,
    },
    /// The first bytes match no known format.
    #[error(
        "not a kind of picture that is decoded: its first bytes match none of JPEG, PNG, GIF, BMP, TIFF, WebP, PNM, ICO and QOI; convert it to PNG"
    )]
    Unknown,
    /// According to its header, the picture has no pixels.
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
        /// The longest side allowed.
        limit: u32,
    },
    /// More pixels than are allowed.
    #[error("{width}x{height} pixels, more than the limit of {limit} in all: scale it down first")]
    TooManyPixels {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// How many pixels are allowed.
        limit: u64,
    },
    /// Decoding would take more memory than allowed.
    #[error("decoding this {format} takes more than the limit of {limit} bytes: scale it down first")]
    TooMuchMemory {
        /// The file's format.
        format: &'static str,
        /// How many bytes are allowed.
        limit: u64,
    },
    /// The system has too little memory for decoding.
    #[error("decoding this {format} takes another {bytes} bytes of memory, which are not there")]
    NoMemory {
        /// The file's format.
        format: &'static str,
        /// How many bytes were needed.
        bytes: u64,
    },
    /// More scans, that is passes over the picture, than any encoder writes.
    #[error("a {format} of more than {limit} scans: save it anew")]
    TooManyScans {
        /// The file's format.
        format: &'static str,
        /// How many scans are allowed.
        limit: usize,
    },
    /// The decoder panicked. Whether the file or the decoder is at fault isn't known.
    #[error("a {format} on which the decoder gave up: convert it to PNG")]
    GaveUp {
        /// The file's format.
        format: &'static str,
    },
    /// Samples without a known range: what is black and what is white isn't defined.
    #[error("a {format} of {samples} samples, whose range is not known: save it with 8 or 16 bits a channel")]
    UnknownRange {
        /// The file's format.
        format: &'static str,
        /// The samples' depth and kind.
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
        /// What is damaged, as the decoder says it.
        reason: String,
    },
    /// A variant of a known format that isn't decoded.
    #[error("a {format} of a kind that is not decoded ({reason}): save it as an ordinary PNG")]
    Variant {
        /// The file's format.
        format: &'static str,
        /// The variant, as the decoder says it.
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
    /// Whether the system ran out of something, so that the file could be read at another time.
    pub fn is_shortage(&self) -> bool {
        matches!(self, Self::NoMemory { .. } | Self::NoMoreFiles { .. })
    }

    /// An error if the decoder could not allocate this many bytes more.
    pub(super) fn check_memory(format: &'static str, bytes: u64) -> Result<(), Self> {
        check_room(bytes).map_err(|_| Self::NoMemory { format, bytes })
    }

    /// The problem that a decoder's error stands for: cut off, damaged, too large, or a variant that is not decoded.
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
            // Decoders read from memory, so this is not an error of the system: the data end too early, or are not what they should be.
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

/// A format's common name.
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

/// Whether an error or one of its causes is an unexpected end of the data.
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

/// The message of the innermost cause. The outer ones repeat the format, which our own message names already.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

//! Errors of reading a weight file, before any tensor is matched with a graph.

use crate::tensor::{NoRoom, Remedied, Remedy};

/// Larger files are refused before they are read. No backbone here has a tenth of this size.
pub(super) const MAX_FILE_BYTES: u64 = 4 << 30;

/// Why a weight file can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsFileError {
    /// The file doesn't exist or can't be read.
    #[error("can't read the weight file: {reason}: \"{origin}\"")]
    Unreadable {
        /// The system's error.
        reason: std::io::Error,
        /// Which file.
        origin: String,
    },
    /// The file is larger than the limit.
    #[error(
        "the weight file has {num_bytes} bytes, more than the {MAX_FILE_BYTES} that are read: \"{origin}\""
    )]
    TooLarge {
        /// Its size.
        num_bytes: u64,
        /// Which file.
        origin: String,
    },
    /// The file needs more memory than the program may use.
    #[error("no memory for the weight file: {reason}: \"{origin}\"")]
    NoRoom {
        /// How much is needed and how much there is.
        reason: NoRoom,
        /// Which file.
        origin: String,
    },
    /// The file is too short to have a header of any format.
    #[error("the weight file is empty or has no header ({num_bytes} bytes): \"{origin}\"")]
    Empty {
        /// Its size.
        num_bytes: usize,
        /// Which file.
        origin: String,
    },
    /// By its header, the file should have more bytes than it has.
    #[error(
        "the weight file is cut short, or a length in it is damaged: it promises more than the {num_bytes} bytes it has; get it again: \"{origin}\""
    )]
    CutShort {
        /// Its size.
        num_bytes: usize,
        /// Which file.
        origin: String,
    },
    /// A kind of file that is recognised but not supported.
    #[error("this is {kind}; {advice}: \"{origin}\"")]
    OtherKind {
        /// What it is.
        kind: String,
        /// What to do about it.
        advice: &'static str,
        /// Which file.
        origin: String,
    },
    /// An ONNX file where weights for a network were expected.
    #[error("this is an ONNX model, which brings its own network: \"{origin}\"")]
    Onnx {
        /// Which file.
        origin: String,
    },
    /// A supported kind of file with something in it that can't be read.
    #[error("this {kind} can't be read: {reason}: \"{origin}\"")]
    Broken {
        /// The kind of file.
        kind: &'static str,
        /// What is wrong in it.
        reason: String,
        /// Which file.
        origin: String,
    },
    /// The file has no known format.
    #[error(
        "this is no weight file of a kind that is read here (safetensors, PyTorch's .pth, Keras' .h5 or .keras): \"{origin}\""
    )]
    Unknown {
        /// Which file.
        origin: String,
    },
}

impl Remedied for WeightsFileError {
    fn remedy(&self) -> Option<Remedy> {
        if let Self::Onnx { .. } = self {
            return Some(Remedy::OpenOnnxAlone);
        }
        matches!(self, Self::NoRoom { .. }).then_some(Remedy::GiveMemory)
    }
}

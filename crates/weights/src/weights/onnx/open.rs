//! Opening an ONNX file, or one whose bytes are in memory, as a network.

use std::path::Path;

use super::net::{OnnxError, OnnxNet};
use super::network_of;
use crate::weights::tensor_file::TensorFile;

impl OnnxNet {
    /// Reads and converts a file, and the files next to it that hold its weights, if there are any.
    pub fn read(path: &Path) -> Result<Self, OnnxError> {
        Self::read_up_to(path, None)
    }

    /// Reads and converts a file up to the layer of this name or alias; with `None`, up to the file's own end.
    pub fn read_up_to(path: &Path, final_layer: Option<&str>) -> Result<Self, OnnxError> {
        let origin = path.display().to_string();
        network_of(TensorFile::read_bytes(path)?, path.parent(), origin, final_layer)
    }

    /// Converts a file whose bytes are in memory; `origin` names it in errors. Weights in other files can't be read.
    pub fn from_bytes(bytes: Vec<u8>, origin: impl Into<String>) -> Result<Self, OnnxError> {
        network_of(bytes, None, origin.into(), None)
    }

    /// Converts a file whose bytes are in memory, up to the layer of this name or alias.
    pub fn from_bytes_up_to(
        bytes: Vec<u8>,
        origin: impl Into<String>,
        final_layer: &str,
    ) -> Result<Self, OnnxError> {
        network_of(bytes, None, origin.into(), Some(final_layer))
    }
}

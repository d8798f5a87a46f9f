//! What stands in for `reading` in a build without the feature `onnx`: every file is refused with a sentence that says so.

use std::path::Path;

use super::error::OnnxProblem;
use super::net::{OnnxError, OnnxNet};

/// Refuses the file.
pub(super) fn network_of(
    _bytes: Vec<u8>,
    _folder: Option<&Path>,
    origin: String,
    _final_layer: Option<&str>,
) -> Result<OnnxNet, OnnxError> {
    Err(OnnxError::Problem { problem: OnnxProblem::NotBuilt, origin })
}

#[cfg(test)]
mod tests {
    use crate::weights::{OnnxNet, looks_like_onnx};

    #[test]
    fn an_onnx_file_is_refused_with_what_to_do() {
        // IR version 8 and the producer `a`.
        let bytes = b"\x08\x08\x12\x01a".to_vec();
        assert!(looks_like_onnx(&bytes));
        let error = OnnxNet::from_bytes(bytes, "net.onnx").map(drop).unwrap_err();
        assert_eq!(
            error.to_string(),
            "this build of filterscope reads no ONNX files; build it with the feature `onnx`: \"net.onnx\""
        );
    }
}

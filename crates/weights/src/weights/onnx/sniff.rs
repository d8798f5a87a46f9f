//! Recognising ONNX files by their first bytes.

/// Whether bytes begin like an ONNX file: with a small version number, followed by another of the model's fields.
pub fn looks_like_onnx(bytes: &[u8]) -> bool {
    let [0x08, version, next, ..] = bytes else { return false };
    (1..=32).contains(version) && matches!(next, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42 | 0x72)
}

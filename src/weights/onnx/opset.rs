//! ONNX' own operators: the newest set of them whose definitions were read, and what they are told by.

/// The newest opset whose definitions were read: onnx 1.23's.
pub(super) const MAX_OPSET: i64 = 28;

/// Whether a domain is ONNX' own.
pub(super) fn is_own(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

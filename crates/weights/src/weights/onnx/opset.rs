//! ONNX's own operators: the newest supported opset, and how the operators are recognised.

/// The newest supported opset, that of onnx 1.23.
pub(super) const MAX_OPSET: i64 = 28;

/// Whether a domain is ONNX's own.
pub(super) fn is_own(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

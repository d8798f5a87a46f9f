//! The newest supported opset of ONNX's own operators.

/// The newest supported opset, that of onnx 1.23.
pub(super) const MAX_OPSET: i64 = 28;

//! Which versions of the format and of its operators are supported.
//!
//! An operator keeps its name when its meaning changes; only the file's opset tells which meaning applies. So a file with an opset newer
//! than this program is refused as a whole: it doesn't show which of its operators have changed. The same holds for the format itself.
//! Meanings of older opsets are checked node by node (`checks`).
//!
//! Source: the release table and the operators' change log of onnx 1.23 (<https://onnx.ai/onnx/operators/>).

use super::proto::ModelProto;
use crate::weights::onnx::error::OnnxProblem;
use crate::weights::onnx::opset::MAX_OPSET;

/// Supported versions of the format, from the first one with opsets to that of onnx 1.23.
const IR_VERSIONS: std::ops::RangeInclusive<i64> = 3..=14;

/// Whether a domain is ONNX's own.
pub(super) fn is_own(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// The opset of ONNX's own operators, if the file names one. An error if it, or the format's version, isn't supported.
pub(super) fn opset_of(model: &ModelProto) -> Result<Option<i64>, OnnxProblem> {
    let ir = model.ir_version.unwrap_or_default();
    if !IR_VERSIONS.contains(&ir) {
        return Err(OnnxProblem::Version {
            what: "its format has IR version",
            got: ir,
            oldest: *IR_VERSIONS.start(),
            newest: *IR_VERSIONS.end(),
        });
    }
    let own = model.opset_import.iter().filter(|entry| is_own(&entry.domain)).map(|entry| entry.version);
    let mut versions: Vec<i64> = own.collect();
    versions.sort_unstable();
    versions.dedup();
    match versions[..] {
        [] => Ok(None),
        [version] if (1..=MAX_OPSET).contains(&version) => Ok(Some(version)),
        [version] => Err(OnnxProblem::Version {
            what: "its operators are of opset",
            got: version,
            oldest: 1,
            newest: MAX_OPSET,
        }),
        _ => Err(OnnxProblem::NoOpset("names several opsets of ONNX' operators")),
    }
}

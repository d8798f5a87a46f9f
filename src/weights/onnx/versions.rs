//! Which versions of the format and of its operators are known here.
//!
//! An operator keeps its name when its meaning changes; only the file's opset tells which one is meant. So a file of an opset that
//! came after this program is refused as a whole: which of its operators mean something else now can't be seen in it. The same holds
//! for the format itself. What older opsets meant is looked at node by node (`checks`).
//!
//! Source: the release table and the operators' change log of onnx 1.23 (<https://onnx.ai/onnx/operators/>).

use super::error::OnnxProblem;
use super::opset::{MAX_OPSET, is_own};
use super::proto::ModelProto;

/// Versions of the format: the first with opsets, and onnx 1.23's.
const IR_VERSIONS: std::ops::RangeInclusive<i64> = 3..=14;

/// The opset of ONNX' own operators, where the file names one.
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

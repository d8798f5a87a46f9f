//! Why an ONNX file can't be converted to a network.

use super::opset::MAX_OPSET;
use crate::tensor::{Remedied, Remedy, did_you_mean};

/// What is wrong in an ONNX file. The caller that opens the file adds its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxProblem {
    /// The file is not protobuf, or not that of a model.
    #[error("this is no ONNX model, or a damaged one: {0}")]
    NotOnnx(String),
    /// A length in the file reaches beyond its end: the file is cut, or the length is wrong.
    #[error("this ONNX model is cut short, or a length in it is damaged; get it again")]
    CutShort,
    /// The file is empty.
    #[error("the file is empty; get it again")]
    Empty,
    /// The number of a tensor's values doesn't fit its shape.
    #[error("the constant `{name}` is {claimed}, which takes {expected} bytes, and the file has {got}")]
    Size {
        /// The tensor.
        name: String,
        /// Its type and shape as the file says.
        claimed: String,
        /// Bytes that this takes, or that the number is too large.
        expected: String,
        /// Bytes that the file has for it.
        got: usize,
    },
    /// A tensor with a negative length along an axis.
    #[error("the constant `{name}` is {claimed}, and no side of a tensor is negative")]
    NegativeSide {
        /// The tensor.
        name: String,
        /// Its type and shape as the file says.
        claimed: String,
    },
    /// Weights are in a file next to the model, and the model's own location isn't known.
    #[error(
        "its weights lie in another file (`{0}`), which is not read; export it as one file (torch: `external_data=False`)"
    )]
    External(String),
    /// A constant is in a file next to the model, and that file is missing or not as the model says.
    #[error("the constant `{name}` lies in another file, `{location}`, {what}")]
    ExternalData {
        /// The constant.
        name: String,
        /// The file, as the model says.
        location: String,
        /// What is wrong.
        what: String,
    },
    /// The network's inputs are not one picture.
    #[error("{0}; a network for pictures has one input of N×3×H×W or N×H×W×3")]
    Input(String),
    /// An operation that isn't supported at all, or not in this form.
    #[error("`{op}` isn't supported{how} (node `{node}`)")]
    Unsupported {
        /// The operation.
        op: String,
        /// The form that isn't supported, with a space before it; empty if the operation isn't supported at all.
        how: String,
        /// The node.
        node: String,
    },
    /// A map is computed from a value that is no map.
    #[error("`{op}` isn't supported where its result goes back into maps (node `{node}`, used by `{user}`)")]
    Beyond {
        /// The operation whose result is no map.
        op: String,
        /// Its node.
        node: String,
        /// The node that uses the result.
        user: String,
    },
    /// A node reads a value that no earlier node gives.
    #[error(
        "the node `{node}` reads `{value}`, which nothing before it gives: its nodes are out of order or go in a circle, or it is nowhere in the file"
    )]
    Order {
        /// The node.
        node: String,
        /// What it reads.
        value: String,
    },
    /// A version that isn't supported.
    #[error("{what} {got}, and {oldest} to {newest} are known here")]
    Version {
        /// What has this version, in words.
        what: &'static str,
        /// The version.
        got: i64,
        /// The oldest supported version.
        oldest: i64,
        /// The newest supported version.
        newest: i64,
    },
    /// The file doesn't clearly say which opset its operators belong to.
    #[error("it {0}, so what they mean isn't known")]
    NoOpset(&'static str),
    /// An operation is in training mode, in which it gives other values than when the network is used.
    #[error(
        "`{op}` is in training mode (node `{node}`), so the network's values aren't those it gives in use"
    )]
    Training {
        /// The operation.
        op: String,
        /// Its node.
        node: String,
    },
    /// The input's element type is neither a float type nor UINT8.
    #[error("{0}; a network for pictures takes fractions, or UINT8, samples as they are")]
    InputType(String),
    /// A metadata property about the input's values has an invalid value.
    #[error("its metadata property `{name}` is `{value}`; expected {expected}")]
    Property {
        /// The property.
        name: &'static str,
        /// Its value.
        value: String,
        /// The values that are allowed, in words.
        expected: &'static str,
    },
    /// The file declares an output that no node gives.
    #[error("none of its nodes gives its output `{0}`")]
    NoOutput(String),
    /// The layer that was asked for as the final one doesn't exist.
    #[error("it has no layer `{asked}` to end at{}", nearest_or_why(.why, .nearest))]
    NoFinal {
        /// The name that was asked for.
        asked: String,
        /// Why there is no layer of this name, if that is known; otherwise empty.
        why: String,
        /// Similar names.
        nearest: Vec<String>,
    },
    /// A node contradicts the standard or the rest of the network.
    #[error("the node `{node}` ({op}) is malformed: {what}")]
    Malformed {
        /// The node.
        node: String,
        /// Its operation.
        op: String,
        /// What is wrong.
        what: String,
    },
    /// The file has something twice that it may have only once.
    #[error("{0}")]
    Twice(String),
    /// The file has sparse constants.
    #[error("it holds sparse constants, which are not read")]
    Sparse,
    /// The file exceeds a limit that no real network reaches.
    #[error("{0}")]
    TooMuch(String),
    /// The network has no feature maps.
    #[error("there is no layer of maps in it")]
    NoMaps,
    /// The program was built without the feature `onnx`.
    #[error("this build of filterscope reads no ONNX files; build it with the feature `onnx`")]
    NotBuilt,
}

fn nearest_or_why(why: &str, nearest: &[String]) -> String {
    match (why, nearest) {
        ("", []) => String::new(),
        ("", nearest) => did_you_mean(nearest),
        (why, _) => format!(": {why}"),
    }
}

#[cfg(feature = "onnx")]
impl OnnxProblem {
    /// Whether the problem is a single operation that isn't supported, so that nodes that don't depend on it can still be used.
    pub(super) fn is_of_operation(&self) -> bool {
        matches!(self, Self::Unsupported { .. } | Self::Beyond { .. })
    }
}

impl Remedied for OnnxProblem {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Version { .. } | Self::NoOpset(_) => {
                Some(Remedy::ExportForVersion { newest_opset: MAX_OPSET })
            }
            Self::Training { .. } => Some(Remedy::ExportForUse),
            Self::Property { name, .. } => Some(Remedy::CorrectProperty { name }),
            Self::NoFinal { .. } => Some(Remedy::NameFinalLayer),
            Self::NotOnnx(_)
            | Self::CutShort
            | Self::Empty
            | Self::Size { .. }
            | Self::NegativeSide { .. }
            | Self::External(_)
            | Self::ExternalData { .. }
            | Self::Input(_)
            | Self::Unsupported { .. }
            | Self::Beyond { .. }
            | Self::Order { .. }
            | Self::InputType(_)
            | Self::NoOutput(_)
            | Self::Malformed { .. }
            | Self::Twice(_)
            | Self::Sparse
            | Self::TooMuch(_)
            | Self::NoMaps
            | Self::NotBuilt => None,
        }
    }
}

//! Why an ONNX file gives no network here.

use super::opset::MAX_OPSET;
use crate::tensor::{Remedied, Remedy, did_you_mean};

/// What is wrong in an ONNX file; the file's name is added by who opens it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnnxProblem {
    /// No protobuf, or none of a model.
    #[error("this is no ONNX model, or a damaged one: {0}")]
    NotOnnx(String),
    /// A length in it reaches beyond its end: it is cut, or that length is wrong.
    #[error("this ONNX model is cut short, or a length in it is damaged; get it again")]
    CutShort,
    /// Nothing is in the file.
    #[error("the file is empty; get it again")]
    Empty,
    /// A tensor whose values don't fill it.
    #[error("the constant `{name}` is {claimed}, which takes {expected} bytes, and the file has {got}")]
    Size {
        /// The tensor.
        name: String,
        /// Its extent as the file says.
        claimed: String,
        /// Bytes for that, or that there is no such number.
        expected: String,
        /// Bytes there are.
        got: usize,
    },
    /// A tensor with a side below nought.
    #[error("the constant `{name}` is {claimed}, and no side of a tensor is negative")]
    NegativeSide {
        /// The tensor.
        name: String,
        /// Its extent as the file says.
        claimed: String,
    },
    /// Weights in a file beside it, and nobody knows where it lies itself.
    #[error(
        "its weights lie in another file (`{0}`), which is not read; export it as one file (torch: `external_data=False`)"
    )]
    External(String),
    /// A constant in a file beside the model that isn't there, or not as the model says.
    #[error("the constant `{name}` lies in another file, `{location}`, {what}")]
    ExternalData {
        /// The constant.
        name: String,
        /// The file, as the model says.
        location: String,
        /// What is wrong.
        what: String,
    },
    /// Inputs that are no picture.
    #[error("{0}; a network for pictures has one input of N×3×H×W or N×H×W×3")]
    Input(String),
    /// An operation that isn't supported, or not in this way.
    #[error("`{op}` isn't supported{how} (node `{node}`)")]
    Unsupported {
        /// The operation.
        op: String,
        /// In which form, with a blank before it; empty if in none.
        how: String,
        /// The node.
        node: String,
    },
    /// A map that is computed from what a map network doesn't follow.
    #[error("`{op}` isn't supported where its result goes back into maps (node `{node}`, used by `{user}`)")]
    Beyond {
        /// The operation that left the maps.
        op: String,
        /// Its node.
        node: String,
        /// Who uses it.
        user: String,
    },
    /// A node that reads what isn't there.
    #[error(
        "the node `{node}` reads `{value}`, which nothing before it gives: its nodes are out of order or go in a circle, or it is nowhere in the file"
    )]
    Order {
        /// The node.
        node: String,
        /// What it reads.
        value: String,
    },
    /// A version that isn't known.
    #[error("{what} {got}, and {oldest} to {newest} are known here")]
    Version {
        /// Of what, in words.
        what: &'static str,
        /// The version.
        got: i64,
        /// The first known.
        oldest: i64,
        /// The last known.
        newest: i64,
    },
    /// It doesn't say what its operators mean.
    #[error("it {0}, so what they mean isn't known")]
    NoOpset(&'static str),
    /// An operation that does something else than when the network is used.
    #[error(
        "`{op}` is in training mode (node `{node}`), so the network's values aren't those it gives in use"
    )]
    Training {
        /// The operation.
        op: String,
        /// Its node.
        node: String,
    },
    /// Whole numbers of another range than samples have.
    #[error("{0}; a network for pictures takes fractions, or UINT8, samples as they are")]
    InputType(String),
    /// Something that the file says of its input's values, and that isn't one.
    #[error("its metadata property `{name}` is `{value}`; expected {expected}")]
    Property {
        /// The property.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        expected: &'static str,
    },
    /// A result that is promised and not given.
    #[error("none of its nodes gives its output `{0}`")]
    NoOutput(String),
    /// A final layer that isn't there.
    #[error("it has no layer `{asked}` to end at{}", nearest_or_why(.why, .nearest))]
    NoFinal {
        /// What was asked for.
        asked: String,
        /// Why there is none of that name, where that is known.
        why: String,
        /// Names that resemble it.
        nearest: Vec<String>,
    },
    /// Something of a node that contradicts the standard or the rest of the network.
    #[error("the node `{node}` ({op}) is malformed: {what}")]
    Malformed {
        /// The node.
        node: String,
        /// Its operation.
        op: String,
        /// What is wrong.
        what: String,
    },
    /// Something that a file has once is in it again, otherwise.
    #[error("{0}")]
    Twice(String),
    /// Constants of which only some places are written down.
    #[error("it holds sparse constants, which are not read")]
    Sparse,
    /// More than any network has.
    #[error("{0}")]
    TooMuch(String),
    /// Nothing to look at.
    #[error("there is no layer of maps in it")]
    NoMaps,
}

fn nearest_or_why(why: &str, nearest: &[String]) -> String {
    match (why, nearest) {
        ("", []) => String::new(),
        ("", nearest) => did_you_mean(nearest),
        (why, _) => format!(": {why}"),
    }
}

impl OnnxProblem {
    /// Whether it is one operation that isn't understood, so that what doesn't come of it is as it was.
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
            | Self::NoMaps => None,
        }
    }
}

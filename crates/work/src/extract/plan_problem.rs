//! Why a run can't be planned.

use crate::engine::EngineError;
use crate::features::FeatureFormat;
use crate::tensor::{Remedied, Remedy, shown};

/// Why a run can't be planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanProblem {
    /// A format that this build leaves out.
    #[error("this build of filterscope can't write {format}; build it with the feature `{feature}`")]
    NotBuilt {
        /// The format.
        format: FeatureFormat,
        /// The feature that it needs.
        feature: &'static str,
    },
    /// A power of generalised-mean pooling that is no number from 1 to a hundred or so.
    #[error("pooling by a generalised mean needs a power from 1 to {most}, got {power}")]
    GemPower {
        /// The power.
        power: f64,
        /// The largest that is allowed.
        most: f64,
    },
    /// A layer that is named twice for one network: its features would be written twice under one name.
    #[error("{tag}: the layer `{layer}` is named twice")]
    LayerTwice {
        /// The network.
        tag: &'static str,
        /// The layer.
        layer: String,
    },
    /// No picture is selected.
    #[error("no picture is selected: the data set has {num_rows} usable rows, the last is row {last}")]
    NothingSelected {
        /// How many rows the data set has.
        num_rows: usize,
        /// Number of the last row.
        last: usize,
    },
    /// Maps of different sizes can't be in one array.
    #[error("pictures keep their own sizes, so their maps may differ in size and don't fit one {format}")]
    SizesVary {
        /// The format.
        format: FeatureFormat,
    },
    /// Two columns whose names the format can't distinguish.
    #[error(
        "the columns `{}` and `{}` would have one name in {format}: rename one",
        shown(.columns.0.as_str()),
        shown(.columns.1.as_str())
    )]
    SameName {
        /// The columns.
        columns: (String, String),
        /// The format.
        format: FeatureFormat,
    },
    /// A column with a name that the format itself uses for something else.
    #[error("the column `{}` would have the name of what is no column in {format}: rename it", shown(.column))]
    OwnName {
        /// The column.
        column: String,
        /// The format.
        format: FeatureFormat,
    },
    /// A column whose name contains NUL: many readers would see only the part before it.
    #[error(
        "the name of the column `{}` has a zero character (NUL), where many readers take it to end: rename it",
        shown(.column)
    )]
    ZeroInName {
        /// The column.
        column: String,
    },
    /// Values other than 0 to 255 were asked for a network that takes samples as they are.
    #[error(
        "{tag} takes samples as they are, from 0 to 255 (its input is UINT8), and `{asked}` makes other values of them"
    )]
    TakesBytes {
        /// The network.
        tag: &'static str,
        /// The preprocessing that was asked for.
        asked: String,
    },
    /// The input doesn't fit the network.
    #[error("{tag}: {reason}")]
    Engine {
        /// The network.
        tag: &'static str,
        /// The engine's error.
        reason: Box<EngineError>,
    },
}

impl Remedied for PlanProblem {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::SizesVary { .. } => Some(Remedy::OneSize),
            Self::SameName { .. } | Self::OwnName { .. } | Self::NotBuilt { .. } => Some(Remedy::OtherFormat),
            Self::Engine { reason, .. } => reason.remedy(),
            Self::NothingSelected { .. } => Some(Remedy::SelectOthers),
            Self::ZeroInName { .. }
            | Self::TakesBytes { .. }
            | Self::GemPower { .. }
            | Self::LayerTwice { .. } => None,
        }
    }
}

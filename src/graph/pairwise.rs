//! Values of several maps put together place by place.

use serde::Serialize;

use super::shape_error::{ShapeError, channels_must_be};
use crate::tensor::MapShape;

/// What is made of values at one place, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PairFn {
    /// Their sum, where maps needn't be of one shape.
    Sum,
    /// The first less the others.
    Difference,
    /// Their product.
    Product,
    /// The first divided by the others.
    Quotient,
    /// The largest; NaN if any is.
    Largest,
    /// The smallest; NaN if any is.
    Smallest,
}

/// Maps of one shape put together place by place. One that has a single channel, row or column where others have more is repeated, as
/// in ONNX and torch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pairwise {
    /// What is made of two values.
    pub function: PairFn,
    /// Channels that come out.
    pub channels: usize,
}

impl PairFn {
    /// What a node is called that does it.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Difference => "difference",
            Self::Product => "product",
            Self::Quotient => "quotient",
            Self::Largest => "maximum",
            Self::Smallest => "minimum",
        }
    }
}

impl Pairwise {
    /// What comes out of maps that can be put together.
    pub(super) fn shape(self, node: &str, inputs: &[MapShape]) -> Result<MapShape, ShapeError> {
        let largest = |side: fn(&MapShape) -> usize| inputs.iter().map(side).max().unwrap_or(0);
        let all = MapShape::new(largest(|s| s.channels), largest(|s| s.height), largest(|s| s.width));
        let fits = |one: usize, all: usize| one == all || one == 1;
        let odd = inputs.iter().find(|shape| {
            let MapShape { channels, height, width } = **shape;
            !(fits(channels, all.channels) && fits(height, all.height) && fits(width, all.width))
        });
        match odd {
            Some(odd) => {
                // The largest may itself be the odd one: then another is named beside it.
                let first = inputs.iter().find(|shape| *shape != odd).copied().unwrap_or(all);
                Err(ShapeError::Branches { node: node.into(), first, other: *odd })
            }
            None => channels_must_be(node, self.channels, all.channels).map(|()| all),
        }
    }
}

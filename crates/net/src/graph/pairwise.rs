//! Operations that combine several maps position by position.

use serde::Serialize;

use super::shape_error::{ShapeError, channels_must_be};
use crate::tensor::MapShape;

/// How the values of all inputs at one position are combined. Inputs are taken in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PairFn {
    /// Their sum. Unlike with `Op::Add`, the maps may differ in shape.
    Sum,
    /// The first minus the others.
    Difference,
    /// Their product.
    Product,
    /// The first divided by the others.
    Quotient,
    /// The largest value; NaN if any value is NaN.
    Largest,
    /// The smallest value; NaN if any value is NaN.
    Smallest,
}

/// Combines maps position by position. A map with a single channel, row or column where others have more is repeated in that
/// direction (broadcast), as in ONNX and torch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pairwise {
    /// How values are combined.
    pub function: PairFn,
    /// Number of output channels.
    pub channels: usize,
}

impl PairFn {
    /// Name of the operation, for lists of nodes.
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
    /// Shape of the output, or an error if the shapes of the inputs can't be combined.
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
                // The odd shape may be that of the first input; then the error names another input's shape next to it.
                let first = inputs.iter().find(|shape| *shape != odd).copied().unwrap_or(all);
                Err(ShapeError::Branches { node: node.into(), first, other: *odd })
            }
            None => channels_must_be(node, self.channels, all.channels).map(|()| all),
        }
    }
}

//! Values of several maps put together place by place.

use serde::Serialize;

use super::graph::Node;
use super::receptive_field::ReceptiveField;
use super::shape::{NodeInfo, ShapeError};
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
    pub(super) fn shape(self, node: &Node, inputs: &[NodeInfo]) -> Result<MapShape, ShapeError> {
        let largest = |side: fn(MapShape) -> usize| inputs.iter().map(|i| side(i.shape)).max().unwrap_or(0);
        let all = MapShape::new(largest(|s| s.channels), largest(|s| s.height), largest(|s| s.width));
        let fits = |one: usize, all: usize| one == all || one == 1;
        let odd = inputs.iter().find(|i| {
            let MapShape { channels, height, width } = i.shape;
            !(fits(channels, all.channels) && fits(height, all.height) && fits(width, all.width))
        });
        match odd {
            Some(odd) => {
                // The largest may itself be the odd one: then another is named beside it.
                let first = inputs.iter().find(|i| i.shape != odd.shape).map_or(all, |i| i.shape);
                Err(ShapeError::Branches { node: node.name.clone(), first, other: odd.shape })
            }
            None => super::shape::channels_must_be(&node.name, self.channels, all.channels).map(|()| all),
        }
    }

    /// What a position sees: all that those of the maps see; a value that is the same for a whole map moves nothing in it.
    pub(super) fn field(inputs: &[NodeInfo], out: MapShape) -> ReceptiveField {
        let of_places = inputs.iter().filter(|i| i.shape.plane() == out.plane());
        of_places.map(|i| i.receptive_field).reduce(ReceptiveField::union).unwrap_or(ReceptiveField::Whole)
    }
}

//! Operations that transformers add to a graph: patches as a row of tokens, and attention among tokens.
//!
//! A row of tokens is a map with a single row, `[C, 1, tokens]`, so layer norms and linear layers work on it unchanged.

use serde::Serialize;

use super::param::ParamRole;
use super::shape_error::{ShapeError, channels_must_be};
use crate::tensor::MapShape;

/// How patches become tokens: a class token first, then registers, then the patches row by row with their position embeddings
/// added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// Channels of each token.
    pub channels: usize,
    /// Rows and columns of the grid of patches. There are position embeddings for this grid only.
    pub grid: [usize; 2],
    /// Registers after the class token.
    pub registers: usize,
    /// Whether the class token has a position embedding too. Where there are registers it has none (timm's `no_embed_class`).
    pub class_has_position: bool,
}

impl Tokens {
    /// Number of tokens before the first patch.
    pub const fn num_before(&self) -> usize {
        1 + self.registers
    }

    /// Number of all tokens.
    pub const fn num_tokens(&self) -> usize {
        self.num_before() + self.grid[0] * self.grid[1]
    }

    /// Shape of the row of tokens that a grid of patches becomes.
    pub(super) fn row(&self, node: &str, from: MapShape) -> Result<MapShape, ShapeError> {
        channels_must_be(node, self.channels, from.channels)?;
        let [rows, columns] = self.grid;
        if (from.height, from.width) != (rows, columns) {
            let (got_rows, got_columns) = (from.height, from.width);
            return Err(ShapeError::Grid { node: node.into(), rows, columns, got_rows, got_columns });
        }
        Ok(MapShape::new(self.channels, 1, self.num_tokens()))
    }

    /// Shape of the grid that the patches of a row of tokens become.
    pub(super) fn grid_of(&self, node: &str, from: MapShape) -> Result<MapShape, ShapeError> {
        channels_must_be(node, self.channels, from.channels)?;
        let shape = MapShape::new(self.channels, self.grid[0], self.grid[1]);
        if (from.height, from.width) != (1, self.num_tokens()) {
            return Err(ShapeError::Branches { node: node.into(), first: shape, other: from });
        }
        Ok(shape)
    }

    pub(super) fn params(&self) -> Vec<(ParamRole, Vec<usize>)> {
        let positions = self.grid[0] * self.grid[1] + usize::from(self.class_has_position);
        let mut params = vec![(ParamRole::ClassToken, vec![1, 1, self.channels])];
        if self.registers > 0 {
            params.push((ParamRole::Registers, vec![1, self.registers, self.channels]));
        }
        params.push((ParamRole::Positions, vec![1, positions, self.channels]));
        params
    }
}

/// `softmax(QKᵀ / √d) V`, separately in each head. The input's channels are all queries, then all keys, then all values; each of
/// the three holds one head after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// Number of output channels: a third of the input's.
    pub channels: usize,
    /// Number of heads. Each has an equal share of the channels, which must be a multiple of sixteen.
    pub heads: usize,
}

impl Attention {
    /// Number of channels of a head, `d`.
    pub const fn head_channels(&self) -> usize {
        self.channels / self.heads
    }

    pub(super) fn shape(&self, node: &str, from: MapShape) -> Result<MapShape, ShapeError> {
        channels_must_be(node, 3 * self.channels, from.channels)?;
        let channels = self.head_channels();
        if !channels.is_multiple_of(16) || channels * self.heads != self.channels {
            return Err(ShapeError::Heads { node: node.into(), channels });
        }
        Ok(MapShape::new(self.channels, from.height, from.width))
    }
}

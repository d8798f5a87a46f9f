//! Why a picture can't go through a network: shapes that don't fit, and the node where this shows.

use super::resize::MAX_SIDE;
use crate::tensor::{MapShape, PixelSize, Remedied, Remedy};

/// Shapes that don't fit, with the node where this shows.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShapeError {
    /// A window larger than the map, border included.
    #[error(
        "input {input} is too small for this network: at `{node}` a {kernel_rows}×{kernel_columns} window meets a \
         {height}×{width} map"
    )]
    TooSmall {
        /// The picture's size.
        input: PixelSize,
        /// Name of the node.
        node: String,
        /// Window rows.
        kernel_rows: usize,
        /// Window columns.
        kernel_columns: usize,
        /// Rows of the map, without border.
        height: usize,
        /// Columns of the map, without border.
        width: usize,
    },
    /// A convolution or norm made for another number of channels.
    #[error("`{node}` is made for {expected} channels but gets {got}")]
    Channels {
        /// Name of the node.
        node: String,
        /// Channels of the operation.
        expected: usize,
        /// Channels that come in.
        got: usize,
    },
    /// Inputs of one node whose shapes should agree and don't.
    #[error("the inputs of `{node}` don't fit together: {first} and {other}")]
    Branches {
        /// Name of the node.
        node: String,
        /// The first input's shape.
        first: MapShape,
        /// The one that differs.
        other: MapShape,
    },
    /// An average pool in ceil mode that counts its border. Where the border and the extra cells of ceil mode meet, torch divides
    /// neither by the window's size nor by the number of cells inside the map, so this isn't supported.
    #[error(
        "`{0}` is a mean that counts its border in ceil mode, which isn't supported; one that leaves the border out is"
    )]
    CeilMean(String),
    /// A grid of patches of a size for which there are no position embeddings.
    #[error(
        "`{node}` knows the positions of {rows}×{columns} patches and gets {got_rows}×{got_columns}: this network takes pictures of \
         its own size only"
    )]
    Grid {
        /// Name of the node.
        node: String,
        /// Rows of patches that have position embeddings.
        rows: usize,
        /// Columns of patches that have position embeddings.
        columns: usize,
        /// Rows that come in.
        got_rows: usize,
        /// Columns that come in.
        got_columns: usize,
    },
    /// A slice with channels that the map doesn't have.
    #[error("`{node}` takes channels {first} to {last}, and {channels} come in")]
    Range {
        /// Name of the node.
        node: String,
        /// First channel of the slice.
        first: usize,
        /// Last channel of the slice.
        last: usize,
        /// Channels that come in.
        channels: usize,
    },
    /// A number of groups that doesn't divide the number of channels.
    #[error("`{node}` shuffles {channels} channels in {groups} groups")]
    Groups {
        /// Name of the node.
        node: String,
        /// Channels that come in.
        channels: usize,
        /// Number of groups.
        groups: usize,
    },
    /// A size that no map may have.
    #[error("`{node}` resizes a {from} map to nothing or to more than {MAX_SIDE} rows or columns")]
    Resized {
        /// Name of the node.
        node: String,
        /// Shape of the map that comes in.
        from: MapShape,
    },
    /// Attention heads that don't consist of whole blocks of sixteen channels.
    #[error("the heads of `{node}` have {channels} channels each, which isn't a multiple of sixteen")]
    Heads {
        /// Name of the node.
        node: String,
        /// Channels of a head.
        channels: usize,
    },
}

impl Remedied for ShapeError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::TooSmall { .. } => Some(Remedy::LargerInput),
            Self::Grid { .. } => Some(Remedy::OwnInputSize),
            Self::Channels { .. }
            | Self::Branches { .. }
            | Self::CeilMean(_)
            | Self::Range { .. }
            | Self::Groups { .. }
            | Self::Resized { .. }
            | Self::Heads { .. } => None,
        }
    }
}

/// Returns an error if `node` gets another number of channels than it is made for.
pub(super) fn channels_must_be(node: &str, expected: usize, got: usize) -> Result<(), ShapeError> {
    if expected == got { Ok(()) } else { Err(ShapeError::Channels { node: node.into(), expected, got }) }
}

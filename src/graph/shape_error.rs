//! Why a picture doesn't go through a network: shapes that don't fit, and at which node.

use super::resize::MAX_SIDE;
use crate::tensor::{MapShape, PixelSize, Remedied, Remedy};

/// Shapes that don't fit, with the node where it shows.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ShapeError {
    /// A window larger than the map, border included.
    #[error(
        "input {input} is too small for this network: at `{node}` a {kernel_rows}×{kernel_columns} window meets a \
         {height}×{width} map"
    )]
    TooSmall {
        /// The picture's size.
        input: PixelSize,
        /// Where.
        node: String,
        /// Window rows.
        kernel_rows: usize,
        /// Window columns.
        kernel_columns: usize,
        /// Rows there are.
        height: usize,
        /// Columns there are.
        width: usize,
    },
    /// A convolution or norm made for another number of channels.
    #[error("`{node}` is made for {expected} channels but gets {got}")]
    Channels {
        /// Where.
        node: String,
        /// Channels of the operation.
        expected: usize,
        /// Channels that come in.
        got: usize,
    },
    /// Branches that should have one extent and don't.
    #[error("the inputs of `{node}` don't fit together: {first} and {other}")]
    Branches {
        /// Where.
        node: String,
        /// The first input's shape.
        first: MapShape,
        /// The one that differs.
        other: MapShape,
    },
    /// What torch divides by where both borders meet is neither the window nor what is inside the map.
    #[error(
        "`{0}` is a mean that counts its border in ceil mode, which isn't supported; one that leaves the border out is"
    )]
    CeilMean(String),
    /// Patches of a grid that there are no positions for.
    #[error(
        "`{node}` knows the positions of {rows}×{columns} patches and gets {got_rows}×{got_columns}: this network takes pictures of \
         its own size only"
    )]
    Grid {
        /// Where.
        node: String,
        /// Rows of patches.
        rows: usize,
        /// Columns of patches.
        columns: usize,
        /// Rows that come in.
        got_rows: usize,
        /// Columns that come in.
        got_columns: usize,
    },
    /// Channels that the map doesn't have.
    #[error("`{node}` takes channels {first} to {last}, and {channels} come in")]
    Range {
        /// Where.
        node: String,
        /// The first.
        first: usize,
        /// The last.
        last: usize,
        /// Channels that come in.
        channels: usize,
    },
    /// Groups that channels can't be seen as.
    #[error("`{node}` shuffles {channels} channels in {groups} groups")]
    Groups {
        /// Where.
        node: String,
        /// Channels that come in.
        channels: usize,
        /// Groups.
        groups: usize,
    },
    /// A size that no map may have.
    #[error("`{node}` resizes a {from} map to nothing or to more than {MAX_SIDE} rows or columns")]
    Resized {
        /// Where.
        node: String,
        /// What comes in.
        from: MapShape,
    },
    /// A head that isn't made of whole blocks of channels.
    #[error("the heads of `{node}` have {channels} channels each, which isn't a multiple of sixteen")]
    Heads {
        /// Where.
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

/// Refuses another number of channels than `node` is made for.
pub(super) fn channels_must_be(node: &str, expected: usize, got: usize) -> Result<(), ShapeError> {
    if expected == got { Ok(()) } else { Err(ShapeError::Channels { node: node.into(), expected, got }) }
}

//! Errors of a request for a mosaic.

use super::{Grid, limits::MAX_SIDE};
use crate::tensor::Remedied;
use crate::tensor::counted;

/// Why a mosaic, a figure or a sheet was not made. Unknown names have their own errors, next to the code that parses them.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MosaicError {
    /// A layer, a choice of channels or a picture without a single value.
    #[error("nothing to show: {what} is empty")]
    Empty {
        /// What is empty.
        what: String,
    },
    /// Pictures that aren't one for each panel.
    #[error("{got} pictures on a sheet of {}: expected one picture, or one for each panel", counted(*.expected, "panel"))]
    PictureCount {
        /// Panels of the sheet.
        expected: usize,
        /// Pictures that were given.
        got: usize,
    },
    /// A grid that doesn't hold every channel.
    #[error("grid {grid} holds {capacity} tiles, but there are {num_tiles} channels; take {needed} or larger", capacity = .grid.capacity())]
    GridTooSmall {
        /// The grid that was asked for.
        grid: Grid,
        /// Channels to show.
        num_tiles: usize,
        /// The smallest grid with the requested number of rows that holds them.
        needed: Grid,
    },
    /// A scale of zero pixels per value.
    #[error("scale must be at least 1 pixel per value, got 0")]
    ZeroScale,
    /// A picture that no viewer would open.
    #[error(
        "{what} would be {width}×{height} pixels; the limit is {MAX_SIDE} a side and 2 GiB in all, so lower the scale or the gap"
    )]
    TooLarge {
        /// What was to be made.
        what: String,
        /// Its columns.
        width: u64,
        /// Its rows.
        height: u64,
    },
    /// An order that names a channel that isn't there.
    #[error("order of tiles: expected channels below {num_channels}, got {channel}")]
    NoSuchChannel {
        /// The channel that was named.
        channel: usize,
        /// Channels of the layer.
        num_channels: usize,
    },
    /// An order that names a channel twice.
    #[error("order of tiles: channel {channel} stands twice")]
    ChannelTwice {
        /// The channel.
        channel: usize,
    },
    /// Statistics that belong to another layer.
    #[error("statistics of {got} channels for a layer of {expected}")]
    StatsMismatch {
        /// Channels of the layer.
        expected: usize,
        /// Channels that the statistics describe.
        got: usize,
    },
    /// Bytes that don't fill the picture they were given for.
    #[error("{what} of {width}×{height} pixels: expected {expected} bytes, got {got}")]
    ByteCount {
        /// What the bytes were meant to be.
        what: String,
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// Bytes that the size needs.
        expected: usize,
        /// Bytes that were given.
        got: usize,
    },
}

impl Remedied for MosaicError {}

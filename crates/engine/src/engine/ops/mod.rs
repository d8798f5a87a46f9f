//! Operations of the CPU executor on channel-blocked maps. One kernel per operation serves all instruction sets.
//!
//! A kernel is written once over [`lanes::Lanes`] and compiled for each [`Level`]. This is the only part of the program with
//! `unsafe`.
#![expect(
    clippy::inline_always,
    reason = "only what is inlined into a level's entry is compiled for the level"
)]

mod cores;
mod depthwise;
mod direct;
mod elementwise;
mod grouped;
mod lanes;
mod layer_norm;
mod level;
mod lrn;
mod maps;
mod pairwise;
mod peak;
mod place;
mod pool;
mod resize;
mod scratch;
#[cfg(test)]
mod tests;
mod tile;
mod tokens;
mod window;
mod winograd;

pub(super) use cores::Cores;
pub(super) use depthwise::{PackedDepthwise, depthwise};
use direct::bias_cells;
pub(super) use direct::{ConvInput, Epilogue, PackedDense, convolve};
pub(super) use elementwise::{activate, activate_in_place, add, affine, gate, prelu};
pub(super) use grouped::{PackedGroups, grouped};
pub(super) use lanes::PixelBlock;
pub(super) use layer_norm::{PackedLayerNorm, layer_norm};
pub use level::{Level, LevelError};
pub(super) use lrn::lrn;
pub(super) use maps::{BLOCK, Extent, Maps, MapsMut};
pub(super) use pairwise::pairwise;
pub(super) use peak::peak_flops;
pub(super) use place::{bordered, bordered_planar, concat, pick_channels};
pub(super) use pool::{avg_pool, global_avg_pool, global_max_pool, max_pool};
pub(super) use resize::resize;
pub(super) use scratch::Workspace;
pub(super) use tokens::{PackedTokens, attention, token_grid, tokens};
pub(super) use window::Window;
pub(super) use winograd::{PackedWinograd, TileSize, winograd};

//! Operations of the CPU executor on channel-blocked maps, one kernel each for all instruction sets.
//!
//! A kernel is written once over [`lanes::Lanes`] and compiled for each [`Level`]. The only part of the program with `unsafe`.
#![expect(
    clippy::inline_always,
    reason = "only what is inlined into a level's entry is compiled for the level"
)]

mod blocked;
mod depthwise;
mod direct;
mod elementwise;
mod lanes;
mod level;
mod peak;
mod place;
mod pool;
#[cfg(test)]
mod tests;

pub(super) use blocked::{BLOCK, Blocked, Buffers};
pub(super) use depthwise::{PackedDepthwise, depthwise};
pub(super) use direct::{PackedDense, Window, convolve, grouped};
pub(super) use elementwise::{activate, add, affine, gate};
pub(super) use lanes::Cell;
pub use level::{Level, LevelError};
pub(super) use peak::peak_flops;
pub(super) use place::{bordered, concat};
pub(super) use pool::{avg_pool, global_avg_pool, max_pool};

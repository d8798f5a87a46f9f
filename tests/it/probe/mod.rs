//! Which network represents the data best: the numbers of `probe`, and the real binary from features to scores.

mod data;
mod kept;
mod matrix;
mod stored;

//! All integration tests, in one binary that links once.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "tests fail by panicking; clippy.toml does not reach helper functions here"
)]

mod cli;
mod dataset;
mod engine;
mod formats;
mod house;
mod input;
mod models;
mod mosaic;
mod parity;
mod support;
mod weights;
#[cfg(feature = "gui")]
mod window;

//! All integration tests, in one binary that links once.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::case_sensitive_file_extension_comparisons,
    unreachable_pub,
    reason = "tests fail by panicking and name files themselves; tables of cases are long"
)]

mod animate;
mod both_engines;
mod cli;
mod dataset;
mod engine;
mod examples;
mod extract;
mod formats;
mod house;
mod input;
mod jpeg;
#[cfg(unix)]
mod limits;
mod models;
mod mosaic;
mod onnx;
mod orders;
mod parity;
mod probe;
mod second_opinion;
mod similarity;
mod support;
mod taps;
#[cfg(unix)]
mod terminal;
mod weights;
#[cfg(feature = "gui")]
mod window;

//! All integration tests, in one binary that links once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking; clippy.toml does not reach helper functions here"
)]

mod formats;
mod mosaic;
mod support;

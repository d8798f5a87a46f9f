//! Helpers for all tests: fixtures, generated weights, the real binary.

pub mod binary;
pub mod golden;
pub mod hashweights;
pub mod npy;
pub mod server;

use std::path::PathBuf;

/// The crate's root folder, with `weights/`, `assets/` and `tests/fixtures/`.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The path of a file in `tests/fixtures/`.
pub fn fixture(path: &str) -> PathBuf {
    root().join("tests/fixtures").join(path)
}

//! What several tests share: fixtures, generated weights, the real binary.

pub mod binary;
pub mod golden;
pub mod hashweights;
pub mod npy;
pub mod server;

use std::path::PathBuf;

/// The crate's root, where `weights/`, `assets/` and `tests/fixtures/` lie.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A file under `tests/fixtures/`.
pub fn fixture(path: &str) -> PathBuf {
    root().join("tests/fixtures").join(path)
}

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

/// A head whose description was changed, with the hash that fits it, as somebody would write it who keeps to the format.
pub fn resealed_head(file: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let (_, header) = safetensors::SafeTensors::read_metadata(file).unwrap();
    let about = header.metadata().as_ref().unwrap()["filterscope_head"].clone();
    let said: serde_json::Value = serde_json::from_str(&about).unwrap();
    let before = said["numbers_sha256"].as_str().unwrap().to_owned();
    let tensors = safetensors::SafeTensors::deserialize(file).unwrap();
    let mut hash = Sha256::new();
    hash.update(about.replacen(&before, "", 1));
    for name in ["hidden.weight", "hidden.intercept", "weight", "intercept"] {
        if let Ok(tensor) = tensors.tensor(name) {
            hash.update(tensor.data());
        }
    }
    let now = filterscope::tensor::hex(&hash.finalize());
    let at = file.windows(64).position(|part| part == before.as_bytes()).unwrap();
    let mut sealed = file.to_vec();
    sealed[at..at + 64].copy_from_slice(now.as_bytes());
    sealed
}

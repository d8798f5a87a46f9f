//! Hashes of features: one for each feature, and one over all features of a set.

use sha2::{Digest, Sha256};

use crate::tensor::hex;

/// Bytes of a SHA-256 hash.
pub(super) const DIGEST_BYTES: u64 = 32;

/// The hash over all of a set's features: the SHA-256 over the SHA-256 of each feature, in order. It can be computed from the
/// features in whatever format they are stored, and also from parts that hold only hashes.
#[derive(Clone, Debug, Default)]
pub(super) struct ValuesHash(Sha256);

impl ValuesHash {
    /// Adds a feature's own hash.
    pub(super) fn add_digest(&mut self, digest: &[u8]) {
        self.0.update(digest);
    }

    /// Adds a feature, by its bytes.
    pub(super) fn add(&mut self, values: &[u8]) {
        self.add_digest(&digest(values));
    }

    /// In hexadecimal.
    pub(super) fn hex(self) -> String {
        hex(&self.0.finalize())
    }
}

/// SHA-256 of a feature's bytes.
pub(super) fn digest(values: &[u8]) -> [u8; DIGEST_BYTES as usize] {
    Sha256::digest(values).into()
}

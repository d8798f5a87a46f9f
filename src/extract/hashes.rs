//! Hashes of features, one of each and one over all of a set.

use sha2::{Digest, Sha256};

use crate::tensor::hex;

/// Bytes of a SHA-256.
pub(super) const DIGEST_BYTES: u64 = 32;

/// The hash over all of a set's features: SHA-256 over the SHA-256 of each, in order. It can be taken from where the features lie, in
/// whatever format, and from parts that hold hashes only.
#[derive(Clone, Debug, Default)]
pub(super) struct ValuesHash(Sha256);

impl ValuesHash {
    /// Adds a feature's own hash.
    pub(super) fn add_digest(&mut self, digest: &[u8]) {
        self.0.update(digest);
    }

    /// Adds a feature.
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

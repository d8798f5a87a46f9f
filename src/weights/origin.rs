//! Where weights came from, as far as it is known of a file once its tensors are bound.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::tensor::hex;

/// Where weights came from.
#[derive(Debug)]
pub struct WeightsOrigin {
    pub(super) name: String,
    pub(super) carried: Option<&'static [u8]>,
    pub(super) sha256: OnceLock<String>,
    /// What the file says it was made from, believed or not.
    pub(super) said_source: Option<String>,
    pub(super) source_sha256: Option<String>,
    pub(super) part: Option<String>,
    pub(super) is_averaged: bool,
}

impl WeightsOrigin {
    /// The path, or the name of carried bytes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the program carries them, so that they are those its ports were compared with.
    pub fn is_carried(&self) -> bool {
        self.carried.is_some()
    }

    /// Sha256 of the whole file, lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| hex(&Sha256::digest(self.carried.unwrap_or_default())))
    }

    /// Sha256 of the file that an imported copy was made from, where the copy is as it was made.
    pub fn source_sha256(&self) -> Option<&str> {
        self.source_sha256.as_deref()
    }

    /// Believes what the file says it was made from: somebody else knows that it is as it was made.
    pub fn believe_source(&mut self) {
        self.source_sha256.clone_from(&self.said_source);
    }

    /// Whether they are averaged weights, by what they are called in the file.
    pub fn is_averaged(&self) -> bool {
        self.is_averaged
    }

    /// Where in the file the tensors' names begin: dictionaries and a prefix, `state_dict.backbone`. Of an imported copy, where in
    /// the file that it was made from.
    pub fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }
}

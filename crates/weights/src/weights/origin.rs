//! Where bound weights came from. This is kept after the tensors of a file are bound.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::tensor::hex;

/// Where weights came from.
#[derive(Debug)]
pub struct WeightsOrigin {
    pub(super) name: String,
    pub(super) carried: Option<&'static [u8]>,
    pub(super) sha256: OnceLock<String>,
    /// Sha256 of the source as an imported copy states it, whether it is trusted or not.
    pub(super) said_source: Option<String>,
    pub(super) source_sha256: Option<String>,
    pub(super) part: Option<String>,
    pub(super) is_averaged: bool,
}

impl WeightsOrigin {
    /// The path of the file, or the name of embedded bytes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the weights are embedded in the program, so that they are those that its networks were compared with.
    pub fn is_carried(&self) -> bool {
        self.carried.is_some()
    }

    /// Sha256 of the whole file, lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| hex(&Sha256::digest(self.carried.unwrap_or_default())))
    }

    /// Sha256 of the file that an imported copy was made from, if the copy's values are unchanged or the statement is trusted.
    pub fn source_sha256(&self) -> Option<&str> {
        self.source_sha256.as_deref()
    }

    /// Trusts the source that the file states: the caller knows that the copy is unchanged.
    pub fn believe_source(&mut self) {
        self.source_sha256.clone_from(&self.said_source);
    }

    /// Whether they are averaged weights (EMA), by their names in the file.
    pub fn is_averaged(&self) -> bool {
        self.is_averaged
    }

    /// The path of the network's tensors in the file: dictionaries and a name prefix, such as `state_dict.backbone`. For an imported copy,
    /// the path in the file that it was made from.
    pub fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }
}

//! What a server says of a file before it is fetched.

use crate::tensor::WeightSource;

/// A file that can be fetched.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What was asked for.
    pub source: WeightSource,
    /// The address.
    pub url: String,
    /// Who answers there.
    pub host: String,
    /// Its size, if the server says.
    pub num_bytes: Option<u64>,
    /// The server's name for this content, without quotes.
    pub etag: Option<String>,
    /// The repository's commit, on the hub.
    pub commit: Option<String>,
}

impl Offer {
    /// Sha256 as the server gives it: the hub's etag of a large file.
    pub fn sha256(&self) -> Option<&str> {
        let is_hash = |tag: &&str| tag.len() == 64 && tag.bytes().all(|b| b.is_ascii_hexdigit());
        match self.source {
            WeightSource::Hub { .. } => self.etag.as_deref().filter(is_hash),
            WeightSource::Https { .. } => None,
        }
    }

    /// Md5 as the publisher gives it.
    pub fn md5(&self) -> Option<&'static str> {
        match self.source {
            WeightSource::Hub { .. } => None,
            WeightSource::Https { md5, .. } => md5,
        }
    }
}

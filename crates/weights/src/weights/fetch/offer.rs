//! What a server says about a file before it is downloaded.

use crate::tensor::WeightSource;

/// A file that can be downloaded, with what the server says about it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The source that was requested.
    pub source: WeightSource,
    /// The file's URL.
    pub url: String,
    /// The server's host.
    pub host: String,
    /// The file's size, if the server says it.
    pub num_bytes: Option<u64>,
    /// The server's identifier (etag) of this content, without quotes.
    pub etag: Option<String>,
    /// The repository's commit; the hub sends it.
    pub commit: Option<String>,
}

impl Offer {
    /// The sha256 that the server gives: for a large file on the hub, its etag. `None` for other files.
    pub fn sha256(&self) -> Option<&str> {
        let is_hash = |tag: &&str| tag.len() == 64 && tag.bytes().all(|b| b.is_ascii_hexdigit());
        match self.source {
            WeightSource::Hub { .. } => self.etag.as_deref().filter(is_hash),
            WeightSource::Https { .. } => None,
        }
    }

    /// The md5 that the publisher gives, if there is one.
    pub fn md5(&self) -> Option<&'static str> {
        match self.source {
            WeightSource::Hub { .. } => None,
            WeightSource::Https { md5, .. } => md5,
        }
    }
}

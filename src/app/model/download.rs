//! Weights that a server has: how far asking for their size and fetching them is.
//!
//! Owns what is known of downloads. What came stays where the hub's cache wants it, so that a download that was called off, or the
//! window closed over it, goes on from there.

use std::collections::BTreeMap;

use crate::engine::CancelToken;
use crate::models::ModelSpec;
use crate::weights::fetch::{Client, FetchOptions, Offer, Progress};

/// How far a download is.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// The server was asked.
    Asking,
    /// It has this; bytes that are here from an earlier time.
    Offered(Offer, u64),
    /// Bytes are coming.
    Fetching(Offer, Progress, CancelToken),
    /// Why not.
    Failed(String),
}

/// What a person may ask of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DownloadRequest {
    /// Ask the server again.
    Ask,
    /// Fetch what it offers.
    Fetch,
    /// Stop; what came is kept.
    Stop,
}

/// What a thread has to say.
#[derive(Clone, Debug)]
pub(crate) enum DownloadNews {
    /// What the server answered.
    Asked(Result<Offer, String>),
    /// How far it is.
    At(Progress),
    /// All is here.
    Done,
    /// Called off, with so many bytes kept.
    Stopped(Offer, u64),
    /// It came to nothing.
    Failed(String),
}

/// All downloads of this window.
pub(crate) struct Downloads {
    pub(crate) options: FetchOptions,
    pub(crate) by_tag: BTreeMap<&'static str, Stage>,
}

impl Downloads {
    pub(crate) fn new(options: FetchOptions) -> Self {
        Self { options, by_tag: BTreeMap::new() }
    }

    /// The address of a model's file, and the file's name.
    pub(crate) fn by_hand(&self, spec: &ModelSpec) -> Option<(String, &'static str)> {
        let source = spec.download()?;
        Some((Client::new(self.options.clone()).url(source), source.file_name()))
    }
}

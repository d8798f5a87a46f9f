//! Downloads of weights: how far the request for their size, and the download itself, have come.
//!
//! Owns the state of downloads. Received bytes stay in the hub's cache, so that a download can be resumed after it was cancelled or
//! after the window was closed.

use std::collections::BTreeMap;

use crate::engine::CancelToken;
use crate::models::ModelSpec;
use crate::weights::fetch::{Client, FetchOptions, Offer, Progress};

/// The state of a download.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// The server has been asked and has not answered.
    Asking,
    /// What the server offers, and how many bytes of it are already here from a download that was stopped.
    Offered(Offer, u64),
    /// The download is running.
    Fetching(Offer, Progress, CancelToken),
    /// It failed, for this reason.
    Failed(String),
}

/// What the user can request of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DownloadRequest {
    /// Ask the server again.
    Ask,
    /// Download what it offers.
    Fetch,
    /// Stop; the bytes received are kept.
    Stop,
}

/// What a download thread reports.
#[derive(Clone, Debug)]
pub(crate) enum DownloadNews {
    /// The server's answer to the request for its offer, or why there is none.
    Asked(Result<Offer, String>),
    /// Progress of the download.
    At(Progress),
    /// The download is complete.
    Done,
    /// Cancelled; this many bytes are kept.
    Stopped(Offer, u64),
    /// It failed, for this reason.
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

    /// The address of a model's weight file and the file's name, to download it by hand; none if no server has it.
    pub(crate) fn by_hand(&self, spec: &ModelSpec) -> Option<(String, &'static str)> {
        let source = spec.download()?;
        Some((Client::new(self.options.clone()).url(source), source.file_name()))
    }
}

//! The client, through which callers ask for files and download them.

use std::ops::ControlFlow;

use super::Http;
use super::error::FetchError;
use super::offer::Offer;
use super::options::FetchOptions;
use super::outcome::{Fetched, Progress};
use crate::tensor::WeightSource;
use crate::weights::folders::Folders;

/// Client that requests weight files from servers.
#[derive(Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    /// A client; proxies are taken from `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    pub fn new(options: FetchOptions) -> Self {
        Self { http: Http::new(options) }
    }

    /// The URL of a source, to request it and to show it to the user.
    pub fn url(&self, source: WeightSource) -> String {
        self.http.options.url(source)
    }

    /// Requests a file's size, checksum and commit without downloading it.
    pub fn ask(&self, source: WeightSource) -> Result<Offer, FetchError> {
        self.http.ask(source)
    }

    /// Downloads an offer to its place in `folders`. `tell` is called after each block and may cancel the download; the bytes received
    /// so far are kept and the next download resumes there.
    pub fn fetch(
        &self,
        offer: &Offer,
        tag: &str,
        folders: &Folders,
        tell: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Fetched, FetchError> {
        self.http.fetch(offer, tag, folders, tell)
    }
}

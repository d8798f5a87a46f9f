//! Downloads of weights: a small client for the Hugging Face hub and for files on web servers.
//!
//! Responsible for the transfer, the checks and storing a download in a cache: a download that was cut is resumed, the file is
//! compared with the checksum of the server or the publisher, and it gets its final name only when it is complete. Must not know about
//! models or the user interface: what to download is given as a [`WeightSource`](crate::tensor::WeightSource), and progress is
//! reported through a callback.
//!
//! Only `http` and `transfer` know the HTTP library; without the feature `fetch`, `absent` stands in for them and refuses every download.

#[cfg(not(feature = "fetch"))]
mod absent;
mod blocks;
mod client;
mod error;
#[cfg(feature = "fetch")]
mod http;
mod offer;
mod options;
mod outcome;
mod record;
#[cfg(feature = "fetch")]
mod transfer;

#[cfg(feature = "fetch")]
use http::Http;

#[cfg(not(feature = "fetch"))]
use absent::NoHttp as Http;

pub use blocks::md5_of;
pub use client::Client;
pub use error::FetchError;
pub use offer::Offer;
pub use options::FetchOptions;
pub use outcome::{Fetched, Progress};
pub use record::{FileRecord, read_record, remove_record, write_record};

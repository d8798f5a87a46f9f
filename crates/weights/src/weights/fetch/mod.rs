//! Downloads of weights: a small client for the Hugging Face hub and for files on web servers.
//!
//! Responsible for the transfer, the checks and storing a download in a cache: a download that was cut is resumed, the file is
//! compared with the checksum of the server or the publisher, and it gets its final name only when it is complete. Must not know about
//! models or the user interface: what to download is given as a [`WeightSource`](crate::tensor::WeightSource), and progress is
//! reported through a callback.

mod client;
mod error;
mod offer;
mod record;
mod transfer;

pub use client::{Client, FetchOptions};
pub use error::FetchError;
pub use offer::Offer;
pub use record::{FileRecord, read_record, remove_record, write_record};
pub use transfer::{Fetched, Progress, md5_of};

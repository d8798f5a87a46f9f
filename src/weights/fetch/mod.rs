//! Downloads of weights: a small client for the Hugging Face hub and for files on web servers.
//!
//! Owns the wire, the checks and the way a download comes to lie in a cache: resumed where it was cut, compared with what the server
//! or the publisher says of it, and under its name only when it is whole. Must not know models or people; what to fetch comes in
//! as a [`WeightSource`](crate::tensor::WeightSource), progress goes out through a function.

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

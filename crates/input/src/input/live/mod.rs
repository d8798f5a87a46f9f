//! Pictures that keep arriving: raw frames from a stream, and a folder that grows.
//!
//! Owns the threads that wait for them; reports by calling a plain closure. Must know nothing of networks or windows.

mod folder;
mod frames;

pub use folder::{FolderWatch, Grown};
pub use frames::{Feed, FeedEnd, Frame};

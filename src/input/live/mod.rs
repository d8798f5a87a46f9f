//! Pictures that go on coming: raw frames from a stream, a folder that grows.
//!
//! Owns the threads that wait for them; tells by a plain closure. Must know nothing of networks or windows.

mod folder;
mod frames;

pub use folder::{FolderWatch, Grown};
pub use frames::{Feed, FeedEnd, Frame};

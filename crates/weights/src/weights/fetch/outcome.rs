//! What a caller is told of a download: how far it is, and the finished file.

use std::path::PathBuf;

use super::record::FileRecord;

/// Progress of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are on the disk.
    pub have: u64,
    /// Size of the whole file, if the server says it.
    pub total: Option<u64>,
}

/// A finished download.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Path of the file.
    pub path: PathBuf,
    /// The file's record.
    pub record: FileRecord,
}

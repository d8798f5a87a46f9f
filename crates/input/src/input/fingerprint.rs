//! Fingerprints of pictures: they show whether the bytes at a place are still those that were read.
//!
//! Owns the hash and the time that are compared. They find accidents and replacements, not tampering. Must not know what they are
//! used for.

use std::fs::Metadata;
use std::hash::Hasher as _;
use std::io::{self, Read};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

/// How many bytes are read at once.
const CHUNK: usize = 1 << 18;

/// The fingerprint of a picture's bytes when they were read: size, time of the last change, hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64, u64)", into = "(u64, u64, u64)")]
pub struct Fingerprint {
    /// What is known of the file without reading it.
    pub state: FileState,
    /// XXH64 of the bytes.
    pub xxh64: u64,
}

/// What the system says about a picture's file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileState {
    /// Size of the picture in bytes.
    pub num_bytes: u64,
    /// When the file was last changed or moved to its place, in nanoseconds since 1970, as precisely as the system keeps it.
    pub time_ns: u64,
}

impl Fingerprint {
    /// The fingerprint of bytes that were read from a file in the given state.
    pub(super) fn new(bytes: &[u8], state: FileState) -> Self {
        Self {
            state: FileState { num_bytes: bytes.len() as u64, ..state },
            xxh64: XxHash64::oneshot(0, bytes),
        }
    }
}

impl From<(u64, u64, u64)> for Fingerprint {
    fn from((num_bytes, time_ns, xxh64): (u64, u64, u64)) -> Self {
        Self { state: FileState { num_bytes, time_ns }, xxh64 }
    }
}

impl From<Fingerprint> for (u64, u64, u64) {
    fn from(known: Fingerprint) -> Self {
        (known.state.num_bytes, known.state.time_ns, known.xxh64)
    }
}

impl FileState {
    /// The state of a file with this metadata.
    pub fn of(metadata: &Metadata) -> Self {
        Self { num_bytes: metadata.len(), time_ns: time_ns(metadata) }
    }
}

/// The later of the times of modification and of status change: a copy may keep the modification time of its original.
#[cfg(unix)]
fn time_ns(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let placed = metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec());
    modified_ns(metadata).max(u64::try_from(placed).unwrap_or(0))
}

#[cfg(not(unix))]
fn time_ns(metadata: &Metadata) -> u64 {
    modified_ns(metadata)
}

fn modified_ns(metadata: &Metadata) -> u64 {
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    modified.duration_since(UNIX_EPOCH).map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
}

/// The hash of what a file holds.
pub(super) fn hash_of(mut file: impl Read) -> io::Result<u64> {
    let mut hash = XxHash64::with_seed(0);
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hash.finish()),
            Ok(num) => hash.write(chunk.get(..num).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_at_once_and_in_pieces_has_one_hash() {
        let bytes: Vec<u8> = (0..3 * CHUNK as u32 + 7).map(|at| (at * 31 % 251) as u8).collect();
        let known = Fingerprint::new(&bytes, FileState { num_bytes: 0, time_ns: 5 });
        assert_eq!(known.state, FileState { num_bytes: bytes.len() as u64, time_ns: 5 });
        assert_eq!(hash_of(&*bytes).unwrap(), known.xxh64);
        let text = serde_json::to_string(&known).unwrap();
        assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), known);
    }
}

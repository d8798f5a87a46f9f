//! What is known about a stored weight file, in a small JSON file next to it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The record of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The file's sha256 when it was stored.
    pub sha256: String,
    /// The file's size.
    pub num_bytes: u64,
    /// Where it came from: a URL or a file name.
    pub source: String,
    /// The checksum it was compared with: `sha256` from the server, `md5` from the publisher, or none.
    pub checked: Option<String>,
    /// Sha256 of the file that an imported copy was made from. Older records don't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_sha256: Option<String>,
}

fn place(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".json");
    name.into()
}

/// Writes the record of the file at `path`, next to it.
pub fn write_record(path: &Path, record: &FileRecord) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(record)?;
    text.push('\n');
    std::fs::write(place(path), text)
}

/// The record of a file, if there is a readable one.
pub fn read_record(path: &Path) -> Option<FileRecord> {
    serde_json::from_str(&std::fs::read_to_string(place(path)).ok()?).ok()
}

/// Removes the record of a file, if there is one.
pub fn remove_record(path: &Path) {
    // An error means that there is no record; then there is nothing to do.
    drop(std::fs::remove_file(place(path)));
}

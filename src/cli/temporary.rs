//! A folder for features that nobody asked to keep. It is removed with its content when it is dropped.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Names that are tried.
const MOST_TRIES: u32 = 1000;

#[derive(Debug)]
pub(super) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// Makes a folder that wasn't there.
    pub(super) fn new() -> anyhow::Result<Self> {
        let base = std::env::temp_dir();
        for number in 0..MOST_TRIES {
            let folder = base.join(format!("filterscope-probe-{}-{number}", std::process::id()));
            match std::fs::create_dir(&folder) {
                Ok(()) => return Ok(Self(folder)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("can't make a folder: \"{}\"", folder.display()));
                }
            }
        }
        anyhow::bail!("can't make a folder whose name is free: \"{}\"", base.display())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What can't be removed is left to the system, which cleans its temporary files.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

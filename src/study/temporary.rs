//! A folder for features that nobody asked to keep.

use anyhow::Context as _;
use tempfile::TempDir;

/// Makes a folder that is removed with its content when it is dropped.
///
/// # Errors
/// If the system's folder for temporary files can't be written to.
pub(crate) fn temporary_folder() -> anyhow::Result<TempDir> {
    tempfile::Builder::new()
        .prefix("filterscope-")
        .tempdir()
        .with_context(|| format!("can't make a temporary folder in \"{}\"", std::env::temp_dir().display()))
}

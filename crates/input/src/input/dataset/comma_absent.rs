//! Stands in for comma.ai's data sets in a build without HDF5: opening one is refused.

use std::path::Path;

use super::DatasetError;
use super::source::Source;

/// Refuses to open a camera file or a folder of them.
pub(super) fn open_comma(path: &Path) -> Result<Box<dyn Source>, DatasetError> {
    let reason = "this build of filterscope has no HDF5, which comma.ai's data sets are in; build it with the feature `hdf5`";
    Err(DatasetError::Unreadable { reason: reason.to_owned(), path: path.to_owned() })
}

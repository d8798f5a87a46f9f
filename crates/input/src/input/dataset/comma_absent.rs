//! Stands in for comma.ai's data sets in a build without HDF5: opening one is refused, so there are no frames to read.

use std::path::Path;

use super::DatasetError;
use super::source::Source;
use crate::input::decode::{DecodeError, Picture};
use crate::input::fingerprint::{FileState, Fingerprint};

/// Refuses to open a camera file or a folder of them.
pub(super) fn open_comma(path: &Path) -> Result<Box<dyn Source>, DatasetError> {
    let reason = "this build of filterscope has no HDF5, which comma.ai's data sets are in; build it with the feature `hdf5`";
    Err(DatasetError::Unreadable { reason: reason.to_owned(), path: path.to_owned() })
}

/// An open file with frames. This build can't open one.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum NoFrames {}

impl NoFrames {
    pub(super) fn path(&self) -> &Path {
        match *self {}
    }

    pub(super) fn state(&self) -> std::io::Result<FileState> {
        match *self {}
    }

    pub(super) fn hash(&self, _index: u64) -> std::io::Result<u64> {
        match *self {}
    }

    pub(super) fn load(&self, _index: u64) -> Result<Picture, DecodeError> {
        match *self {}
    }

    pub(super) fn load_known(&self, _index: u64) -> Result<(Picture, Fingerprint), DecodeError> {
        match *self {}
    }
}

//! Stands in for files of frames in a build without HDF5, which can't open one.

use std::path::Path;

use crate::input::decode::{DecodeError, Picture};
use crate::input::fingerprint::{FileState, Fingerprint};

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

//! Where the parts of a file lie in it.

use std::ops::Range;

use bytes::Bytes;

use super::external_data::ExternalData;

/// Where the file's bytes are, so that a part of them knows its place; and those in files beside it.
#[derive(Clone, Copy)]
pub(super) struct FileBytes<'a> {
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) external: &'a ExternalData<'a>,
}

impl FileBytes<'_> {
    /// A part's place in the file.
    pub(super) fn range_of(self, part: &Bytes) -> Option<Range<usize>> {
        let start = (part.as_ptr() as usize).checked_sub(self.start)?;
        let range = start..start.checked_add(part.len())?;
        (range.end <= self.len).then_some(range)
    }
}

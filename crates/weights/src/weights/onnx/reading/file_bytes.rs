//! Positions of parts of a file.

use std::ops::Range;

use bytes::Bytes;

use super::external_data::ExternalData;

/// Where the file's bytes are in memory, so that the position of a part can be computed; and the data in files next to it.
#[derive(Clone, Copy)]
pub(super) struct FileBytes<'a> {
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) external: &'a ExternalData<'a>,
}

impl FileBytes<'_> {
    /// The range of a part in the file; `None` if it isn't a part of the file's bytes.
    pub(super) fn range_of(self, part: &Bytes) -> Option<Range<usize>> {
        let start = (part.as_ptr() as usize).checked_sub(self.start)?;
        let range = start..start.checked_add(part.len())?;
        (range.end <= self.len).then_some(range)
    }
}

//! Scratch memory of operations.

use super::lanes::PixelBlock;

/// Memory that grows when needed and records how much of it was used.
#[derive(Debug, Default)]
pub(in crate::engine) struct Workspace {
    cells: Vec<PixelBlock>,
    used: usize,
}

impl Workspace {
    /// The first `len` cells, with arbitrary contents.
    pub(in crate::engine) fn take(&mut self, len: usize) -> &mut [PixelBlock] {
        self.used = self.used.max(len);
        if self.cells.len() < len {
            // The old contents needn't be copied.
            self.cells = Vec::new();
            self.cells.resize(len, PixelBlock::ZERO);
        }
        &mut self.cells[..len]
    }

    /// Frees memory if less than half of it was used since the last call.
    pub(in crate::engine) fn trim(&mut self) {
        if self.cells.len() / 2 > self.used {
            self.cells.truncate(self.used);
            self.cells.shrink_to_fit();
        }
        self.used = 0;
    }

    pub(in crate::engine) fn num_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<PixelBlock>()
    }
}

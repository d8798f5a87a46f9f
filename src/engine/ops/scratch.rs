//! Memory for what an operation needs while it runs.

use super::lanes::PixelBlock;

/// Grows as it must, and remembers how much of it was in use.
#[derive(Debug, Default)]
pub(in crate::engine) struct Workspace {
    cells: Vec<PixelBlock>,
    used: usize,
}

impl Workspace {
    /// So many cells, whatever is in them.
    pub(in crate::engine) fn take(&mut self, len: usize) -> &mut [PixelBlock] {
        self.used = self.used.max(len);
        if self.cells.len() < len {
            // What is there needn't be copied.
            self.cells = Vec::new();
            self.cells.resize(len, PixelBlock::ZERO);
        }
        &mut self.cells[..len]
    }

    /// Lets go of memory of which less than half was used since the last call.
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

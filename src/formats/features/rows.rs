//! Features as whoever writes files of them asks for them: row after row.

use std::io;

use crate::tensor::{Cell, Column, FeatureLayout};

/// Rows that are somewhere, read one after the other by whoever writes them.
pub trait FeatureRows {
    /// How many there are.
    fn num_rows(&self) -> u64;

    /// Appends a row's numbers, little-endian and row-major as the layout says. Rows are best asked for in order.
    fn values(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()>;

    /// A row's cells, one a column.
    fn cells(&mut self, row: u64) -> io::Result<Vec<Cell>>;
}

/// What a file of features says, beside the rows.
#[derive(Clone, Copy, Debug)]
pub struct FeatureTable<'a> {
    /// Extent and type of a row's feature.
    pub layout: &'a FeatureLayout,
    /// What else a row has.
    pub columns: &'a [Column],
    /// The recipe as JSON, for formats that carry text.
    pub about: &'a str,
}

//! Features as the code that writes files reads them: row after row.

use std::io;

use crate::tensor::{Cell, Column, FeatureLayout};

/// A source of feature rows, which the writer of a file reads one after the other.
pub trait FeatureRows {
    /// How many rows there are.
    fn num_rows(&self) -> u64;

    /// Appends a row's numbers, little-endian and row-major as the layout says. Reading rows in order is fastest.
    fn values(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()>;

    /// A row's cells, one for each column.
    fn cells(&mut self, row: u64) -> io::Result<Vec<Cell>>;
}

/// What a file of features contains in addition to the rows' numbers.
#[derive(Clone, Copy, Debug)]
pub struct FeatureTable<'a> {
    /// Shape and type of a row's feature.
    pub layout: &'a FeatureLayout,
    /// The columns of the index, of which each row has a cell.
    pub columns: &'a [Column],
    /// The recipe as JSON, for formats that can hold text.
    pub about: &'a str,
}

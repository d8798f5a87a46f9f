//! What a column holds over all rows: formats with fixed widths must know before they begin.

use std::io;

use super::FeatureRows;
use crate::tensor::{Cell, Column, ColumnKind};

/// Whole numbers beyond this lose digits as f64.
const EXACT: u64 = 1 << 53;

/// One column over all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// Whole numbers, none missing.
    Integers,
    /// Numbers; NaN where one is missing. Whole numbers too, where some are missing and none loses a digit.
    Numbers,
    /// Text of at most this many characters; empty where it is missing.
    Text {
        /// The longest cell, in characters, at least 1.
        longest: usize,
    },
}

/// Looks at every cell once.
pub(super) fn survey(columns: &[Column], rows: &mut dyn FeatureRows) -> io::Result<Vec<Storage>> {
    #[derive(Clone, Copy, Default)]
    struct Seen {
        is_missing: bool,
        is_large: bool,
        is_text: bool,
        longest: usize,
    }
    let mut seen = vec![Seen::default(); columns.len()];
    for row in 0..rows.num_rows() {
        for (seen, cell) in seen.iter_mut().zip(rows.cells(row)?) {
            match &cell {
                Cell::Missing => seen.is_missing = true,
                Cell::Integer(value) => seen.is_large |= value.unsigned_abs() > EXACT,
                Cell::Number(_) => {}
                Cell::Text(_) => seen.is_text = true,
            }
            seen.longest = seen.longest.max(cell.to_string().chars().count());
        }
    }
    let storage = |(column, seen): (&Column, Seen)| match column.kind {
        _ if seen.is_text => Storage::Text { longest: seen.longest.max(1) },
        ColumnKind::Integer if !seen.is_missing => Storage::Integers,
        ColumnKind::Integer if !seen.is_large => Storage::Numbers,
        ColumnKind::Number => Storage::Numbers,
        _ => Storage::Text { longest: seen.longest.max(1) },
    };
    Ok(columns.iter().zip(seen).map(storage).collect())
}

/// A cell as a number, for a column that is stored as numbers.
pub(super) fn as_number(cell: &Cell) -> f64 {
    match cell {
        Cell::Integer(value) => *value as f64,
        Cell::Number(value) => *value,
        Cell::Missing | Cell::Text(_) => f64::NAN,
    }
}

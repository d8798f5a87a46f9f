//! What a column holds over all rows. Formats with fixed widths must know this before they begin to write.

use std::io;

use super::rows::FeatureRows;
use crate::tensor::{Cell, Column, ColumnKind, EXACT_INTEGERS};

/// How a column is stored, which follows from its cells in all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// Whole numbers, none missing.
    Integers,
    /// Numbers, with NaN for a missing one. Also whole numbers if some are missing and all fit exactly into f64.
    Numbers,
    /// Text of at most this many characters.
    Text {
        /// The longest cell, in characters, at least 1.
        longest: usize,
    },
}

/// Reads every cell once, and returns how to store each column.
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
        for ((seen, column), cell) in seen.iter_mut().zip(columns).zip(rows.cells(row)?) {
            seen.is_missing |= cell.is_blank();
            match column.kind {
                ColumnKind::Text => {}
                ColumnKind::Integer => {
                    let value = cell.integer();
                    seen.is_text |= value.is_none() && !cell.is_blank();
                    seen.is_large |= value.is_some_and(|value| value.unsigned_abs() > EXACT_INTEGERS);
                }
                ColumnKind::Number => seen.is_text |= cell.number().is_none() && !cell.is_blank(),
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
    cell.number().unwrap_or(f64::NAN)
}

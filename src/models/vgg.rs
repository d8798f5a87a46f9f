//! To come.
use super::row::Row;
pub(super) const ROWS: &[Row] = &[];

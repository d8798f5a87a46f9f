//! Names that files of known data sets have inside.

/// Columns of Udacity's `interpolated.csv` that say which picture a line is of.
pub(super) const UDACITY_COLUMNS: [&str; 4] = ["timestamp", "frame_id", "filename", "angle"];

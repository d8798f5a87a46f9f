//! Names of columns in files of known data sets.

/// Columns of Udacity's `interpolated.csv`. They say which picture a line is of, and its steering angle.
pub(super) const UDACITY_COLUMNS: [&str; 4] = ["timestamp", "frame_id", "filename", "angle"];

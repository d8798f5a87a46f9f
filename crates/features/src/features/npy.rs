//! `.npy`, written row by row.

use std::io::{self, Write};
use std::path::Path;

use super::manifest::OutputFile;
use super::rows::{FeatureRows, FeatureTable};
use crate::formats::{WriteError, npy_header, write_whole_hashed, write_whole_unsynced};
use crate::tensor::{Dtype, FeatureLayout};

const NAME: &str = "features.npy";

/// numpy's name of a type.
pub(super) const fn descr(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::F32 => "<f4",
        Dtype::F16 => "<f2",
    }
}

/// The shape of all rows stacked.
pub(super) fn stacked_shape(num_rows: u64, layout: &FeatureLayout) -> Vec<u64> {
    std::iter::once(num_rows).chain(layout.shape.iter().map(|side| *side as u64)).collect()
}

/// Writes the header and the numbers of all rows as one array.
pub(super) fn write_stacked(
    out: &mut dyn Write,
    layout: &FeatureLayout,
    rows: &mut dyn FeatureRows,
) -> io::Result<()> {
    out.write_all(&npy_header(descr(layout.dtype), &stacked_shape(rows.num_rows(), layout)))?;
    let mut bytes = Vec::with_capacity(layout.num_bytes());
    for row in 0..rows.num_rows() {
        bytes.clear();
        rows.values(row, &mut bytes)?;
        out.write_all(&bytes)?;
    }
    Ok(())
}

pub(super) fn write_array(
    folder: &Path,
    table: FeatureTable<'_>,
    rows: &mut dyn FeatureRows,
) -> Result<Vec<OutputFile>, WriteError> {
    let num_rows = rows.num_rows();
    let hash = write_whole_hashed(&folder.join(NAME), |out| write_stacked(out, table.layout, rows))?;
    Ok(vec![OutputFile::new(NAME.to_owned(), num_rows, hash)])
}

/// Writes one picture's feature as a file of its own. It may be lost in a power failure until [`crate::formats::sync_file`] is called.
pub fn write_feature_npy(path: &Path, layout: &FeatureLayout, values: &[u8]) -> Result<(), WriteError> {
    let shape: Vec<u64> = layout.shape.iter().map(|side| *side as u64).collect();
    write_whole_unsynced(path, |out| {
        out.write_all(&npy_header(descr(layout.dtype), &shape))?;
        out.write_all(values)
    })
}

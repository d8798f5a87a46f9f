//! safetensors: the features as one tensor, and each column of numbers as another. Text is only in the index next to it.
//!
//! The crate's own writer needs all tensors in memory. The format is simple (a length, a JSON header, and the numbers one after the
//! other), so it is written here row by row.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::manifest::OutputFile;
use super::rows::{FeatureRows, FeatureTable};
use super::survey::{Storage, as_number, survey};
use crate::formats::{WriteError, write_whole_hashed};
use crate::tensor::{Cell, Dtype};

pub(super) const NAME: &str = "features.safetensors";
/// The name of the tensor with all features.
pub(super) const TENSOR: &str = "features";
/// The one entry of a header that is not a tensor.
pub(super) const METADATA: &str = "__metadata__";

pub(super) fn write(
    folder: &Path,
    table: FeatureTable<'_>,
    rows: &mut dyn FeatureRows,
) -> Result<Vec<OutputFile>, WriteError> {
    let num_rows = rows.num_rows();
    let hash = write_whole_hashed(&folder.join(NAME), |out| {
        let storages = survey(table.columns, rows)?;
        let numbers: Vec<(usize, Storage)> =
            storages.into_iter().enumerate().filter(|(_, s)| !matches!(s, Storage::Text { .. })).collect();
        let mut header = Map::new();
        header.insert(METADATA.to_owned(), json!({ "filterscope": table.about }));
        let mut offset = 0;
        let mut add = |name: &str, dtype: &str, shape: Vec<u64>, num_bytes: u64| {
            let place =
                json!({ "dtype": dtype, "shape": shape, "data_offsets": [offset, offset + num_bytes] });
            header.insert(name.to_owned(), place);
            offset += num_bytes;
        };
        // Numbers of eight bytes come first, so that all numbers are aligned.
        for (at, storage) in &numbers {
            let dtype = if *storage == Storage::Integers { "I64" } else { "F64" };
            if let Some(column) = table.columns.get(*at) {
                add(&column.name, dtype, vec![num_rows], 8 * num_rows);
            }
        }
        let dtype = match table.layout.dtype {
            Dtype::F32 => "F32",
            Dtype::F16 => "F16",
        };
        let shape = super::npy::stacked_shape(num_rows, table.layout);
        add(TENSOR, dtype, shape, num_rows * table.layout.num_bytes() as u64);
        let mut header = serde_json::to_vec(&Value::Object(header))?;
        header.resize(header.len().next_multiple_of(8), b' ');
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        for (at, storage) in numbers {
            for row in 0..num_rows {
                let cells = rows.cells(row)?;
                let cell = cells.get(at).unwrap_or(&Cell::Missing);
                out.write_all(&match (storage, cell.integer()) {
                    (Storage::Integers, Some(value)) => value.to_le_bytes(),
                    _ => as_number(cell).to_le_bytes(),
                })?;
            }
        }
        write_values(out, rows, table.layout.num_bytes())
    })?;
    Ok(vec![OutputFile::new(NAME.to_owned(), num_rows, hash)])
}

fn write_values(out: &mut dyn Write, rows: &mut dyn FeatureRows, row_bytes: usize) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(row_bytes);
    for row in 0..rows.num_rows() {
        bytes.clear();
        rows.values(row, &mut bytes)?;
        out.write_all(&bytes)?;
    }
    Ok(())
}

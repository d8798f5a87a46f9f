//! HDF5: a chunked dataset `features` of shape [N, …], and for each column a dataset of N values under the column's name.
//!
//! The crate holds a file's datasets in memory while it writes them, so the size of a file is bounded. If there are several files,
//! they are numbered, in the order of the manifest and of the index.

use std::io::{self, Write};
use std::path::Path;

use hdf5_pure::{
    AttrValue, Datatype, DatatypeByteOrder, FileBuilder, FloatingPointLayout, MaxExtent, make_f32_type,
};

use super::manifest::OutputFile;
use super::names::{HDF5_SET, hdf5_set_name};
use super::rows::{FeatureRows, FeatureTable};
use super::survey::{Storage, as_number, survey};
use crate::formats::{WriteError, write_whole_hashed};
use crate::tensor::{Cell, Column, Dtype, FeatureLayout};

/// The most bytes of features in one file: writing takes about four times as much memory.
const FILE_BYTES: u64 = 64 << 20;
/// The most rows of one file: their cells are held in memory too.
const FILE_ROWS: u64 = 1 << 17;
/// About how many bytes a chunk has: HDF5's chunk cache is 1 MiB.
const CHUNK_BYTES: u64 = 1 << 18;
/// HDF5 libraries don't open a dataset with a longer side of a chunk.
const MAX_CHUNK_SIDE: u64 = 65_535;

pub(super) fn write(
    folder: &Path,
    table: FeatureTable<'_>,
    rows: &mut dyn FeatureRows,
) -> Result<Vec<OutputFile>, WriteError> {
    let row_bytes = table.layout.num_bytes().max(1) as u64;
    let per_file = (FILE_BYTES / row_bytes).clamp(1, FILE_ROWS);
    let num_rows = rows.num_rows();
    // A column must have the same type in all files.
    let storages = survey(table.columns, rows).map_err(|e| WriteError::new(e, folder))?;
    let mut files = Vec::new();
    let mut first = 0;
    loop {
        let end = num_rows.min(first + per_file);
        let name = if num_rows <= per_file {
            "features.h5".to_owned()
        } else {
            format!("features-{:05}.h5", files.len())
        };
        let hash = write_whole_hashed(&folder.join(&name), |out| {
            write_file(out, table, &storages, rows, first..end)
        })?;
        files.push(OutputFile::new(name, end - first, hash));
        first = end;
        if first >= num_rows {
            return Ok(files);
        }
    }
}

fn write_file(
    out: &mut dyn Write,
    table: FeatureTable<'_>,
    storages: &[Storage],
    rows: &mut dyn FeatureRows,
    range: std::ops::Range<u64>,
) -> io::Result<()> {
    let num_rows = range.end - range.start;
    let mut cells = Vec::with_capacity(num_rows as usize);
    for row in range.clone() {
        cells.push(rows.cells(row)?);
    }
    let mut bytes = Vec::with_capacity(num_rows as usize * table.layout.num_bytes());
    for row in range {
        rows.values(row, &mut bytes)?;
    }
    let mut file = FileBuilder::new();
    file.set_attr("filterscope", AttrValue::String(table.about.to_owned()));
    let shape = super::npy::stacked_shape(num_rows, table.layout);
    let num_values = num_rows * table.layout.num_values() as u64;
    let set = file.create_dataset(HDF5_SET);
    set.with_raw_data(datatype(table.layout.dtype), bytes, num_values).with_shape(&shape);
    if num_values > 0 {
        // The first side has no limit, so that other programs can append rows.
        let most: Vec<MaxExtent> = std::iter::once(MaxExtent::Unlimited)
            .chain(shape.iter().skip(1).map(|side| MaxExtent::Fixed(*side)))
            .collect();
        set.with_chunks(&chunks(table.layout, num_rows)).with_maxshape(&most);
    }
    for (at, (column, storage)) in table.columns.iter().zip(storages).enumerate() {
        add_column(
            &mut file,
            column,
            *storage,
            cells.iter().map(|row| row.get(at).unwrap_or(&Cell::Missing)),
        )
        .map_err(io::Error::other)?;
    }
    file.finish_to(out).map_err(|error| match error {
        hdf5_pure::Error::Io(error) => error,
        other => io::Error::other(other.to_string()),
    })
}

fn datatype(dtype: Dtype) -> Datatype {
    match dtype {
        Dtype::F32 => make_f32_type(),
        // IEEE's half precision: 1 bit of sign, 5 of exponent, 10 of mantissa.
        Dtype::F16 => Datatype::FloatingPoint {
            size: 2,
            byte_order: DatatypeByteOrder::LittleEndian,
            layout: FloatingPointLayout {
                bit_offset: 0,
                bit_precision: 16,
                exponent_location: 10,
                exponent_size: 5,
                mantissa_location: 0,
                mantissa_size: 10,
                exponent_bias: 15,
            },
        },
    }
}

/// The shape of a chunk: whole rows where they are small, parts of a row where it is large.
fn chunks(layout: &FeatureLayout, num_rows: u64) -> Vec<u64> {
    let rows = (CHUNK_BYTES / layout.num_bytes().max(1) as u64).clamp(1, num_rows.clamp(1, MAX_CHUNK_SIDE));
    std::iter::once(rows)
        .chain(layout.shape.iter().map(|side| (*side as u64).clamp(1, MAX_CHUNK_SIDE)))
        .collect()
}

fn add_column<'a>(
    file: &mut FileBuilder,
    column: &Column,
    storage: Storage,
    cells: impl Iterator<Item = &'a Cell>,
) -> Result<(), String> {
    let name = &*hdf5_set_name(&column.name);
    match storage {
        Storage::Text { .. } => {
            let texts: Vec<String> = cells.map(ToString::to_string).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            file.create_dataset(name).with_strings(&texts).map_err(|e| e.to_string())?;
        }
        Storage::Integers => {
            let values: Vec<i64> = cells.map(|cell| cell.integer().unwrap_or(0)).collect();
            file.create_dataset(name).with_i64_data(&values);
        }
        Storage::Numbers => {
            let values: Vec<f64> = cells.map(as_number).collect();
            file.create_dataset(name).with_f64_data(&values);
        }
    }
    Ok(())
}

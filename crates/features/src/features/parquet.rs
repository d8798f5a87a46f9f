//! Parquet: a folder `features.parquet` of tables with the same columns, so that Spark, Dask, polars and `DuckDB` read them as one.
//! The feature is a list column. A map is stored flat, and its shape is in the file's metadata.

use std::io;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
    Int64Type,
};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

use super::manifest::OutputFile;
use super::names::{TABLES, TABLES_LIST};
use super::rows::{FeatureRows, FeatureTable};
use crate::formats::{WriteError, write_whole_hashed};
use crate::tensor::{Cell, Column, ColumnKind, Dtype, FeatureLayout};

/// About how many bytes of features one file has: readers work well with this size, and a million rows don't need many files.
const FILE_BYTES: u64 = 128 << 20;
/// Bytes of features in one row group, which is held in memory while it is written.
const GROUP_BYTES: u64 = 8 << 20;
/// The most rows of one group: their cells are held in memory too.
const GROUP_ROWS: u64 = 8192;

pub(super) fn write(
    folder: &Path,
    table: FeatureTable<'_>,
    rows: &mut dyn FeatureRows,
) -> Result<Vec<OutputFile>, WriteError> {
    let place = folder.join(TABLES);
    std::fs::create_dir_all(&place).map_err(|e| WriteError::new(e, &place))?;
    let row_bytes = table.layout.num_bytes().max(1) as u64;
    let per_group = (GROUP_BYTES / row_bytes).clamp(1, GROUP_ROWS);
    let per_file = (FILE_BYTES / row_bytes / per_group).max(1) * per_group;
    let num_rows = rows.num_rows();
    let mut files = Vec::new();
    let mut first = 0;
    loop {
        let end = num_rows.min(first + per_file);
        let name = format!("{TABLES}/part-{:05}.parquet", files.len());
        let hash = write_whole_hashed(&folder.join(&name), |out| {
            write_file(out, table, rows, first..end, per_group).map_err(plain)
        })?;
        files.push(OutputFile::new(name, end - first, hash));
        first = end;
        if first >= num_rows {
            return Ok(files);
        }
    }
}

/// Keeps the system's own error if there is one, so that a full disk is reported as such.
fn plain(error: parquet::errors::ParquetError) -> io::Error {
    match error {
        parquet::errors::ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

fn write_file(
    out: &mut (dyn io::Write + Send),
    table: FeatureTable<'_>,
    rows: &mut dyn FeatureRows,
    range: std::ops::Range<u64>,
    per_group: u64,
) -> parquet::errors::Result<()> {
    let shape: Vec<String> = table.layout.shape.iter().map(ToString::to_string).collect();
    let features = ColumnPath::from(vec![TABLES_LIST.to_owned(), "list".to_owned(), "element".to_owned()]);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("filterscope ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![
            KeyValue::new("filterscope".to_owned(), table.about.to_owned()),
            KeyValue::new("filterscope.shape".to_owned(), shape.join(",")),
        ]))
        // Feature values hardly repeat, so a dictionary, statistics and compression would be of no use.
        .set_column_dictionary_enabled(features.clone(), false)
        .set_column_statistics_enabled(features.clone(), EnabledStatistics::None)
        .set_column_encoding(features.clone(), Encoding::PLAIN)
        .set_column_compression(features, Compression::UNCOMPRESSED)
        .build();
    let mut writer =
        SerializedFileWriter::new(out, schema(table.columns, table.layout.dtype)?, Arc::new(properties))?;
    let mut first = range.start;
    while first < range.end {
        let end = range.end.min(first + per_group);
        let cells = (first..end).map(|row| rows.cells(row)).collect::<io::Result<Vec<_>>>()?;
        let mut group = writer.next_row_group()?;
        for (at, column) in table.columns.iter().enumerate() {
            let column_cells = cells.iter().map(|row| row.get(at).unwrap_or(&Cell::Missing));
            write_cells(&mut group, column, column_cells)?;
        }
        write_values(&mut group, table.layout, rows, first..end)?;
        group.close()?;
        first = end;
    }
    writer.close()?;
    Ok(())
}

/// The table's schema: the index's columns first, the feature last.
fn schema(columns: &[Column], dtype: Dtype) -> parquet::errors::Result<TypePtr> {
    let mut fields: Vec<TypePtr> = Vec::with_capacity(columns.len() + 1);
    for column in columns {
        let (physical, logical) = match column.kind {
            ColumnKind::Integer => (PhysicalType::INT64, None),
            ColumnKind::Number => (PhysicalType::DOUBLE, None),
            ColumnKind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()?;
        fields.push(Arc::new(field));
    }
    let element = match dtype {
        Dtype::F32 => Type::primitive_type_builder("element", PhysicalType::FLOAT),
        Dtype::F16 => Type::primitive_type_builder("element", PhysicalType::FIXED_LEN_BYTE_ARRAY)
            .with_length(2)
            .with_logical_type(Some(LogicalType::Float16)),
    };
    let element = Arc::new(element.with_repetition(Repetition::REQUIRED).build()?);
    let list = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![element])
        .build()?;
    let features = Type::group_type_builder(TABLES_LIST)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list)])
        .build()?;
    fields.push(Arc::new(features));
    Ok(Arc::new(Type::group_type_builder("features_table").with_fields(fields).build()?))
}

fn write_cells<'a>(
    group: &mut SerializedRowGroupWriter<'_, &mut (dyn io::Write + Send)>,
    column: &Column,
    cells: impl Iterator<Item = &'a Cell> + Clone,
) -> parquet::errors::Result<()> {
    match column.kind {
        ColumnKind::Integer => {
            let levels: Vec<i16> = cells.clone().map(|cell| i16::from(cell.integer().is_some())).collect();
            let values: Vec<i64> = cells.filter_map(Cell::integer).collect();
            write_column::<Int64Type>(group, &values, &levels, None)
        }
        ColumnKind::Number => {
            let levels: Vec<i16> = cells.clone().map(|cell| i16::from(cell.number().is_some())).collect();
            let values: Vec<f64> = cells.filter_map(Cell::number).collect();
            write_column::<DoubleType>(group, &values, &levels, None)
        }
        ColumnKind::Text => {
            let levels: Vec<i16> = cells.clone().map(|cell| i16::from(*cell != Cell::Missing)).collect();
            let present = cells.filter(|cell| **cell != Cell::Missing);
            let values: Vec<ByteArray> = present.map(|cell| cell.to_string().as_str().into()).collect();
            write_column::<ByteArrayType>(group, &values, &levels, None)
        }
    }
}

fn write_values(
    group: &mut SerializedRowGroupWriter<'_, &mut (dyn io::Write + Send)>,
    layout: &FeatureLayout,
    rows: &mut dyn FeatureRows,
    range: std::ops::Range<u64>,
) -> parquet::errors::Result<()> {
    let (num_rows, per_row) = ((range.end - range.start) as usize, layout.num_values());
    let mut bytes = Vec::with_capacity(num_rows * layout.num_bytes());
    for row in range {
        rows.values(row, &mut bytes)?;
    }
    // Every list has elements, and none of them is null. Repetition level 0 begins a new row's list.
    let definition = vec![1i16; num_rows * per_row];
    let repetition: Vec<i16> = (0..num_rows * per_row).map(|at| i16::from(at % per_row != 0)).collect();
    match layout.dtype {
        Dtype::F32 => {
            let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            write_column::<FloatType>(group, &values, &definition, Some(&repetition))
        }
        Dtype::F16 => {
            let values: Vec<FixedLenByteArray> =
                bytes.chunks_exact(2).map(|b| FixedLenByteArray::from(b.to_vec())).collect();
            write_column::<FixedLenByteArrayType>(group, &values, &definition, Some(&repetition))
        }
    }
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut (dyn io::Write + Send)>,
    values: &[T::T],
    definition: &[i16],
    repetition: Option<&[i16]>,
) -> parquet::errors::Result<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    column.typed::<T>().write_batch(values, Some(definition), repetition)?;
    column.close()
}

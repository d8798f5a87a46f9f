//! Reads features from Parquet, with one row group in memory at a time.

use std::error::Error;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use parquet::column::reader::ColumnReader;
use parquet::data_type::AsBytes;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::error::BadFeatures;
use crate::tensor::{Dtype, FeatureLayout};

/// The files of a set in order, and the row group that was read last.
pub(super) struct ParquetRows {
    layout: FeatureLayout,
    groups: Vec<Group>,
    files: Vec<SerializedFileReader<File>>,
    /// The index of that group, and its features' bytes.
    held: Option<(usize, Vec<u8>)>,
}

/// One row group.
struct Group {
    file: usize,
    place: usize,
    first: u64,
    num_rows: u64,
}

impl std::fmt::Debug for ParquetRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParquetRows({} files, {} groups)", self.files.len(), self.groups.len())
    }
}

impl ParquetRows {
    pub(super) fn open(paths: Vec<(PathBuf, u64)>, layout: FeatureLayout) -> Result<Self, BadFeatures> {
        let (mut files, mut groups, mut first) = (Vec::new(), Vec::new(), 0);
        for (path, expected) in paths {
            let file = File::open(&path).map_err(|e| BadFeatures::file(&path, e))?;
            let reader = SerializedFileReader::new(file).map_err(|e| BadFeatures::file(&path, e))?;
            let before = first;
            for (place, group) in reader.metadata().row_groups().iter().enumerate() {
                let num_rows = u64::try_from(group.num_rows()).unwrap_or(0);
                groups.push(Group { file: files.len(), place, first, num_rows });
                first += num_rows;
            }
            if first - before != expected {
                let reason = format!("{} rows, and the manifest says {expected}", first - before);
                return Err(BadFeatures::file(&path, reason));
            }
            files.push(reader);
        }
        Ok(Self { layout, groups, files, held: None })
    }

    pub(super) fn values(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        let at = self.groups.partition_point(|group| group.first <= row).saturating_sub(1);
        let group = self.groups.get(at).ok_or(io::ErrorKind::UnexpectedEof)?;
        if self.held.as_ref().is_none_or(|(held, _)| *held != at) {
            self.held = Some((at, self.read(group).map_err(io::Error::other)?));
        }
        let length = self.layout.num_bytes();
        let from = (row - group.first) as usize * length;
        let held = self.held.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        bytes.extend(held.get(from..from + length).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn read(&self, group: &Group) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let file = self.files.get(group.file).ok_or("no such file")?;
        let reader = file.get_row_group(group.place)?;
        // The feature is the last column.
        let last = reader.num_columns().checked_sub(1).ok_or("a table without columns")?;
        let num_rows = group.num_rows as usize;
        let mut bytes = Vec::with_capacity(num_rows * self.layout.num_bytes());
        let (mut definition, mut repetition) = (Vec::new(), Vec::new());
        match (reader.get_column_reader(last)?, self.layout.dtype) {
            (ColumnReader::FloatColumnReader(mut column), Dtype::F32) => {
                let mut values = Vec::new();
                column.read_records(num_rows, Some(&mut definition), Some(&mut repetition), &mut values)?;
                bytes.extend(values.iter().flat_map(|value: &f32| value.to_le_bytes()));
            }
            (ColumnReader::FixedLenByteArrayColumnReader(mut column), Dtype::F16) => {
                let mut values = Vec::new();
                column.read_records(num_rows, Some(&mut definition), Some(&mut repetition), &mut values)?;
                bytes.extend(values.iter().flat_map(AsBytes::as_bytes));
            }
            _ => return Err("its last column is not the features' type".into()),
        }
        let per_row = self.layout.num_values();
        let is_even = bytes.len() == num_rows * self.layout.num_bytes()
            && repetition.iter().enumerate().all(|(at, level)| (*level == 0) == (at % per_row.max(1) == 0));
        if is_even {
            Ok(bytes)
        } else {
            Err("its features are not of the length that the manifest says".into())
        }
    }
}

/// Unpacks every page of every column. `go_on` is called for each; if it returns false, the result is an error.
pub(super) fn check(path: &Path, go_on: &dyn Fn() -> bool) -> Result<(), Box<dyn Error>> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        for column in 0..group.num_columns() {
            for page in group.get_column_page_reader(column)? {
                page?;
                if !go_on() {
                    return Err("interrupted".into());
                }
            }
        }
    }
    Ok(())
}

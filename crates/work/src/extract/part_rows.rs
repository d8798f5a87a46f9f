//! The rows of one set, read from a run's parts, for the code that writes them to files. Rows that are read in order are checked
//! against the parts' hashes.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::part::{RowsHash, RunPart};
use super::rows::RowList;
use crate::features::FeatureRows;
use crate::tensor::Cell;

/// One set's rows: one for each picture that gave a feature, in order.
#[derive(Debug)]
pub(super) struct PartRows<'a> {
    parts: &'a [RunPart],
    rows: &'a RowList,
    /// For each part, the number of rows before it.
    starts: Vec<u64>,
    num_rows: u64,
    /// The set, by index. Next, where its bytes begin among the bytes of a picture, and how many they are.
    set: usize,
    offset: u64,
    length: u64,
    open: Option<(usize, BufReader<File>)>,
    /// The row that must be read next for the hash to stay valid, and the hash over the rows of its part before it.
    next: u64,
    hash: RowsHash,
}

/// A part whose rows are not those that were written.
#[derive(Debug, thiserror::Error)]
#[error("its hash doesn't fit its rows")]
pub(super) struct OtherRows;

impl<'a> PartRows<'a> {
    /// The rows of the set with the index `set`; `bytes` says where its bytes are among the bytes of a picture.
    pub(super) fn new(
        parts: &'a [RunPart],
        rows: &'a RowList,
        set: usize,
        bytes: std::ops::Range<u64>,
    ) -> Self {
        let mut num_rows = 0;
        let starts = parts
            .iter()
            .map(|part| {
                let start = num_rows;
                num_rows += part.record.num_rows();
                start
            })
            .collect();
        let (offset, length) = (bytes.start, bytes.end - bytes.start);
        let (open, next, hash) = (None, 0, RowsHash::default());
        Self { parts, rows, starts, num_rows, set, offset, length, open, next, hash }
    }

    /// The file that a row is read from.
    pub(super) fn path_of(&self, row: u64) -> Option<&'a Path> {
        let (place, _) = self.find(row).ok()?;
        self.parts.get(place).map(|part| &*part.path)
    }

    /// Adds a row to its part's hash. After the part's last row, compares the hash with that in the part's record.
    fn check(&mut self, row: u64, place: usize, local: u64, bytes: &[u8]) -> io::Result<()> {
        if row != self.next {
            return Ok(());
        }
        self.next += 1;
        if local == 0 {
            self.hash = RowsHash::default();
        }
        self.hash.add(bytes);
        let Some(RunPart { record, .. }) = self.parts.get(place) else { return Ok(()) };
        let expected = record.rows_hash.as_ref().and_then(|hashes| hashes.get(self.set));
        let is_last = local + 1 == record.num_rows();
        match expected {
            Some(expected) if is_last && self.hash.hex() != *expected => Err(io::Error::other(OtherRows)),
            _ => Ok(()),
        }
    }

    /// The index of the part that holds a row, and the row's number in it.
    fn find(&self, row: u64) -> io::Result<(usize, u64)> {
        let place = self.starts.partition_point(|start| *start <= row).checked_sub(1);
        let place = place.filter(|_| row < self.num_rows).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((place, row - self.starts.get(place).copied().unwrap_or_default()))
    }

    /// The position of a row's picture in the plan.
    fn position(&self, row: u64) -> io::Result<u64> {
        let (place, local) = self.find(row)?;
        let record = &self.parts.get(place).ok_or(io::ErrorKind::UnexpectedEof)?.record;
        let mut position = record.first + local;
        for (failed, _) in &record.failed {
            if *failed > position {
                break;
            }
            position += 1;
        }
        Ok(position)
    }
}

impl FeatureRows for PartRows<'_> {
    fn num_rows(&self) -> u64 {
        self.num_rows
    }

    fn values(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        let (place, local) = self.find(row)?;
        let part = self.parts.get(place).ok_or(io::ErrorKind::UnexpectedEof)?;
        let at = local * part.record.row_bytes + self.offset;
        let mut file = match self.open.take() {
            Some((open, file)) if open == place => file,
            _ => BufReader::with_capacity(1 << 18, File::open(&part.path)?),
        };
        // A jump within the buffer needs no new read.
        let here = file.stream_position()?;
        match (at as i64).checked_sub(here as i64) {
            Some(distance) => file.seek_relative(distance)?,
            None => drop(file.seek(SeekFrom::Start(at))?),
        }
        let before = bytes.len();
        bytes.resize(before + self.length as usize, 0);
        file.read_exact(bytes.get_mut(before..).unwrap_or_default())?;
        self.open = Some((place, file));
        self.check(row, place, local, bytes.get(before..).unwrap_or_default())
    }

    fn cells(&mut self, row: u64) -> io::Result<Vec<Cell>> {
        let position = self.position(row)?;
        self.rows.cells(position).map_err(io::Error::other)
    }
}

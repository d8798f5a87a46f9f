//! Parts as rows, for whoever writes files of them.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::part::Part;
use super::rows::RowList;
use crate::formats::features::FeatureRows;
use crate::tensor::Cell;

/// One set's rows: those pictures that gave a feature, in order.
#[derive(Debug)]
pub(super) struct PartRows<'a> {
    parts: &'a [Part],
    rows: &'a RowList,
    /// Rows before each part.
    starts: Vec<u64>,
    num_rows: u64,
    /// Where the set's bytes begin among a picture's, and how many they are.
    offset: u64,
    length: u64,
    open: Option<(usize, BufReader<File>)>,
}

impl<'a> PartRows<'a> {
    pub(super) fn new(parts: &'a [Part], rows: &'a RowList, offset: u64, length: u64) -> Self {
        let mut num_rows = 0;
        let starts = parts
            .iter()
            .map(|part| {
                let start = num_rows;
                num_rows += part.record.num_rows();
                start
            })
            .collect();
        Self { parts, rows, starts, num_rows, offset, length, open: None }
    }

    /// The part that holds a row, by place, and the row's place in it.
    fn find(&self, row: u64) -> io::Result<(usize, u64)> {
        let place = self.starts.partition_point(|start| *start <= row).checked_sub(1);
        let place = place.filter(|_| row < self.num_rows).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((place, row - self.starts.get(place).copied().unwrap_or_default()))
    }

    /// Position of a row's picture.
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
        // A jump within what is buffered reads nothing anew.
        let here = file.stream_position()?;
        match (at as i64).checked_sub(here as i64) {
            Some(distance) => file.seek_relative(distance)?,
            None => drop(file.seek(SeekFrom::Start(at))?),
        }
        let before = bytes.len();
        bytes.resize(before + self.length as usize, 0);
        file.read_exact(bytes.get_mut(before..).unwrap_or_default())?;
        self.open = Some((place, file));
        Ok(())
    }

    fn cells(&mut self, row: u64) -> io::Result<Vec<Cell>> {
        let position = self.position(row)?;
        self.rows.cells(position).map_err(io::Error::other)
    }
}

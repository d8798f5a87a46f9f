//! A log as text in columns: scanned once when it is opened, its lines read again when they are asked for.
//!
//! Owns delimiters, byte-order marks, line numbers as editors count them, and the kinds of columns. Keeps no line in memory: a log
//! may have a million.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use csv::StringRecord;
use sha2::{Digest, Sha256};

use super::DatasetError;
use super::decimal_commas::join_decimals;
use crate::tensor::{Cell, Column, ColumnKind, hex};

const BOM: &[u8] = "\u{feff}".as_bytes();
const NOT_UTF8: &str = "not UTF-8 text: save the log as UTF-8";

/// The first line of a file that may be a log, as columns.
pub(super) struct Header {
    line: String,
}

impl Header {
    /// Reads the first line (at most 4 KiB of it).
    pub(super) fn read(path: &Path) -> Result<Self, DatasetError> {
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(4096).read_to_end(&mut start))
            .map_err(|e| DatasetError::io(path, &e))?;
        let text = String::from_utf8_lossy(&start);
        let line = text.trim_start_matches('\u{feff}').lines().next().unwrap_or("").trim().to_owned();
        Ok(Self { line })
    }

    /// The line, at most 60 characters of it, without what a terminal can't show.
    pub(super) fn shortened(&self) -> String {
        let shown: String = self.line.chars().filter(|c| !c.is_control()).take(60).collect();
        if shown.len() < self.line.len() { format!("{shown}…") } else { shown }
    }

    /// What separates fields: European spreadsheets write semicolons, so that commas can be decimal.
    pub(super) fn delimiter(&self) -> u8 {
        let count = |c: u8| self.line.bytes().filter(|b| *b == c).count();
        [b',', b';', b'\t'].into_iter().rev().max_by_key(|c| count(*c)).unwrap_or(b',')
    }

    /// The columns' names, lower case, without blanks and quotes around.
    pub(super) fn columns(&self) -> Vec<String> {
        self.fields().into_iter().map(|name| name.to_lowercase()).collect()
    }

    /// The line's fields, without blanks around.
    pub(super) fn fields(&self) -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter())
            .has_headers(false)
            .trim(csv::Trim::All)
            .from_reader(self.line.as_bytes());
        let mut record = StringRecord::new();
        match reader.read_record(&mut record) {
            Ok(true) => record.iter().map(|field| field.trim_matches('"').trim().to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether these columns are all there.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        let columns = self.columns();
        names.iter().all(|name| columns.iter().any(|column| column == name))
    }
}

/// Where a line lies in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineSpan {
    start: u64,
    length: u32,
}

/// A line while it is scanned.
pub(super) struct CsvLine<'a> {
    /// As editors count: the file's first line is 1.
    pub(super) number: u64,
    /// Where it lies.
    pub(super) span: LineSpan,
    record: &'a StringRecord,
}

impl CsvLine<'_> {
    /// A field, without blanks around.
    pub(super) fn cell(&self, at: usize) -> &str {
        self.record.get(at).unwrap_or("")
    }
}

/// How a log is laid out.
pub(super) struct CsvLayout {
    /// What separates fields.
    pub(super) delimiter: u8,
    /// Names of the columns where no header line gives them.
    pub(super) names: Option<Vec<String>>,
    /// Columns from which on, to the last, a line with too many fields has numbers with unquoted decimal commas.
    pub(super) decimals_from: Option<usize>,
}

/// A log that was scanned.
#[derive(Debug)]
pub(super) struct CsvFile {
    path: PathBuf,
    file: Mutex<File>,
    delimiter: u8,
    decimals_from: Option<usize>,
    columns: Vec<Column>,
    sha256: String,
}

impl CsvFile {
    /// Reads a log from its first line to its last and shows each line; the words of a refused line become the log's error.
    pub(super) fn scan(
        path: &Path,
        layout: CsvLayout,
        visit: &mut dyn FnMut(CsvLine<'_>) -> Result<(), String>,
    ) -> Result<Self, DatasetError> {
        let whole = std::fs::read(path).map_err(|e| DatasetError::io(path, &e))?;
        let sha256 = hex(&Sha256::digest(&whole));
        let bytes = whole.strip_prefix(BOM).unwrap_or(&whole);
        let skipped = (whole.len() - bytes.len()) as u64;
        let bad = |line: u64, problem: String| DatasetError::BadRow { line, problem, path: path.to_owned() };
        let mut reader = reader(layout.delimiter).has_headers(layout.names.is_none()).from_reader(bytes);
        let names = match layout.names {
            Some(names) => names,
            // The header is read by the first call, and positions count from after it.
            None => reader
                .headers()
                .map_err(|_| bad(1, NOT_UTF8.into()))?
                .iter()
                .map(|name| name.trim_matches('"').trim().to_owned())
                .collect(),
        };
        let names = unique(names);
        let mut kinds = vec![None::<ColumnKind>; names.len()];
        let mut counter = LineCounter { bytes, at: 0, line: 1 };
        let mut record = StringRecord::new();
        loop {
            let start = reader.position().byte();
            let number = counter.line_of(start);
            match reader.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(_) => return Err(bad(number, NOT_UTF8.into())),
            }
            let record = whole_record(&record, names.len(), layout.decimals_from)
                .map_err(|problem| bad(number, problem))?;
            for (kind, cell) in kinds.iter_mut().zip(record.iter()) {
                if !cell.is_empty() {
                    *kind = (*kind).max(Some(ColumnKind::of(cell)));
                }
            }
            let length = u32::try_from(reader.position().byte() - start).unwrap_or(u32::MAX);
            let span = LineSpan { start: start + skipped, length };
            visit(CsvLine { number, span, record: &record }).map_err(|problem| bad(number, problem))?;
        }
        let columns = names
            .into_iter()
            .zip(kinds)
            .map(|(name, kind)| Column { name, kind: kind.unwrap_or(ColumnKind::Text) })
            .collect();
        let file = File::open(path).map_err(|e| DatasetError::io(path, &e))?;
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new(file),
            delimiter: layout.delimiter,
            decimals_from: layout.decimals_from,
            columns,
            sha256,
        })
    }

    /// All columns, in the log's order.
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// SHA-256 of the file as it was scanned.
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The fields of a line.
    pub(super) fn fields(&self, span: LineSpan) -> Result<Vec<String>, DatasetError> {
        let mut bytes = vec![0; span.length as usize];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(span.start))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(|_| self.changed())?;
        }
        let mut record = StringRecord::new();
        let read = reader(self.delimiter).has_headers(false).from_reader(&*bytes).read_record(&mut record);
        if !matches!(read, Ok(true)) {
            return Err(self.changed());
        }
        let record =
            whole_record(&record, self.columns.len(), self.decimals_from).map_err(|_| self.changed())?;
        Ok(record.iter().map(str::to_owned).collect())
    }

    /// The cells of a line, one a column.
    pub(super) fn cells(&self, span: LineSpan) -> Result<Vec<Cell>, DatasetError> {
        let fields = self.fields(span)?;
        Ok(self.columns.iter().zip(&fields).map(|(column, text)| column.kind.cell(text)).collect())
    }

    fn changed(&self) -> DatasetError {
        let reason = "it changed while it was read; begin again".to_owned();
        DatasetError::Unreadable { reason, path: self.path.clone() }
    }
}

fn reader(delimiter: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).flexible(true).trim(csv::Trim::All);
    builder
}

/// A record of as many fields as there are columns.
fn whole_record(
    record: &StringRecord,
    num_columns: usize,
    decimals_from: Option<usize>,
) -> Result<StringRecord, String> {
    if record.len() == num_columns {
        return Ok(record.clone());
    }
    let joined = decimals_from.and_then(|from| {
        let fields: Vec<&str> = record.iter().collect();
        let (before, numbers) = fields.split_at_checked(from)?;
        let numbers = join_decimals(numbers, num_columns - from)?;
        Some(before.iter().copied().map(str::to_owned).chain(numbers).collect::<StringRecord>())
    });
    joined.ok_or_else(|| {
        format!(
            "{} fields where the header has {num_columns} (a decimal comma must be quoted, or fields parted by semicolons)",
            record.len()
        )
    })
}

/// Names that differ: an empty one becomes `column_N`, a second `x` becomes `x_2`.
fn unique(names: Vec<String>) -> Vec<String> {
    let mut used: Vec<String> = Vec::with_capacity(names.len());
    for (at, name) in names.into_iter().enumerate() {
        let plain = if name.is_empty() { format!("column_{}", at + 1) } else { name };
        let mut unique = plain.clone();
        let mut number = 2;
        while used.contains(&unique) {
            unique = format!("{plain}_{number}");
            number += 1;
        }
        used.push(unique);
    }
    used
}

/// Lines as editors count them. The CSV reader's own count is off after blank lines and after `\r\n`.
struct LineCounter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line of the first row that begins at or after a position; positions must not fall.
    fn line_of(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(&b) = self.bytes.get(self.at) {
            if self.at >= start && !matches!(b, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(b == b'\n');
            self.at += 1;
        }
        self.line
    }
}

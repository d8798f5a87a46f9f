//! A log as a text file with columns. It is scanned once when it is opened; its lines are read again when they are needed.
//!
//! Owns delimiters, quotes, line numbers as editors count them, and that a cell keeps its text. Keeps no lines in memory unless the
//! file had to be converted, because a log may have a million of them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use csv::StringRecord;
use sha2::{Digest, Sha256};

use super::DatasetError;
use super::decimal_commas::join_decimals;
use super::quoting::{Joined, is_left_open, quotes};
use super::text_file::{Text, beginning};
use super::typing::Typing;
use crate::tensor::{Cell, Column, hex, shown};

const NOT_UTF8: &str = "not UTF-8 text: save the log as UTF-8";
/// The most characters of a column's name, which goes into every manifest.
const MAX_NAME: usize = 200;

/// The first line of a file that may be a log, split into columns. A quoted name may contain line breaks.
pub(super) struct Header {
    line: String,
    /// Whether the file's name ends like that of a file with tabs.
    is_of_tabs: bool,
    /// The text that the columns are read from, untrimmed: a blank before the first delimiter is a column without a name.
    record: String,
}

impl Header {
    /// Reads the first line (at most 1 MiB of it).
    pub(super) fn read(path: &Path) -> Result<Self, DatasetError> {
        let text = beginning(path)?;
        let lines = text.split(['\n', '\r']).map(str::trim);
        let line = lines.into_iter().find(|line| !line.is_empty()).unwrap_or_default().to_owned();
        let is_of_tabs = path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("tsv") || extension.eq_ignore_ascii_case("tab")
        });
        Ok(Self { record: first_record(&text).to_owned(), line, is_of_tabs })
    }

    /// At most 60 characters of the line, without characters that a terminal can't show.
    pub(super) fn shortened(&self) -> String {
        let short: String = self.line.chars().take(60).collect();
        let rest = if short.len() < self.line.len() { "…" } else { "" };
        format!("{}{rest}", shown(&short))
    }

    /// The first line that isn't blank, without blanks around it.
    pub(super) fn line(&self) -> &str {
        &self.line
    }

    /// The delimiter between fields. European spreadsheets write semicolons, because commas are their decimal signs.
    pub(super) fn delimiter(&self) -> u8 {
        let count = |c: u8| outside_quotes(&self.record).filter(|(_, b)| *b == c).count();
        if self.is_of_tabs && count(b'\t') > 0 {
            return b'\t';
        }
        [b',', b';', b'\t'].into_iter().rev().max_by_key(|c| count(*c)).unwrap_or(b',')
    }

    /// The columns' names in lower case, without blanks and quotes around them.
    pub(super) fn columns(&self) -> Vec<String> {
        self.fields().into_iter().map(|name| name.to_lowercase()).collect()
    }

    /// The columns' names as written, without blanks and quotes around them.
    pub(super) fn fields(&self) -> Vec<String> {
        let mut reader = reader(self.delimiter()).has_headers(false).from_reader(self.record.as_bytes());
        let mut record = StringRecord::new();
        match reader.read_record(&mut record) {
            Ok(true) => record.iter().map(column_name).collect(),
            _ => Vec::new(),
        }
    }

    /// The columns' names, for a message.
    pub(super) fn found(&self) -> String {
        shown(&self.fields().join(", "))
    }

    /// Whether all these columns are there.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        let columns = self.columns();
        names.iter().all(|name| columns.iter().any(|column| column == name))
    }
}

/// Where a line is in its file's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineSpan {
    start: u64,
    length: u32,
}

/// A line, during the scan.
pub(super) struct CsvLine<'a> {
    /// The line's number as editors count: the file's first line is 1.
    pub(super) number: u64,
    /// Where the line is in the file.
    pub(super) span: LineSpan,
    record: &'a StringRecord,
    /// Which fields are quoted; empty if none is.
    quoted: &'a [bool],
}

impl CsvLine<'_> {
    /// A field without blanks around it.
    pub(super) fn cell(&self, at: usize) -> &str {
        self.raw(at).trim()
    }

    /// A field as it is written in the file.
    pub(super) fn raw(&self, at: usize) -> &str {
        self.record.get(at).unwrap_or("")
    }

    /// A field's content: blanks around it are only layout, but inside quotes they are text.
    pub(super) fn meant(&self, at: usize) -> &str {
        let is_quoted = self.quoted.get(at).copied().unwrap_or(false);
        if is_quoted { self.raw(at) } else { self.cell(at) }
    }
}

/// How a log is laid out in columns.
#[derive(Default)]
pub(super) struct CsvLayout {
    /// The delimiter between fields.
    pub(super) delimiter: u8,
    /// Names of the columns, if there is no header line.
    pub(super) names: Option<Vec<String>>,
    /// If a line has too many fields: the columns from this one to the last are numbers with unquoted decimal commas.
    pub(super) decimals_from: Option<usize>,
    /// Columns that are read as numbers, also with decimal commas.
    pub(super) numbers: Vec<usize>,
}

/// A log after its scan.
#[derive(Debug)]
pub(super) struct CsvFile {
    path: PathBuf,
    text: Lines,
    delimiter: u8,
    decimals_from: Option<usize>,
    columns: Vec<Column>,
    sha256: String,
    notes: Vec<String>,
}

/// Where lines are read from after the scan.
#[derive(Debug)]
enum Lines {
    InFile(Mutex<File>),
    /// The converted text of a file that isn't UTF-8.
    Converted(Vec<u8>),
}

impl CsvFile {
    /// Reads a log from its first line to its last and passes each line to `visit`. If `visit` refuses a line, its message becomes
    /// the error.
    pub(super) fn scan(
        path: &Path,
        layout: CsvLayout,
        visit: &mut dyn FnMut(CsvLine<'_>) -> Result<(), String>,
    ) -> Result<Self, DatasetError> {
        let whole = std::fs::read(path).map_err(|e| DatasetError::io(path, &e))?;
        let sha256 = hex(&Sha256::digest(&whole));
        let bad = |line: u64, problem: String| DatasetError::BadRow { line, problem, path: path.to_owned() };
        let Text { bytes, offset } = Text::decode(whole).map_err(|reason| bad(1, reason.to_owned()))?;
        let skipped = offset.unwrap_or(0);
        let mut reader = reader(layout.delimiter).has_headers(layout.names.is_none()).from_reader(&*bytes);
        let has_header = layout.names.is_none();
        let names = match layout.names {
            Some(names) => names,
            // The first call reads the header; positions then count from after it.
            None => reader.headers().map_err(|_| bad(1, NOT_UTF8.into()))?.iter().map(column_name).collect(),
        };
        if let Some(long) = names.iter().find(|name| name.chars().count() > MAX_NAME) {
            let (num, start) = (long.chars().count(), long.chars().take(40).collect::<String>());
            let problem = format!(
                "a column's name of {num} characters, more than the limit of {MAX_NAME}; it begins `{}`",
                shown(&start)
            );
            return Err(bad(1, problem));
        }
        let names = unique(names);
        let expected = if has_header {
            format!("the header has {}", names.len())
        } else {
            format!("a line without a header has {}: {}", names.len(), shown(&names.join(", ")))
        };
        let is_number = |at: usize| layout.delimiter == b';' || layout.numbers.contains(&at);
        let mut typings: Vec<Typing> = (0..names.len()).map(|at| Typing::new(is_number(at))).collect();
        let mut joined = Joined::default();
        let mut counter = LineCounter { bytes: &bytes, at: 0, line: 1 };
        let (mut record, mut quoted) = (StringRecord::new(), Vec::new());
        loop {
            let start = reader.position().byte();
            let number = counter.line_of(start);
            match reader.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(_) => return Err(bad(number, NOT_UTF8.into())),
            }
            let end = reader.position().byte();
            quoted.clear();
            if let Some(line) = bytes.get(start as usize..end as usize).filter(|line| line.contains(&b'"')) {
                quotes(line, layout.delimiter, &mut quoted);
            }
            let length =
                u32::try_from(end - start).map_err(|_| bad(number, "a line of over 4 GiB".into()))?;
            let span = LineSpan { start: start + skipped, length };
            let record = whole_record(&record, names.len(), layout.decimals_from, &expected)
                .map_err(|problem| bad(number, problem))?;
            let line = CsvLine { number, span, record: &record, quoted: &quoted };
            for ((at, typing), name) in typings.iter_mut().enumerate().zip(&names) {
                typing.add(line.meant(at), line.raw(at));
                if line.raw(at).contains('\0') {
                    let name = shown(name);
                    let words = "which no array of texts would give back: take it out";
                    return Err(bad(number, format!("`{name}` has a zero character (NUL), {words}")));
                }
            }
            if quoted.contains(&true) {
                joined.look(&record.iter().collect::<Vec<_>>(), &quoted, number, layout.delimiter);
            }
            visit(line).map_err(|problem| bad(number, problem))?;
            if let Some(last) = bytes.get(start as usize..).filter(|_| end as usize >= bytes.len())
                && is_left_open(last, layout.delimiter)
            {
                let problem = "a quote begins a field here or below and never ends, so what follows would be one row: \
                     close it, or double it if it is part of the text";
                return Err(bad(number, problem.to_owned()));
            }
        }
        let columns = names
            .into_iter()
            .zip(typings)
            .map(|(name, typing)| Column { name, kind: typing.kind() })
            .collect();
        let text = match offset {
            Some(_) => Lines::InFile(Mutex::new(File::open(path).map_err(|e| DatasetError::io(path, &e))?)),
            None => Lines::Converted(bytes),
        };
        Ok(Self {
            path: path.to_owned(),
            text,
            delimiter: layout.delimiter,
            decimals_from: layout.decimals_from,
            columns,
            sha256,
            notes: joined.note().into_iter().collect(),
        })
    }

    /// All columns, in the log's order.
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Notes for the user on how the file was read.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// SHA-256 of the file as it was scanned.
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The fields of a line, as they are written in the file.
    pub(super) fn fields(&self, span: LineSpan) -> Result<Vec<String>, DatasetError> {
        let read_again;
        let bytes = match &self.text {
            Lines::InFile(file) => {
                let mut bytes = vec![0; span.length as usize];
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(span.start))
                    .and_then(|_| file.read_exact(&mut bytes))
                    .map_err(|_| self.changed())?;
                read_again = bytes;
                &*read_again
            }
            Lines::Converted(text) => {
                let start = span.start as usize;
                text.get(start..start + span.length as usize).ok_or_else(|| self.changed())?
            }
        };
        let mut record = StringRecord::new();
        let read = reader(self.delimiter).has_headers(false).from_reader(bytes).read_record(&mut record);
        if !matches!(read, Ok(true)) {
            return Err(self.changed());
        }
        let record =
            whole_record(&record, self.columns.len(), self.decimals_from, "").map_err(|_| self.changed())?;
        Ok(record.iter().map(str::to_owned).collect())
    }

    /// The cells of a line, one for each column.
    pub(super) fn cells(&self, span: LineSpan) -> Result<Vec<Cell>, DatasetError> {
        let fields = self.fields(span)?;
        Ok(self.columns.iter().zip(&fields).map(|(column, text)| column.kind.cell(text)).collect())
    }

    fn changed(&self) -> DatasetError {
        let reason = "it changed while it was read; begin again".to_owned();
        DatasetError::Unreadable { reason, path: self.path.clone() }
    }
}

/// A column's name without blanks and quotes around it.
fn column_name(field: &str) -> String {
    field.trim().trim_matches('"').trim().to_owned()
}

/// The bytes of a text that are outside quotes, with their positions.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let mut is_quoted = false;
    text.bytes().enumerate().filter(move |(_, byte)| {
        is_quoted ^= *byte == b'"';
        !is_quoted
    })
}

/// A text up to the first line break outside quotes; if a quote is never closed, up to the first line break.
fn first_record(text: &str) -> &str {
    let is_end = |byte: u8| matches!(byte, b'\n' | b'\r');
    let end = outside_quotes(text)
        .find(|(_, byte)| is_end(*byte))
        .map(|(at, _)| at)
        .or_else(|| text.bytes().position(is_end).filter(|_| text.matches('"').count() % 2 == 1));
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

fn reader(delimiter: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).flexible(true);
    builder
}

/// The record, if it has as many fields as there are columns, or can be joined to that many.
fn whole_record(
    record: &StringRecord,
    num_columns: usize,
    decimals_from: Option<usize>,
    expected: &str,
) -> Result<StringRecord, String> {
    if record.len() == num_columns {
        return Ok(record.clone());
    }
    let joined = decimals_from.and_then(|from| {
        let fields: Vec<&str> = record.iter().map(str::trim).collect();
        let (before, numbers) = fields.split_at_checked(from)?;
        let numbers = join_decimals(numbers, num_columns - from)?;
        Some(before.iter().copied().map(str::to_owned).chain(numbers).collect::<StringRecord>())
    });
    joined.ok_or_else(|| {
        format!(
            "{} fields where {expected} (a decimal comma must be quoted, or fields parted by semicolons)",
            record.len()
        )
    })
}

/// Makes names unique: an empty one becomes `column_N`, a second `x` becomes `x_2`.
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

/// Counts lines as editors do. The CSV reader's own count is wrong after blank lines and after `\r\n`.
struct LineCounter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line of the first row that begins at or after a position. Positions must not decrease from call to call.
    fn line_of(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(&b) = self.bytes.get(self.at) {
            if self.at >= start && !matches!(b, b'\r' | b'\n') {
                break;
            }
            // `\r\n` is one line break, and so is a `\r` by itself.
            let is_half = b == b'\r' && self.bytes.get(self.at + 1) == Some(&b'\n');
            self.line += u64::from(b == b'\n' || b == b'\r' && !is_half);
            self.at += 1;
        }
        self.line
    }
}

//! Pictures that the user listed: a table with a column of paths, or a plain list.
//!
//! Unlike a log, which may come from anywhere, a list is the user's own: a path is used as it is written, wherever it leads. A
//! missing picture is missing and is never replaced by another.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::csv_file::{CsvFile, CsvLayout, CsvLine, Header, LineSpan};
use super::files::has_picture_extension;
use super::source::{About, CameraPicture, Label, PictureLocation, Sample, Skipped, Source};
use super::text_file::{Text, entries};
use super::{Camera, DatasetError, NameCoding};
use crate::tensor::{Cell, Column, ColumnKind, hex, shown};

/// A table or list, opened. Rows are its lines, from 0, without the header.
#[derive(Debug)]
pub struct ListSource {
    about: About,
    kind: &'static str,
    rows: Vec<Row>,
    csv: Option<CsvFile>,
    label_columns: Vec<usize>,
    sha256: String,
}

#[derive(Debug)]
struct Row {
    number: usize,
    span: Option<LineSpan>,
    file: Box<Path>,
}

/// Which column of a table has the paths, and whether the table has a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePaths {
    /// A column's name, or its number from 0.
    pub column: String,
    /// Whether there is no header, so that all lines are rows.
    pub has_no_header: bool,
}

impl ListSource {
    /// Opens a CSV or TSV. The column that `paths` names has paths, which are absolute or relative to the table's folder.
    pub fn table(path: &Path, paths: &TablePaths) -> Result<Self, DatasetError> {
        let header = Header::read(path)?;
        let names = paths.has_no_header.then(|| numbered(header.fields().len()));
        let at = path_column(&header, paths, path)?;
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut found = PictureFiles::below(&root);
        if !paths.has_no_header
            && let Some(first) = header.fields().get(at)
            && (has_picture_extension(Path::new(first)) || found.file(first).is_some())
        {
            return Err(DatasetError::HeaderIsRow { first: shown(first), path: path.to_owned() });
        }
        let layout = CsvLayout { delimiter: header.delimiter(), names, ..CsvLayout::default() };
        let csv = CsvFile::scan(path, layout, &mut |line: CsvLine<'_>| {
            found.add(&[line.raw(at), line.meant(at)], line.number, Some(line.span));
            Ok(())
        })?;
        if found.num_rows == 0 {
            return Err(DatasetError::NoRows { path: path.to_owned() });
        }
        let labels: Vec<(String, usize)> = csv
            .columns()
            .iter()
            .enumerate()
            .filter(|(place, column)| *place != at && column.kind != ColumnKind::Text)
            .map(|(place, column)| (column.name.clone(), place))
            .collect();
        let (names, places) = labels.into_iter().unzip();
        let sha256 = csv.sha256().to_owned();
        let mut source = found.source("table", sha256, path)?;
        source.about.notes.extend_from_slice(csv.notes());
        (source.about.label_names, source.label_columns, source.csv) = (names, places, Some(csv));
        Ok(source)
    }

    /// Opens a list of paths, separated by line breaks or zeros and relative to `folder`. Blank lines are skipped. `place` says for
    /// messages where the list comes from.
    pub fn list(bytes: Vec<u8>, folder: &Path, place: &Path) -> Result<Self, DatasetError> {
        let bad = |line: u64, problem: &str| DatasetError::BadRow {
            line,
            problem: problem.to_owned(),
            path: place.to_owned(),
        };
        // Names are bytes, and some names begin with the same bytes as UTF-16 text.
        let first = bytes.split(|b| matches!(b, 0 | b'\n' | b'\r')).next().and_then(path_of);
        let is_name = first.is_some_and(|name| !name.as_os_str().is_empty() && folder.join(name).is_file());
        let text = if is_name || looks_unlike_utf16(&bytes) {
            Text { bytes, offset: Some(0) }
        } else {
            Text::decode(bytes).map_err(|reason| bad(1, reason))?
        };
        let mut found = PictureFiles::below(folder);
        let mut hash = Sha256::new();
        for (number, entry) in entries(&text.bytes) {
            if entry.trim_ascii().is_empty() {
                continue;
            }
            hash.update(entry);
            hash.update(b"\n");
            let Some(recorded) = path_of(entry) else {
                return Err(bad(number, "not UTF-8 text: write paths as UTF-8"));
            };
            found.add_path(&recorded, number);
        }
        if found.num_rows == 0 {
            return Err(DatasetError::EmptyList { path: place.to_owned() });
        }
        found.source("list", hex(&hash.finalize()), place)
    }

    /// A single picture as a list of one.
    pub fn one(path: &Path) -> Result<Self, DatasetError> {
        let mut found = PictureFiles::below(path.parent().unwrap_or(Path::new("")));
        found.add_path(Path::new(path.file_name().unwrap_or_default()), 1);
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let mut hash = Sha256::new();
        hash.update(name);
        hash.update(b"\n");
        found.source("list", hex(&hash.finalize()), path)
    }

    /// Opens a file that is a list of paths, relative to the file's folder.
    pub fn list_file(path: &Path) -> Result<Self, DatasetError> {
        let bytes = std::fs::read(path).map_err(|e| DatasetError::io(path, &e))?;
        Self::list(bytes, path.parent().unwrap_or(Path::new("")), path)
    }
}

/// Whether bytes begin with the mark of UTF-16 but contain no zero. UTF-16 text with a line break in it always contains one.
fn looks_unlike_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) && !bytes.contains(&0)
}

/// Whether a file's first entry is only the path of a picture: a file that exists, or a name with a picture's extension.
pub(super) fn is_list(path: &Path, first_line: &str) -> bool {
    let first = first_line.split('\0').next().unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_there = || folder.join(first).is_file();
    let is_alone = || !first.contains([',', ';', '\t']) && has_picture_extension(Path::new(first));
    !first.is_empty() && (is_there() || is_alone())
}

/// Names of columns for a table that has no header.
pub(super) fn numbered(num_columns: usize) -> Vec<String> {
    (0..num_columns).map(|at| format!("column_{at}")).collect()
}

/// The index of the column with the paths: by its name, or else by its number.
fn path_column(header: &Header, paths: &TablePaths, path: &Path) -> Result<usize, DatasetError> {
    let fields = header.fields();
    let wanted = paths.column.trim();
    let names = if paths.has_no_header { numbered(fields.len()) } else { header.columns() };
    // The exact spelling takes precedence over one that differs in case.
    let exact = if paths.has_no_header { None } else { fields.iter().position(|name| name == wanted) };
    let by_name = exact.or_else(|| names.iter().position(|name| *name == wanted.to_lowercase()));
    let by_number = || wanted.parse::<usize>().ok().filter(|at| *at < fields.len());
    by_name.or_else(by_number).ok_or_else(|| {
        let found = if paths.has_no_header { shown(&names.join(", ")) } else { header.found() };
        DatasetError::NoPathColumn { asked: paths.column.clone(), found, path: path.to_owned() }
    })
}

/// An entry's bytes as a path: any bytes on systems where paths are bytes, otherwise only UTF-8.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not all bytes are paths")]
fn path_of(entry: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(entry)))
}

#[cfg(not(unix))]
fn path_of(entry: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(entry).ok().map(PathBuf::from)
}

/// The rows of a list while it is being read.
pub(super) struct PictureFiles {
    root: PathBuf,
    absolute: PathBuf,
    rows: Vec<Row>,
    skipped: Vec<Skipped>,
    num_rows: usize,
    /// The first path in the list, for an error message.
    first: Option<String>,
}

impl PictureFiles {
    /// An empty list for rows whose paths are absolute or relative to `root`.
    pub(super) fn below(root: &Path) -> Self {
        let plain = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let absolute = std::path::absolute(plain).unwrap_or_else(|_| root.to_owned());
        Self {
            root: root.to_owned(),
            absolute,
            rows: Vec::new(),
            skipped: Vec::new(),
            num_rows: 0,
            first: None,
        }
    }

    /// Adds a row with two readings of its path: the first is used if such a file exists, otherwise the second.
    pub(super) fn add(&mut self, readings: &[&str; 2], line: u64, span: Option<LineSpan>) {
        let file = readings.iter().find_map(|path| self.file(path));
        let name = Path::new(readings[1]).to_owned();
        self.add_found(file, &name, line, span);
    }

    /// Adds a row of a list.
    pub(super) fn add_path(&mut self, path: &Path, line: u64) {
        let file = self.file(path).or_else(|| self.file(path.to_str()?.trim()));
        self.add_found(file, path, line, None);
    }

    fn add_found(&mut self, file: Option<PathBuf>, path: &Path, line: u64, span: Option<LineSpan>) {
        let number = self.num_rows;
        self.num_rows += 1;
        let said = || shown(&NameCoding::Plain.name(path));
        if self.first.is_none() {
            self.first = Some(said());
        }
        if let Some(file) = file {
            self.rows.push(Row { number, span, file: file.into() });
            return;
        }
        let is_empty = path.as_os_str().is_empty();
        let reason =
            if is_empty { "names no picture".to_owned() } else { format!("no such picture: {}", said()) };
        self.skipped.push(Skipped {
            row: Some(number),
            place: format!("line {line}"),
            camera: None,
            file: Some(said()),
            reason,
        });
    }

    /// The path, relative to the root if it is an absolute one within it; `None` if there is no such file.
    fn file(&self, recorded: impl AsRef<Path>) -> Option<PathBuf> {
        let path = recorded.as_ref();
        // Joining an absolute path gives that path.
        if path.as_os_str().is_empty() || !self.root.join(path).is_file() {
            return None;
        }
        Some(path.strip_prefix(&self.absolute).unwrap_or(path).to_owned())
    }

    /// A source of the rows that have a picture. `path` is for error messages.
    pub(super) fn source(
        self,
        kind: &'static str,
        sha256: String,
        path: &Path,
    ) -> Result<ListSource, DatasetError> {
        if self.rows.is_empty() {
            let (first, path) = (self.first.unwrap_or_default(), path.to_owned());
            let kind = if kind == "table" { kind } else { "list" };
            return Err(DatasetError::NoListedFiles { kind, num_rows: self.num_rows, first, path });
        }
        let names = NameCoding::of(self.rows.iter().map(|row| &*row.file));
        let about = About { root: self.root, skipped: self.skipped, names, ..About::default() };
        Ok(ListSource { about, kind, rows: self.rows, csv: None, label_columns: Vec::new(), sha256 })
    }
}

impl Source for ListSource {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn describe(&self) -> String {
        let missing = match self.about.skipped.len() {
            0 => String::new(),
            n => format!(", {n} missing"),
        };
        format!("{} of {} pictures{missing}", self.kind, self.rows.len())
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let (row, views) = self.pictures(index)?;
        let cells = self.cells(index, None).unwrap_or_default();
        let label = |&at: &usize| cells.get(at).and_then(Cell::number).map_or(Label::Missing, Label::Number);
        let id = self.about.names.name(&self.rows.get(index)?.file);
        let labels = self.label_columns.iter().map(label).collect();
        Some(Sample { row, id, timestamp_ns: None, views, labels })
    }

    fn pictures(&self, index: usize) -> Option<(usize, Vec<CameraPicture>)> {
        let row = self.rows.get(index)?;
        let picture = PictureLocation::File(self.about.root.join(&row.file));
        Some((row.number, vec![CameraPicture { camera: None, picture }]))
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn index_of_row(&self, row: usize) -> Option<usize> {
        self.rows.binary_search_by_key(&row, |r| r.number).ok()
    }

    fn columns(&self) -> &[Column] {
        self.csv.as_ref().map_or(&[], CsvFile::columns)
    }

    fn cells(&self, index: usize, _camera: Option<Camera>) -> Result<Vec<Cell>, DatasetError> {
        match (&self.csv, self.rows.get(index).and_then(|row| row.span)) {
            (Some(csv), Some(span)) => csv.cells(span),
            _ => Ok(Vec::new()),
        }
    }

    fn content_sha256(&self) -> Option<&str> {
        Some(&self.sha256)
    }
}

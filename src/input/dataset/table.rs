//! Pictures that somebody listed: a table with a column of paths, or a plain list.
//!
//! Unlike a log, which may come from anywhere, a list is the person's own: a path that is there is taken as it stands, wherever it
//! leads. Only one that isn't is looked for below the list's folder, as a log's would be.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::DatasetError;
use super::csv_file::{CsvFile, CsvLayout, CsvLine, Header, LineSpan};
use super::files::RecordedPaths;
use super::source::{About, Camera, Label, PictureLocation, Sample, Skipped, Source, View};
use crate::tensor::{Cell, Column, ColumnKind, hex};

/// A table or list, opened. Rows are its lines, from 0, the header not counted.
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

impl ListSource {
    /// A CSV or TSV whose column `path_column` holds paths, absolute or relative to its folder.
    pub fn table(path: &Path, path_column: &str) -> Result<Self, DatasetError> {
        let header = Header::read(path)?;
        let wanted = path_column.trim().to_lowercase();
        let columns = header.columns();
        let Some(at) = columns.iter().position(|column| *column == wanted) else {
            let (asked, found) = (path_column.to_owned(), header.fields().join(", "));
            return Err(DatasetError::NoPathColumn { asked, found, path: path.to_owned() });
        };
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut finder = Finder::below(&root);
        let layout = CsvLayout { delimiter: header.delimiter(), names: None, decimals_from: None };
        let (mut rows, mut skipped, mut num_rows, mut first) = (Vec::new(), Vec::new(), 0, None);
        let csv = CsvFile::scan(path, layout, &mut |line: CsvLine<'_>| {
            let recorded = line.cell(at);
            first.get_or_insert_with(|| recorded.to_owned());
            match finder.find(recorded) {
                Ok(file) => rows.push(Row { number: num_rows, span: Some(line.span), file: file.into() }),
                Err(reason) => {
                    let place = format!("line {}", line.number);
                    skipped.push(Skipped { row: Some(num_rows), place, reason });
                }
            }
            num_rows += 1;
            Ok(())
        })?;
        if num_rows == 0 {
            return Err(DatasetError::NoRows { path: path.to_owned() });
        }
        if rows.is_empty() {
            let first = first.unwrap_or_default();
            return Err(DatasetError::NoPictureFiles { num_rows, first, path: path.to_owned() });
        }
        let labels: Vec<(String, usize)> = csv
            .columns()
            .iter()
            .enumerate()
            .filter(|(place, column)| *place != at && column.kind != ColumnKind::Text)
            .map(|(place, column)| (column.name.clone(), place))
            .collect();
        Ok(Self {
            about: About {
                root: finder.root,
                label_names: labels.iter().map(|(name, _)| name.clone()).collect(),
                cameras: Vec::new(),
                skipped,
            },
            kind: "table",
            rows,
            label_columns: labels.into_iter().map(|(_, place)| place).collect(),
            sha256: csv.sha256().to_owned(),
            csv: Some(csv),
        })
    }

    /// Paths, one a line, relative to `folder`; blank lines are passed over.
    pub fn list(lines: impl BufRead, folder: &Path) -> Result<Self, DatasetError> {
        let place = PathBuf::from("-");
        let mut finder = Finder::below(folder);
        let (mut rows, mut skipped, mut num_rows, mut first) = (Vec::new(), Vec::new(), 0, None);
        let mut hash = Sha256::new();
        for (at, line) in lines.lines().enumerate() {
            let line = line.map_err(|e| match e.kind() {
                std::io::ErrorKind::InvalidData => DatasetError::BadRow {
                    line: at as u64 + 1,
                    problem: "not UTF-8 text: write paths as UTF-8".into(),
                    path: place.clone(),
                },
                _ => DatasetError::io(&place, &e),
            })?;
            let recorded = line.trim_start_matches('\u{feff}').trim_end_matches('\r');
            if recorded.trim().is_empty() {
                continue;
            }
            hash.update(recorded.as_bytes());
            hash.update(b"\n");
            first.get_or_insert_with(|| recorded.to_owned());
            match finder.find(recorded) {
                Ok(file) => rows.push(Row { number: num_rows, span: None, file: file.into() }),
                Err(reason) => {
                    skipped.push(Skipped { row: Some(num_rows), place: format!("line {}", at + 1), reason });
                }
            }
            num_rows += 1;
        }
        if num_rows == 0 {
            return Err(DatasetError::EmptyList);
        }
        if rows.is_empty() {
            return Err(DatasetError::NoPictureFiles {
                num_rows,
                first: first.unwrap_or_default(),
                path: place,
            });
        }
        Ok(Self {
            about: About { root: finder.root, skipped, ..About::default() },
            kind: "list",
            rows,
            csv: None,
            label_columns: Vec::new(),
            sha256: hex(&hash.finalize()),
        })
    }
}

struct Finder {
    files: RecordedPaths,
    root: PathBuf,
    absolute: PathBuf,
}

impl Finder {
    fn below(root: &Path) -> Self {
        let plain = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let absolute = std::path::absolute(plain).unwrap_or_else(|_| root.to_owned());
        Self { files: RecordedPaths::below(root), root: root.to_owned(), absolute }
    }

    /// The path relative to the root, or as it stands; or why there is none.
    fn find(&mut self, recorded: &str) -> Result<PathBuf, String> {
        if recorded.is_empty() {
            return Err("names no picture".to_owned());
        }
        // Joining an absolute path gives that path.
        if self.root.join(recorded).is_file() {
            let path = PathBuf::from(recorded);
            return Ok(path.strip_prefix(&self.absolute).map(Path::to_owned).unwrap_or(path));
        }
        let found = self.files.find(recorded).ok_or_else(|| format!("no such picture: {recorded}"))?;
        Ok(found.strip_prefix(&self.root).unwrap_or(&found).to_owned())
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
        let label = |&at: &usize| match cells.get(at) {
            Some(Cell::Number(value)) => Label::Number(*value),
            Some(Cell::Integer(value)) => Label::Number(*value as f64),
            _ => Label::Missing,
        };
        let id = super::folder::with_slashes(&self.rows.get(index)?.file);
        let labels = self.label_columns.iter().map(label).collect();
        Some(Sample { row, id, timestamp_ns: None, views, labels })
    }

    fn pictures(&self, index: usize) -> Option<(usize, Vec<View>)> {
        let row = self.rows.get(index)?;
        let picture = PictureLocation::File(self.about.root.join(&row.file));
        Some((row.number, vec![View { camera: None, picture }]))
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

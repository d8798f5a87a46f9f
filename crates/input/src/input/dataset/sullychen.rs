//! Sully Chen's driving data, `data.txt`: one line for each frame, with its picture's name and the angle of the steering wheel in
//! degrees, and in later recordings the time after a comma.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::files::has_picture_extension;
use super::placed::place;
use super::source::{About, CameraPicture, Label, PictureLocation, Sample, Skipped, Source};
use super::text_file::{Text, entries};
use super::udacity::number_of;
use super::{Camera, DatasetError};
use crate::tensor::{Cell, Column, ColumnKind, hex, shown};

/// The log's usual file name.
pub(super) const FILE_NAME: &str = "data.txt";
/// The folder in which later recordings have their pictures.
const FOLDER: &str = "data";
const EXPECTED: &str =
    "expected a picture's name and an angle, as `12.jpg -3.5` or `12.jpg -3.5,2018-07-01 17:09:44:912`";

/// Whether a first line is that of such a log.
pub(super) fn is_sullychen(first_line: &str) -> bool {
    Fields::of(first_line).is_some()
}

/// The fields of a line.
struct Fields<'a> {
    name: &'a str,
    angle: &'a str,
    time: &'a str,
}

impl<'a> Fields<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let (name, rest) = line.trim().split_once([' ', '\t'])?;
        let rest = rest.trim_start();
        let (angle, time) = rest.split_once([',', ' ', '\t']).unwrap_or((rest, ""));
        let is_angle = !angle.is_empty() && number_of(angle).is_some();
        // Something shorter would be the digits after a decimal comma.
        let is_time = time.is_empty()
            || time.len() >= "17:09:44".len()
                && time.chars().all(|c| c.is_ascii_digit() || "-:. ".contains(c));
        (is_angle && is_time && has_picture_extension(Path::new(name))).then_some(Self {
            name,
            angle,
            time: time.trim(),
        })
    }
}

/// Sully Chen's log, opened. Rows are its lines, from 0.
#[derive(Debug)]
pub struct SullychenLog {
    about: About,
    rows: Vec<Row>,
    columns: Vec<Column>,
    num_rows: usize,
    sha256: String,
}

/// One usable line.
#[derive(Debug)]
struct Row {
    number: usize,
    /// The picture's path relative to the root.
    file: Box<Path>,
    /// Name, angle and time as they are written in the log.
    texts: [Box<str>; 3],
}

impl SullychenLog {
    /// Reads a log and finds its pictures, next to it or in `data/`.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let bad = |line: u64, problem: String| DatasetError::BadRow { line, problem, path: path.to_owned() };
        let whole = std::fs::read(path).map_err(|e| DatasetError::io(path, &e))?;
        let sha256 = hex(&Sha256::digest(&whole));
        let text = Text::decode(whole).map_err(|reason| bad(1, reason.to_owned()))?;
        let (mut lines, mut recorded) = (Vec::new(), Vec::new());
        for (number, line) in entries(&text.bytes) {
            let line = std::str::from_utf8(line)
                .map_err(|_| bad(number, "not UTF-8 text: save the log as UTF-8".to_owned()))?;
            if line.trim().is_empty() {
                continue;
            }
            let Some(fields) = Fields::of(line) else {
                return Err(bad(number, format!("`{}`: {EXPECTED}", shown(line))));
            };
            recorded.push(fields.name.to_owned());
            lines.push((number, [fields.name, fields.angle, fields.time].map(Box::<str>::from)));
        }
        let num_rows = lines.len();
        if num_rows == 0 {
            return Err(DatasetError::EmptyList { path: path.to_owned() });
        }
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let placed = place(path, &root, &recorded, Some(FOLDER))?;
        let (mut rows, mut skipped) = (Vec::new(), Vec::new());
        let has_times = lines.iter().any(|(_, texts)| !texts[2].is_empty());
        for (row, ((number, texts), file)) in lines.into_iter().zip(placed.files).enumerate() {
            match file {
                Some(file) => rows.push(Row { number: row, file, texts }),
                None => skipped.push(Skipped {
                    row: Some(row),
                    place: format!("line {number}"),
                    camera: None,
                    file: Some(shown(&texts[0])),
                    reason: format!("no such picture: {}", shown(&texts[0])),
                }),
            }
        }
        if rows.is_empty() {
            let first = recorded.first().map(|path| shown(path)).unwrap_or_default();
            return Err(DatasetError::NoPictureFiles { num_rows, first, path: path.to_owned() });
        }
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let mut typing = super::typing::Typing::new(false);
        for row in &rows {
            typing.add(&row.texts[1], &row.texts[1]);
        }
        let mut columns = vec![column("filename", ColumnKind::Text), column("angle", typing.kind())];
        if has_times {
            columns.push(column("time", ColumnKind::Text));
        }
        let label_names = vec!["angle".to_owned()];
        let about = About { root, label_names, skipped, notes: placed.notes, ..About::default() };
        Ok(Self { about, rows, columns, num_rows, sha256 })
    }
}

impl Source for SullychenLog {
    fn kind(&self) -> &'static str {
        "sullychen"
    }

    fn describe(&self) -> String {
        let missing = match self.about.skipped.len() {
            0 => String::new(),
            n => format!(", {n} of {} missing", self.num_rows),
        };
        format!("Sully Chen's log of {} frames{missing}", self.rows.len())
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let (row, views) = self.pictures(index)?;
        let angle = number_of(&self.rows.get(index)?.texts[1]).filter(|angle| !angle.is_nan());
        let id = self.about.names.name(&self.rows.get(index)?.file);
        let labels = vec![angle.map_or(Label::Missing, Label::Number)];
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
        &self.columns
    }

    fn cells(&self, index: usize, _camera: Option<Camera>) -> Result<Vec<Cell>, DatasetError> {
        let texts = self.rows.get(index).map(|row| row.texts.iter()).into_iter().flatten();
        Ok(self.columns.iter().zip(texts).map(|(column, text)| column.kind.cell(text)).collect())
    }

    fn content_sha256(&self) -> Option<&str> {
        Some(&self.sha256)
    }
}

//! The driving simulator's log, `driving_log.csv`: a line a moment, three cameras side by side.

use std::path::Path;

use super::DatasetError;
use super::csv_file::{CsvFile, CsvLayout, CsvLine, Header, LineSpan};
use super::files::{RecordedPaths, has_picture_extension};
use super::source::{About, Camera, Label, PictureLocation, Sample, Skipped, Source, View};
use super::udacity::number_of;
use crate::tensor::{Cell, Column};

/// The log's usual name.
pub(super) const FILE_NAME: &str = "driving_log.csv";
/// The columns, in the order that the simulator writes them.
const COLUMNS: [&str; 7] = ["center", "left", "right", "steering", "throttle", "brake", "speed"];
/// Where numbers begin.
const FIRST_NUMBER: usize = 3;
/// Cameras in the order of [`Camera::ALL`], by name of their columns.
const CAMERA_COLUMNS: [&str; 3] = ["left", "center", "right"];

/// Whether a first line is such a log's: its header, or (the simulator writes none) paths of pictures and numbers.
pub(super) fn is_simulator(header: &Header) -> bool {
    has_header(header) || is_first_row(&header.fields())
}

fn has_header(header: &Header) -> bool {
    header.has(&["center", "steering"])
}

fn is_first_row(fields: &[String]) -> bool {
    let is_picture = |field: &String| {
        has_picture_extension(Path::new(field.rsplit(['/', '\\']).next().unwrap_or_default()))
    };
    let are_pictures = fields.first().is_some_and(is_picture)
        && fields.get(1..FIRST_NUMBER).is_some_and(|rest| rest.iter().all(|f| f.is_empty() || is_picture(f)));
    let numbers = fields.get(FIRST_NUMBER..).unwrap_or_default();
    are_pictures && numbers.len() >= 4 && numbers.iter().all(|n| number_of(n).is_some_and(f64::is_finite))
}

/// The simulator's log, opened. Rows are its lines, from 0. With a header its columns may stand in any order and there may be others;
/// without one there are seven, and numbers may have unquoted decimal commas where that can be read in one way only.
#[derive(Debug)]
pub struct SimulatorLog {
    about: About,
    rows: Vec<Row>,
    csv: CsvFile,
    label_columns: Vec<usize>,
    num_rows: usize,
}

/// One usable line, kept small.
#[derive(Debug)]
struct Row {
    number: usize,
    span: LineSpan,
    /// By [`Camera::ALL`], relative to the root.
    files: [Option<Box<Path>>; 3],
}

impl SimulatorLog {
    /// Reads a log and looks for its pictures beside it. An empty left or right cell is no picture; one that names a file that isn't
    /// there is listed.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let header = Header::read(path)?;
        let names = (!has_header(&header)).then(|| COLUMNS.map(str::to_owned).to_vec());
        let columns: Vec<String> = names.clone().unwrap_or_else(|| header.columns());
        let column = |name: &str| columns.iter().position(|c| c == name);
        let cameras = CAMERA_COLUMNS.map(column);
        let labels: Vec<(&str, usize)> =
            COLUMNS[FIRST_NUMBER..].iter().filter_map(|name| Some((*name, column(name)?))).collect();
        let is_usual_order = columns.iter().map(String::as_str).eq(COLUMNS);
        let layout = CsvLayout {
            delimiter: header.delimiter(),
            names,
            decimals_from: is_usual_order.then_some(FIRST_NUMBER),
        };
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut files = RecordedPaths::below(&root);
        let (mut rows, mut skipped, mut num_rows, mut first) = (Vec::new(), Vec::new(), 0, None);
        let csv = CsvFile::scan(path, layout, &mut |line: CsvLine<'_>| {
            let row = num_rows;
            num_rows += 1;
            for &(name, at) in &labels {
                if number_of(line.cell(at)).is_none() {
                    return Err(format!("{name} is `{}`: expected a number", line.cell(at)));
                }
            }
            let mut found = [None, None, None];
            for (slot, at) in found.iter_mut().zip(cameras) {
                let recorded = at.map_or("", |at| line.cell(at));
                if recorded.is_empty() {
                    continue;
                }
                first.get_or_insert_with(|| recorded.to_owned());
                *slot = files.find(recorded).map(|file| file.strip_prefix(&root).unwrap_or(&file).into());
                if slot.is_none() {
                    skipped.push(Skipped {
                        row: Some(row),
                        place: format!("line {}", line.number),
                        reason: format!("no such picture: {recorded}"),
                    });
                }
            }
            if found.iter().any(Option::is_some) {
                rows.push(Row { number: row, span: line.span, files: found });
            } else if skipped.last().is_none_or(|s| s.row != Some(row)) {
                skipped.push(Skipped {
                    row: Some(row),
                    place: format!("line {}", line.number),
                    reason: "names no picture".to_owned(),
                });
            }
            Ok(())
        })?;
        if num_rows == 0 {
            return Err(DatasetError::NoRows { path: path.to_owned() });
        }
        if rows.is_empty() {
            let first = first.unwrap_or_default();
            return Err(DatasetError::NoPictureFiles { num_rows, first, path: path.to_owned() });
        }
        let cameras = Camera::ALL
            .into_iter()
            .filter(|camera| {
                rows.iter().any(|row: &Row| row.files.get(*camera as usize).is_some_and(Option::is_some))
            })
            .collect();
        Ok(Self {
            about: About {
                root,
                label_names: labels.iter().map(|(name, _)| (*name).to_owned()).collect(),
                cameras,
                skipped,
            },
            rows,
            csv,
            label_columns: labels.iter().map(|(_, at)| *at).collect(),
            num_rows,
        })
    }
}

impl Source for SimulatorLog {
    fn kind(&self) -> &'static str {
        "simulator"
    }

    fn describe(&self) -> String {
        let missing = match self.about.skipped.len() {
            0 => String::new(),
            n => format!(", {n} pictures of {} rows missing", self.num_rows),
        };
        let cameras: Vec<&str> = self.about.cameras.iter().map(|c| c.name()).collect();
        format!("simulator log of {} moments ({}){missing}", self.rows.len(), cameras.join(", "))
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let (row, views) = self.pictures(index)?;
        let span = self.rows.get(index)?.span;
        let fields = self.csv.fields(span).unwrap_or_default();
        let label = |&at: &usize| match fields.get(at).and_then(|text| number_of(text)) {
            Some(value) if !value.is_nan() => Label::Number(value),
            _ => Label::Missing,
        };
        let labels = self.label_columns.iter().map(label).collect();
        Some(Sample { row, id: format!("{row:06}"), timestamp_ns: None, views, labels })
    }

    fn pictures(&self, index: usize) -> Option<(usize, Vec<View>)> {
        let row = self.rows.get(index)?;
        let view = |(camera, file): (Camera, &Option<Box<Path>>)| {
            let picture = PictureLocation::File(self.about.root.join(file.as_ref()?));
            Some(View { camera: Some(camera), picture })
        };
        Some((row.number, Camera::ALL.into_iter().zip(&row.files).filter_map(view).collect()))
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn index_of_row(&self, row: usize) -> Option<usize> {
        self.rows.binary_search_by_key(&row, |r| r.number).ok()
    }

    fn columns(&self) -> &[Column] {
        self.csv.columns()
    }

    fn cells(&self, index: usize, _camera: Option<Camera>) -> Result<Vec<Cell>, DatasetError> {
        self.rows.get(index).map_or_else(|| Ok(Vec::new()), |row| self.csv.cells(row.span))
    }

    fn content_sha256(&self) -> Option<&str> {
        Some(self.csv.sha256())
    }
}

//! The driving simulator's log, `driving_log.csv`: one line for each frame, with the pictures of three or more cameras in it.

use std::path::Path;

use super::csv_file::{CsvFile, CsvLayout, CsvLine, Header, LineSpan};
use super::files::has_picture_extension;
use super::placed::place;
use super::source::{About, CameraPicture, Label, PictureLocation, Sample, Skipped, Source};
use super::udacity::number_of;
use super::{Camera, DatasetError};
use crate::tensor::{Cell, Column, shown};

/// The log's usual file name.
pub(super) const FILE_NAME: &str = "driving_log.csv";
/// The columns, in the order that the simulator writes them.
const COLUMNS: [&str; 7] = ["center", "left", "right", "steering", "throttle", "brake", "speed"];
/// The index of the first column with numbers.
const FIRST_NUMBER: usize = 3;
/// The folder in which the simulator puts pictures.
const FOLDER: &str = "IMG";

/// Whether a first line is that of such a log: a header, or (the simulator writes none) paths of pictures and then numbers.
pub(super) fn is_simulator(header: &Header) -> bool {
    has_header(header) || is_first_row(&header.fields())
}

fn has_header(header: &Header) -> bool {
    header.has(&["center", "steering"])
}

fn is_first_row(fields: &[String]) -> bool {
    let are_pictures = fields.first().is_some_and(|f| is_picture(f))
        && fields.get(1..FIRST_NUMBER).is_some_and(|rest| rest.iter().all(|f| f.is_empty() || is_picture(f)));
    let numbers = fields.get(FIRST_NUMBER..).unwrap_or_default();
    are_pictures && numbers.len() >= 4 && numbers.iter().all(|n| number_of(n).is_some_and(f64::is_finite))
}

/// Whether a field is the path of a picture, in any folder.
fn is_picture(field: &str) -> bool {
    has_picture_extension(Path::new(field.rsplit(['/', '\\']).next().unwrap_or_default()))
}

/// The simulator's log, opened. Rows are its lines, from 0. With a header, columns may be in any order, and there may be others; an
/// additional column is a camera if its first cell names a picture. Without a header there are seven columns, and numbers may have
/// unquoted decimal commas if they can be read in only one way.
#[derive(Debug)]
pub struct SimulatorLog {
    about: About,
    rows: Vec<Row>,
    csv: CsvFile,
    label_columns: Vec<usize>,
    num_rows: usize,
}

/// One usable line, in a compact form.
#[derive(Debug)]
struct Row {
    number: usize,
    span: LineSpan,
    /// For each camera, its picture's path relative to the root.
    files: Box<[(Camera, Box<Path>)]>,
}

impl SimulatorLog {
    /// Reads a log and finds its pictures. An empty cell of a camera is no picture; a cell that names a missing file is reported as
    /// skipped.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let header = Header::read(path)?;
        let names = (!has_header(&header)).then(|| COLUMNS.map(str::to_owned).to_vec());
        let columns: Vec<String> = names.clone().unwrap_or_else(|| header.columns());
        let column = |name: &str| columns.iter().position(|c| c == name);
        let labels: Vec<(&str, usize)> =
            COLUMNS[FIRST_NUMBER..].iter().filter_map(|name| Some((*name, column(name)?))).collect();
        let is_usual_order = columns.iter().map(String::as_str).eq(COLUMNS);
        let layout = CsvLayout {
            delimiter: header.delimiter(),
            names,
            decimals_from: is_usual_order.then_some(FIRST_NUMBER),
            numbers: labels.iter().map(|(_, at)| *at).collect(),
        };
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut cameras: Vec<(Camera, usize)> = Vec::new();
        // For each line, its number and position; and for each camera of each line, the path in the log.
        let (mut lines, mut recorded) = (Vec::new(), Vec::new());
        let csv = CsvFile::scan(path, layout, &mut |line: CsvLine<'_>| {
            for &(name, at) in &labels {
                if number_of(line.cell(at)).is_none() {
                    return Err(format!("{name} is `{}`: expected a number", shown(line.cell(at))));
                }
            }
            if lines.is_empty() {
                cameras = camera_columns(&columns, &line)?;
            }
            lines.push((line.number, line.span));
            recorded.extend(cameras.iter().map(|(_, at)| line.cell(*at).to_owned()));
            Ok(())
        })?;
        let num_rows = lines.len();
        if num_rows == 0 {
            return Err(DatasetError::NoRows { path: path.to_owned() });
        }
        let placed = place(path, &root, &recorded, Some(FOLDER))?;
        let mut log = Self {
            about: About {
                root,
                label_names: labels.iter().map(|(name, _)| (*name).to_owned()).collect(),
                notes: csv.notes().iter().cloned().chain(placed.notes).collect(),
                ..About::default()
            },
            rows: Vec::new(),
            csv,
            label_columns: labels.iter().map(|(_, at)| *at).collect(),
            num_rows,
        };
        let mut pictures = recorded.iter().zip(placed.files);
        for (row, (number, span)) in lines.into_iter().enumerate() {
            let of_spec =
                cameras.iter().zip(&mut pictures).map(|((camera, _), (path, file))| (*camera, path, file));
            let of_spec = of_spec.collect();
            log.add(row, number, span, of_spec);
        }
        if log.rows.is_empty() {
            let first = recorded.iter().find(|path| !path.is_empty()).map(|path| shown(path));
            let first = first.unwrap_or_default();
            return Err(DatasetError::NoPictureFiles { num_rows, first, path: path.to_owned() });
        }
        log.about.cameras.sort_unstable();
        Ok(log)
    }

    /// Adds a line with its pictures, and reports those that are missing.
    fn add(&mut self, row: usize, number: u64, span: LineSpan, pictures: Vec<Named<'_>>) {
        let mut skip = |camera, file: &str, reason| {
            self.about.skipped.push(Skipped {
                row: Some(row),
                place: format!("line {number}"),
                camera,
                file: Some(shown(file)),
                reason,
            });
        };
        if pictures.iter().all(|(_, recorded, _)| recorded.is_empty()) {
            skip(None, "", "names no picture".to_owned());
        }
        let mut files = Vec::new();
        for (camera, recorded, file) in pictures {
            match file {
                Some(file) => files.push((camera, file)),
                None if recorded.is_empty() => {}
                None => skip(Some(camera), recorded, format!("no such picture: {}", shown(recorded))),
            }
        }
        for (camera, _) in &files {
            if !self.about.cameras.contains(camera) {
                self.about.cameras.push(*camera);
            }
        }
        if !files.is_empty() {
            self.rows.push(Row { number: row, span, files: files.into() });
        }
    }
}

/// A camera's picture in a line: the path in the log, and the file that was found for it.
type Named<'a> = (Camera, &'a String, Option<Box<Path>>);

/// The columns that name pictures, by their name or because the first line has a picture there. Ordered from left to right, then the
/// other cameras.
fn camera_columns(columns: &[String], first: &CsvLine<'_>) -> Result<Vec<(Camera, usize)>, String> {
    let mut cameras = Vec::new();
    for (at, name) in columns.iter().enumerate() {
        let is_camera = match COLUMNS.iter().position(|known| known == name) {
            Some(place) => place < FIRST_NUMBER,
            None => is_picture(first.cell(at)),
        };
        if is_camera {
            let camera: Camera = name.parse().map_err(|e: super::UnknownCamera| e.to_string())?;
            if cameras.iter().all(|(other, _)| *other != camera) {
                cameras.push((camera, at));
            }
        }
    }
    cameras.sort_unstable();
    Ok(cameras)
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
        format!("simulator log of {} frames ({}){missing}", self.rows.len(), cameras.join(", "))
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let (row, views) = self.pictures(index)?;
        let span = self.rows.get(index)?.span;
        let fields = self.csv.fields(span).unwrap_or_default();
        let label = |&at: &usize| match fields.get(at).and_then(|text| number_of(text.trim())) {
            Some(value) if !value.is_nan() => Label::Number(value),
            _ => Label::Missing,
        };
        let labels = self.label_columns.iter().map(label).collect();
        Some(Sample { row, id: format!("{row:06}"), timestamp_ns: None, views, labels })
    }

    fn pictures(&self, index: usize) -> Option<(usize, Vec<CameraPicture>)> {
        let row = self.rows.get(index)?;
        let view = |(camera, file): &(Camera, Box<Path>)| {
            let picture = PictureLocation::File(self.about.root.join(file));
            CameraPicture { camera: Some(*camera), picture }
        };
        Some((row.number, row.files.iter().map(view).collect()))
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

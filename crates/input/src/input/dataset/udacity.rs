//! Udacity's driving log, `interpolated.csv`: one line for each picture, with the lines of three cameras interleaved.

use std::path::Path;

use super::csv_file::{CsvFile, CsvLayout, CsvLine, Header, LineSpan};
use super::grouping::group;
use super::placed::place;
use super::source::{About, CameraPicture, Label, PictureLocation, Sample, Skipped, Source};
use super::{Camera, DatasetError, UnknownCamera};
use crate::tensor::{Cell, Column, shown};

/// The log's usual file name.
pub(super) const FILE_NAME: &str = "interpolated.csv";
/// Whether a header has the two columns that name a picture. Other missing columns are an error when the log is opened.
pub(super) fn is_udacity(header: &Header) -> bool {
    header.has(&["frame_id", "filename"])
}

/// Columns that are labels, if the log has them.
const LABELS: [&str; 6] = ["angle", "torque", "speed", "lat", "long", "alt"];

/// Udacity's log, opened.
///
/// Lines are grouped into *frames* by their times: each line of the centre camera with the nearest line of every other camera, within
/// half the time between two pictures. Frames are numbered from 0 in the log's order, so `--row 12 --camera left` is the left picture
/// of the thirteenth frame, whether or not files are missing. A frame's labels are those of its centre line, or else of its first
/// line. A `frame_id` other than those of the three cameras is a camera of its own.
#[derive(Debug)]
pub struct UdacityLog {
    /// Its root is the log's folder; the frames' files are relative to it.
    about: About,
    frames: Vec<Frame>,
    csv: CsvFile,
    num_rows: usize,
    num_frames: usize,
}

/// One usable frame, in a compact form, because a log may have a million of them.
#[derive(Debug)]
struct Frame {
    row: usize,
    timestamp_ns: u64,
    /// Its pictures, ordered by camera.
    taken: Box<[Taken]>,
    /// NaN where the cell is empty.
    labels: Box<[f64]>,
}

/// One picture of a frame.
#[derive(Debug)]
struct Taken {
    camera: Camera,
    /// The picture's path relative to the root.
    file: Box<Path>,
    /// The line of the log that names the picture.
    span: LineSpan,
}

/// One line of the log.
struct Line {
    number: u64,
    span: LineSpan,
    timestamp_ns: u64,
    camera: Camera,
    recorded: String,
    labels: Box<[f64]>,
}

impl UdacityLog {
    /// Reads a log and finds its pictures. A line that can't be read is an error of the whole log; a missing picture is reported as
    /// skipped.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let (csv, lines, label_names) = read_lines(path)?;
        let Some(first) = lines.first() else {
            return Err(DatasetError::NoRows { path: path.to_owned() });
        };
        let first = first.recorded.clone();
        let num_rows = lines.len();
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let recorded: Vec<String> = lines.iter().map(|line| line.recorded.clone()).collect();
        let placed = place(path, &root, &recorded, Some("IMG"))?;
        let mut log = Self {
            about: About { root, label_names, ..About::default() },
            frames: Vec::new(),
            csv,
            num_rows,
            num_frames: 0,
        };
        let timed: Vec<(u64, Camera)> = lines.iter().map(|line| (line.timestamp_ns, line.camera)).collect();
        let frames = group(&timed);
        log.about.notes = log.csv.notes().to_vec();
        log.about.notes.extend(placed.notes);
        log.about.notes.extend(incomplete(&frames, &timed));
        let mut lines: Vec<Option<Placed>> = lines.into_iter().zip(placed.files).map(Some).collect();
        for frame in frames {
            log.add(frame.into_iter().filter_map(|at| lines.get_mut(at)?.take()).collect());
        }
        if log.frames.is_empty() {
            let first = shown(&first);
            return Err(DatasetError::NoPictureFiles { num_rows, first, path: path.to_owned() });
        }
        log.about.cameras.sort_unstable();
        Ok(log)
    }

    fn add(&mut self, lines: Vec<Placed>) {
        let row = self.num_frames;
        self.num_frames += 1;
        let main = lines.iter().position(|(line, _)| line.camera == Camera::Center).unwrap_or(0);
        let (mut taken, mut timestamp_ns, mut labels) = (Vec::new(), 0, Box::default());
        for (at, (line, file)) in lines.into_iter().enumerate() {
            match file {
                Some(file) => {
                    taken.push(Taken { camera: line.camera, file, span: line.span });
                    if !self.about.cameras.contains(&line.camera) {
                        self.about.cameras.push(line.camera);
                    }
                }
                None => self.about.skipped.push(Skipped {
                    row: Some(row),
                    place: format!("line {}", line.number),
                    camera: Some(line.camera),
                    file: Some(shown(&line.recorded)),
                    reason: format!("no such picture: {}", shown(&line.recorded)),
                }),
            }
            if at == main {
                (timestamp_ns, labels) = (line.timestamp_ns, line.labels);
            }
        }
        if !taken.is_empty() {
            taken.sort_by_key(|taken| taken.camera);
            self.frames.push(Frame { row, timestamp_ns, taken: taken.into(), labels });
        }
    }
}

/// A line, and its picture's file if that exists.
type Placed = (Line, Option<Box<Path>>);

impl Source for UdacityLog {
    fn kind(&self) -> &'static str {
        "udacity"
    }

    fn describe(&self) -> String {
        let missing = match self.about.skipped.len() {
            0 => String::new(),
            n => format!(", {n} of {} pictures missing", self.num_rows),
        };
        let cameras: Vec<&str> = self.about.cameras.iter().map(|c| c.name()).collect();
        format!("Udacity log of {} frames ({}){missing}", self.frames.len(), cameras.join(", "))
    }

    fn len(&self) -> usize {
        self.frames.len()
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let frame = self.frames.get(index)?;
        let views = frame
            .taken
            .iter()
            .map(|taken| CameraPicture {
                camera: Some(taken.camera),
                picture: PictureLocation::File(self.about.root.join(&taken.file)),
            })
            .collect();
        let label = |&value: &f64| if value.is_nan() { Label::Missing } else { Label::Number(value) };
        Some(Sample {
            row: frame.row,
            id: frame.timestamp_ns.to_string(),
            timestamp_ns: Some(frame.timestamp_ns),
            views,
            labels: frame.labels.iter().map(label).collect(),
        })
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn index_of_row(&self, row: usize) -> Option<usize> {
        self.frames.binary_search_by_key(&row, |frame| frame.row).ok()
    }

    fn columns(&self) -> &[Column] {
        self.csv.columns()
    }

    fn cells(&self, index: usize, camera: Option<Camera>) -> Result<Vec<Cell>, DatasetError> {
        let taken = self.frames.get(index).and_then(|frame| match camera {
            Some(camera) => frame.taken.iter().find(|taken| taken.camera == camera),
            None => frame.taken.first(),
        });
        taken.map_or_else(
            || Ok(vec![Cell::Missing; self.csv.columns().len()]),
            |taken| self.csv.cells(taken.span),
        )
    }

    fn content_sha256(&self) -> Option<&str> {
        Some(self.csv.sha256())
    }
}

/// A note for the user about frames that don't have a line of every camera; `None` if there are none.
fn incomplete(frames: &[Vec<usize>], lines: &[(u64, Camera)]) -> Option<String> {
    let mut cameras: Vec<Camera> = Vec::new();
    for (_, camera) in lines {
        if !cameras.contains(camera) {
            cameras.push(*camera);
        }
    }
    cameras.sort_unstable();
    let mut lacking = frames.iter().enumerate().filter(|(_, frame)| frame.len() < cameras.len()).peekable();
    let (row, first) = lacking.peek().copied()?;
    let has = |camera: &&Camera| first.iter().any(|at| lines.get(*at).is_some_and(|line| line.1 == **camera));
    let without: Vec<&str> =
        cameras.iter().filter(|camera| !has(camera)).map(|camera| camera.name()).collect();
    Some(format!(
        "{} of {} frames have no line of some camera, which is left out of their rows (the first: row {row}, {})",
        lacking.count(),
        frames.len(),
        without.join(", ")
    ))
}

/// Reads the log: the scanned file, all its lines, and the names of the label columns.
fn read_lines(path: &Path) -> Result<(CsvFile, Vec<Line>, Vec<String>), DatasetError> {
    let header = Header::read(path)?;
    let columns = header.columns();
    let column = |name: &str| columns.iter().position(|c| c == name);
    let required = |missing: &'static str| {
        column(missing).ok_or_else(|| DatasetError::MissingColumn {
            missing,
            found: shown(&columns.join(", ")),
            path: path.to_owned(),
        })
    };
    let (timestamp, frame, file) = (required("timestamp")?, required("frame_id")?, required("filename")?);
    required("angle")?;
    let labels: Vec<(&str, usize)> =
        LABELS.into_iter().filter_map(|name| Some((name, column(name)?))).collect();
    let mut lines = Vec::new();
    let layout = CsvLayout {
        delimiter: header.delimiter(),
        numbers: labels.iter().map(|(_, at)| *at).collect(),
        ..CsvLayout::default()
    };
    let csv = CsvFile::scan(path, layout, &mut |line: CsvLine<'_>| {
        let problem = |name: &str, at: usize, expected: &str| {
            format!("{name} is `{}`: expected {expected}", shown(line.cell(at)))
        };
        let timestamp_ns = line
            .cell(timestamp)
            .parse()
            .map_err(|_| problem("timestamp", timestamp, "nanoseconds since the epoch, a whole number"))?;
        let camera = line.cell(frame).parse().map_err(|e: UnknownCamera| match e {
            UnknownCamera::NoName(_) => {
                problem("frame_id", frame, "left_camera, center_camera, right_camera or another name")
            }
            e @ UnknownCamera::TooMany(_) => e.to_string(),
        })?;
        if line.cell(file).is_empty() {
            return Err(problem("filename", file, "a path such as center/1479424215880976321.jpg"));
        }
        let values = labels
            .iter()
            .map(|&(name, at)| number_of(line.cell(at)).ok_or_else(|| problem(name, at, "a number")))
            .collect::<Result<_, _>>()?;
        let recorded = line.cell(file).to_owned();
        let (number, span) = (line.number, line.span);
        lines.push(Line { number, span, timestamp_ns, camera, recorded, labels: values });
        Ok(())
    })?;
    Ok((csv, lines, labels.into_iter().map(|(name, _)| name.to_owned()).collect()))
}

/// A finite number, with a decimal point or comma; NaN for an empty cell.
pub(super) fn number_of(cell: &str) -> Option<f64> {
    if cell.is_empty() {
        return Some(f64::NAN);
    }
    let value: f64 = cell.parse().or_else(|_| cell.replacen(',', ".", 1).parse()).ok()?;
    value.is_finite().then_some(value)
}

//! Udacity's driving log, `interpolated.csv`: one line a picture, three cameras interleaved.

use std::path::Path;

use super::DatasetError;
use super::csv_file::{CsvFile, CsvLayout, CsvLine, Header, LineSpan};
use super::files::RecordedPaths;
use super::source::{About, Camera, Label, PictureLocation, Sample, Skipped, Source, View};
use crate::tensor::{Cell, Column};

/// The log's usual name.
pub(super) const FILE_NAME: &str = "interpolated.csv";
/// Whether the two columns that name a picture are there; what else is missing is an error of the log's.
pub(super) fn is_udacity(header: &Header) -> bool {
    header.has(&["frame_id", "filename"])
}

/// Columns without which it is no such log.
pub(super) const REQUIRED: [&str; 4] = ["timestamp", "frame_id", "filename", "angle"];
/// Columns that are labels, where the log has them.
const LABELS: [&str; 6] = ["angle", "torque", "speed", "lat", "long", "alt"];
/// Pictures at most this far apart belong to one moment: the cameras run at 20 Hz, so moments are 50 ms apart.
const MOMENT_NS: u64 = 25_000_000;
/// Udacity's log, opened.
///
/// Lines are grouped into *moments*: going down the log, a line joins the moment before it if that has no picture of its
/// camera yet and began at most 25 ms away; otherwise it begins a new one. Moments are numbered from 0 in the log's order, so
/// `--row 12 --camera left` is the left picture of the thirteenth moment, whether or not files are missing. A moment's labels
/// are those of its centre line, or else of its first.
#[derive(Debug)]
pub struct UdacityLog {
    /// Its root is the log's folder; moments point into it.
    about: About,
    moments: Vec<Moment>,
    csv: CsvFile,
    num_rows: usize,
    num_moments: usize,
}

/// One usable moment, kept small: a log may have a million.
#[derive(Debug)]
struct Moment {
    row: usize,
    timestamp_ns: u64,
    /// By [`Camera::ALL`], relative to the root.
    files: [Option<Box<Path>>; 3],
    /// The lines that name them.
    spans: [Option<LineSpan>; 3],
    /// NaN where the cell is empty.
    labels: Box<[f64]>,
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
    /// Reads a log and looks for its pictures beside it. A line that can't be read refuses the log; a picture that isn't there
    /// is listed.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let (csv, lines, label_names) = read_lines(path)?;
        let Some(first) = lines.first() else {
            return Err(DatasetError::NoRows { path: path.to_owned() });
        };
        let first = first.recorded.clone();
        let num_rows = lines.len();
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut files = RecordedPaths::below(&root);
        let mut log = Self {
            about: About { root, label_names, ..About::default() },
            moments: Vec::new(),
            csv,
            num_rows,
            num_moments: 0,
        };
        for moment in group(lines) {
            log.add(moment, &mut files);
        }
        if log.moments.is_empty() {
            return Err(DatasetError::NoPictureFiles { num_rows, first, path: path.to_owned() });
        }
        log.about.cameras.sort_unstable();
        Ok(log)
    }

    fn add(&mut self, lines: Vec<Line>, files: &mut RecordedPaths) {
        let row = self.num_moments;
        self.num_moments += 1;
        let mut moment = Moment {
            row,
            timestamp_ns: 0,
            files: [None, None, None],
            spans: [None; 3],
            labels: Box::default(),
        };
        let main = lines.iter().position(|line| line.camera == Camera::Center).unwrap_or(0);
        for (at, line) in lines.into_iter().enumerate() {
            match files.find(&line.recorded) {
                Some(file) => {
                    let relative = file.strip_prefix(&self.about.root).unwrap_or(&file);
                    let camera = line.camera as usize;
                    if let (Some(slot), Some(span)) =
                        (moment.files.get_mut(camera), moment.spans.get_mut(camera))
                    {
                        *slot = Some(relative.into());
                        *span = Some(line.span);
                    }
                    if !self.about.cameras.contains(&line.camera) {
                        self.about.cameras.push(line.camera);
                    }
                }
                None => self.about.skipped.push(Skipped {
                    row: Some(row),
                    place: format!("line {}", line.number),
                    reason: format!("no such picture: {}", line.recorded),
                }),
            }
            if at == main {
                (moment.timestamp_ns, moment.labels) = (line.timestamp_ns, line.labels);
            }
        }
        if moment.files.iter().any(Option::is_some) {
            self.moments.push(moment);
        }
    }
}

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
        format!("Udacity log of {} moments ({}){missing}", self.moments.len(), cameras.join(", "))
    }

    fn len(&self) -> usize {
        self.moments.len()
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let moment = self.moments.get(index)?;
        let views = Camera::ALL
            .into_iter()
            .zip(&moment.files)
            .filter_map(|(camera, file)| {
                let picture = PictureLocation::File(self.about.root.join(file.as_ref()?));
                Some(View { camera: Some(camera), picture })
            })
            .collect();
        let label = |&value: &f64| if value.is_nan() { Label::Missing } else { Label::Number(value) };
        Some(Sample {
            row: moment.row,
            id: moment.timestamp_ns.to_string(),
            timestamp_ns: Some(moment.timestamp_ns),
            views,
            labels: moment.labels.iter().map(label).collect(),
        })
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn index_of_row(&self, row: usize) -> Option<usize> {
        self.moments.binary_search_by_key(&row, |moment| moment.row).ok()
    }

    fn columns(&self) -> &[Column] {
        self.csv.columns()
    }

    fn cells(&self, index: usize, camera: Option<Camera>) -> Result<Vec<Cell>, DatasetError> {
        let spans = self.moments.get(index).map(|moment| &moment.spans);
        let span = spans.and_then(|spans| match camera {
            Some(camera) => spans.get(camera as usize).copied().flatten(),
            None => spans.iter().flatten().next().copied(),
        });
        span.map_or_else(|| Ok(vec![Cell::Missing; self.csv.columns().len()]), |span| self.csv.cells(span))
    }

    fn content_sha256(&self) -> Option<&str> {
        Some(self.csv.sha256())
    }
}

/// Lines of one moment together, moments and lines in the log's order.
fn group(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let mut moments: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        match moments.last_mut() {
            Some(moment)
                if moment.iter().all(|other| other.camera != line.camera)
                    && moment
                        .first()
                        .is_some_and(|first| first.timestamp_ns.abs_diff(line.timestamp_ns) <= MOMENT_NS) =>
            {
                moment.push(line);
            }
            _ => moments.push(vec![line]),
        }
    }
    moments
}

/// The log, all its lines, and the names of the label columns.
fn read_lines(path: &Path) -> Result<(CsvFile, Vec<Line>, Vec<String>), DatasetError> {
    let header = Header::read(path)?;
    let columns = header.columns();
    let column = |name: &str| columns.iter().position(|c| c == name);
    let required = |missing: &'static str| {
        column(missing).ok_or_else(|| DatasetError::MissingColumn {
            missing,
            found: columns.join(", "),
            path: path.to_owned(),
        })
    };
    let (timestamp, frame, file) = (required("timestamp")?, required("frame_id")?, required("filename")?);
    required("angle")?;
    let labels: Vec<(&str, usize)> =
        LABELS.into_iter().filter_map(|name| Some((name, column(name)?))).collect();
    let mut lines = Vec::new();
    let layout = CsvLayout { delimiter: header.delimiter(), names: None, decimals_from: None };
    let csv = CsvFile::scan(path, layout, &mut |line: CsvLine<'_>| {
        let problem = |name: &str, at: usize, expected: &str| {
            format!("{name} is `{}`: expected {expected}", line.cell(at))
        };
        let timestamp_ns = line
            .cell(timestamp)
            .parse()
            .map_err(|_| problem("timestamp", timestamp, "nanoseconds since the epoch, a whole number"))?;
        let camera = line
            .cell(frame)
            .parse()
            .map_err(|_| problem("frame_id", frame, "left_camera, center_camera or right_camera"))?;
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

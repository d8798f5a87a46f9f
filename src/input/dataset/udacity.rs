//! Udacity's driving log, `interpolated.csv`: one line a picture, three cameras interleaved.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::DatasetError;
use super::files::RecordedPaths;
use super::source::{Camera, Label, PictureLocation, Sample, Skipped, Source, View};

/// The log's usual name.
pub(super) const FILE_NAME: &str = "interpolated.csv";
/// Columns without which it is no such log.
pub(super) const REQUIRED: [&str; 4] = ["timestamp", "frame_id", "filename", "angle"];
/// Columns that are labels, where the log has them.
const LABELS: [&str; 6] = ["angle", "torque", "speed", "lat", "long", "alt"];
/// Pictures at most this far apart belong to one moment: the cameras run at 20 Hz, so moments are 50 ms apart.
const MOMENT_NS: u64 = 25_000_000;
const NOT_UTF8: &str = "not UTF-8 text: save the log as UTF-8";

/// The first line of a file that may be a log, as columns.
pub(super) struct Header {
    line: String,
}

impl Header {
    /// Reads the first line (at most 4 KiB of it).
    pub(super) fn read(path: &Path) -> Result<Self, DatasetError> {
        let mut start = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(4096).read_to_end(&mut start))
            .map_err(|e| DatasetError::io(path, &e))?;
        let text = String::from_utf8_lossy(&start);
        let line = text.trim_start_matches('\u{feff}').lines().next().unwrap_or("").trim().to_owned();
        Ok(Self { line })
    }

    /// Whether the two columns that name a picture are there; what else is missing is an error of the log's.
    pub(super) fn is_log(&self) -> bool {
        let columns = self.columns();
        ["frame_id", "filename"].iter().all(|name| columns.iter().any(|column| column == name))
    }

    /// The line, at most 60 characters of it, without what a terminal can't show.
    pub(super) fn shortened(&self) -> String {
        let shown: String = self.line.chars().filter(|c| !c.is_control()).take(60).collect();
        if shown.len() < self.line.len() { format!("{shown}…") } else { shown }
    }

    /// What separates fields: European spreadsheets write semicolons, so that commas can be decimal.
    fn delimiter(&self) -> u8 {
        let count = |c: u8| self.line.bytes().filter(|b| *b == c).count();
        [b',', b';', b'\t'].into_iter().rev().max_by_key(|c| count(*c)).unwrap_or(b',')
    }

    fn columns(&self) -> Vec<String> {
        self.line
            .split(char::from(self.delimiter()))
            .map(|name| name.trim().trim_matches('"').trim().to_lowercase())
            .collect()
    }
}

/// Udacity's log, opened.
///
/// Lines are grouped into *moments*: going down the log, a line joins the moment before it if that has no picture of its
/// camera yet and began at most 25 ms away; otherwise it begins a new one. Moments are numbered from 0 in the log's order, so
/// `--row 12 --camera left` is the left picture of the thirteenth moment, whether or not files are missing. A moment's labels
/// are those of its centre line, or else of its first.
#[derive(Debug)]
pub struct UdacityLog {
    moments: Vec<Moment>,
    /// Paths of pictures below the log's folder; moments point into it.
    root: PathBuf,
    num_rows: usize,
    num_moments: usize,
    label_names: Vec<String>,
    cameras: Vec<Camera>,
    skipped: Vec<Skipped>,
}

/// One usable moment, kept small: a log may have a million.
#[derive(Debug)]
struct Moment {
    row: usize,
    timestamp_ns: u64,
    /// By [`Camera::ALL`], relative to the root.
    files: [Option<Box<Path>>; 3],
    /// NaN where the cell is empty.
    labels: Box<[f64]>,
}

/// One line of the log.
struct Line {
    number: u64,
    timestamp_ns: u64,
    camera: Camera,
    recorded: String,
    labels: Box<[f64]>,
}

impl UdacityLog {
    /// Reads a log and looks for its pictures beside it. A line that can't be read refuses the log; a picture that isn't there
    /// is listed.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let (lines, label_names) = read_lines(path)?;
        let Some(first) = lines.first() else {
            return Err(DatasetError::NoRows { path: path.to_owned() });
        };
        let first = first.recorded.clone();
        let num_rows = lines.len();
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut files = RecordedPaths::below(&root);
        let mut log = Self {
            moments: Vec::new(),
            root,
            num_rows,
            num_moments: 0,
            label_names,
            cameras: Vec::new(),
            skipped: Vec::new(),
        };
        for moment in group(lines) {
            log.add(moment, &mut files);
        }
        if log.moments.is_empty() {
            return Err(DatasetError::NoPictureFiles { num_rows, first, path: path.to_owned() });
        }
        log.cameras.sort_unstable();
        Ok(log)
    }

    fn add(&mut self, lines: Vec<Line>, files: &mut RecordedPaths) {
        let row = self.num_moments;
        self.num_moments += 1;
        let mut moment = Moment { row, timestamp_ns: 0, files: [None, None, None], labels: Box::default() };
        let main = lines.iter().position(|line| line.camera == Camera::Center).unwrap_or(0);
        for (at, line) in lines.into_iter().enumerate() {
            match files.find(&line.recorded) {
                Some(file) => {
                    let relative = file.strip_prefix(&self.root).unwrap_or(&file);
                    if let Some(slot) = moment.files.get_mut(line.camera as usize) {
                        *slot = Some(relative.into());
                    }
                    if !self.cameras.contains(&line.camera) {
                        self.cameras.push(line.camera);
                    }
                }
                None => self.skipped.push(Skipped {
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
    fn describe(&self) -> String {
        let missing = match self.skipped.len() {
            0 => String::new(),
            n => format!(", {n} of {} pictures missing", self.num_rows),
        };
        let cameras: Vec<&str> = self.cameras.iter().map(|c| c.name()).collect();
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
                let picture = PictureLocation::File(self.root.join(file.as_ref()?));
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

    fn index_of_row(&self, row: usize) -> Option<usize> {
        self.moments.binary_search_by_key(&row, |moment| moment.row).ok()
    }

    fn cameras(&self) -> &[Camera] {
        &self.cameras
    }

    fn label_names(&self) -> &[String] {
        &self.label_names
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
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

/// All lines, and the names of the label columns.
fn read_lines(path: &Path) -> Result<(Vec<Line>, Vec<String>), DatasetError> {
    let bytes = std::fs::read(path).map_err(|e| DatasetError::io(path, &e))?;
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let bad = |line: u64, problem: String| DatasetError::BadRow { line, problem, path: path.to_owned() };
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

    let mut reader = csv::ReaderBuilder::new()
        .delimiter(header.delimiter())
        .has_headers(true)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    // The header is read by the first call, and positions count from after it.
    reader.byte_headers().map_err(|_| bad(1, NOT_UTF8.into()))?;
    let mut counter = LineCounter { bytes, at: 0, line: 1 };
    let mut lines = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let number = counter.line_of(reader.position().byte());
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => return Err(bad(number, NOT_UTF8.into())),
        }
        if record.len() != columns.len() {
            let problem = format!(
                "{} fields where the header has {} (a decimal comma must be quoted, or fields parted by semicolons)",
                record.len(),
                columns.len()
            );
            return Err(bad(number, problem));
        }
        let cell = |at: usize| record.get(at).unwrap_or("");
        let problem = |name: &str, at: usize, expected: &str| {
            bad(number, format!("{name} is `{}`: expected {expected}", cell(at)))
        };
        let timestamp_ns = cell(timestamp)
            .parse()
            .map_err(|_| problem("timestamp", timestamp, "nanoseconds since the epoch, a whole number"))?;
        let camera = cell(frame)
            .parse()
            .map_err(|_| problem("frame_id", frame, "left_camera, center_camera or right_camera"))?;
        if cell(file).is_empty() {
            return Err(problem("filename", file, "a path such as center/1479424215880976321.jpg"));
        }
        let values = labels
            .iter()
            .map(|&(name, at)| number_of(cell(at)).ok_or_else(|| problem(name, at, "a number")))
            .collect::<Result<_, _>>()?;
        lines.push(Line { number, timestamp_ns, camera, recorded: cell(file).to_owned(), labels: values });
    }
    Ok((lines, labels.into_iter().map(|(name, _)| name.to_owned()).collect()))
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

/// A finite number, with a decimal point or comma; NaN for an empty cell.
fn number_of(cell: &str) -> Option<f64> {
    if cell.is_empty() {
        return Some(f64::NAN);
    }
    let value: f64 = cell.parse().or_else(|_| cell.replacen(',', ".", 1).parse()).ok()?;
    value.is_finite().then_some(value)
}

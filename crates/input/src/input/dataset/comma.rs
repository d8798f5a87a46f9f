//! comma.ai's research data set: a camera file with frames in HDF5, and next to it a log with a hundred measurements per second.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hdf5_pure::{DType, File};

use sha2::{Digest, Sha256};

use super::comma_files::{CAMERA_FOLDER, camera_files};
use super::frames::{FRAMES, Frames};
use super::source::{About, CameraPicture, Label, PictureLocation, Sample, Skipped, Source};
use super::{Camera, DatasetError, NameCoding};
use crate::tensor::{Cell, Column, ColumnKind, EXACT_INTEGERS, hex, shown};

/// The set with, for each measurement, the number of the newest frame at that time.
const POINTER: &str = "cam1_ptr";
/// The most measurements of a log that are read: about those of ten days.
const MAX_LENGTH: u64 = 100_000_000;

/// Opened camera files. The rows are their frames, numbered from 0, file after file in natural order. A frame's cells are those of
/// the first measurement that was taken while it was the newest frame. A frame without any measurement has no cells.
#[derive(Debug)]
pub struct CommaSource {
    about: About,
    drives: Vec<Drive>,
    columns: Vec<Column>,
    num_rows: usize,
    /// SHA-256 over the numbers of frames and the labels.
    sha256: String,
}

/// One camera file with its log.
#[derive(Debug)]
struct Drive {
    frames: Arc<Frames>,
    /// The row of its first frame.
    first: usize,
    columns: Vec<(Column, Values)>,
    /// What else is known from the log; `None` without a log.
    told: Option<Told>,
}

/// What is known from a log in addition to its columns.
#[derive(Debug, Default)]
struct Told {
    /// How many frames have no measurement, and the first of them.
    num_blank: usize,
    first_blank: Option<usize>,
    /// Names of the log's sets that can't be columns.
    left_out: Vec<String>,
}

/// A column's values, one for each frame.
#[derive(Debug)]
enum Values {
    Whole(Vec<Option<i64>>),
    /// Numbers too large for a signed whole number of 64 bits.
    Large(Vec<Option<u64>>),
    /// NaN where there is no value.
    Real(Vec<f64>),
}

impl Values {
    /// Whether some whole numbers have more digits than fit into f64.
    fn is_large(&self) -> bool {
        match self {
            Self::Whole(values) => values.iter().flatten().any(|v| v.unsigned_abs() > EXACT_INTEGERS),
            Self::Large(_) => true,
            Self::Real(_) => false,
        }
    }

    /// Hashes every value's bytes, with a mark that distinguishes a missing value from a number.
    fn feed(&self, hash: &mut Sha256) {
        let mut add = |kind: u8, bytes: [u8; 8]| {
            hash.update([kind]);
            hash.update(bytes);
        };
        match self {
            Self::Whole(values) => {
                for value in values {
                    add(u8::from(value.is_some()), value.unwrap_or_default().to_le_bytes());
                }
            }
            Self::Large(values) => {
                for value in values {
                    add(2 + u8::from(value.is_some()), value.unwrap_or_default().to_le_bytes());
                }
            }
            Self::Real(values) => {
                for value in values {
                    add(4, value.to_le_bytes());
                }
            }
        }
    }

    fn cell(&self, at: usize) -> Cell {
        match self {
            Self::Whole(values) => values.get(at).copied().flatten().map_or(Cell::Missing, Cell::Integer),
            Self::Large(values) => {
                let text = |value: u64| Cell::Text(value.to_string());
                values.get(at).copied().flatten().map_or_else(|| Cell::Text(String::new()), text)
            }
            Self::Real(values) => {
                values.get(at).copied().filter(|v| !v.is_nan()).map_or(Cell::Missing, Cell::Number)
            }
        }
    }
}

/// Opens a camera file or a folder of them as a data set.
pub(super) fn open_comma(path: &Path) -> Result<Box<dyn Source>, DatasetError> {
    Ok(Box::new(CommaSource::open(path)?))
}

impl CommaSource {
    /// Opens a camera file, or all those of a folder: in its `camera`, or, if there are none, in the folder itself. A file's log is
    /// expected under the same name in `../log`, as in the published data set, or else in the file itself.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let mut source = Self {
            about: About::default(),
            drives: Vec::new(),
            columns: Vec::new(),
            num_rows: 0,
            sha256: String::new(),
        };
        if path.is_dir() {
            path.clone_into(&mut source.about.root);
            let files = camera_files(path)?;
            source.about.names = NameCoding::of(files.iter().map(|file| &**file));
            for file in files {
                match source.add(&path.join(&file)) {
                    // Another HDF5 file in the folder, such as a log, or a broken file: it is reported as skipped.
                    Err(DatasetError::Unreadable { reason, .. }) => source.about.skipped.push(Skipped {
                        row: None,
                        place: source.about.names.name(&file),
                        camera: None,
                        file: None,
                        reason,
                    }),
                    other => other?,
                }
            }
            if source.drives.is_empty() {
                let reason = format!(
                    "no camera file of comma.ai's in this folder: expected HDF5 files with a set `{FRAMES}`, in it or in its `{CAMERA_FOLDER}`"
                );
                return Err(DatasetError::Unreadable { reason, path: path.to_owned() });
            }
        } else {
            path.parent().unwrap_or(Path::new("")).clone_into(&mut source.about.root);
            source.add(path)?;
        }
        source.sha256 = source.labels_sha256();
        source.settle_columns();
        source.settle_notes();
        Ok(source)
    }

    fn labels_sha256(&self) -> String {
        let mut hash = Sha256::new();
        for drive in &self.drives {
            hash.update(drive.frames.len().to_le_bytes());
            for (column, values) in &drive.columns {
                hash.update(column.name.as_bytes());
                values.feed(&mut hash);
            }
        }
        hex(&hash.finalize())
    }

    fn add(&mut self, path: &Path) -> Result<(), DatasetError> {
        let frames = Arc::new(Frames::open(path)?);
        let num_frames = frames.len() as usize;
        let (columns, told) = match open_log(path)? {
            Some(log) => {
                let (columns, told) = log.read(num_frames)?;
                (columns, Some(told))
            }
            None => (Vec::new(), None),
        };
        self.drives.push(Drive { frames, first: self.num_rows, columns, told });
        self.num_rows += num_frames;
        Ok(())
    }

    /// Adds notes for the user about the logs.
    fn settle_notes(&mut self) {
        let notes = &mut self.about.notes;
        let name = |drive: &Drive| shown(&drive.frames.path().display().to_string());
        let mut without = self.drives.iter().filter(|drive| drive.told.is_none()).peekable();
        if let Some(first) = without.peek() {
            let first = name(first);
            notes.push(match (without.count(), self.drives.len()) {
                (_, 1) => "the camera file has no log, so its frames have no labels".to_owned(),
                (num, all) => format!(
                    "{num} of {all} camera files have no log, so their frames have no labels (the first: `{first}`)"
                ),
            });
        }
        let told = || self.drives.iter().filter_map(|drive| Some((drive, drive.told.as_ref()?)));
        let num_blank: usize = told().map(|(_, told)| told.num_blank).sum();
        let first = told().find_map(|(drive, told)| Some(drive.first + told.first_blank?));
        if let Some(first) = first {
            let (frames, have, their) =
                if num_blank == 1 { ("frame", "has", "its") } else { ("frames", "have", "their") };
            notes.push(format!(
                "{num_blank} {frames} of {} {have} no measurement in the log, so {their} labels are empty (the first: row {first})",
                self.num_rows
            ));
        }
        let mut names: Vec<&String> = told().flat_map(|(_, told)| &told.left_out).collect();
        names.sort();
        names.dedup();
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", shown(name))).collect();
            notes.push(format!(
                "sets of the log are left out (taken are whole numbers, f32 and f64, one a measurement): {}",
                names.join(", ")
            ));
        }
    }

    /// Collects the columns of all logs. If logs differ in a column's kind, it becomes a number, or text if a whole number would lose
    /// digits.
    fn settle_columns(&mut self) {
        for (column, _) in self.drives.iter().flat_map(|drive| &drive.columns) {
            match self.columns.iter_mut().find(|known| known.name == column.name) {
                Some(known) => known.kind = known.kind.max(column.kind),
                None => self.columns.push(column.clone()),
            }
        }
        for column in self.columns.iter_mut().filter(|column| column.kind == ColumnKind::Number) {
            let mut own = self.drives.iter().flat_map(|drive| &drive.columns);
            if own.any(|(theirs, values)| theirs.name == column.name && values.is_large()) {
                column.kind = ColumnKind::Text;
            }
        }
        self.about.label_names = self.columns.iter().map(|column| column.name.clone()).collect();
    }

    /// The camera file with a frame, and the frame's number in it.
    fn find(&self, index: usize) -> Option<(&Drive, usize)> {
        let place = self.drives.partition_point(|drive| drive.first <= index).checked_sub(1)?;
        let drive = self.drives.get(place).filter(|_| index < self.num_rows)?;
        Some((drive, index - drive.first))
    }

    fn cells_of(&self, index: usize) -> Vec<Cell> {
        let Some((drive, at)) = self.find(index) else { return Vec::new() };
        let of = |column: &Column| drive.columns.iter().find(|(own, _)| own.name == column.name);
        self.columns
            .iter()
            .map(|column| {
                match (of(column).map_or(Cell::Missing, |(_, values)| values.cell(at)), column.kind) {
                    (Cell::Integer(value), ColumnKind::Number) => Cell::Number(value as f64),
                    (cell, ColumnKind::Text) => Cell::Text(cell.to_string()),
                    (cell, _) => cell,
                }
            })
            .collect()
    }
}

/// A camera file's log: a separate file, or the camera file itself.
struct Log {
    path: PathBuf,
    file: File,
    is_own_file: bool,
}

/// Finds the log of a camera file. A log that is there but can't be read is an error, since its labels would be lost.
fn open_log(camera: &Path) -> Result<Option<Log>, DatasetError> {
    let name = camera.file_name().unwrap_or_default();
    let beside = camera.parent().unwrap_or(Path::new("")).join("../log").join(name);
    let real = |path: &Path| path.canonicalize().ok();
    if beside.symlink_metadata().is_ok() && real(&beside) != real(camera) {
        let file = File::open_streaming(&beside).map_err(|e| unread(&beside, true, &e))?;
        return Ok(Some(Log { path: beside, file, is_own_file: true }));
    }
    let file = File::open_streaming(camera).map_err(|e| unread(camera, false, &e))?;
    let names = file.root().datasets().map_err(|e| unread(camera, false, &e))?;
    let has_pointer = names.iter().any(|name| name == POINTER);
    Ok(has_pointer.then(|| Log { path: camera.to_owned(), file, is_own_file: false }))
}

/// The error for a log that the HDF5 library can't read.
fn unread(path: &Path, is_own_file: bool, error: &hdf5_pure::Error) -> DatasetError {
    match error {
        // A read error of the system says nothing about the file's content.
        hdf5_pure::Error::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            DatasetError::io(path, error)
        }
        other => bad_log(path, is_own_file, other.to_string()),
    }
}

fn bad_log(path: &Path, is_own_file: bool, reason: String) -> DatasetError {
    let advice = if is_own_file {
        "copy it again, or move it away to do without its labels"
    } else {
        "copy the file again"
    };
    DatasetError::BadLog { reason, advice, path: path.to_owned() }
}

impl Log {
    /// The log's columns, with a value for each frame, in the order of their names.
    fn read(&self, num_frames: usize) -> Result<(Vec<(Column, Values)>, Told), DatasetError> {
        let bad = |reason: String| bad_log(&self.path, self.is_own_file, reason);
        let words = |e: hdf5_pure::Error| unread(&self.path, self.is_own_file, &e);
        let mut names = self.file.root().datasets().map_err(words)?;
        names.sort();
        if !names.iter().any(|name| name == POINTER) {
            return Err(bad(format!("it has no set `{POINTER}`, which says of each measurement its frame")));
        }
        let pointer = self.file.dataset(POINTER).map_err(words)?;
        let shape = pointer.shape().map_err(words)?;
        let [length @ 0..=MAX_LENGTH] = shape[..] else {
            return Err(bad(format!("`{POINTER}` is of shape {shape:?}: expected one number a measurement")));
        };
        // The first measurement of each frame.
        let mut first = vec![None; num_frames];
        let pointers = pointer.read_f64().map_err(words)?;
        if pointers.len() as u64 != length {
            return Err(bad(format!("`{POINTER}` is cut short")));
        }
        for (at, frame) in pointers.into_iter().enumerate() {
            if frame >= 0.0
                && let Some(slot) = first.get_mut(frame as usize)
                && slot.is_none()
            {
                *slot = Some(at);
            }
        }
        let mut told = Told {
            num_blank: first.iter().filter(|at| at.is_none()).count(),
            first_blank: first.iter().position(Option::is_none),
            left_out: Vec::new(),
        };
        let mut columns = Vec::new();
        for name in names.into_iter().filter(|name| name != FRAMES) {
            let set = self.file.dataset(&name).map_err(words)?;
            if set.shape().map_err(words)?[..] != [length] {
                told.left_out.push(name);
                continue;
            }
            let (kind, values, num_read) = match set.dtype().map_err(words)? {
                // Read as whole numbers: f64 would lose digits of 64-bit ones.
                DType::I8 | DType::I16 | DType::I32 | DType::I64 | DType::U8 | DType::U16 | DType::U32 => {
                    let all = set.read_i64().map_err(words)?;
                    (ColumnKind::Integer, Values::Whole(by_frame(&first, &all)), all.len())
                }
                DType::U64 => {
                    let all = set.read_u64().map_err(words)?;
                    let whole: Result<Vec<i64>, _> = all.iter().map(|value| i64::try_from(*value)).collect();
                    match whole {
                        Ok(whole) => {
                            (ColumnKind::Integer, Values::Whole(by_frame(&first, &whole)), all.len())
                        }
                        // As text, every digit is kept.
                        Err(_) => (ColumnKind::Text, Values::Large(by_frame(&first, &all)), all.len()),
                    }
                }
                DType::F32 | DType::F64 => {
                    let all = set.read_f64().map_err(words)?;
                    let real = by_frame(&first, &all).into_iter().map(|value| value.unwrap_or(f64::NAN));
                    (ColumnKind::Number, Values::Real(real.collect()), all.len())
                }
                _ => {
                    told.left_out.push(name);
                    continue;
                }
            };
            if num_read as u64 != length {
                return Err(bad(format!("`{}` is cut short", shown(&name))));
            }
            columns.push((Column { name, kind }, values));
        }
        Ok((columns, told))
    }
}

/// For each frame, the value of its first measurement.
fn by_frame<T: Copy>(first: &[Option<usize>], all: &[T]) -> Vec<Option<T>> {
    first.iter().map(|at| at.and_then(|at| all.get(at).copied())).collect()
}

impl Source for CommaSource {
    fn kind(&self) -> &'static str {
        "comma"
    }

    fn describe(&self) -> String {
        let log =
            if self.drives.iter().any(|drive| drive.told.is_some()) { "" } else { ", no log beside it" };
        let frames = self.num_rows;
        match self.drives.len() {
            1 => format!("comma.ai camera file of {frames} frames{log}"),
            num => format!("{num} comma.ai camera files of {frames} frames{log}"),
        }
    }

    fn len(&self) -> usize {
        self.num_rows
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let (row, views) = self.pictures(index)?;
        let (drive, at) = self.find(index)?;
        let file = drive.frames.path();
        let id = match self.drives.len() {
            1 => format!("{at:06}"),
            _ => self
                .about
                .names
                .name(&file.strip_prefix(&self.about.root).unwrap_or(file).join(format!("{at:06}"))),
        };
        let label = |cell: &Cell| match cell {
            Cell::Text(text) if !text.is_empty() => Label::Text(text.clone()),
            cell => cell.number().map_or(Label::Missing, Label::Number),
        };
        let labels = self.cells_of(index).iter().map(label).collect();
        Some(Sample { row, id, timestamp_ns: None, views, labels })
    }

    fn pictures(&self, index: usize) -> Option<(usize, Vec<CameraPicture>)> {
        let (drive, at) = self.find(index)?;
        let picture = PictureLocation::Frame(Arc::clone(&drive.frames), at as u64);
        Some((index, vec![CameraPicture { camera: None, picture }]))
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn index_of_row(&self, row: usize) -> Option<usize> {
        (row < self.num_rows).then_some(row)
    }

    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn content_sha256(&self) -> Option<&str> {
        Some(&self.sha256)
    }

    fn cells(&self, index: usize, _camera: Option<Camera>) -> Result<Vec<Cell>, DatasetError> {
        Ok(self.cells_of(index))
    }
}

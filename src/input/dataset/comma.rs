//! comma.ai's research data set: a camera file of frames in HDF5, and beside it a log of measurements a hundred times a second.

use std::path::Path;
use std::sync::Arc;

use hdf5_pure::{DType, File};

use super::DatasetError;
use super::frames::{FRAMES, Frames};
use super::source::{About, Camera, Label, PictureLocation, Sample, Source, View};
use crate::tensor::{Cell, Column, ColumnKind};

/// For each measurement, the frame that was the last one then.
const POINTER: &str = "cam1_ptr";
/// Measurements of a log that are read at most: a day of them, ten times over.
const MAX_LENGTH: u64 = 100_000_000;
/// The first bytes of every HDF5 file.
const MAGIC: &[u8] = b"\x89HDF\r\n\x1A\n";

/// A camera file, opened. Rows are its frames, from 0. A frame's cells are those of the first measurement taken while it was the last
/// one; a frame without any has none.
#[derive(Debug)]
pub struct CommaSource {
    about: About,
    frames: Arc<Frames>,
    columns: Vec<Column>,
    /// Columns by frame, NaN where there is nothing.
    values: Vec<Vec<f64>>,
    has_log: bool,
}

/// Whether a file is HDF5.
pub(super) fn is_hdf5(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = [0; 8];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == MAGIC
}

impl CommaSource {
    /// Opens a camera file. The log is looked for in `../log` under the same name, as the data set has it, then in the file itself.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let frames = Arc::new(Frames::open(path)?);
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        let name = path.file_name().unwrap_or_default();
        let log = [root.join("../log").join(name), path.to_owned()].into_iter().find_map(|log| {
            let file = File::open_streaming(&log).ok()?;
            file.dataset(POINTER).is_ok().then_some((log, file))
        });
        let mut source = Self {
            about: About { root, ..About::default() },
            frames,
            columns: Vec::new(),
            values: Vec::new(),
            has_log: log.is_some(),
        };
        if let Some((log, file)) = log {
            source.read_log(&log, &file)?;
        }
        Ok(source)
    }

    fn read_log(&mut self, path: &Path, file: &File) -> Result<(), DatasetError> {
        let bad = |reason: String| DatasetError::Unreadable { reason, path: path.to_owned() };
        let words = |e: hdf5_pure::Error| bad(e.to_string());
        let pointer = file.dataset(POINTER).map_err(words)?;
        let shape = pointer.shape().map_err(words)?;
        let [length @ 0..=MAX_LENGTH] = shape[..] else {
            return Err(bad(format!("`{POINTER}` is of shape {shape:?}: expected one number a measurement")));
        };
        let num_frames = self.frames.len() as usize;
        // The first measurement of each frame.
        let mut first = vec![None; num_frames];
        for (at, frame) in pointer.read_f64().map_err(words)?.into_iter().enumerate() {
            if frame >= 0.0
                && let Some(slot) = first.get_mut(frame as usize)
                && slot.is_none()
            {
                *slot = Some(at);
            }
        }
        let mut names = file.root().datasets().map_err(words)?;
        names.sort();
        for name in names.into_iter().filter(|name| name != FRAMES) {
            let Ok(set) = file.dataset(&name) else { continue };
            let kind = match set.dtype().map_err(words)? {
                DType::I8 | DType::I16 | DType::I32 | DType::U8 | DType::U16 | DType::U32 => {
                    ColumnKind::Integer
                }
                // Beyond 2⁵³ a whole number of 64 bits would lose digits on its way.
                DType::F32 | DType::F64 | DType::I64 | DType::U64 => ColumnKind::Number,
                _ => continue,
            };
            if set.shape().map_err(words)?[..] != [length] {
                continue;
            }
            let all = set.read_f64().map_err(words)?;
            let of_frame = |at: &Option<usize>| at.and_then(|at| all.get(at).copied()).unwrap_or(f64::NAN);
            self.values.push(first.iter().map(of_frame).collect());
            self.about.label_names.push(name.clone());
            self.columns.push(Column { name, kind });
        }
        Ok(())
    }

    fn value(&self, column: usize, index: usize) -> Option<f64> {
        self.values.get(column)?.get(index).copied().filter(|value| !value.is_nan())
    }
}

impl Source for CommaSource {
    fn kind(&self) -> &'static str {
        "comma"
    }

    fn describe(&self) -> String {
        let log = if self.has_log { "" } else { ", no log beside it" };
        format!("comma.ai camera file of {} frames{log}", self.frames.len())
    }

    fn len(&self) -> usize {
        self.frames.len() as usize
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let picture = PictureLocation::Frame(Arc::clone(&self.frames), index as u64);
        let label = |column| self.value(column, index).map_or(Label::Missing, Label::Number);
        (index < self.len()).then(|| Sample {
            row: index,
            id: format!("{index:06}"),
            timestamp_ns: None,
            views: vec![View { camera: None, picture }],
            labels: (0..self.columns.len()).map(label).collect(),
        })
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn index_of_row(&self, row: usize) -> Option<usize> {
        (row < self.len()).then_some(row)
    }

    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn cells(&self, index: usize, _camera: Option<Camera>) -> Result<Vec<Cell>, DatasetError> {
        let cell = |(column, about): (usize, &Column)| match (self.value(column, index), about.kind) {
            (None, _) => Cell::Missing,
            (Some(value), ColumnKind::Integer) => Cell::Integer(value as i64),
            (Some(value), _) => Cell::Number(value),
        };
        Ok(self.columns.iter().enumerate().map(cell).collect())
    }
}

//! What every data set offers: rows by position, each with pictures and labels.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::frames::Frames;
use super::{Camera, DatasetError, NameCoding};
use crate::input::decode::{DecodeError, Picture, decode_file, decode_known_file};
use crate::input::fingerprint::{FileState, Fingerprint, hash_of};
use crate::tensor::{Cell, Column};

/// A data set opened for reading.
///
/// Rows are made when asked for, so a reader may keep a million of them in whatever small form suits it. A row's *number* is
/// its place in the log or folder, from 0, counting rows that can't be used; its *index* counts usable rows only. People
/// type numbers; loops use indices.
pub trait Source: Send + Sync + std::fmt::Debug {
    /// What it is, in a word.
    fn kind(&self) -> &'static str;

    /// One line for people: what it is and how much there is.
    fn describe(&self) -> String;

    /// Usable rows.
    fn len(&self) -> usize;

    /// Whether no row is usable. (Opening such a data set is an error, so this is false for every opened one.)
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A usable row by index; none beyond the end.
    fn sample(&self, index: usize) -> Option<Sample>;

    /// A usable row's number and pictures, without its labels: those may have to be read from a log.
    fn pictures(&self, index: usize) -> Option<(usize, Vec<CameraPicture>)> {
        self.sample(index).map(|sample| (sample.row, sample.views))
    }

    /// The index of the row with that number, if it is usable.
    fn index_of_row(&self, row: usize) -> Option<usize>;

    /// What holds for the whole of it.
    fn about(&self) -> &About;

    /// Cameras that any row has a picture of; empty where pictures have no camera.
    fn cameras(&self) -> &[Camera] {
        &self.about().cameras
    }

    /// Names of the label columns; [`Sample::labels`] follow them.
    fn label_names(&self) -> &[String] {
        &self.about().label_names
    }

    /// What was left out, and why, in order.
    fn skipped(&self) -> &[Skipped] {
        &self.about().skipped
    }

    /// The folder that pictures' paths are told relative to.
    fn root(&self) -> &Path {
        &self.about().root
    }

    /// What else a person should know of how it was read: told, and kept with every result.
    fn notes(&self) -> &[String] {
        &self.about().notes
    }

    /// All columns of the log, as it spells them; none where there is no log.
    fn columns(&self) -> &[Column] {
        &[]
    }

    /// The cells of the line that names a row's picture, one a column. Read from the log anew.
    fn cells(&self, _index: usize, _camera: Option<Camera>) -> Result<Vec<Cell>, DatasetError> {
        Ok(Vec::new())
    }

    /// SHA-256 of the log, where there is one.
    fn content_sha256(&self) -> Option<&str> {
        None
    }
}

/// What holds for a data set as a whole, known once it is opened.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The folder that pictures' paths are told relative to.
    pub root: PathBuf,
    /// Names of the label columns.
    pub label_names: Vec<String>,
    /// Cameras that any row has a picture of, from left to right, others after them; none where pictures have no camera.
    pub cameras: Vec<Camera>,
    /// What was left out, and why, in order.
    pub skipped: Vec<Skipped>,
    /// What else a person should know of how it was read.
    pub notes: Vec<String>,
    /// How paths are written.
    pub names: NameCoding,
}

/// One row: pictures taken at one frame, and the labels that belong to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The row's number, from 0, stable whatever is missing.
    pub row: usize,
    /// A name unique in the data set, fit for a manifest: the picture's path in the folder, or the frame's time.
    pub id: String,
    /// Time of the frame in nanoseconds since the epoch, where the log has one.
    pub timestamp_ns: Option<u64>,
    /// The pictures, at least one.
    pub views: Vec<CameraPicture>,
    /// One per label column.
    pub labels: Vec<Label>,
}

impl Sample {
    /// The picture of a camera. Without one: the centre camera's, or else the first.
    pub fn view(&self, camera: Option<Camera>) -> Option<&CameraPicture> {
        let wanted = camera.unwrap_or(Camera::Center);
        let found = self.views.iter().find(|view| view.camera == Some(wanted));
        if camera.is_some() { found } else { found.or_else(|| self.views.first()) }
    }
}

/// One picture of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraPicture {
    /// Which camera took it, where that is known.
    pub camera: Option<Camera>,
    /// Where it is.
    pub picture: PictureLocation,
}

/// Where a picture is. More kinds may come: a frame inside a container is no file of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PictureLocation {
    /// A file of its own.
    File(PathBuf),
    /// A frame of a file of many, by number.
    Frame(Arc<Frames>, u64),
}

impl PictureLocation {
    /// Reads and decodes it.
    pub fn load(&self) -> Result<Picture, DecodeError> {
        match self {
            Self::File(path) => decode_file(path),
            Self::Frame(frames, index) => frames.load(*index),
        }
    }

    /// Reads and decodes it, and says what tells its bytes from others.
    pub fn load_known(&self) -> Result<(Picture, Fingerprint), DecodeError> {
        match self {
            Self::File(path) => decode_known_file(path),
            Self::Frame(frames, index) => frames.load_known(*index),
        }
    }

    /// What the system says of it now.
    pub fn state(&self) -> std::io::Result<FileState> {
        match self {
            Self::File(path) => std::fs::metadata(path).map(|metadata| FileState::of(&metadata)),
            Self::Frame(frames, _) => frames.state(),
        }
    }

    /// XXH64 of its bytes as they are now.
    pub fn hash(&self) -> std::io::Result<u64> {
        match self {
            Self::File(path) => std::fs::File::open(path).and_then(hash_of),
            Self::Frame(frames, index) => frames.hash(*index),
        }
    }

    /// A path that names it: its file's, and for a frame its number as if the file were a folder.
    pub fn name(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Frame(frames, index) => frames.path().join(format!("{index:06}")),
        }
    }

    /// The file that holds it.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Frame(frames, _) => frames.path(),
        }
    }
}

/// A label's value in one row.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Label {
    /// A measurement.
    Number(f64),
    /// A class.
    Text(String),
    /// The cell is empty. It is not zero.
    Missing,
}

impl Label {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(text) => write!(f, "{text}"),
            Self::Missing => write!(f, "(empty)"),
        }
    }
}

/// Something of a data set that was left out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Skipped {
    /// The number of the row it would have been in, if it would have been one.
    pub row: Option<usize>,
    /// Where: a line of the log or a path in the folder.
    pub place: String,
    /// Which camera's picture, where that is known.
    pub camera: Option<Camera>,
    /// What the line names, shortened; none where the place is a path.
    pub file: Option<String>,
    /// Why.
    pub reason: String,
}

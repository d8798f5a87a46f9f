//! The interface of all data sets: rows by position, each with pictures and labels.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Frames;
use super::{Camera, DatasetError, NameCoding};
use crate::input::decode::{DecodeError, Picture, decode_file, decode_known_file};
use crate::input::fingerprint::{FileState, Fingerprint, hash_of};
use crate::tensor::{Cell, Column};

/// A data set opened for reading.
///
/// Rows are built when they are asked for, so an implementation can hold a million of them in a compact form. A row's *number* is its
/// position in the log or folder, from 0, and unusable rows count too. Its *index* counts only usable rows. Users type numbers; code
/// loops over indices.
pub trait Source: Send + Sync + std::fmt::Debug {
    /// The kind of data set, in one word.
    fn kind(&self) -> &'static str;

    /// One line for the user: the kind of data set and its size.
    fn describe(&self) -> String;

    /// The number of usable rows.
    fn len(&self) -> usize;

    /// Whether no row is usable. (Opening such a data set is an error, so this is false for every opened one.)
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A usable row by its index; `None` beyond the end.
    fn sample(&self, index: usize) -> Option<Sample>;

    /// A usable row's number and pictures, without its labels, which may have to be read from a log.
    fn pictures(&self, index: usize) -> Option<(usize, Vec<CameraPicture>)> {
        self.sample(index).map(|sample| (sample.row, sample.views))
    }

    /// The index of the row with that number, if it is usable.
    fn index_of_row(&self, row: usize) -> Option<usize>;

    /// What is known of the data set as a whole.
    fn about(&self) -> &About;

    /// The cameras that any row has a picture of; empty where pictures have no camera.
    fn cameras(&self) -> &[Camera] {
        &self.about().cameras
    }

    /// Names of the label columns, in the order of [`Sample::labels`].
    fn label_names(&self) -> &[String] {
        &self.about().label_names
    }

    /// What was left out, and why, in order.
    fn skipped(&self) -> &[Skipped] {
        &self.about().skipped
    }

    /// The folder that pictures' names are relative to.
    fn root(&self) -> &Path {
        &self.about().root
    }

    /// Other notes for the user on how the data set was read. They are shown, and kept with every result.
    fn notes(&self) -> &[String] {
        &self.about().notes
    }

    /// All columns of the log, with their names as in the log; empty if there is no log.
    fn columns(&self) -> &[Column] {
        &[]
    }

    /// The cells of the line that names a row's picture, one for each column. They are read from the log again.
    fn cells(&self, _index: usize, _camera: Option<Camera>) -> Result<Vec<Cell>, DatasetError> {
        Ok(Vec::new())
    }

    /// SHA-256 of the log, if there is one.
    fn content_sha256(&self) -> Option<&str> {
        None
    }
}

/// What is known of a data set as a whole once it is opened.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The folder that pictures' names are relative to.
    pub root: PathBuf,
    /// Names of the label columns.
    pub label_names: Vec<String>,
    /// The cameras that any row has a picture of, from left to right and then the others; empty where pictures have no camera.
    pub cameras: Vec<Camera>,
    /// What was left out, and why, in order.
    pub skipped: Vec<Skipped>,
    /// Other notes for the user on how the data set was read.
    pub notes: Vec<String>,
    /// How paths are written as text.
    pub names: NameCoding,
}

/// One row: the pictures of one frame, and the labels that belong to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The row's number, from 0. It stays the same if other rows are missing.
    pub row: usize,
    /// A name that is unique in the data set, for use in a manifest: the picture's path in the folder, or the frame's time or number.
    pub id: String,
    /// The time of the frame in nanoseconds since 1970, if the log has it.
    pub timestamp_ns: Option<u64>,
    /// The pictures, at least one.
    pub views: Vec<CameraPicture>,
    /// One per label column.
    pub labels: Vec<Label>,
}

impl Sample {
    /// The picture of a camera. If `camera` is `None`: the centre camera's, or else the first.
    pub fn view(&self, camera: Option<Camera>) -> Option<&CameraPicture> {
        let wanted = camera.unwrap_or(Camera::Center);
        let found = self.views.iter().find(|view| view.camera == Some(wanted));
        if camera.is_some() { found } else { found.or_else(|| self.views.first()) }
    }
}

/// One picture of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraPicture {
    /// The camera that took it, if known.
    pub camera: Option<Camera>,
    /// Where it is.
    pub picture: PictureLocation,
}

/// Where a picture is. More kinds may be added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PictureLocation {
    /// The picture is a file of its own.
    File(PathBuf),
    /// A frame in a file with many frames, by its number.
    Frame(Arc<Frames>, u64),
}

impl PictureLocation {
    /// Reads and decodes the picture.
    pub fn load(&self) -> Result<Picture, DecodeError> {
        match self {
            Self::File(path) => decode_file(path),
            Self::Frame(frames, index) => frames.load(*index),
        }
    }

    /// Reads and decodes the picture; also returns the fingerprint of its bytes.
    pub fn load_known(&self) -> Result<(Picture, Fingerprint), DecodeError> {
        match self {
            Self::File(path) => decode_known_file(path),
            Self::Frame(frames, index) => frames.load_known(*index),
        }
    }

    /// The state of the picture's file now.
    pub fn state(&self) -> std::io::Result<FileState> {
        match self {
            Self::File(path) => std::fs::metadata(path).map(|metadata| FileState::of(&metadata)),
            Self::Frame(frames, _) => frames.state(),
        }
    }

    /// XXH64 of the picture's bytes as they are now.
    pub fn hash(&self) -> std::io::Result<u64> {
        match self {
            Self::File(path) => std::fs::File::open(path).and_then(hash_of),
            Self::Frame(frames, index) => frames.hash(*index),
        }
    }

    /// A path that identifies the picture: the path of its file, and for a frame the frame's number below that, as if the file were a
    /// folder.
    pub fn name(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Frame(frames, index) => frames.path().join(format!("{index:06}")),
        }
    }

    /// The file that contains the picture.
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
    /// A number, such as a measurement.
    Number(f64),
    /// A text, such as a class.
    Text(String),
    /// The cell is empty, which is not the same as zero.
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

/// Something in a data set that was left out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Skipped {
    /// The number of the row that it would have been in; `None` if it would not have been in a row.
    pub row: Option<usize>,
    /// Where it was: a line of the log, or a path in the folder.
    pub place: String,
    /// The camera, if known.
    pub camera: Option<Camera>,
    /// The path that the line names, shortened; `None` if `place` is a path.
    pub file: Option<String>,
    /// Why.
    pub reason: String,
}

impl Skipped {
    /// A file that is left out of a folder or of a list of files.
    pub(super) const fn file(place: String, reason: String) -> Self {
        Self { row: None, place, camera: None, file: None, reason }
    }
}

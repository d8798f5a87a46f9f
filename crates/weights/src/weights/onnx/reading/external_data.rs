//! Constants in files next to the model (ONNX's external data). They are read from where the model says, and from nowhere else.
//!
//! A location must be a path below the model's folder. A path or link that leads out of the folder is refused. Only the requested bytes of
//! a file are read.
//!
//! Responsible for locations and bytes. Must not know what a constant is.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Component, Path};

use bytes::Bytes;

use super::names::plain;
use super::proto::TensorProto;
use crate::weights::error::MAX_FILE_BYTES;
use crate::weights::onnx::error::OnnxProblem;

/// The data that was read from files next to a model, as a list of pieces.
#[derive(Debug)]
pub(super) struct ExternalData<'a> {
    /// The model's folder; `None` if the model came from memory.
    folder: Option<&'a Path>,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    /// The offset of the next piece, counted as if all pieces followed the model's own bytes.
    end: usize,
    pieces: Vec<Bytes>,
    /// The file that was read last, with its length.
    last: Option<(String, File, u64)>,
}

impl<'a> ExternalData<'a> {
    /// The external data of a model of `model_len` bytes; nothing is read yet.
    pub(super) fn new(folder: Option<&'a Path>, model_len: usize) -> Self {
        let state = State { end: model_len, pieces: Vec::new(), last: None };
        Self { folder, state: RefCell::new(state) }
    }

    /// All pieces in order.
    pub(super) fn into_pieces(self) -> Vec<Bytes> {
        self.state.into_inner().pieces
    }

    /// Reads a constant of `num_bytes` bytes. Returns its bytes, and their range as if all pieces followed the model's own bytes.
    pub(super) fn read(
        &self,
        tensor: &TensorProto,
        num_bytes: usize,
    ) -> Result<(Bytes, Range<usize>), OnnxProblem> {
        let entry = |key: &str| {
            tensor.external_data.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str())
        };
        let location = entry("location").unwrap_or_default();
        let Some(folder) = self.folder else { return Err(OnnxProblem::External(plain(location))) };
        let wrong = |what: String| OnnxProblem::ExternalData {
            name: plain(&tensor.name),
            location: plain(location),
            what,
        };
        let number = |key: &str| match entry(key) {
            None | Some("") => Ok(None),
            Some(text) => text
                .parse::<u64>()
                .map(Some)
                .map_err(|_| wrong(format!("with `{}` as its {key}", plain(text)))),
        };
        let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
        if let Some(length) = length.filter(|length| *length != num_bytes as u64) {
            return Err(wrong(format!("in {length} bytes, and takes {num_bytes}")));
        }
        let state = &mut *self.state.borrow_mut();
        if state.last.as_ref().is_none_or(|(name, ..)| name != location) {
            let (file, len) = open(folder, location).map_err(wrong)?;
            state.last = Some((location.to_owned(), file, len));
        }
        let Some((_, file, len)) = &mut state.last else { return Err(wrong("which is not read".to_owned())) };
        match offset.checked_add(num_bytes as u64) {
            Some(end) if end <= *len => {}
            _ => {
                return Err(wrong(format!(
                    "{num_bytes} bytes from byte {offset} on, and that file has {len}; get both files again"
                )));
            }
        }
        let end = state.end.checked_add(num_bytes).filter(|end| *end as u64 <= MAX_FILE_BYTES);
        let Some(end) = end else {
            return Err(wrong(format!(
                "which with all before it is more than the {MAX_FILE_BYTES} bytes that are read"
            )));
        };
        let mut bytes = vec![0; num_bytes];
        let done = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes));
        done.map_err(|error| wrong(format!("which can't be read: {error}")))?;
        let (bytes, range) = (Bytes::from(bytes), state.end..end);
        state.pieces.push(bytes.clone());
        state.end = end;
        Ok((bytes, range))
    }
}

/// Opens a file below the folder and returns it with its length. The error says in words what is wrong.
fn open(folder: &Path, location: &str) -> Result<(File, u64), String> {
    let path = Path::new(location);
    let is_below = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if location.is_empty() || !is_below {
        return Err("which is no path below the model's folder".to_owned());
    }
    let unreadable =
        |error: std::io::Error| format!("which can't be read: {error}; it belongs beside the model");
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let home = folder.canonicalize().map_err(unreadable)?;
    let path = home.join(path).canonicalize().map_err(unreadable)?;
    if !path.starts_with(&home) {
        return Err("which is a link out of the model's folder".to_owned());
    }
    // A pipe or a device may never end.
    let info = std::fs::metadata(&path).map_err(unreadable)?;
    if !info.is_file() {
        return Err("which is no regular file".to_owned());
    }
    Ok((File::open(&path).map_err(unreadable)?, info.len()))
}

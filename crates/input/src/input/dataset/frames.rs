//! Pictures inside an HDF5 file: a set `X` of 8-bit frames, stored as planes or as pixels, read one at a time.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use hdf5_pure::{DType, File};
use image::RgbImage;

use super::DatasetError;
use crate::input::decode::{DecodeError, DecodeProblem, Picture};
use crate::input::fingerprint::{FileState, Fingerprint, hash_of};
use crate::tensor::refusal_in;

/// The name of the set of frames.
pub(super) const FRAMES: &str = "X";
/// The most pixels of a frame: the limit for any picture.
const MAX_PIXELS: u64 = 128 << 20;
const FORMAT: &str = "HDF5 frame";

/// An open file with frames.
pub struct Frames {
    path: PathBuf,
    file: Mutex<File>,
    length: u64,
    height: u64,
    width: u64,
    /// Whether a frame is stored as three planes, rather than as pixels with three samples each.
    is_planar: bool,
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frames({} in \"{}\")", self.length, self.path.display())
    }
}

impl PartialEq for Frames {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for Frames {}

impl std::hash::Hash for Frames {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.path.hash(state);
    }
}

impl Frames {
    /// Opens a file and checks the set's shape and type. Only the first frame is read, as a check of the storage.
    pub(super) fn open(path: &Path) -> Result<Self, DatasetError> {
        let bad = |reason: String| DatasetError::Unreadable { reason, path: path.to_owned() };
        let file = File::open_streaming(path).map_err(|e| match refusal_in(&e) {
            Some(refusal) => DatasetError::io(path, &refusal),
            None => bad(format!("not a sound HDF5 file: {e}")),
        })?;
        let set = file.dataset(FRAMES).map_err(|_| {
            bad(format!("an HDF5 file without a set `{FRAMES}` of frames, as comma.ai's camera files have"))
        })?;
        let (shape, dtype) =
            (set.shape().map_err(|e| bad(e.to_string()))?, set.dtype().map_err(|e| bad(e.to_string()))?);
        let (length, height, width, is_planar) = match shape[..] {
            [num, 3, height, width] => (num, height, width, true),
            [num, height, width, 3] => (num, height, width, false),
            _ => (0, 0, 0, true),
        };
        let num_pixels = height.saturating_mul(width);
        if dtype != DType::U8 || length == 0 || num_pixels == 0 || num_pixels > MAX_PIXELS {
            let expected = "frames of shape (N, 3, height, width) and 8 bits";
            return Err(bad(format!("`{FRAMES}` is {dtype:?} of shape {shape:?}: expected {expected}")));
        }
        // A damaged frame is only that frame's error. But a storage that isn't supported is an error of all frames.
        if let Some(reason) = set.read_raw_rows(0, 1).err().map(|error| error.to_string())
            && (reason.contains("version") || reason.contains("nsupported"))
        {
            return Err(bad(format!(
                "`{FRAMES}` is stored in a way that isn't read here, or the file is damaged ({reason}): write it with h5py's default `libver`"
            )));
        }
        Ok(Self { path: path.to_owned(), file: Mutex::new(file), length, height, width, is_planar })
    }

    /// How many frames there are.
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The state of the file now, with the size of one frame.
    pub(super) fn state(&self) -> std::io::Result<FileState> {
        let of_file = FileState::of(&std::fs::metadata(&self.path)?);
        Ok(FileState { num_bytes: 3 * self.height * self.width, ..of_file })
    }

    /// XXH64 of a frame's samples as they are in the file now.
    pub(super) fn hash(&self, index: u64) -> std::io::Result<u64> {
        let now = File::open_streaming(&self.path).map_err(std::io::Error::other)?;
        let set = now.dataset(FRAMES).map_err(std::io::Error::other)?;
        hash_of(&*set.read_raw_rows(index, 1).map_err(std::io::Error::other)?)
    }

    fn samples(&self, index: u64) -> Result<Vec<u8>, String> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let set = file.dataset(FRAMES).map_err(|e| e.to_string())?;
        set.read_raw_rows(index, 1).map_err(|e| e.to_string())
    }

    /// Reads one frame.
    pub(super) fn load(&self, index: u64) -> Result<Picture, DecodeError> {
        self.load_known(index).map(|(picture, _)| picture)
    }

    /// Reads one frame, and its fingerprint.
    pub(super) fn load_known(&self, index: u64) -> Result<(Picture, Fingerprint), DecodeError> {
        let name = format!("{index:06}");
        let fail = |problem| DecodeError { place: self.path.join(&name).display().to_string(), problem };
        let state =
            self.state().map_err(|error| fail(DecodeProblem::Unreadable { reason: error.to_string() }))?;
        let samples =
            self.samples(index).map_err(|reason| fail(DecodeProblem::Damaged { format: FORMAT, reason }))?;
        let known = Fingerprint::new(&samples, state);
        let plane = (self.height * self.width) as usize;
        if samples.len() != 3 * plane {
            return Err(fail(DecodeProblem::Truncated { format: FORMAT }));
        }
        let pixels = if self.is_planar {
            (0..plane).flat_map(|at| [samples[at], samples[plane + at], samples[2 * plane + at]]).collect()
        } else {
            samples
        };
        RgbImage::from_raw(self.width as u32, self.height as u32, pixels)
            .map(|rgb| (Picture { name: name.clone(), rgb, notes: Vec::new() }, known))
            .ok_or_else(|| fail(DecodeProblem::Truncated { format: FORMAT }))
    }
}

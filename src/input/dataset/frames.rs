//! Pictures inside one HDF5 file: a set `X` of 8-bit frames, planes or pixels, read one at a time.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use hdf5_pure::{DType, File};
use image::RgbImage;

use super::DatasetError;
use crate::input::decode::{DecodeError, DecodeProblem, Picture};

/// The set of frames.
pub(super) const FRAMES: &str = "X";
/// Pixels of a frame at most: what one picture may have.
const MAX_PIXELS: u64 = 128 << 20;
const FORMAT: &str = "HDF5 frame";

/// An open file of frames.
pub struct Frames {
    path: PathBuf,
    file: Mutex<File>,
    length: u64,
    height: u64,
    width: u64,
    /// Whether a frame's three planes follow each other, rather than its pixels' three samples.
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
    /// Opens a file and looks at its set's extent; no frame is read.
    pub(super) fn open(path: &Path) -> Result<Self, DatasetError> {
        let bad = |reason: String| DatasetError::Unreadable { reason, path: path.to_owned() };
        let file = File::open_streaming(path).map_err(|e| bad(format!("not a sound HDF5 file: {e}")))?;
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
        Ok(Self { path: path.to_owned(), file: Mutex::new(file), length, height, width, is_planar })
    }

    /// Frames there are.
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads one frame.
    pub(super) fn load(&self, index: u64) -> Result<Picture, DecodeError> {
        let name = format!("{index:06}");
        let fail = |problem| DecodeError { place: self.path.join(&name).display().to_string(), problem };
        let damaged = |reason: String| fail(DecodeProblem::Damaged { format: FORMAT, reason });
        let samples = {
            let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let set = file.dataset(FRAMES).map_err(|e| damaged(e.to_string()))?;
            set.read_raw_rows(index, 1).map_err(|e| damaged(e.to_string()))?
        };
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
            .map(|rgb| Picture { name: name.clone(), rgb, notes: Vec::new() })
            .ok_or_else(|| fail(DecodeProblem::Truncated { format: FORMAT }))
    }
}

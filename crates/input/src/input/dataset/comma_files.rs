//! Where comma.ai's camera files are: HDF5 files, recognised by their first bytes, in a folder named `camera` or in the folder itself.

use std::path::{Path, PathBuf};

use super::DatasetError;
use super::folder::natural;
use crate::tensor::is_refusal;

/// The folder of the camera files in the data set as it is published. Their logs are in the folder `log` next to it.
pub(super) const CAMERA_FOLDER: &str = "camera";
/// The first bytes of every HDF5 file.
const MAGIC: &[u8] = b"\x89HDF\r\n\x1A\n";

/// Whether a file seems to be HDF5; false if it can't be read.
pub(super) fn is_hdf5(path: &Path) -> bool {
    looks_like_hdf5(path).unwrap_or(false)
}

/// Whether a file begins as HDF5 does. An error if the system refuses to let it be read.
fn looks_like_hdf5(path: &Path) -> Result<bool, DatasetError> {
    use std::io::Read as _;
    let mut start = [0; 8];
    match std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)) {
        Ok(()) => Ok(start == MAGIC),
        Err(error) if is_refusal(&error) => Err(DatasetError::io(path, &error)),
        // The file is too short, a folder, or gone.
        Err(_) => Ok(false),
    }
}

/// Whether a folder has HDF5 files where its camera files would be.
pub(super) fn has_camera_files(folder: &Path) -> bool {
    camera_files(folder).is_ok_and(|files| !files.is_empty())
}

/// The HDF5 files in a folder's `camera`, or, if there are none, in the folder itself; in natural order, relative to the folder.
pub(super) fn camera_files(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let files_in = |below: &Path| {
        let place = folder.join(below);
        let entries = match std::fs::read_dir(&place) {
            Err(error) if is_refusal(&error) => return Err(DatasetError::io(&place, &error)),
            other => other.into_iter().flatten().flatten(),
        };
        let mut files = Vec::new();
        for entry in entries {
            if looks_like_hdf5(&entry.path())? {
                files.push(below.join(entry.file_name()));
            }
        }
        files.sort_by(|a, b| natural(a, b));
        Ok(files)
    };
    let files = files_in(Path::new(CAMERA_FOLDER))?;
    if files.is_empty() { files_in(Path::new("")) } else { Ok(files) }
}

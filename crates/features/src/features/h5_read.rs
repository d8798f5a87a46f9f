//! Reads features from HDF5, a few megabytes of rows at a time.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::error::BadFeatures;
use super::lengths::length_words;
use super::names::HDF5_SET;
use super::npy::stacked_shape;
use crate::tensor::FeatureLayout;

/// How many bytes of rows are read at once.
const WINDOW_BYTES: u64 = 8 << 20;

/// The files of a set in order, and the rows that were read last.
#[derive(Debug)]
pub(super) struct Hdf5Rows {
    layout: FeatureLayout,
    /// Each file with its first row and number of rows.
    files: Vec<(PathBuf, u64, u64)>,
    /// The open file with its index.
    open: Option<(usize, hdf5_pure::File)>,
    /// The first row in memory, and the bytes from it on.
    window: (u64, Vec<u8>),
}

impl Hdf5Rows {
    /// Opens files, each with its number of rows, and checks the shape and type of their features.
    pub(super) fn open(paths: Vec<(PathBuf, u64)>, layout: FeatureLayout) -> Result<Self, BadFeatures> {
        let (mut files, mut first) = (Vec::new(), 0);
        for (path, num_rows) in paths {
            check_layout(&path, &layout, num_rows)?;
            files.push((path, first, num_rows));
            first += num_rows;
        }
        Ok(Self { layout, files, open: None, window: (0, Vec::new()) })
    }

    /// Appends a row's values.
    pub(super) fn values(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        let length = self.layout.num_bytes() as u64;
        let held = self.window.1.len() as u64 / length.max(1);
        if row < self.window.0 || row >= self.window.0 + held {
            let place = self.files.partition_point(|(_, first, _)| *first <= row).saturating_sub(1);
            let (path, first, num) = self.files.get(place).ok_or(io::ErrorKind::UnexpectedEof)?;
            let file = match self.open.take() {
                Some((at, file)) if at == place => file,
                _ => hdf5_pure::File::open_streaming(path).map_err(plain)?,
            };
            let local = row - first;
            let wanted = (WINDOW_BYTES / length.max(1)).max(1).min(num - local);
            let set = file.dataset(HDF5_SET).map_err(plain)?;
            self.window = (row, set.read_raw_rows(local, wanted).map_err(plain)?);
            if self.window.1.len() as u64 != wanted * length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.open = Some((place, file));
        }
        let at = ((row - self.window.0) * length) as usize;
        bytes.extend(self.window.1.get(at..at + length as usize).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// The first block of an HDF5 file says where the file ends. HDF5's own library refuses a file that ends before that.
pub(super) fn check(path: &Path) -> Result<(), Box<dyn Error>> {
    let file = hdf5_pure::File::open_streaming(path)?;
    let said = file.superblock().eof_address;
    let got = path.metadata()?.len();
    if got == said { Ok(()) } else { Err(length_words(got, said).into()) }
}

fn check_layout(path: &Path, layout: &FeatureLayout, num_rows: u64) -> Result<(), BadFeatures> {
    let bad = |error: hdf5_pure::Error| BadFeatures::file(path, error);
    let file = hdf5_pure::File::open_streaming(path).map_err(bad)?;
    let set = file.dataset(HDF5_SET).map_err(bad)?;
    let shape = set.shape().map_err(bad)?;
    let size = set.element_size().map_err(bad)?;
    if shape != stacked_shape(num_rows, layout) || size != layout.dtype.bytes() as u64 {
        let words =
            format!("its features are {shape:?} of {size} bytes, which is not what the manifest says");
        return Err(BadFeatures::file(path, words));
    }
    Ok(())
}

fn plain(error: hdf5_pure::Error) -> io::Error {
    match error {
        hdf5_pure::Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

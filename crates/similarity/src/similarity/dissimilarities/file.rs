//! A file of dissimilarities: which format it is, and which of its variables is meant.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::super::dissimilarity_error::BadDissimilarities;
use super::array::{Array, Variable};
use super::triangle::pairs;
use super::{csv_text, mat5, npy};

/// The largest file that is read.
const MAX_BYTES: u64 = 4 << 30;
/// What HDF5 begins with, at the start or after a block of the user's.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Somebody's dissimilarities.
#[derive(Clone, Debug, PartialEq)]
pub struct DissimilarityMatrix {
    /// How many pictures there are.
    pub num_pictures: usize,
    /// Those of all pairs, (0, 1), (0, 2) … (n − 2, n − 1).
    pub pairs: Vec<f64>,
    /// Names of the pictures, in order, if the file has them.
    pub pictures: Option<Vec<String>>,
}

impl DissimilarityMatrix {
    /// The dissimilarities among some of the pictures, in this order. Each must be there.
    pub fn of_pictures(&self, pictures: &[usize]) -> Vec<f64> {
        let n = self.num_pictures;
        let pair = |a: usize, b: usize| {
            let (low, high) = (a.min(b), a.max(b));
            // Pairs of a picture with itself have no place.
            let place = low * n - low * (low + 1) / 2 + high.checked_sub(low + 1)?;
            self.pairs.get(place).copied()
        };
        let each = pictures.iter().enumerate();
        each.flat_map(|(at, a)| pictures.iter().skip(at + 1).map(move |b| pair(*a, *b).unwrap_or(0.0)))
            .collect()
    }
}

/// Reads a file: numpy's `.npy`, text with separators, MATLAB's of version 5 and 7.3. What it is, its bytes say. A MATLAB file with
/// several matrices needs the name of the `variable`.
///
/// # Errors
/// A file that can't be read, is damaged, of another format, or has no matrix of dissimilarities; a variable that isn't there, or several
/// that could be meant.
pub fn read_dissimilarities(
    path: &Path,
    variable: Option<&str>,
) -> Result<DissimilarityMatrix, BadDissimilarities> {
    dissimilarities_of(bytes(path)?, variable, path)
}

/// The dissimilarities in the bytes of a file; as [`read_dissimilarities`], which reads them. `path` is for messages.
///
/// # Errors
/// Those of [`read_dissimilarities`], but for a file that can't be read.
pub fn dissimilarities_of(
    bytes: Vec<u8>,
    variable: Option<&str>,
    path: &Path,
) -> Result<DissimilarityMatrix, BadDissimilarities> {
    let content = |reason: String| BadDissimilarities::Content { reason, path: path.to_owned() };
    let is_hdf5 = bytes.starts_with(HDF5) || bytes.get(512..).is_some_and(|rest| rest.starts_with(HDF5));
    let is_mat5 = mat5::is_mat5(&bytes);
    if variable.is_some() && !is_hdf5 && !is_mat5 {
        return Err(content("a variable was named, and only files of MATLAB have variables".to_owned()));
    }
    let (array, pictures) = if bytes.starts_with(npy::MAGIC) {
        (npy::read(&bytes).map_err(content)?, None)
    } else if is_hdf5 {
        (choose(hdf5(bytes).map_err(content)?, variable, path)?, None)
    } else if is_mat5 {
        (choose(mat5::read(&bytes).map_err(content)?, variable, path)?, None)
    } else if is_mat4(&bytes) {
        let reason =
            "a file of MATLAB's version 4, which isn't read; save it again with `save('new.mat', 'rdm')`";
        return Err(content(reason.to_owned()));
    } else {
        csv_text::read(&bytes).map_err(content)?
    };
    let (num_pictures, pairs) = pairs(&array).map_err(content)?;
    let pictures = pictures.filter(|names: &Vec<String>| names.len() == num_pictures);
    Ok(DissimilarityMatrix { num_pictures, pairs, pictures })
}

fn bytes(path: &Path) -> Result<Vec<u8>, BadDissimilarities> {
    let unreadable = |reason| BadDissimilarities::Unreadable { reason, path: path.to_owned() };
    let content =
        |reason: &str| BadDissimilarities::Content { reason: reason.to_owned(), path: path.to_owned() };
    let known = std::fs::metadata(path).map_err(unreadable)?;
    if !known.is_file() {
        return Err(content("a matrix of dissimilarities is a file"));
    }
    if known.len() > MAX_BYTES {
        return Err(content("it is larger than 4 GiB, which isn't read"));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes)).map_err(unreadable)?;
    Ok(bytes)
}

/// Whether a file is of MATLAB's version 4: numbers of a type between 0 and 4 digits, and a name whose end is a zero.
fn is_mat4(bytes: &[u8]) -> bool {
    let word =
        |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
    let (Some(kind), Some(length)) = (word(0), word(16)) else { return false };
    let end = 20usize.saturating_add(length as usize);
    kind < 5000
        && (1..64).contains(&length)
        && bytes.get(end.saturating_sub(1)) == Some(&0)
        && bytes.contains(&0)
}

#[cfg(feature = "hdf5")]
fn hdf5(bytes: Vec<u8>) -> Result<Vec<Variable>, String> {
    super::mat73::read(bytes)
}

#[cfg(not(feature = "hdf5"))]
fn hdf5(_bytes: Vec<u8>) -> Result<Vec<Variable>, String> {
    Err("a file of MATLAB's version 7.3, and this build of filterscope reads no HDF5; build it with the feature `hdf5`".to_owned())
}

/// The variable that is meant.
fn choose(variables: Vec<Variable>, wanted: Option<&str>, path: &Path) -> Result<Array, BadDissimilarities> {
    let names: Vec<String> =
        variables.iter().filter(|one| one.array.is_some()).map(|one| one.name.clone()).collect();
    let list = variables
        .iter()
        .map(|one| format!("`{}` ({})", one.name, one.kind))
        .take(20)
        .collect::<Vec<_>>()
        .join(", ");
    let list = if list.is_empty() { "nothing".to_owned() } else { list };
    let error = |reason: String, names: Vec<String>| BadDissimilarities::Variable {
        reason,
        names,
        path: path.to_owned(),
    };
    if let Some(wanted) = wanted {
        return match variables.into_iter().find(|one| one.name == wanted) {
            Some(Variable { array: Some(array), .. }) => Ok(array),
            Some(Variable { kind, .. }) => {
                let reason = format!("`{wanted}` ({kind}) is no matrix of dissimilarities");
                Err(error(reason, names))
            }
            None => Err(error(format!("it has no variable `{wanted}`; it has {list}"), names)),
        };
    }
    let mut found = variables.into_iter().filter_map(|one| one.array);
    match (found.next(), found.next()) {
        (Some(array), None) => Ok(array),
        (Some(_), Some(_)) => {
            Err(error("it has several variables that could be dissimilarities".to_owned(), names))
        }
        (None, _) => Err(error(
            format!("no variable at its top is a square matrix or a row of pairs; it has {list}"),
            Vec::new(),
        )),
    }
}

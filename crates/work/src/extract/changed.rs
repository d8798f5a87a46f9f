//! Pictures that have changed since they were worked on.
//!
//! Owns the comparison: by size and time first, and by the hash of the bytes only if these don't settle it. Must not know what the
//! result is used for.

use std::path::Path;
use std::time::UNIX_EPOCH;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::part::RunPart;
use super::rows::{PlannedPicture, RowList};
use super::state_error::StateError;
use crate::features::{KnownPicture, PICTURES_NAME, read_pictures};
use crate::input::Fingerprint;
use crate::input::dataset::{Camera, PictureLocation};
use crate::tensor::{refusal_in, shown};

/// Pictures of a part that changed since, in order. Empty if the part has no fingerprints of its pictures.
pub(super) fn changed_in(rows: &RowList, part: &RunPart) -> Vec<PlannedPicture> {
    let Some(known) = &part.record.pictures else { return Vec::new() };
    let record = &part.record;
    let mut failed = record.failed.iter().map(|(position, _)| *position).peekable();
    let worked_on = (record.first..record.end()).filter(|position| failed.next_if_eq(position).is_none());
    let pairs: Vec<(u64, Fingerprint)> = worked_on.zip(known.iter().copied()).collect();
    // In parallel: a network file system answers several requests at once.
    let changed = pairs.into_par_iter().filter_map(|(position, known)| {
        let picture = rows.picture(position)?;
        let has_changed = match picture.picture.state() {
            Ok(state) if state == known.state => false,
            Ok(state) if state.num_bytes == known.state.num_bytes => is_other(&picture.picture, known.xxh64),
            _ => true,
        };
        has_changed.then_some(picture)
    });
    changed.collect()
}

fn is_other(picture: &PictureLocation, xxh64: u64) -> bool {
    picture.hash().map_or(true, |hash| hash != xxh64)
}

/// Whether a picture's bytes are not those of this hash. An error if the system refuses to let the file be read now, since that
/// settles nothing.
fn is_surely_other(picture: &PictureLocation, xxh64: u64) -> Result<bool, StateError> {
    match picture.hash() {
        Err(reason) if refusal_in(&reason).is_some() => {
            Err(StateError::io(reason, picture.path().to_owned()))
        }
        other => Ok(other.map_or(true, |hash| hash != xxh64)),
    }
}

/// Pictures of a finished set that changed since, in order. The set must have its list of pictures.
///
/// # Errors
/// The list can't be read, or has pictures that the data set doesn't.
pub(super) fn changed_since(rows: &RowList, folder: &Path) -> Result<Vec<PlannedPicture>, StateError> {
    let list = read_pictures(folder)?;
    let path = folder.join(PICTURES_NAME);
    let not_whole = |reason: String| StateError::NotWhole { reason, path: path.clone() };
    let listed = std::fs::metadata(&path).and_then(|metadata| metadata.modified());
    let listed = listed.map_err(|error| not_whole(error.to_string()))?;
    // A time before 1970 counts as 0: then every picture's bytes are compared.
    let listed_ns = listed.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let mut positions = 0..rows.len();
    let mut pairs: Vec<(PlannedPicture, KnownPicture)> = Vec::with_capacity(list.len());
    for known in list {
        let is_it = |picture: &PlannedPicture| {
            let camera = picture.camera.map_or("", Camera::name);
            picture.row == known.row && camera == known.camera && picture.file == known.file
        };
        // Positions that are passed over are pictures that gave no feature: the list doesn't have them.
        let Some(picture) = positions.by_ref().find_map(|at| rows.picture(at).filter(is_it)) else {
            return Err(not_whole("its pictures are not those of the data set".to_owned()));
        };
        pairs.push((picture, known));
    }
    let changed = pairs.into_par_iter().filter_map(|(picture, known)| {
        let has_changed = match picture.picture.state() {
            Ok(state) if state.num_bytes != known.num_bytes => Ok(true),
            Ok(state) if u128::from(state.time_ns) < listed_ns => Ok(false),
            Ok(_) => is_surely_other(&picture.picture, known.xxh64),
            Err(_) => Ok(true),
        };
        has_changed.map(|has_changed| has_changed.then_some(picture)).transpose()
    });
    changed.collect()
}

/// A message about the pictures that changed; `None` if none did.
pub(super) fn words_of(changed: &[PlannedPicture]) -> Option<String> {
    let first = changed.first()?;
    let camera = first.camera.map(|camera| format!(", {camera}")).unwrap_or_default();
    let place = format!("row {}{camera}, \"{}\"", first.row, shown(&first.file));
    Some(match changed.len() {
        1 => format!("1 picture changed ({place})"),
        num => format!("{num} pictures changed (the first: {place})"),
    })
}

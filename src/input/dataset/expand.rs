//! What a person typed (pictures, folders, logs) as a flat list of pictures, in order.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::source::{PictureLocation, Sample, Source};
use super::{Camera, DatasetError, is_log, open_source};
use crate::tensor::{Remedied, Remedy};

/// One picture to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureRef {
    /// For people: the file's name, or log, frame and camera.
    pub label: String,
    /// Where it is; [`PictureLocation::load`] decodes it.
    pub picture: PictureLocation,
    /// The camera that took it, where that is known.
    pub camera: Option<Camera>,
    /// The row's number in its folder or log; none for a picture named by itself.
    pub row: Option<usize>,
    /// Beginning of output names: a plain file name, unique in the list whatever the case.
    pub stem: String,
}

/// Inputs that can't be made a list of pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExpandError {
    /// Nothing to do.
    #[error("no input: name a picture, a folder or a driving log")]
    Nothing,
    /// A folder or log that can't be opened.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A row or camera of something that has none.
    #[error("a {option} can be chosen of a {needs}, and this is a picture: \"{}\"", path.display())]
    OnlyOnePicture {
        /// What was chosen.
        option: &'static str,
        /// What has such.
        needs: &'static str,
        /// The picture.
        path: PathBuf,
    },
    /// A row beyond the end, or one without pictures.
    #[error("no row {row}: expected one from 0 to {last}{missing}: \"{}\"", path.display())]
    NoSuchRow {
        /// The number that was asked for.
        row: usize,
        /// The last row's number.
        last: usize,
        /// Said when the row exists and its pictures don't.
        missing: &'static str,
        /// The folder or log.
        path: PathBuf,
    },
    /// A camera that no row has a picture of.
    #[error("no picture of the {camera} camera{at}: expected {known}: \"{}\"", path.display())]
    NoSuchCamera {
        /// The camera that was asked for.
        camera: Camera,
        /// In which row, if one was asked for.
        at: String,
        /// Cameras there are.
        known: String,
        /// The folder or log.
        path: PathBuf,
    },
}

impl Remedied for ExpandError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Dataset(error) => error.remedy(),
            Self::Nothing
            | Self::OnlyOnePicture { .. }
            | Self::NoSuchRow { .. }
            | Self::NoSuchCamera { .. } => None,
        }
    }
}

/// Pictures for the paths a person named: a picture as it is (it is opened later, so a broken one is that picture's error), a
/// folder's pictures, a log's frames. A log gives one picture a frame: of `camera`, or else the centre. `row` keeps one row,
/// by number.
pub fn expand_inputs(
    paths: &[PathBuf],
    camera: Option<Camera>,
    row: Option<usize>,
) -> Result<Vec<PictureRef>, ExpandError> {
    let mut pictures = Vec::new();
    for path in paths {
        if path.is_dir() || is_log(path) {
            let source = open_source(path)?;
            pictures.extend(of_source(path, &*source, camera, row)?);
            continue;
        }
        for (option, needs, given) in
            [("row", "folder or driving log", row.is_some()), ("camera", "driving log", camera.is_some())]
        {
            if given {
                return Err(ExpandError::OnlyOnePicture { option, needs, path: path.clone() });
            }
        }
        pictures.push(PictureRef {
            label: file_name(path),
            picture: PictureLocation::File(path.clone()),
            camera: None,
            row: None,
            stem: plain(&path.file_stem().unwrap_or_default().to_string_lossy()),
        });
    }
    if pictures.is_empty() {
        return Err(ExpandError::Nothing);
    }
    make_unique(&mut pictures);
    Ok(pictures)
}

fn of_source(
    path: &Path,
    source: &dyn Source,
    camera: Option<Camera>,
    row: Option<usize>,
) -> Result<Vec<PictureRef>, ExpandError> {
    let no_camera = |camera: Camera, at: String| {
        let known: Vec<&str> = source.cameras().iter().map(|c| c.name()).collect();
        let known =
            if known.is_empty() { "no camera (a folder of pictures)".into() } else { known.join(", ") };
        ExpandError::NoSuchCamera { camera, at, known, path: path.to_owned() }
    };
    if let Some(camera) = camera.filter(|camera| !source.cameras().contains(camera)) {
        return Err(no_camera(camera, String::new()));
    }
    // Where a log has a centre camera, another one never stands in for it unasked.
    let camera = camera.or_else(|| source.cameras().contains(&Camera::Center).then_some(Camera::Center));
    let Some(row) = row else {
        return Ok((0..source.len())
            .filter_map(|index| source.sample(index))
            .filter_map(|sample| PictureRef::of_sample(path, &sample, camera))
            .collect());
    };
    let sample = source.index_of_row(row).and_then(|index| source.sample(index));
    let Some(sample) = sample else {
        let last_used = source.sample(source.len().saturating_sub(1)).map_or(0, |s| s.row);
        let last = source.skipped().iter().filter_map(|s| s.row).fold(last_used, usize::max);
        let missing = if row <= last { ", and the pictures of this one are missing" } else { "" };
        return Err(ExpandError::NoSuchRow { row, last, missing, path: path.to_owned() });
    };
    match (PictureRef::of_sample(path, &sample, camera), camera) {
        (None, Some(camera)) => Err(no_camera(camera, format!(" in row {row}"))),
        (picture, _) => Ok(picture.into_iter().collect()),
    }
}

impl PictureRef {
    /// The picture of a row that a camera took (or the row's own, where there are no cameras), of the data set opened at `place`.
    pub fn of_sample(place: &Path, sample: &Sample, camera: Option<Camera>) -> Option<Self> {
        let view = sample.view(camera)?;
        let (label, stem) = match view.camera {
            Some(camera) => {
                let title = title(place);
                (
                    format!("{title}, row {}, {camera}", sample.row),
                    format!("{title}_{:06}_{camera}", sample.row),
                )
            }
            None => {
                (sample.id.clone(), Path::new(&sample.id).with_extension("").to_string_lossy().into_owned())
            }
        };
        Some(Self {
            label,
            picture: view.picture.clone(),
            camera: view.camera,
            row: Some(sample.row),
            stem: plain(&stem),
        })
    }
}

/// The name of a folder, or of a log's folder: `interpolated` says nothing.
fn title(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = if absolute.is_dir() { Some(&*absolute) } else { absolute.parent() };
    let name = folder.and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    if name.is_empty() { "log".to_owned() } else { name.into_owned() }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.to_string_lossy(), |n| n.to_string_lossy()).into_owned()
}

/// A file name that every system accepts: separators and reserved characters become `_`; at most 120 bytes, of
/// the 255 that systems allow, for a tag and a layer follow.
fn plain(name: &str) -> String {
    let mut safe: String =
        name.chars().map(|c| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c }).collect();
    safe.truncate(safe.floor_char_boundary(120));
    let trimmed = safe.trim_matches(['.', ' ']);
    if trimmed.is_empty() { "picture".to_owned() } else { trimmed.to_owned() }
}

/// Appends `_2`, `_3` … where a stem has been used.
fn make_unique(pictures: &mut [PictureRef]) {
    let mut used = HashSet::new();
    for picture in pictures {
        let plain = picture.stem.clone();
        let mut number = 2;
        while !used.insert(picture.stem.to_lowercase()) {
            picture.stem = format!("{plain}_{number}");
            number += 1;
        }
    }
}

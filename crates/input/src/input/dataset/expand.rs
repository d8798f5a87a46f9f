//! Turns the inputs that the user typed (pictures, folders, logs) into a flat list of pictures, in order.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::source::{PictureLocation, Sample, Source};
use super::{Camera, DatasetError, is_log, open_source};
use crate::tensor::{Remedied, Remedy};

/// One picture of a list of inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureRef {
    /// Text for the user: the file's name, or log, row and camera.
    pub label: String,
    /// Where it is; [`PictureLocation::load`] decodes it.
    pub picture: PictureLocation,
    /// The camera that took it, if known.
    pub camera: Option<Camera>,
    /// The number of its row in its folder or log; `None` for a picture that was named directly.
    pub row: Option<usize>,
    /// The beginning of names for output files: a plain file name, unique in the list even without regard to case.
    pub stem: String,
}

/// Why inputs can't be made a list of pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExpandError {
    /// No input was given.
    #[error("no input: name a picture, a folder or a driving log")]
    Nothing,
    /// A folder or log that can't be opened.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A row or camera was chosen, but the input is a single picture.
    #[error("a {option} can be chosen of a {needs}, and this is a picture: \"{}\"", path.display())]
    OnlyOnePicture {
        /// The option that was given.
        option: &'static str,
        /// The kind of input that the option needs.
        needs: &'static str,
        /// The picture.
        path: PathBuf,
    },
    /// A row beyond the end, or one whose pictures are missing.
    #[error("no row {row}: expected one from 0 to {last}{missing}: \"{}\"", path.display())]
    NoSuchRow {
        /// The number that was asked for.
        row: usize,
        /// The last row's number.
        last: usize,
        /// Words for a row that exists but whose pictures don't; otherwise empty.
        missing: &'static str,
        /// The folder or log.
        path: PathBuf,
    },
    /// A camera that has no pictures, or none in the row.
    #[error("no picture of the {camera} camera{at}: expected {known}: \"{}\"", path.display())]
    NoSuchCamera {
        /// The camera that was asked for.
        camera: Camera,
        /// Words with the row, if one was asked for.
        at: String,
        /// The cameras that have pictures.
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

/// The pictures for the paths that the user named. A path to a picture gives that picture (it is opened later, so a broken one is
/// only that picture's error), a folder its pictures, and a log one picture for each frame: that of `camera`, or else of the centre
/// camera. If `row` is given, only the row with that number is kept.
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
    // If a log has a centre camera, another camera is never used in its place unless asked for.
    let camera = camera.or_else(|| source.cameras().contains(&Camera::Center).then_some(Camera::Center));
    let Some(row) = row else {
        return Ok((0..source.len())
            .filter_map(|index| PictureRef::of_sample(path, index, &source.sample(index)?, camera))
            .collect());
    };
    let found = source.index_of_row(row).and_then(|index| Some((index, source.sample(index)?)));
    let Some((index, sample)) = found else {
        let last_used = source.sample(source.len().saturating_sub(1)).map_or(0, |s| s.row);
        let last = source.skipped().iter().filter_map(|s| s.row).fold(last_used, usize::max);
        let missing = if row <= last { ", and the pictures of this one are missing" } else { "" };
        return Err(ExpandError::NoSuchRow { row, last, missing, path: path.to_owned() });
    };
    match (PictureRef::of_sample(path, index, &sample, camera), camera) {
        (None, Some(camera)) => Err(no_camera(camera, format!(" in row {row}"))),
        (picture, _) => Ok(picture.into_iter().collect()),
    }
}

impl PictureRef {
    /// The picture of a frame by a camera (or the frame's only picture, if there are no cameras). The data set was opened at `place`, and
    /// `sample` is its frame `index`, counted from 0. The label says the row of the log only where it is another number, because rows
    /// before it have no picture.
    pub fn of_sample(place: &Path, index: usize, sample: &Sample, camera: Option<Camera>) -> Option<Self> {
        let view = sample.view(camera)?;
        let (label, stem) = match view.camera {
            Some(camera) => {
                let title = title(place);
                (
                    if index == sample.row {
                        format!("{title}, frame {index}, {camera}")
                    } else {
                        format!("{title}, frame {index} (row {}), {camera}", sample.row)
                    },
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

/// The name of a folder, or of a log's folder: a log's own name, such as `interpolated`, says nothing.
fn title(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = if absolute.is_dir() { Some(&*absolute) } else { absolute.parent() };
    let name = folder.and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    if name.is_empty() { "log".to_owned() } else { name.into_owned() }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.to_string_lossy(), |n| n.to_string_lossy()).into_owned()
}

/// A file name that every system accepts: separators and reserved characters become `_`. It has at most 120 of the 255 bytes that
/// systems allow, because a tag and a layer follow.
fn plain(name: &str) -> String {
    let mut safe: String =
        name.chars().map(|c| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c }).collect();
    safe.truncate(safe.floor_char_boundary(120));
    let trimmed = safe.trim_matches(['.', ' ']);
    if trimmed.is_empty() { "picture".to_owned() } else { trimmed.to_owned() }
}

/// Appends `_2`, `_3` … to stems that are already used.
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

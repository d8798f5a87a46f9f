//! A folder of pictures, with its sub-folders, in natural order.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use super::files::VIDEO_WORDS;
use super::source::{About, CameraPicture, Label, PictureLocation, Sample, Skipped, Source};
use super::walk::{WalkedFolder, note_of, walk};
use super::{DatasetError, NameCoding};
use crate::tensor::shown;

/// All pictures below a folder, in natural order (`2.png` before `10.png`), folders included.
///
/// If there are pictures in sub-folders, each picture has the label `folder`: the path of its sub-folder, which is its class where
/// each class has a folder. Hidden files and folders are silently left out; other files that aren't pictures are listed as skipped.
#[derive(Debug)]
pub struct FolderSource {
    about: About,
    /// Paths relative to the root.
    pictures: Vec<PathBuf>,
}

impl FolderSource {
    /// Lists a folder. Links to folders elsewhere are followed and mentioned in the notes; each folder is listed only once.
    pub fn open(root: &Path) -> Result<Self, DatasetError> {
        let WalkedFolder { mut pictures, mut skipped, links } = walk(root)?;
        pictures.sort_by(|a, b| natural(a, b));
        skipped.sort_by(|(a, _), (b, _)| natural(a, b));
        let names = NameCoding::of(pictures.iter().chain(skipped.iter().map(|(path, _)| path)).map(|p| &**p));
        let skipped: Vec<Skipped> =
            skipped.into_iter().map(|(path, reason)| Skipped::file(names.name(&path), reason)).collect();
        if pictures.is_empty() {
            let video = skipped.iter().find(|s| s.reason.starts_with(VIDEO_WORDS));
            let video = video.map(|s| format!("; `{}` is {}", shown(&s.place), s.reason)).unwrap_or_default();
            return Err(DatasetError::NoPictures {
                num_ignored: skipped.len(),
                video,
                path: root.to_owned(),
            });
        }
        let in_folders = pictures.iter().any(|p| p.components().count() > 1);
        let label_names = if in_folders { vec!["folder".to_owned()] } else { Vec::new() };
        let notes = note_of(&links, names).into_iter().collect();
        let about = About { root: root.to_owned(), label_names, skipped, notes, names, ..About::default() };
        Ok(Self { about, pictures })
    }
}

impl Source for FolderSource {
    fn kind(&self) -> &'static str {
        "folder"
    }

    fn describe(&self) -> String {
        let ignored = match self.about.skipped.len() {
            0 => String::new(),
            n => format!(", {n} other files ignored"),
        };
        format!("folder of {} pictures{ignored}", self.pictures.len())
    }

    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let relative = self.pictures.get(index)?;
        let folder = relative.parent().map(|folder| self.about.names.name(folder)).unwrap_or_default();
        Some(Sample {
            row: index,
            id: self.about.names.name(relative),
            timestamp_ns: None,
            views: vec![CameraPicture {
                camera: None,
                picture: PictureLocation::File(self.about.root.join(relative)),
            }],
            labels: self
                .about
                .label_names
                .iter()
                .map(|_| if folder.is_empty() { Label::Missing } else { Label::Text(folder.clone()) })
                .collect(),
        })
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn index_of_row(&self, row: usize) -> Option<usize> {
        (row < self.pictures.len()).then_some(row)
    }

    fn root(&self) -> &Path {
        &self.about.root
    }
}

/// Compares paths part by part, numbers by value and letters without regard to case; by plain order if that makes them equal.
pub(super) fn natural(a: &Path, b: &Path) -> Ordering {
    a.iter()
        .zip(b.iter())
        .map(|(a, b)| natord::compare_ignore_case(&a.to_string_lossy(), &b.to_string_lossy()))
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.iter().count().cmp(&b.iter().count()))
        .then_with(|| a.cmp(b))
}

//! Pictures that were given one by one, in the order given: a set without a folder or a log of its own.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::files::not_a_picture;
use super::folder::FolderSource;
use super::source::{About, CameraPicture, PictureLocation, Sample, Skipped, Source};
use super::{DatasetError, NameCoding, is_log, is_table_path};
use crate::tensor::counted;

/// Pictures in the order in which they were given; a folder stands for its pictures.
///
/// A row is named by its picture's path below the folder that all of them are in. What isn't a picture is listed as skipped.
#[derive(Debug)]
pub struct FileSetSource {
    about: About,
    pictures: Vec<PathBuf>,
    /// Indices of pictures that were given before.
    again: HashSet<usize>,
}

impl FileSetSource {
    /// A set of these files and of the pictures in these folders.
    ///
    /// # Errors
    /// None of them is a picture: what is wrong with the first.
    pub fn open(paths: &[PathBuf]) -> Result<Self, DatasetError> {
        let (mut pictures, mut left_out) = (Vec::new(), Vec::new());
        for path in paths {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            if path.is_dir() {
                match FolderSource::open(&path) {
                    Ok(folder) => {
                        pictures.extend((0..folder.len()).filter_map(|index| folder.sample(index)).flat_map(
                            |sample| sample.views.into_iter().map(|view| view.picture.path().to_owned()),
                        ));
                        left_out
                            .extend(folder.skipped().iter().map(|s| (path.join(&s.place), s.reason.clone())));
                    }
                    Err(error) => left_out.push((path, error.to_string())),
                }
                continue;
            }
            let reason = if !path.is_file() {
                Some(if path.exists() { "not a file" } else { "there is no such file" }.to_owned())
            } else if is_log(&path) || is_table_path(&path) {
                Some("a log or table is a data set of its own: open it by itself".to_owned())
            } else {
                not_a_picture(&path)
            };
            match reason {
                None => pictures.push(path),
                Some(reason) => left_out.push((path, reason)),
            }
        }
        if pictures.is_empty()
            && let Some((path, reason)) = left_out.first()
        {
            return Err(DatasetError::Unreadable { reason: reason.clone(), path: path.clone() });
        }
        let root = common_folder(&pictures);
        let names =
            NameCoding::of(pictures.iter().chain(left_out.iter().map(|(path, _)| path)).map(|p| &**p));
        let skipped: Vec<Skipped> =
            left_out.into_iter().map(|(path, reason)| Skipped::file(names.name(&path), reason)).collect();
        let mut seen = HashSet::new();
        let again = (0..pictures.len()).filter(|index| !seen.insert(&pictures[*index])).collect();
        let about = About { root, skipped, names, ..About::default() };
        Ok(Self { about, pictures, again })
    }
}

/// The deepest folder that all files are in.
fn common_folder(files: &[PathBuf]) -> PathBuf {
    let mut folders = files.iter().map(|file| file.parent().unwrap_or(file));
    let Some(first) = folders.next() else { return PathBuf::new() };
    folders.fold(first.to_owned(), |common, folder| {
        common.components().zip(folder.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
    })
}

impl Source for FileSetSource {
    fn kind(&self) -> &'static str {
        "files"
    }

    fn describe(&self) -> String {
        let ignored = match self.about.skipped.len() {
            0 => String::new(),
            n => format!(", {} ignored", counted(n, "other file")),
        };
        format!("set of {}, in the order given{ignored}", counted(self.pictures.len(), "picture"))
    }

    fn len(&self) -> usize {
        self.pictures.len()
    }

    fn sample(&self, index: usize) -> Option<Sample> {
        let path = self.pictures.get(index)?;
        let name = path.strip_prefix(&self.about.root).unwrap_or(path);
        let id = self.about.names.name(name);
        Some(Sample {
            row: index,
            // The same file may have been given twice.
            id: if self.again.contains(&index) { format!("{id} ({index})") } else { id },
            timestamp_ns: None,
            views: vec![CameraPicture { camera: None, picture: PictureLocation::File(path.clone()) }],
            labels: Vec::new(),
        })
    }

    fn index_of_row(&self, row: usize) -> Option<usize> {
        (row < self.pictures.len()).then_some(row)
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn root(&self) -> &Path {
        &self.about.root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_the_order_given_and_what_is_no_picture_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b/2.png", "a/10.png", "c/x.txt", "c/y.jpg"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "no picture yet").unwrap();
        }
        let given = ["b/2.png", "a/10.png", "gone.png", "c"].map(|name| dir.path().join(name));
        let set = FileSetSource::open(&given).unwrap();
        let names: Vec<String> = (0..set.len()).map(|index| set.sample(index).unwrap().id).collect();
        assert_eq!(names, ["b/2.png", "a/10.png", "c/y.jpg"]);
        let reasons: Vec<&str> = set.skipped().iter().map(|skipped| &*skipped.reason).collect();
        assert_eq!(reasons, ["there is no such file", "a text file"]);
        assert_eq!(set.describe(), "set of 3 pictures, in the order given, 2 other files ignored");
        let text = dir.path().join("c/x.txt");
        let error = FileSetSource::open(std::slice::from_ref(&text)).unwrap_err().to_string();
        assert!(error.contains("x.txt") && !error.contains("folder"), "{error}");
    }
}

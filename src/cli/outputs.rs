//! Where each figure is written: one file, or unique names in a folder.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::formats::{WriteError, other_ending};

/// The meaning of `-o` for the figures of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outputs {
    /// The file of the only figure.
    File(PathBuf),
    /// A folder of figures.
    Folder(PathBuf),
}

/// An `-o` that can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutputError {
    /// Several figures for one file.
    #[error("{num_figures} figures don't go into one file; name a folder: \"{}\"", .path.display())]
    OneFile { num_figures: usize, path: PathBuf },
    /// Neither a PNG nor a folder.
    #[error(
        "a figure is a PNG: end the name in .png, or in / for a folder: \"{}\"", .path.display()
    )]
    NotPng { path: PathBuf },
    /// The figure would overwrite the picture it is made from.
    #[error("the figure would overwrite its picture; choose another name: \"{}\"", .path.display())]
    IsInput { path: PathBuf },
    /// The folder can't be made.
    #[error("can't make the folder ({reason}): \"{}\"", .path.display())]
    Folder { reason: std::io::Error, path: PathBuf },
    /// An error that writing the file would give, found before the work begins.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Outputs {
    /// Determines what `-o` means for a number of figures. A single figure must not overwrite one of `inputs`. Creates nothing.
    pub(super) fn settle<'a>(
        out: &Path,
        num_figures: usize,
        mut inputs: impl Iterator<Item = &'a Path>,
    ) -> Result<Self, OutputError> {
        let path = out.to_owned();
        let existing = std::fs::metadata(out).ok();
        if ends_in_separator(out) || existing.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            return Ok(Self::Folder(path));
        }
        let is_png = out.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"));
        if num_figures > 1 {
            return if is_png || existing.is_some() {
                Err(OutputError::OneFile { num_figures, path })
            } else if other_ending(out, "png").is_some() {
                // It would become a folder, which nobody means by `figures.pdf`.
                Err(OutputError::NotPng { path })
            } else {
                Ok(Self::Folder(path))
            };
        }
        // The name of a pipe or a device needs no extension.
        if !is_png && existing.as_ref().is_none_or(std::fs::Metadata::is_file) {
            return Err(OutputError::NotPng { path });
        }
        let parent = out.parent().filter(|p| !p.as_os_str().is_empty());
        if parent.is_some_and(|parent| !parent.is_dir()) {
            return Err(WriteError::NoFolder { path }.into());
        }
        if existing.is_some()
            && let Ok(real) = out.canonicalize()
            && inputs.any(|input| input.canonicalize().is_ok_and(|input| input == real))
        {
            return Err(OutputError::IsInput { path });
        }
        Ok(Self::File(path))
    }

    /// Checks that no figure in a folder would overwrite one of `inputs`.
    pub(super) fn spare<'a>(
        &self,
        figures: impl Iterator<Item = PathBuf>,
        inputs: impl Iterator<Item = &'a Path>,
    ) -> Result<(), OutputError> {
        let real: HashSet<PathBuf> = inputs.filter_map(|input| input.canonicalize().ok()).collect();
        let mut figures =
            figures.filter(|figure| figure.canonicalize().is_ok_and(|path| real.contains(&path)));
        match (self, figures.next()) {
            (Self::Folder(_), Some(path)) => Err(OutputError::IsInput { path }),
            _ => Ok(()),
        }
    }

    /// Creates the folder, if the output is one.
    pub(super) fn prepare(&self) -> Result<(), OutputError> {
        match self {
            Self::File(_) => Ok(()),
            Self::Folder(path) => std::fs::create_dir_all(path)
                .map_err(|reason| OutputError::Folder { reason, path: path.clone() }),
        }
    }

    /// The file of one figure; `suffix` comes from [`crate::render::unique_suffixes`], and is `None` for a sheet.
    pub(super) fn figure(&self, stem: &str, suffix: Option<&str>) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Folder(folder) => folder.join(format!("{stem}__{}.png", suffix.unwrap_or("sheet"))),
        }
    }

    /// The file of one layer's values: next to its figure under the same name, with a suffix where one figure shows several layers.
    pub(super) fn values(&self, stem: &str, suffix: &str, is_one_of_several: bool) -> PathBuf {
        match self {
            Self::File(path) if is_one_of_several => {
                let stem = path.file_stem().unwrap_or(OsStr::new("figure")).to_string_lossy();
                path.with_file_name(format!("{stem}__{suffix}.npy"))
            }
            Self::File(path) => path.with_extension("npy"),
            Self::Folder(folder) => folder.join(format!("{stem}__{suffix}.npy")),
        }
    }
}

fn ends_in_separator(path: &Path) -> bool {
    path.to_string_lossy().ends_with(std::path::is_separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_file_or_folder() {
        let settle = |out: &str, num| Outputs::settle(Path::new(out), num, std::iter::empty());
        assert_eq!(settle("new.png", 1).unwrap(), Outputs::File("new.png".into()));
        assert_eq!(settle("new.PNG", 1).unwrap(), Outputs::File("new.PNG".into()));
        assert_eq!(settle("new/", 1).unwrap(), Outputs::Folder("new/".into()));
        assert_eq!(settle("new", 2).unwrap(), Outputs::Folder("new".into()));
        assert_eq!(settle("src", 1).unwrap(), Outputs::Folder("src".into()), "it exists");
        let error = |out, num| settle(out, num).unwrap_err().to_string();
        assert_eq!(error("new.png", 2), "2 figures don't go into one file; name a folder: \"new.png\"");
        assert_eq!(error("Cargo.toml", 2), "2 figures don't go into one file; name a folder: \"Cargo.toml\"");
        let not_png = "a figure is a PNG: end the name in .png, or in / for a folder: \"new.jpg\"";
        assert_eq!(error("new.jpg", 1), not_png);
        assert_eq!(error("new.jpg", 2), not_png);
        assert_eq!(settle("vgg16.tv_in1k", 2).unwrap(), Outputs::Folder("vgg16.tv_in1k".into()));
        let no_folder = "no such folder to write into; create it or choose another: \"no/new.png\"";
        assert_eq!(error("no/new.png", 1), no_folder);
        let over = |input: &'static str| {
            Outputs::settle(Path::new("assets/cat.png"), 1, std::iter::once(Path::new(input)))
        };
        assert!(matches!(over("assets/../assets/cat.png"), Err(OutputError::IsInput { .. })));
        assert!(over("Cargo.toml").is_ok());
    }

    #[test]
    fn values_lie_beside_their_figure() {
        let file = Outputs::File("out/cat.png".into());
        assert_eq!(file.values("x", "a__b", false), Path::new("out/cat.npy"));
        assert_eq!(file.values("x", "a__b", true), Path::new("out/cat__a__b.npy"));
        let folder = Outputs::Folder("out".into());
        assert_eq!(folder.figure("x", Some("a__b")), Path::new("out/x__a__b.png"));
        assert_eq!(folder.figure("x", None), Path::new("out/x__sheet.png"));
        assert_eq!(folder.values("x", "a__b", true), Path::new("out/x__a__b.npy"));
    }
}

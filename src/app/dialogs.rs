//! The system's file dialogs, off the UI thread.
//!
//! On a bare machine without a portal and without zenity a dialog returns at once with nothing, as if cancelled; typing a path
//! and dropping a file always work beside it.

use std::path::{Path, PathBuf};

/// Asks a person for paths. Called on a thread of its own, so it may block.
pub trait Dialogs: Send + Sync {
    /// A picture, or a data set's log; begins in `from`.
    fn open_picture(&self, from: Option<&Path>) -> Option<PathBuf>;
    /// A folder; begins in `from`.
    fn open_folder(&self, from: Option<&Path>) -> Option<PathBuf>;
    /// A weight file.
    fn open_weights(&self) -> Option<PathBuf>;
    /// Where to save; `name` is proposed.
    fn save_png(&self, name: &str) -> Option<PathBuf>;
    /// Where a moving picture goes; `name` is proposed.
    fn save_animation(&self, name: &str) -> Option<PathBuf>;
}

/// The desktop's own dialogs.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDialogs;

const PICTURES: [&str; 14] =
    ["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "ico", "qoi", "ppm", "pgm", "pnm", "csv"];

impl Dialogs for SystemDialogs {
    fn open_picture(&self, from: Option<&Path>) -> Option<PathBuf> {
        in_folder(from)
            .set_title("Open a picture or a driving log")
            .add_filter("Pictures and logs", &PICTURES)
            .add_filter("All files", &["*"])
            .pick_file()
    }

    fn open_folder(&self, from: Option<&Path>) -> Option<PathBuf> {
        in_folder(from).set_title("Choose a folder").pick_folder()
    }

    fn open_weights(&self) -> Option<PathBuf> {
        rfd::FileDialog::new()
            .set_title("Load weights or an ONNX model")
            .add_filter(
                "Weights and ONNX models",
                &["safetensors", "pth", "pt", "ckpt", "h5", "keras", "onnx"],
            )
            .add_filter("All files", &["*"])
            .pick_file()
    }

    fn save_png(&self, name: &str) -> Option<PathBuf> {
        rfd::FileDialog::new()
            .set_title("Save")
            .add_filter("PNG", &["png"])
            .add_filter("All files", &["*"])
            .set_file_name(name)
            .save_file()
    }

    fn save_animation(&self, name: &str) -> Option<PathBuf> {
        rfd::FileDialog::new()
            .set_title("Animate")
            .add_filter("GIF or animated PNG", &["gif", "png", "apng"])
            .set_file_name(name)
            .save_file()
    }
}

fn in_folder(folder: Option<&Path>) -> rfd::FileDialog {
    let dialog = rfd::FileDialog::new();
    match folder.filter(|folder| folder.is_dir()) {
        Some(folder) => dialog.set_directory(folder),
        None => dialog,
    }
}

/// A path as people type and paste it: quoted, as an address, with `~/` for home; none where nothing is typed.
pub(super) fn typed_path(text: &str) -> Option<PathBuf> {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("file://").unwrap_or(text);
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => Some(home.join(rest)),
        _ => (!text.is_empty()).then(|| PathBuf::from(text)),
    }
}

/// Some dialogs leave the extension to the person.
pub(super) fn with_extension(path: PathBuf) -> PathBuf {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")) { path } else { append(&path, ".png") }
}

/// The same of values.
pub(super) fn with_npy(path: &Path) -> PathBuf {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy")) {
        path.to_owned()
    } else {
        append(path, ".npy")
    }
}

fn append(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_paths_are_taken_as_they_come() {
        for typed in ["/a b.png", " '/a b.png' ", "\"/a b.png\"", "file:///a b.png"] {
            assert_eq!(typed_path(typed), Some(PathBuf::from("/a b.png")), "{typed}");
        }
        assert_eq!(typed_path("  "), None);
        assert_eq!(typed_path("~/x"), std::env::home_dir().map(|home| home.join("x")));
    }

    #[test]
    fn a_missing_extension_is_added_and_a_dotted_name_kept() {
        assert_eq!(with_extension("a.PNG".into()), PathBuf::from("a.PNG"));
        assert_eq!(with_npy(Path::new("a.npy")), PathBuf::from("a.npy"));
        assert_eq!(with_npy(Path::new("a.png")), PathBuf::from("a.png.npy"), "values are no picture");
        assert_eq!(with_extension("cat__vgg16.tv_in1k".into()), PathBuf::from("cat__vgg16.tv_in1k.png"));
    }
}

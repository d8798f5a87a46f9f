//! Paths as people type them, and the extensions of files that are saved.

use std::path::{Path, PathBuf};

/// A path as people type and paste it: it may be quoted, begin with `file://`, or with `~/` for the home folder. None for empty text.
pub(crate) fn typed_path(text: &str) -> Option<PathBuf> {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("file://").unwrap_or(text);
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => Some(home.join(rest)),
        _ => (!text.is_empty()).then(|| PathBuf::from(text)),
    }
}

/// A path that ends in `.png`, which is appended if it is missing: some dialogs don't add it.
pub(crate) fn with_extension(path: PathBuf) -> PathBuf {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")) { path } else { append(&path, ".png") }
}

/// A path that ends in `.npy`, for values; the extension is appended if it is missing.
pub(crate) fn with_npy(path: &Path) -> PathBuf {
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

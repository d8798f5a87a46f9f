//! Paths as people type them, and the extensions of files that are saved.

use std::path::{Path, PathBuf};

use crate::formats::other_ending;

/// A path as people type and paste it: it may be quoted, begin with `file://`, or with `~/` for the home folder. None for empty text.
pub(crate) fn typed_path(text: &str) -> Option<PathBuf> {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("file://").unwrap_or(text);
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => Some(home.join(rest)),
        _ => (!text.is_empty()).then(|| PathBuf::from(text)),
    }
}

/// A figure's path, which ends in `.png`. The ending is appended if it is missing, because some dialogs don't add it.
///
/// # Errors
/// The ending of another format, with what is written instead, in words.
pub(crate) fn with_png(path: &Path) -> Result<PathBuf, String> {
    with_ending(path, "png", "a figure is a PNG")
}

/// A path for values, which ends in `.npy`. The ending is appended if it is missing.
///
/// # Errors
/// The ending of another format, with what is written instead, in words.
pub(crate) fn with_npy(path: &Path) -> Result<PathBuf, String> {
    with_ending(path, "npy", "values are written as .npy")
}

fn with_ending(path: &Path, ending: &str, what: &str) -> Result<PathBuf, String> {
    if let Some(other) = other_ending(path, ending) {
        let place = path.display();
        return Err(format!("{what}, and .{other} isn't written: end the name in .{ending}: \"{place}\""));
    }
    let has_it = path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending));
    Ok(if has_it { path.to_owned() } else { append(path, &format!(".{ending}")) })
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
        for (path, figure) in
            [("a.PNG", "a.PNG"), ("a", "a.png"), ("cat__vgg16.tv_in1k", "cat__vgg16.tv_in1k.png")]
        {
            assert_eq!(with_png(Path::new(path)), Ok(PathBuf::from(figure)));
        }
        assert_eq!(with_npy(Path::new("a.npy")), Ok(PathBuf::from("a.npy")));
        assert_eq!(with_npy(Path::new("features.30")), Ok(PathBuf::from("features.30.npy")));
    }

    #[test]
    fn an_ending_of_another_format_is_refused_with_the_one_that_is_written() {
        assert_eq!(
            with_png(Path::new("sheet.pdf")).unwrap_err(),
            "a figure is a PNG, and .pdf isn't written: end the name in .png: \"sheet.pdf\""
        );
        assert_eq!(
            with_npy(Path::new("a.png")).unwrap_err(),
            "values are written as .npy, and .png isn't written: end the name in .npy: \"a.png\""
        );
    }
}

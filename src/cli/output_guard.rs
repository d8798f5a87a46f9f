//! Keeps results from replacing what the same command reads.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::extract::RowList;
use crate::input::dataset::PictureLocation;

/// Refuses an output that is one of the inputs, or a file that is there already in a folder that is one.
///
/// # Errors
/// With a sentence that names the option and the file.
pub(super) fn check_output<'a>(
    option: &str,
    output: &Path,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> anyhow::Result<()> {
    // What isn't there yet replaces nothing.
    let Ok(real) = output.canonicalize() else { return Ok(()) };
    for input in inputs {
        let Ok(input) = input.canonicalize() else { continue };
        if real == input || (input.is_dir() && real.starts_with(&input)) {
            bail!(
                "`{option}` would overwrite a file that is read; choose another name: \"{}\"",
                output.display()
            );
        }
    }
    Ok(())
}

/// Refuses outputs, each with its option, that are pictures of a data set, wherever its table says that these are.
///
/// # Errors
/// With a sentence that names the option and the file.
pub(super) fn check_planned(
    outputs: impl Iterator<Item = (&'static str, PathBuf)>,
    rows: &RowList,
) -> anyhow::Result<()> {
    let there: Vec<(&str, PathBuf, PathBuf)> =
        outputs.filter_map(|(option, path)| Some((option, path.canonicalize().ok()?, path))).collect();
    if there.is_empty() {
        return Ok(());
    }
    for picture in (0..rows.len()).filter_map(|at| rows.picture(at)) {
        let PictureLocation::File(file) = &picture.picture else { continue };
        // Most names differ, and only a link has another name.
        let Ok(real) = file.canonicalize() else { continue };
        if let Some((option, _, path)) = there.iter().find(|(_, output, _)| *output == real) {
            bail!(
                "`{option}` would overwrite a picture that is read; choose another name: \"{}\"",
                path.display()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let (table, folder) = (dir.path().join("a.csv"), dir.path().join("set"));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(&table, "x").unwrap();
        std::fs::write(folder.join("index.csv"), "x").unwrap();
        let check = |output: &Path| check_output("-o", output, [&*table, &*folder]);
        let around = folder.join("../a.csv");
        for read in [&table, &folder.join("index.csv"), &around] {
            let words = check(read).unwrap_err().to_string();
            assert!(
                words.starts_with("`-o` would overwrite a file that is read; choose another name: "),
                "{words}"
            );
        }
        for free in [dir.path().join("b.csv"), folder.join("new.csv"), dir.path().join("no/such.csv")] {
            check(&free).unwrap();
        }
    }
}

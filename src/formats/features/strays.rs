//! Files in a folder of features that are none of the set's: what a person or another program put there, or what was left there.

use std::io;
use std::path::Path;

use super::error::BadFeatures;

/// Files in and below a folder that `is_own` doesn't know, relative to it with `/`, in order. Links aren't followed.
///
/// # Errors
/// A folder that can't be listed.
pub(super) fn find_strays(folder: &Path, is_own: &dyn Fn(&str) -> bool) -> Result<Vec<String>, BadFeatures> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), String::new())];
    while let Some((place, prefix)) = open.pop() {
        let fail = |error: io::Error| BadFeatures::file(&place, error);
        for entry in std::fs::read_dir(&place).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(fail)?.is_dir() {
                open.push((entry.path(), format!("{name}/")));
            } else if !is_own(&name) {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}

//! Finds files in a folder of features that don't belong to the set: what a user or another program put there, or what was left there.

use std::io;
use std::path::Path;

use super::error::BadFeatures;
use super::format::FeatureFormat;
use super::index::{INDEX_NAME, SKIPPED_NAME};
use super::manifest::{MANIFEST_NAME, Manifest};
use super::pictures::PICTURES_NAME;
use crate::formats::is_draft;

/// Files in a set's folder that no set would have, found without reading the index: they may be the user's own and would be removed
/// with the set. In a set with a file for each picture, every `.npy` counts as the set's.
///
/// # Errors
/// A folder that can't be listed.
pub fn others_files(folder: &Path, manifest: &Manifest) -> Result<Vec<String>, BadFeatures> {
    let lists = [MANIFEST_NAME, INDEX_NAME, SKIPPED_NAME, PICTURES_NAME];
    let has_own_files = manifest.recipe.stored.format == FeatureFormat::Folder;
    let is_own = |name: &str| {
        let last = name.rsplit('/').next().unwrap_or_default();
        lists.contains(&name)
            || is_draft(last)
            || manifest.outcome.files.iter().any(|file| file.name == name)
            || (has_own_files && Path::new(name).extension().is_some_and(|extension| extension == "npy"))
    };
    find_strays(folder, &is_own)
}

/// Files in and below a folder that `is_own` returns false for, relative to the folder with `/`, in order. Links aren't followed.
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

//! For the format with one file for each picture: the name of a feature's file, and the folders that it is in.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::rows::RowList;
use crate::formats::WriteError;

/// The file of the feature of the picture at a position, relative to its set's folder.
pub(super) fn own_file(rows: &RowList, position: u64) -> String {
    let name = rows.picture(position).and_then(|picture| rows.own_file(&picture));
    name.unwrap_or_else(|| format!("{position}.npy"))
}

/// Whether every folder of a file's `name` below `root` is there, as a real folder and not as a link.
pub(super) fn has_plain_folders(root: &Path, name: &str) -> bool {
    let folders = Path::new(name).parent().unwrap_or(Path::new(""));
    let is_plain = |folder: &Path| root.join(folder).symlink_metadata().is_ok_and(|there| there.is_dir());
    folders.ancestors().all(is_plain)
}

/// Makes the folders of a file's `name` below `root`. None of them may be a link, which could lead anywhere. `made` has those made
/// before.
pub(super) fn make_folders(root: &Path, name: &str, made: &mut HashSet<PathBuf>) -> Result<(), WriteError> {
    let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
    if made.contains(&root.join(folders)) {
        return Ok(());
    }
    let mut path = root.to_owned();
    for part in std::iter::once("").chain(folders.split('/').filter(|part| !part.is_empty())) {
        if !part.is_empty() {
            path.push(part);
        }
        match path.symlink_metadata() {
            Ok(there) if there.is_dir() => {}
            Ok(_) => {
                let reason = std::io::Error::other("a link or a file is where a folder is needed; remove it");
                return Err(WriteError::new(reason, &path));
            }
            Err(_) => std::fs::create_dir(&path).map_err(|e| WriteError::new(e, &path))?,
        }
    }
    made.insert(root.join(folders));
    Ok(())
}

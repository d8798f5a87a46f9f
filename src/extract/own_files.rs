//! Where each picture has a file of its own: its name, and the folders that it lies in.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::rows::RowList;
use crate::formats::WriteError;

/// The file of a picture's own feature, relative to its set's folder.
pub(super) fn own_file(rows: &RowList, position: u64) -> String {
    let name = rows.picture(position).and_then(|picture| rows.own_file(&picture));
    name.unwrap_or_else(|| format!("{position}.npy"))
}

/// Whether the folders of a name below `root` are there and no links.
pub(super) fn has_plain_folders(root: &Path, name: &str) -> bool {
    let folders = Path::new(name).parent().unwrap_or(Path::new(""));
    let is_plain = |folder: &Path| root.join(folder).symlink_metadata().is_ok_and(|there| there.is_dir());
    folders.ancestors().all(is_plain)
}

/// Makes the folders of a name below `root`, none of which may be a link: it could lead anywhere.
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

//! Files that are either whole or not there: they are written under another name in the same folder, then renamed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::tensor::{Remedied, Remedy};

/// Why a file was not written. What was at the path before is still there.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder isn't there.
    #[error("no such folder to write into; create it or choose another: \"{}\"", .path.display())]
    NoFolder {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// The path is a folder's, or has no file name.
    #[error("expected a file to write, got a folder; add a file name: \"{}\"", .path.display())]
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// No permission to write.
    #[error("not allowed to write here; choose another folder or change its permissions: \"{}\"", .path.display())]
    NotAllowed {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("the disk is full: \"{}\"", .path.display())]
    DiskFull {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// The user's quota on the disk is used up.
    #[error("the quota on this disk is used up: \"{}\"", .path.display())]
    QuotaUsedUp {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// The file is larger than the disk's format, or a limit on the process, allows.
    #[error("a file as large as this isn't allowed here, by the disk's format or by a limit on the program: \"{}\"", .path.display())]
    FileTooLarge {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// Any other error of the system.
    #[error("cannot write the file ({reason}): \"{}\"", .path.display())]
    Other {
        /// The system's error.
        reason: io::Error,
        /// The file that was to be written.
        path: PathBuf,
    },
}

impl WriteError {
    /// The system's error at a path.
    pub fn new(reason: io::Error, path: &Path) -> Self {
        let path = path.to_owned();
        match reason.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::NoFolder { path },
            ErrorKind::IsADirectory => Self::IsFolder { path },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NotAllowed { path },
            ErrorKind::StorageFull => Self::DiskFull { path },
            ErrorKind::QuotaExceeded => Self::QuotaUsedUp { path },
            ErrorKind::FileTooLarge => Self::FileTooLarge { path },
            _ => Self::Other { reason, path },
        }
    }
}

impl Remedied for WriteError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::DiskFull { .. } | Self::QuotaUsedUp { .. } => Some(Remedy::MakeRoom),
            Self::FileTooLarge { .. } => Some(Remedy::AllowLargeFiles),
            Self::NoFolder { .. } | Self::IsFolder { .. } | Self::NotAllowed { .. } | Self::Other { .. } => {
                None
            }
        }
    }
}

/// Writes a file through `write`, so that the path then holds either all of it or what it held before. A link is followed. What is
/// not a regular file (a pipe, `/dev/null`) can't be replaced and is written to directly.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let fail = |reason| WriteError::new(reason, path);
    let existing = fs::metadata(path).ok();
    if existing.as_ref().is_some_and(fs::Metadata::is_dir) || path.file_name().is_none() {
        return Err(WriteError::IsFolder { path: path.to_owned() });
    }
    if existing.as_ref().is_some_and(|m| !m.is_file()) {
        let file = OpenOptions::new().write(true).open(path).map_err(fail)?;
        return fill(&file, write).map_err(fail);
    }
    let target = if existing.is_some() { fs::canonicalize(path).map_err(fail)? } else { path.to_owned() };
    // Replacing a file needs only the folder's permission. But a file that was made read-only must not be replaced.
    if existing.as_ref().is_some_and(|m| m.permissions().readonly()) {
        return Err(WriteError::NotAllowed { path: path.to_owned() });
    }
    let (draft, file) = Draft::beside(&target).map_err(fail)?;
    fill(&file, write).and_then(|()| file.sync_all()).map_err(fail)?;
    if let Some(existing) = existing {
        fs::set_permissions(&draft.path, existing.permissions()).map_err(fail)?;
    }
    drop(file);
    fs::rename(&draft.path, &target).map_err(fail)
}

/// Writes a file whole or not at all; `write` may seek in it. For folders of our own: a link at the path is replaced, never followed.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), WriteError> {
    write_draft(path, true, write)
}

/// Like [`write_whole`], but without waiting for the disk: the caller syncs many files at once, with [`sync_file`].
pub fn write_whole_unsynced(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), WriteError> {
    write_draft(path, false, write)
}

/// Waits until a file is on the disk.
pub fn sync_file(path: &Path) -> Result<(), WriteError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|reason| WriteError::new(reason, path))
}

fn write_draft(
    path: &Path,
    is_synced: bool,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), WriteError> {
    let fail = |reason| WriteError::new(reason, path);
    let (draft, file) = Draft::beside(path).map_err(fail)?;
    let mut buffered = BufWriter::with_capacity(1 << 18, &file);
    write(&mut buffered).and_then(|()| buffered.flush()).map_err(fail)?;
    drop(buffered);
    if is_synced {
        file.sync_all().map_err(fail)?;
    }
    drop(file);
    fs::rename(&draft.path, path).map_err(fail)
}

/// Removes the drafts that killed writers left in one of our folders and in the folders below it. No other process may be writing
/// there. Links are not followed.
pub fn remove_drafts(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_drafts(&entry.path());
        } else if is_draft(&entry.file_name().to_string_lossy()) {
            // One that can't be removed does no harm.
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// Whether a name is that of a file that was being written when a program ended.
pub fn is_draft(name: &str) -> bool {
    name.strip_suffix(".part").is_some_and(|name| name.starts_with(".filterscope-"))
}

fn fill(file: &File, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut buffered = BufWriter::with_capacity(1 << 16, file);
    write(&mut buffered)?;
    buffered.flush()
}

/// A file under its temporary name. When dropped, the file is removed; after it was renamed there is nothing left to remove.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn beside(target: &Path) -> io::Result<(Self, File)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        loop {
            // A short name, independent of the target's, so that a target with the longest possible name can be written too.
            let serial = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!(".filterscope-{}-{serial}.part", std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Self { path }, file)),
                // It belongs to another process, or was left by a killed one with the same process number: try the next name.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the rename there is no such file. Before it, a file that can't be removed is better than a panic.
        drop(fs::remove_file(&self.path));
    }
}

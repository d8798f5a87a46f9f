//! Files that are whole or not there: written beside their place under another name, then renamed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::tensor::{Remedied, Remedy};

/// Why a file was not written. Whatever lay at the path before still does.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder isn't there.
    #[error("no such folder to write into; create it or choose another: \"{}\"", .path.display())]
    NoFolder {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// A folder, or nothing, where a file's name belongs.
    #[error("expected a file to write, got a folder; add a file name: \"{}\"", .path.display())]
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("not allowed to write here; choose another folder or change its permissions: \"{}\"", .path.display())]
    NotAllowed {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// No room.
    #[error("the disk is full: \"{}\"", .path.display())]
    DiskFull {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// No more than the person's share of the disk.
    #[error("the quota on this disk is used up: \"{}\"", .path.display())]
    QuotaUsedUp {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// Larger than the disk's format, or a limit that the program was started with, allows.
    #[error("a file as large as this isn't allowed here, by the disk's format or by a limit on the program: \"{}\"", .path.display())]
    FileTooLarge {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// Anything else, in the system's words.
    #[error("cannot write the file ({reason}): \"{}\"", .path.display())]
    Other {
        /// The system's words.
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

/// Writes a file through `write`, so that the path holds either all of it or what it held before. A link is followed; what
/// is no regular file (a pipe, `/dev/null`) is written to directly, for it can't be replaced.
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
    // Replacing needs only the folder's permission; a file that was made read-only is still not to be replaced.
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

/// Writes a file that is written back and forth, whole or not at all. For files of our own folders: a link at the path is replaced,
/// never followed.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), WriteError> {
    write_draft(path, true, write)
}

/// Writes a file whole without waiting for the disk: the caller makes sure of many files at once, with [`sync_file`].
pub fn write_whole_unsynced(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), WriteError> {
    write_draft(path, false, write)
}

/// Waits until a file lies on the disk.
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

/// Removes what writers that were killed left in a folder of ours and in those below it: nobody else may be writing there. Links are
/// not followed.
pub fn remove_drafts(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_drafts(&entry.path());
        } else if is_draft(&entry.file_name().to_string_lossy()) {
            // One that stays is in nobody's way.
            drop(fs::remove_file(entry.path()));
        }
    }
}

pub(crate) fn is_draft(name: &str) -> bool {
    name.strip_suffix(".part").is_some_and(|name| name.starts_with(".filterscope-"))
}

fn fill(file: &File, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut buffered = BufWriter::with_capacity(1 << 16, file);
    write(&mut buffered)?;
    buffered.flush()
}

/// A file under its passing name. Dropped, it is removed; renamed, there is nothing left to remove.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn beside(target: &Path) -> io::Result<(Self, File)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        loop {
            // A short name of its own, so that the longest name a folder takes can be written too.
            let serial = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!(".filterscope-{}-{serial}.part", std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Self { path }, file)),
                // Another's, or left by a process of the same number that was killed: take the next.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the rename there is no such file; before it, one that can't be removed is a lesser evil than a panic.
        drop(fs::remove_file(&self.path));
    }
}

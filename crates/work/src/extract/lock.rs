//! The lock of a run's folder: a file that the run keeps locked. When the process ends, in whatever way, the system releases the lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::state_error::StateError;

const NAME: &str = "lock";
/// How long to wait for another process's lock. A process that was killed keeps its lock until the system has cleaned up after it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// The locked file. A process that ends well empties the file, so that a process number in it means that the process was killed.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // If this fails, the only harm is that the next run says that this one was killed.
        drop(self.file.set_len(0));
    }
}

impl Lock {
    /// Releases the lock, and removes its file and, if nothing else is in it, its folder.
    pub(super) fn remove_with(self, folder: &Path) {
        // The file is removed before the lock is released: afterwards another run may hold it. Where an open file can't be removed,
        // it is removed after the release.
        let is_removed = std::fs::remove_file(&self.path).is_ok();
        let path = self.path.clone();
        drop(self);
        if !is_removed {
            drop(std::fs::remove_file(path));
        }
        // This fails, as it should, if a run that waited uses the folder already.
        drop(std::fs::remove_dir(folder));
    }
}

/// Locks the hidden folder `folder` of the results' folder `out` for as long as the returned lock lives. Waits a moment if another
/// process has it.
pub(super) fn take_lock(out: &Path, folder: &Path, note: &mut dyn FnMut(String)) -> Result<Lock, StateError> {
    let path = folder.join(NAME);
    let io = |reason| StateError::io(reason, path.clone());
    let started = Instant::now();
    loop {
        std::fs::create_dir_all(folder).map_err(io)?;
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = match opened {
            Ok(file) => file,
            // Another run is removing the folder just now.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && started.elapsed() < PATIENCE => {
                continue;
            }
            Err(error) => return Err(io(error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
                continue;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StateError::Busy { process: process_in(&mut file), path: out.to_owned() });
            }
            Err(TryLockError::Error(reason)) if reason.kind() == std::io::ErrorKind::Unsupported => {
                note(
                    "this file system has no locks: nothing keeps a second run from writing here".to_owned(),
                );
            }
            Err(TryLockError::Error(reason)) => return Err(io(reason)),
        }
        // Whoever held it may have removed the file: then this lock protects nothing.
        if !is_at(&file, &path) {
            continue;
        }
        if let Some(process) = process_in(&mut file) {
            note(format!(
                "an earlier run (process {process}) left its lock behind: it was killed, and what it had finished is still here"
            ));
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(io)?;
        return Ok(Lock { file, path });
    }
}

/// The process number in the file, if it holds nothing but digits. It is only used in messages.
fn process_in(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(text)
}

/// Whether the open file is the one at the path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), path.metadata()) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Whether the open file is the one at the path. On these systems an open file can't be replaced.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

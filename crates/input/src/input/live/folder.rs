//! Watches a folder for pictures that are put into it.
//!
//! The folder is polled: network drives and containers have no reliable notifications, and listing it once a second costs little.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::input::dataset::{Source, is_picture, open_source};

/// The shortest pause between two listings.
const PAUSE: Duration = Duration::from_millis(700);
/// The coarsest step of the clocks of common file systems, except FAT's two seconds.
const CLOCK_STEP: Duration = Duration::from_millis(50);
/// A pause is at least this many times as long as the listing before it took.
const BUSY_SHARE: u32 = 10;

/// A folder that has something new in it.
pub struct Grown {
    /// The folder.
    pub place: PathBuf,
    /// Its pictures now.
    pub source: Arc<dyn Source>,
    /// The index of the newest picture.
    pub newest: usize,
}

/// A watch on a folder. It ends when it is dropped.
#[derive(Debug)]
pub struct FolderWatch {
    place: PathBuf,
    is_over: Arc<AtomicBool>,
}

impl FolderWatch {
    /// Calls `tell` for each picture that is new or has changed since `since` (such as the time when the folder was listed), once the
    /// picture's file has stopped growing.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn start(
        place: &Path,
        since: SystemTime,
        tell: impl Fn(Grown) + Send + 'static,
    ) -> std::io::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let (theirs, folder) = (Arc::clone(&is_over), place.to_owned());
        // The times of files have coarser steps than the clock.
        let since = since.checked_sub(CLOCK_STEP);
        std::thread::Builder::new().name("watch".into()).spawn(move || {
            let (mut before, mut told) = (None, None);
            while !theirs.load(Ordering::Relaxed) {
                let started = Instant::now();
                let now =
                    newest_picture(&folder).filter(|file| since.is_none_or(|since| file.changed >= since));
                // The same state twice: the file is completely written.
                if now == before
                    && now != told
                    && let Some(grown) = now.as_ref().and_then(|file| grown(&folder, &file.path))
                {
                    told.clone_from(&now);
                    tell(grown);
                }
                before = now;
                std::thread::sleep(PAUSE.max(started.elapsed() * BUSY_SHARE));
            }
        })?;
        Ok(Self { place: place.to_owned(), is_over })
    }

    /// The folder.
    pub fn place(&self) -> &Path {
        &self.place
    }
}

impl Drop for FolderWatch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct FileState {
    path: PathBuf,
    changed: SystemTime,
    num_bytes: u64,
}

/// The picture that was changed last, of those directly in the folder. Other files don't count, so that a growing log doesn't hide
/// the pictures.
fn newest_picture(folder: &Path) -> Option<FileState> {
    let entries = std::fs::read_dir(folder).ok()?;
    let state = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        let info = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some(FileState { path: entry.path(), changed: info.modified().ok()?, num_bytes: info.len() })
    };
    let mut files: Vec<FileState> = entries.filter_map(state).collect();
    files.sort_by(|a, b| b.changed.cmp(&a.changed).then_with(|| b.path.cmp(&a.path)));
    // A file without a picture's extension is opened to find out. The newest come first, so this is rarely more than one.
    files.into_iter().find(|file| is_picture(&file.path))
}

/// The folder's data set as it is now, if the file is a picture in it.
fn grown(folder: &Path, newest: &Path) -> Option<Grown> {
    let source: Arc<dyn Source> = Arc::from(open_source(folder).ok()?);
    let is_newest = |index: &usize| {
        source.sample(*index).is_some_and(|s| s.views.iter().any(|view| view.picture.path() == newest))
    };
    let newest = (0..source.len()).rev().find(is_newest)?;
    Some(Grown { place: folder.to_owned(), source, newest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_new_picture_is_told_and_other_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let picture = |name: &str| {
            image::RgbImage::new(2, 2).save(dir.path().join(name)).unwrap();
        };
        picture("a.png");
        let (told, events) = channel();
        let watch = FolderWatch::start(dir.path(), SystemTime::now(), move |grown| told.send(grown).unwrap())
            .unwrap();
        std::fs::write(dir.path().join("notes.txt"), "no picture").unwrap();
        picture("b.png");
        let grown = events.recv_timeout(Duration::from_mins(1)).unwrap();
        assert_eq!((grown.source.len(), grown.newest), (2, 1));
        assert_eq!(watch.place(), dir.path());
    }
}

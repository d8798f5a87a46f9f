//! Downloading a file's bytes: resuming, counting, checking, and giving the complete file its name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use md5::Md5;
use sha2::{Digest, Sha256};

use super::blocks::each_block;
use super::error::FetchError;
use super::http::{Http, header};
use super::offer::Offer;
use super::outcome::{Fetched, Progress};
use super::record::{FileRecord, write_record};
use crate::tensor::{WeightSource, hex};
use crate::weights::folders::Folders;

/// Disk space that a download must leave free.
const SPARE_BYTES: u64 = 64 << 20;
/// Size of the blocks that are read and written.
const BLOCK: usize = 256 << 10;

impl Http {
    /// Downloads an offer to its place in `folders`. `tell` is called after each block and may cancel the download; the bytes received
    /// so far are kept and the next download resumes there.
    pub(super) fn fetch(
        &self,
        offer: &Offer,
        tag: &str,
        folders: &Folders,
        tell: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Fetched, FetchError> {
        let place = Place::of(offer, tag, folders)?;
        make_folder(&place.whole)?;
        let checksums = match place.already_there(offer) {
            Some(there) => there,
            None => self.bring(offer, &place, tell)?,
        };
        let checked = match (offer.sha256(), offer.md5()) {
            (Some(_), _) => Some("sha256".to_owned()),
            (None, Some(_)) => Some("md5".to_owned()),
            (None, None) => None,
        };
        let record = FileRecord {
            sha256: checksums.sha256,
            num_bytes: checksums.num_bytes,
            source: offer.url.clone(),
            checked,
            source_sha256: None,
        };
        let path = place.publish(offer)?;
        // The hub's cache needs no record: a blob's name is its hash, and other programs use the folder too.
        if place.repository.is_none() {
            write_record(&place.whole, &record).map_err(|reason| disk(reason, &place.whole))?;
        }
        Ok(Fetched { path, record })
    }

    /// Downloads the whole file under a temporary name, checks it, and renames it to its final name.
    fn bring(
        &self,
        offer: &Offer,
        place: &Place,
        tell: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Checksums, FetchError> {
        let path = &place.unfinished;
        let fail = |reason| disk(reason, path);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(fail)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => FetchError::Busy { path: path.clone() },
            TryLockError::Error(reason) => fail(reason),
        })?;
        self.fill(offer, &mut file, path, tell)?;
        let checksums = Checksums::of(&mut file, offer.md5().is_some()).map_err(fail)?;
        let wrong = |kind, got: &str, expected: &str| FetchError::WrongChecksum {
            host: offer.host.clone(),
            kind,
            got: got.to_owned(),
            expected: expected.to_owned(),
        };
        let fault = match (offer.sha256(), offer.md5()) {
            (Some(expected), _) if !expected.eq_ignore_ascii_case(&checksums.sha256) => {
                Some(wrong("sha256", &checksums.sha256, expected))
            }
            (None, Some(expected)) if expected != checksums.md5 => {
                Some(wrong("md5", &checksums.md5, expected))
            }
            _ => None,
        };
        if let Some(fault) = fault {
            drop(file);
            fs::remove_file(path).map_err(fail)?;
            return Err(fault);
        }
        file.sync_all().map_err(fail)?;
        drop(file);
        fs::rename(path, &place.whole).map_err(fail)?;
        Ok(checksums)
    }

    fn fill(
        &self,
        offer: &Offer,
        file: &mut File,
        path: &Path,
        tell: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), FetchError> {
        let fail = |reason| disk(reason, path);
        let total = offer.num_bytes;
        let mut have = file.metadata().map_err(fail)?.len();
        if total.is_none_or(|total| have > total) {
            // Without a known size it isn't clear whether these bytes are the beginning of the file.
            have = 0;
            file.set_len(0).map_err(fail)?;
        }
        if let (Some(total), Some(folder)) = (total, path.parent()) {
            let free = fs4::available_space(folder).map_err(fail)?;
            let needed = total - have;
            if needed > free.saturating_sub(SPARE_BYTES) {
                return Err(FetchError::NoRoom { needed, free, folder: folder.to_owned() });
            }
        }
        let (mut empty_tries, mut reason) = (0, String::new());
        let mut block = vec![0; BLOCK];
        let stopped = |have| Err(FetchError::Stopped { have });
        while total != Some(have) {
            if tell(Progress { have, total }).is_break() {
                return stopped(have);
            }
            if empty_tries >= self.options.num_tries {
                return Err(FetchError::Cut { host: offer.host.clone(), reason, have, total });
            }
            let before = have;
            let answer = self.get(offer, have)?;
            let is_rest = answer.status().as_u16() == 206 && starts_at(&answer, have);
            if !is_rest && have > 0 {
                // The server starts again from the beginning, or has no such range.
                have = 0;
                file.set_len(0).map_err(fail)?;
                if answer.status().as_u16() != 200 {
                    empty_tries += 1;
                    "it has no such range".clone_into(&mut reason);
                    continue;
                }
            }
            let mut body = answer.into_body().into_reader();
            let ended = loop {
                let num = match body.read(&mut block) {
                    Ok(num) => num,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => break Some(error.to_string()),
                };
                if num == 0 {
                    break None;
                }
                have += num as u64;
                if total.is_some_and(|total| have > total) {
                    return Err(FetchError::WrongChecksum {
                        host: offer.host.clone(),
                        kind: "size",
                        got: format!("{have} bytes or more"),
                        expected: format!("{} bytes", total.unwrap_or_default()),
                    });
                }
                file.write_all(&block[..num]).map_err(fail)?;
                if tell(Progress { have, total }).is_break() {
                    return stopped(have);
                }
            };
            match ended {
                None if total.is_none() => return Ok(()),
                None => "it ended early".clone_into(&mut reason),
                Some(words) => reason = words,
            }
            if have > before {
                empty_tries = 0;
            } else {
                empty_tries += 1;
                std::thread::sleep(self.options.pause);
            }
        }
        Ok(())
    }
}

/// Whether a partial answer begins at the requested byte.
fn starts_at(answer: &ureq::http::Response<ureq::Body>, from: u64) -> bool {
    let range = header(answer.headers(), "content-range");
    range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.trim().parse::<u64>().ok())
        == Some(from)
}

/// Paths of a download, finished and unfinished.
struct Place {
    whole: PathBuf,
    unfinished: PathBuf,
    /// The repository's folder in the hub's cache, if the source is the hub.
    repository: Option<PathBuf>,
}

impl Place {
    fn of(offer: &Offer, tag: &str, folders: &Folders) -> Result<Self, FetchError> {
        match offer.source {
            WeightSource::Hub { repo, .. } => {
                let repository =
                    folders.repository(repo).ok_or(FetchError::NoFolder { variable: "HF_HOME" })?;
                let etag = offer.etag.clone().unwrap_or_else(|| "no-etag".to_owned());
                // Keep only characters that are safe in a file name, whatever the server sent.
                let name: String =
                    etag.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(128).collect();
                let whole = repository.join("blobs").join(&name);
                let unfinished = repository.join("blobs").join(format!("{name}.incomplete"));
                Ok(Self { whole, unfinished, repository: Some(repository) })
            }
            source @ WeightSource::Https { .. } => {
                let whole = folders
                    .downloaded(tag, source)
                    .ok_or(FetchError::NoFolder { variable: "FILTERSCOPE_HOME" })?;
                let mut unfinished = whole.as_os_str().to_owned();
                unfinished.push(".incomplete");
                Ok(Self { whole, unfinished: unfinished.into(), repository: None })
            }
        }
    }

    /// The checksums of a blob that another commit or program has already stored, if its content matches its name.
    fn already_there(&self, offer: &Offer) -> Option<Checksums> {
        let expected = offer.sha256().filter(|_| self.repository.is_some())?;
        let found = Checksums::of(&mut File::open(&self.whole).ok()?, false).ok()?;
        found.sha256.eq_ignore_ascii_case(expected).then_some(found)
    }

    /// Makes a complete file visible. In the hub's cache, this writes the snapshot's link and the branch's commit. Returns the path to
    /// read the file from.
    fn publish(&self, offer: &Offer) -> Result<PathBuf, FetchError> {
        let Some(repository) = &self.repository else { return Ok(self.whole.clone()) };
        let WeightSource::Hub { file, .. } = offer.source else { return Ok(self.whole.clone()) };
        let commit = offer.commit.as_deref().unwrap_or("main");
        let commit: String = commit.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        let path = repository.join("snapshots").join(&commit).join(file);
        make_folder(&path)?;
        if fs::symlink_metadata(&path).is_ok() {
            fs::remove_file(&path).map_err(|reason| disk(reason, &path))?;
        }
        link(&self.whole, &path).map_err(|reason| disk(reason, &path))?;
        let reference = repository.join("refs/main");
        make_folder(&reference)?;
        fs::write(&reference, &commit).map_err(|reason| disk(reason, &reference))?;
        Ok(path)
    }
}

/// Makes `path` a link to the blob, which is in `blobs` two folders up; or a copy where links can't be made.
fn link(blob: &Path, path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let name = blob.file_name().unwrap_or_default();
        if std::os::unix::fs::symlink(Path::new("../../blobs").join(name), path).is_ok() {
            return Ok(());
        }
    }
    fs::hard_link(blob, path).or_else(|_| fs::copy(blob, path).map(|_| ()))
}

/// Creates the folder of a file.
fn make_folder(path: &Path) -> Result<(), FetchError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|reason| disk(reason, folder))
}

fn disk(reason: io::Error, path: &Path) -> FetchError {
    FetchError::Disk { reason, path: path.to_owned() }
}

/// Checksums and size of a complete file.
struct Checksums {
    sha256: String,
    /// Empty unless requested.
    md5: String,
    num_bytes: u64,
}

impl Checksums {
    fn of(file: &mut File, wants_md5: bool) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let (mut sha256, mut md5, mut num_bytes) = (Sha256::new(), Md5::new(), 0);
        each_block(file, |block| {
            num_bytes += block.len() as u64;
            sha256.update(block);
            if wants_md5 {
                md5.update(block);
            }
        })?;
        let md5 = if wants_md5 { hex(&md5.finalize()) } else { String::new() };
        Ok(Self { sha256: hex(&sha256.finalize()), md5, num_bytes })
    }
}

//! Parts: the rows of a run while it goes on. Each part is one file, which is either whole or not there.
//!
//! A part holds the bytes of its rows (picture after picture, and for each picture set after set) and at its end a record of what it
//! covers. The bytes are the feature's numbers or, where each picture has a file of its own, the SHA-256 of the numbers. A reader
//! begins at the end, so that a file without its record is no part. The record has a hash of each set's rows, and is itself hashed.

use std::fs::File;
use std::hash::Hasher as _;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use crate::formats::WriteError;
use crate::input::Fingerprint;
use crate::tensor::is_out_of_files;

/// The last eight bytes of a part. Before them come eight bytes with the record's hash and eight with its length.
const MAGIC: &[u8; 8] = b"FSPART02";
/// The last eight bytes of a part of the first version, which has no hashes: only the eight bytes of the length come before.
const UNHASHED_MAGIC: &[u8; 8] = b"FSPART01";
/// The part that is being written.
const OPEN_NAME: &str = "open.tmp";
/// The most bytes of a record that are read.
const MAX_RECORD: u64 = 64 << 20;

/// A part's record: what the part covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunPartRecord {
    /// Position of its first picture.
    pub(super) first: u64,
    /// Pictures it covers.
    pub(super) num: u64,
    /// Those that gave no feature, by position, with the reason.
    pub(super) failed: Vec<(u64, String)>,
    /// For each set, how many values were too large for f16.
    pub(super) overflows: Vec<u64>,
    /// Bytes of one picture, all sets together.
    pub(super) row_bytes: u64,
    /// SHA-256 over the pictures it covers.
    pub(super) pictures_sha256: String,
    /// Hash of each set's rows; none in parts of the first version.
    #[serde(default)]
    pub(super) rows_hash: Option<Vec<String>>,
    /// The fingerprint of each row's picture when it was read; parts of earlier versions have none.
    #[serde(default)]
    pub(super) pictures: Option<Vec<Fingerprint>>,
    /// Hash of the recipes of the run that made the part; parts of earlier versions have none.
    #[serde(default)]
    pub(super) recipes_hash: Option<String>,
}

/// The hash over one set's rows of a part. It finds accidental damage, not tampering: XXH64 takes hardly any time compared with a
/// network.
#[derive(Clone, Default)]
pub(super) struct RowsHash(XxHash64);

impl RowsHash {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// In hexadecimal.
    pub(super) fn hex(&self) -> String {
        format!("{:016x}", self.0.finish())
    }
}

impl std::fmt::Debug for RowsHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowsHash({})", self.hex())
    }
}

impl RunPartRecord {
    /// Position after its last picture.
    pub(super) fn end(&self) -> u64 {
        self.first + self.num
    }

    /// Pictures that gave a feature.
    pub(super) fn num_rows(&self) -> u64 {
        self.num - self.failed.len() as u64
    }
}

/// A whole part on the disk.
#[derive(Clone, Debug)]
pub(super) struct RunPart {
    pub(super) path: PathBuf,
    pub(super) record: RunPartRecord,
}

/// A part that is being written.
#[derive(Debug)]
pub(super) struct OpenPart {
    folder: PathBuf,
    file: BufWriter<File>,
    pub(super) record: RunPartRecord,
    pub(super) num_bytes: u64,
    hashes: Vec<RowsHash>,
}

impl OpenPart {
    /// Begins a part. One that was left unfinished is overwritten.
    pub(super) fn begin(
        folder: &Path,
        first: u64,
        row_bytes: u64,
        num_sets: usize,
        recipes_hash: String,
    ) -> Result<Self, WriteError> {
        let path = folder.join(OPEN_NAME);
        let file = File::create(&path).map_err(|e| WriteError::new(e, &path))?;
        let record = RunPartRecord {
            first,
            num: 0,
            failed: Vec::new(),
            overflows: vec![0; num_sets],
            row_bytes,
            pictures_sha256: String::new(),
            rows_hash: None,
            pictures: Some(Vec::new()),
            recipes_hash: Some(recipes_hash),
        };
        let file = BufWriter::with_capacity(1 << 18, file);
        let hashes = vec![RowsHash::default(); num_sets];
        Ok(Self { folder: folder.to_owned(), file, record, num_bytes: 0, hashes })
    }

    /// Adds a picture's features, those of all sets in order, and the picture's fingerprint.
    pub(super) fn add(&mut self, values: &[Vec<u8>], picture: Fingerprint) -> Result<(), WriteError> {
        for (bytes, hash) in values.iter().zip(&mut self.hashes) {
            hash.add(bytes);
            if let Err(error) = self.file.write_all(bytes) {
                return Err(self.error(error));
            }
            self.num_bytes += bytes.len() as u64;
        }
        self.record.pictures.get_or_insert_default().push(picture);
        self.record.num += 1;
        Ok(())
    }

    /// Records a picture that gave no feature.
    pub(super) fn fail(&mut self, reason: String) {
        self.record.failed.push((self.record.end(), reason));
        self.record.num += 1;
    }

    /// Ends the part: writes its record, syncs the file to the disk and gives it its name. From then on the part exists.
    pub(super) fn commit(mut self) -> Result<RunPart, WriteError> {
        self.record.rows_hash = Some(self.hashes.iter().map(RowsHash::hex).collect());
        let record = serde_json::to_vec(&self.record).map_err(|e| self.error(e.into()))?;
        let mut end = || {
            self.file.write_all(&record)?;
            self.file.write_all(&XxHash64::oneshot(0, &record).to_le_bytes())?;
            self.file.write_all(&(record.len() as u64).to_le_bytes())?;
            self.file.write_all(MAGIC)?;
            self.file.flush()?;
            self.file.get_ref().sync_all()
        };
        end().map_err(|e| self.error(e))?;
        let path = self.folder.join(name(self.record.first));
        std::fs::rename(self.folder.join(OPEN_NAME), &path).map_err(|e| self.error(e))?;
        Ok(RunPart { path, record: self.record })
    }

    fn error(&self, reason: io::Error) -> WriteError {
        WriteError::new(reason, &self.folder.join(OPEN_NAME))
    }
}

/// Removes a part that was not ended, since its space may be needed.
pub(super) fn remove_open(folder: &Path) {
    // It is fine if there is none. One that can't be removed is overwritten by the next.
    drop(std::fs::remove_file(folder.join(OPEN_NAME)));
}

/// What a part's name begins with.
const NAME: &str = "part-";

/// The name of a part's file. Names sort in the order of their positions.
fn name(first: u64) -> String {
    format!("{NAME}{first:012}")
}

/// What is in a folder of parts.
#[derive(Debug, Default)]
pub(super) struct FoundParts {
    /// Whole parts in order. Some pictures between two parts may be in none.
    pub(super) parts: Vec<RunPart>,
    /// Whole parts of runs with other recipes; filled by [`Self::set_foreign_aside`].
    pub(super) foreign: Vec<RunPart>,
    /// Files that have a part's name but are not whole parts.
    pub(super) damaged: Vec<PathBuf>,
    /// A part that was left unfinished, and everything else in the folder.
    pub(super) others: Vec<PathBuf>,
}

/// Looks through a folder of parts. Changes nothing.
pub(super) fn find_parts(folder: &Path) -> io::Result<FoundParts> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<_>>()?;
    paths.sort();
    let mut found = FoundParts::default();
    for path in paths {
        let next = found.parts.last().map_or(0, |part| part.record.end());
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        // This includes a part that is whole but was not yet renamed: it is not kept.
        if !file_name.starts_with(NAME) {
            found.others.push(path);
            continue;
        }
        match read_record(&path) {
            Ok(record) if record.first >= next && name(record.first) == file_name => {
                found.parts.push(RunPart { path, record });
            }
            Err(error) if is_out_of_files(&error) || error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(error);
            }
            _ => found.damaged.push(path),
        }
    }
    Ok(found)
}

impl FoundParts {
    /// Moves parts that no run with one of these recipes made from `parts` to `foreign`.
    pub(super) fn set_foreign_aside(&mut self, recipes: &[String]) {
        let is_own =
            |part: &RunPart| part.record.recipes_hash.as_ref().is_none_or(|hash| recipes.contains(hash));
        let (own, foreign) = std::mem::take(&mut self.parts).into_iter().partition(is_own);
        (self.parts, self.foreign) = (own, foreign);
    }
}

/// The number of pictures that the parts cover.
pub(super) fn num_pictures(parts: &[RunPart]) -> u64 {
    parts.iter().map(|part| part.record.num).sum()
}

fn read_number(file: &mut File) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn read_record(path: &Path) -> io::Result<RunPartRecord> {
    let mut file = File::open(path)?;
    let total = file.metadata()?.len();
    let mut magic = [0; 8];
    file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut magic)?;
    let tail_bytes = match &magic {
        MAGIC => 24,
        UNHASHED_MAGIC => 16,
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    file.seek(SeekFrom::End(-tail_bytes))?;
    let hash = if magic == *MAGIC { Some(read_number(&mut file)?) } else { None };
    let length = read_number(&mut file)?;
    let rows_bytes = total.checked_sub(tail_bytes as u64).and_then(|rest| rest.checked_sub(length));
    let Some(rows_bytes) = rows_bytes.filter(|_| length <= MAX_RECORD) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let mut bytes = vec![0; length as usize];
    file.seek(SeekFrom::Start(rows_bytes))?;
    file.read_exact(&mut bytes)?;
    if hash.is_some_and(|hash| hash != XxHash64::oneshot(0, &bytes)) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let record: RunPartRecord = serde_json::from_slice(&bytes)?;
    let is_sound = record.failed.len() as u64 <= record.num
        && record.first.checked_add(record.num).is_some()
        && record.rows_hash.is_some() == hash.is_some()
        && record.pictures.as_ref().is_none_or(|known| known.len() as u64 == record.num_rows())
        && record.num_rows().checked_mul(record.row_bytes) == Some(rows_bytes);
    if is_sound { Ok(record) } else { Err(io::ErrorKind::InvalidData.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, first: u64, rows: &[Option<u8>]) -> RunPart {
        let mut part = OpenPart::begin(folder, first, 2, 1, String::new()).unwrap();
        for row in rows {
            match row {
                Some(byte) => part.add(&[vec![*byte; 2]], (2, 3, 4).into()).unwrap(),
                None => part.fail("broken".into()),
            }
        }
        part.commit().unwrap()
    }

    #[test]
    fn only_whole_parts_count() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        let first = write(place, 0, &[Some(1), None, Some(3)]);
        assert_eq!(first.record.failed, [(1, "broken".to_owned())]);
        assert_eq!((first.record.end(), first.record.num_rows()), (3, 2));
        let second = write(place, 3, &[Some(4)]);
        write(place, 9, &[Some(5)]);
        OpenPart::begin(place, 4, 2, 1, String::new()).unwrap().add(&[vec![0; 2]], (2, 3, 4).into()).unwrap();
        let found = find_parts(place).unwrap();
        let records: Vec<(u64, u64)> = found.parts.iter().map(|p| (p.record.first, p.record.num)).collect();
        assert_eq!(records, [(0, 3), (3, 1), (9, 1)]);
        assert_eq!(found.parts[1].record, second.record);
        assert_eq!((found.damaged.len(), found.others.len()), (0, 1), "one was left open");

        // Whole but not renamed: it doesn't count, and the next part overwrites it.
        std::fs::copy(&second.path, place.join(OPEN_NAME)).unwrap();
        assert_eq!(find_parts(place).unwrap().parts.len(), 3);

        // Cut at any byte, or with any bit of its end changed, it is no part.
        let bytes = std::fs::read(&second.path).unwrap();
        let assert_damaged = |bytes: &[u8], what: &str| {
            std::fs::write(&second.path, bytes).unwrap();
            let found = find_parts(place).unwrap();
            assert_eq!(found.damaged, std::slice::from_ref(&second.path), "{what}");
        };
        for cut in 0..bytes.len() {
            assert_damaged(&bytes[..cut], &format!("cut at {cut}"));
        }
        for at in 2..bytes.len() {
            for bit in 0..8 {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1 << bit;
                assert_damaged(&bytes, &format!("bit {bit} of byte {at}"));
            }
        }
    }
}

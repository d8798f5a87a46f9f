//! Parts: rows as they are worked off, each part one file that is whole or not there.
//!
//! A part holds the bytes of its rows, picture after picture and for each picture set after set, and at its end a record of
//! what it covers. The bytes are the numbers; or, where those lie in a file a picture, their SHA-256. A reader begins at the end, so that a file without its record is no part.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::formats::WriteError;

const MAGIC: &[u8; 8] = b"FSPART01";
/// The part that is being written.
const OPEN_NAME: &str = "open.tmp";
/// Bytes of a record that are read at most.
const MAX_RECORD: u64 = 64 << 20;

/// What a part covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartRecord {
    /// Position of its first picture.
    pub(super) first: u64,
    /// Pictures it covers.
    pub(super) num: u64,
    /// Those that gave nothing, by position, and why.
    pub(super) failed: Vec<(u64, String)>,
    /// Values of each set that f16 has no number for.
    pub(super) overflows: Vec<u64>,
    /// Bytes of one picture, all sets together.
    pub(super) row_bytes: u64,
    /// SHA-256 over the pictures it covers.
    pub(super) pictures_sha256: String,
}

impl PartRecord {
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
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) record: PartRecord,
}

/// A part that is being written.
#[derive(Debug)]
pub(super) struct OpenPart {
    folder: PathBuf,
    file: BufWriter<File>,
    pub(super) record: PartRecord,
    pub(super) num_bytes: u64,
}

impl OpenPart {
    /// Begins a part; one that was left open is overwritten.
    pub(super) fn begin(
        folder: &Path,
        first: u64,
        row_bytes: u64,
        num_sets: usize,
    ) -> Result<Self, WriteError> {
        let path = folder.join(OPEN_NAME);
        let file = File::create(&path).map_err(|e| WriteError::new(e, &path))?;
        let record = PartRecord {
            first,
            num: 0,
            failed: Vec::new(),
            overflows: vec![0; num_sets],
            row_bytes,
            pictures_sha256: String::new(),
        };
        let file = BufWriter::with_capacity(1 << 18, file);
        Ok(Self { folder: folder.to_owned(), file, record, num_bytes: 0 })
    }

    /// Adds a picture's numbers, of all sets in order.
    pub(super) fn add(&mut self, values: &[Vec<u8>]) -> Result<(), WriteError> {
        for bytes in values {
            self.file.write_all(bytes).map_err(|e| self.error(e))?;
            self.num_bytes += bytes.len() as u64;
        }
        self.record.num += 1;
        Ok(())
    }

    /// Notes a picture that gave nothing.
    pub(super) fn fail(&mut self, reason: String) {
        self.record.failed.push((self.record.end(), reason));
        self.record.num += 1;
    }

    /// Ends the part: record, disk, name. After this it is there.
    pub(super) fn commit(mut self) -> Result<Part, WriteError> {
        let record = serde_json::to_vec(&self.record).map_err(|e| self.error(e.into()))?;
        let mut end = || {
            self.file.write_all(&record)?;
            self.file.write_all(&(record.len() as u64).to_le_bytes())?;
            self.file.write_all(MAGIC)?;
            self.file.flush()?;
            self.file.get_ref().sync_all()
        };
        end().map_err(|e| self.error(e))?;
        let path = self.folder.join(name(self.record.first));
        std::fs::rename(self.folder.join(OPEN_NAME), &path).map_err(|e| self.error(e))?;
        Ok(Part { path, record: self.record })
    }

    fn error(&self, reason: io::Error) -> WriteError {
        WriteError::new(reason, &self.folder.join(OPEN_NAME))
    }
}

/// Removes a part that was not ended: its room may be needed.
pub(super) fn remove_open(folder: &Path) {
    // None there is as well; one that stays is overwritten by the next.
    drop(std::fs::remove_file(folder.join(OPEN_NAME)));
}

/// Names sort as positions do.
fn name(first: u64) -> String {
    format!("part-{first:012}")
}

/// The parts of a folder that follow each other from the first picture on. Removes what is none: an open part, and any beyond a gap.
pub(super) fn whole_parts(folder: &Path) -> io::Result<Vec<Part>> {
    let (parts, others) = sorted_out(folder)?;
    for path in others {
        std::fs::remove_file(&path)?;
    }
    Ok(parts)
}

/// Pictures that the parts of a folder have. Changes nothing.
pub(super) fn num_in_parts(folder: &Path) -> io::Result<u64> {
    Ok(sorted_out(folder)?.0.last().map_or(0, |part| part.record.end()))
}

/// The parts that follow each other, and everything else.
fn sorted_out(folder: &Path) -> io::Result<(Vec<Part>, Vec<PathBuf>)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<_>>()?;
    paths.sort();
    let (mut parts, mut others): (Vec<Part>, Vec<PathBuf>) = (Vec::new(), Vec::new());
    for path in paths {
        let next = parts.last().map_or(0, |part| part.record.end());
        match read_record(&path) {
            Ok(record) if record.first == next => parts.push(Part { path, record }),
            _ => others.push(path),
        }
    }
    Ok((parts, others))
}

fn read_record(path: &Path) -> io::Result<PartRecord> {
    let mut file = File::open(path)?;
    let total = file.metadata()?.len();
    let mut tail = [0; 16];
    file.seek(SeekFrom::End(-16))?;
    file.read_exact(&mut tail)?;
    let (length, magic) = tail.split_at(8);
    let length = u64::from_le_bytes(length.try_into().unwrap_or_default());
    if magic != MAGIC || length > MAX_RECORD || length + 16 > total {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length as usize];
    file.seek(SeekFrom::Start(total - 16 - length))?;
    file.read_exact(&mut bytes)?;
    let record: PartRecord = serde_json::from_slice(&bytes)?;
    let is_sound = record.failed.len() as u64 <= record.num
        && record.num_rows().checked_mul(record.row_bytes) == Some(total - 16 - length);
    if is_sound { Ok(record) } else { Err(io::ErrorKind::InvalidData.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, first: u64, rows: &[Option<u8>]) -> Part {
        let mut part = OpenPart::begin(folder, first, 2, 1).unwrap();
        for row in rows {
            match row {
                Some(byte) => part.add(&[vec![*byte; 2]]).unwrap(),
                None => part.fail("broken".into()),
            }
        }
        part.commit().unwrap()
    }

    #[test]
    fn only_whole_parts_in_a_row_count() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        let first = write(place, 0, &[Some(1), None, Some(3)]);
        assert_eq!(first.record.failed, [(1, "broken".to_owned())]);
        assert_eq!((first.record.end(), first.record.num_rows()), (3, 2));
        let second = write(place, 3, &[Some(4)]);
        write(place, 9, &[Some(5)]);
        OpenPart::begin(place, 4, 2, 1).unwrap().add(&[vec![0; 2]]).unwrap();
        let parts = whole_parts(place).unwrap();
        let records: Vec<&PartRecord> = parts.iter().map(|p| &p.record).collect();
        assert_eq!(records, [&first.record, &second.record]);
        assert_eq!(std::fs::read_dir(place).unwrap().count(), 2, "the rest is gone");

        // Cut at any byte, or with any byte of its end changed, it is no part.
        let bytes = std::fs::read(&second.path).unwrap();
        for cut in 0..bytes.len() {
            std::fs::write(&second.path, &bytes[..cut]).unwrap();
            assert_eq!(whole_parts(place).unwrap().len(), 1, "cut at {cut}");
        }
    }
}

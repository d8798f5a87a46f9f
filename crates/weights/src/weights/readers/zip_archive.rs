//! A ZIP archive in memory, read with limits: a file is never unpacked to more than the caller allows, and its checksum is verified.

use std::borrow::Cow;
use std::io::{Cursor, Read as _};
use std::ops::Range;

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::found::ReadError;
use crate::tensor::check_room;

/// Largest number of files in an archive; that of a network with a thousand layers has some thousands.
const MAX_FILES: usize = 200_000;
/// Largest number of top-level names that a message lists.
const MAX_LISTED: usize = 6;

/// The archive and its bytes.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    zip: ZipArchive<Cursor<&'a [u8]>>,
    has_checksums: bool,
}

/// One file of the archive.
pub(super) enum Member {
    /// It is stored in the archive uncompressed, at this range.
    Stored(Range<usize>),
    /// It was compressed; these are its unpacked bytes.
    Unpacked(Vec<u8>),
}

impl<'a> Archive<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ReadError> {
        // The directory is at the end of an archive. If it is missing, so is the end of the file.
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| match error {
            ZipError::UnsupportedArchive(what) => ReadError::broken(what),
            _ => ReadError::broken("its directory at the end is missing or damaged; get it again"),
        })?;
        if zip.len() > MAX_FILES {
            return Err(ReadError::broken(format!("it holds {} files, more than any network", zip.len())));
        }
        let mut archive = Self { bytes, zip, has_checksums: true };
        archive.has_checksums = archive.any_checksum();
        Ok(archive)
    }

    /// Whether the archive has checksums: PyTorch writes zeros for all of them if they are switched off.
    pub(super) fn has_checksums(&self) -> bool {
        self.has_checksums
    }

    fn any_checksum(&mut self) -> bool {
        (0..self.zip.len()).any(|at| self.zip.by_index_raw(at).is_ok_and(|file| file.crc32() != 0))
    }

    /// The names at the top level of the archive, in words: files, and folders with a slash.
    pub(super) fn top(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for name in self.zip.file_names().filter_map(Result::ok) {
            let name = match name.split_once('/') {
                Some((folder, _)) => format!("{folder}/"),
                None => name.to_string(),
            };
            if !names.contains(&name) {
                names.push(name);
            }
            // More names aren't listed, and an archive may have any number.
            if names.len() > MAX_LISTED {
                break;
            }
        }
        let more = if names.len() > MAX_LISTED { " and more" } else { "" };
        let listed: Vec<String> = names.iter().take(MAX_LISTED).map(|name| format!("`{name}`")).collect();
        format!("{}{more}", listed.join(", "))
    }

    /// The bytes of the whole archive.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The first name for which `wanted` holds.
    pub(super) fn find(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        self.zip.file_names().filter_map(Result::ok).find(|name| wanted(name)).map(|n| n.to_string())
    }

    /// A file of the archive. It is refused if it has more than `max_bytes` unpacked, whatever size the directory states.
    pub(super) fn member(&mut self, name: &str, max_bytes: usize) -> Result<Member, ReadError> {
        let mut file = self.zip.by_name(name).map_err(|error| match error {
            ZipError::FileNotFound => ReadError::broken(format!("`{name}` is missing in it")),
            ZipError::UnsupportedArchive(what) => ReadError::broken(format!("`{name}`: {what}")),
            other => ReadError::broken(format!("`{name}`: {other}")),
        })?;
        let too_large = || ReadError::broken(format!("`{name}` unpacks to more than {max_bytes} bytes"));
        if file.size() > max_bytes as u64 {
            return Err(too_large());
        }
        if file.compression() == CompressionMethod::Stored
            && let Some(start) = file.data_start()
        {
            let (start, end) = (start as usize, start.saturating_add(file.size()) as usize);
            if end > self.bytes.len() {
                return Err(ReadError::broken(format!(
                    "`{name}` would end behind the archive's own end; get the file again"
                )));
            }
            // Reading to the end verifies the checksum.
            if self.has_checksums && std::io::copy(&mut file, &mut std::io::sink()).is_err() {
                return Err(ReadError::broken(format!(
                    "`{name}` is damaged: it has not the checksum that was written with it; get the file again"
                )));
            }
            return Ok(Member::Stored(start..end));
        }
        check_room(file.size())?;
        let mut unpacked = Vec::new();
        // The size in the directory may be wrong, so the limit also applies to reading.
        (&mut file)
            .take(max_bytes as u64 + 1)
            .read_to_end(&mut unpacked)
            .map_err(|error| ReadError::broken(format!("`{name}`: {error}")))?;
        if unpacked.len() > max_bytes { Err(too_large()) } else { Ok(Member::Unpacked(unpacked)) }
    }

    /// The bytes of a small file, at most `max_bytes`.
    pub(super) fn content(&mut self, name: &str, max_bytes: usize) -> Result<Cow<'a, [u8]>, ReadError> {
        Ok(match self.member(name, max_bytes)? {
            Member::Stored(range) => Cow::Borrowed(&self.bytes[range]),
            Member::Unpacked(bytes) => Cow::Owned(bytes),
        })
    }
}

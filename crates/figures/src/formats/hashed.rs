//! Files whose size and hash are computed as they are written.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::atomic::{WriteError, write_whole};
use crate::tensor::hex;

/// How many bytes are read at once.
const CHUNK: usize = 1 << 18;

/// Size and hash of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHash {
    /// Its size.
    pub num_bytes: u64,
    /// SHA-256 over all of it, in hexadecimal.
    pub sha256: String,
}

/// A writer that hashes what passes through it. The bytes must be written in order, each once.
struct Hashing<W> {
    out: W,
    hash: Sha256,
    num_bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.num_bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a file in order, whole or not at all. Returns its size and hash.
///
/// # Errors
/// What `write` returns, or the system's error, with the path.
pub fn write_whole_hashed(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<FileHash, WriteError> {
    let mut hash = FileHash { num_bytes: 0, sha256: String::new() };
    write_whole(path, |out| {
        let mut hashing = Hashing { out, hash: Sha256::new(), num_bytes: 0 };
        write(&mut hashing)?;
        hash = FileHash { num_bytes: hashing.num_bytes, sha256: hex(&hashing.hash.finalize()) };
        Ok(())
    })?;
    Ok(hash)
}

/// The size and hash of an open file. `go_on` is called for every chunk; if it returns false, the result is an error.
pub fn hash_file(mut file: &File, go_on: &dyn Fn() -> bool) -> io::Result<FileHash> {
    file.seek(SeekFrom::Start(0))?;
    let (mut hash, mut num_bytes) = (Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK];
    loop {
        if !go_on() {
            return Err(io::Error::other("interrupted"));
        }
        let num = match file.read(&mut chunk) {
            Ok(0) => return Ok(FileHash { num_bytes, sha256: hex(&hash.finalize()) }),
            Ok(num) => num,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(chunk.get(..num).unwrap_or_default());
        num_bytes += num as u64;
    }
}

//! Reading a file of any size block by block, and its md5.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use md5::{Digest as _, Md5};

use crate::tensor::hex;

/// Size of the blocks.
const BLOCK: usize = 1 << 20;

/// Calls `take` with each block from the file's current position to its end.
pub(super) fn each_block(file: &mut File, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    loop {
        let num = file.read(&mut block)?;
        if num == 0 {
            return Ok(());
        }
        take(&block[..num]);
    }
}

/// A file's md5, lower-case hexadecimal.
pub fn md5_of(path: &Path) -> io::Result<String> {
    let mut md5 = Md5::new();
    each_block(&mut File::open(path)?, |block| md5.update(block))?;
    Ok(hex(&md5.finalize()))
}

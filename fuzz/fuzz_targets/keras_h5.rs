//! Fuzzes HDF5 files, whether or not Keras would write them.
#![no_main]

use libfuzzer_sys::fuzz_target;

const MAGIC: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

fuzz_target!(|bytes: &[u8]| {
    // The file always starts with HDF5's signature, so every input reaches the reader.
    let mut file = bytes.to_vec();
    file.resize(file.len().max(MAGIC.len()), 0);
    file[..MAGIC.len()].copy_from_slice(MAGIC);
    filterscope_fuzz::read_weights(file);
});

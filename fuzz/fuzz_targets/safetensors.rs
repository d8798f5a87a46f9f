//! Fuzzes safetensors files: the JSON header and the bytes after it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // First the bytes as a file, then the bytes as a header with a correct length, followed by some data.
    filterscope_fuzz::read_weights(bytes.to_vec());
    let mut file = (bytes.len() as u64).to_le_bytes().to_vec();
    file.extend(bytes);
    file.extend([0x3f; 64]);
    filterscope_fuzz::read_weights(file);
});

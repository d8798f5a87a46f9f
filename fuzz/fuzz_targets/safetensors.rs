//! A header of JSON and what it says of the bytes behind it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // As it comes; and the bytes as a header whose length is right, with some bytes behind it.
    filterscope_fuzz::read_weights(bytes.to_vec());
    let mut file = (bytes.len() as u64).to_le_bytes().to_vec();
    file.extend(bytes);
    file.extend([0x3f; 64]);
    filterscope_fuzz::read_weights(file);
});

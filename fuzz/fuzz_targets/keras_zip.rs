//! Fuzzes Keras' `.keras` archives. Other bytes are put as an HDF5 file into an archive with correct checksums.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"PK") {
        filterscope_fuzz::read_weights(bytes.to_vec());
        return;
    }
    filterscope_fuzz::read_weights(filterscope_fuzz::archive(&[
        ("metadata.json", b"{}"),
        ("config.json", b"{}"),
        ("model.weights.h5", bytes),
    ]));
});

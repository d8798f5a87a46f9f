//! Fuzzes PyTorch archives. Other bytes are put as a pickle into an archive with correct checksums.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"PK") {
        filterscope_fuzz::read_weights(bytes.to_vec());
        return;
    }
    let storage = [0x3f; 256];
    filterscope_fuzz::read_weights(filterscope_fuzz::archive(&[
        ("archive/data.pkl", bytes),
        ("archive/byteorder", b"little"),
        ("archive/data/0", &storage),
        ("archive/data/1", &storage[..16]),
        ("archive/version", b"3\n"),
    ]));
});

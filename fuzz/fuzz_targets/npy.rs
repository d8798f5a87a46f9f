//! Fuzzes headers of `.npy` files: the bytes as a file, and the bytes as a header with a correct length.
#![no_main]

use std::io::Cursor;

use filterscope::features::read_npy_header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = read_npy_header(&mut Cursor::new(bytes));
    let Ok(length) = u16::try_from(bytes.len()) else { return };
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(length.to_le_bytes());
    file.extend(bytes);
    if let Ok(header) = read_npy_header(&mut Cursor::new(&file)) {
        assert_eq!(header.length, file.len() as u64);
    }
});

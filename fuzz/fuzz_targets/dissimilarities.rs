//! Fuzzes files of dissimilarities: the bytes as a file, and the bytes as a compressed variable of a MATLAB file of version 5.
#![no_main]

use std::io::Write;
use std::path::Path;

use filterscope::similarity::dissimilarities_of;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("fuzzed");
    let _ = dissimilarities_of(bytes.to_vec(), None, path);
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let Ok(packed) = packed.write_all(bytes).and_then(|()| packed.finish()) else { return };
    let mut file = vec![b' '; 124];
    file.extend([0, 1, b'I', b'M', 15, 0, 0, 0]);
    file.extend((packed.len() as u32).to_le_bytes());
    file.extend(packed);
    let _ = dissimilarities_of(file, None, path);
});

//! Fuzzes picture files of every format that is decoded, with small limits. A panic of a decoder is a failure here, although the program
//! catches it.
#![no_main]

use filterscope::input::decode::{DecodeLimits, decode_bytes_within};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = DecodeLimits { max_side: 4096, max_pixels: 1 << 20, max_bytes: 1 << 26 };
    if let Ok(picture) = decode_bytes_within("fuzz", bytes, &limits) {
        let (width, height) = picture.rgb.dimensions();
        assert!(u64::from(width) * u64::from(height) <= limits.max_pixels);
    }
});

//! Picture files of every kind that is decoded, within small limits. A decoder's panic counts, although the program catches it.
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

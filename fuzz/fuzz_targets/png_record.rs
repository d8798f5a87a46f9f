//! Fuzzes the text in a PNG and the record in it. Bytes that aren't a PNG are put as a record into a chunk with a correct checksum.
#![no_main]

use std::io::Cursor;

use filterscope::formats::{FigureRecord, RECORD_KEYWORD, read_text_chunks};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"\x89PNG") {
        read(bytes);
        return;
    }
    let mut chunk = b"iTXt".to_vec();
    chunk.extend(RECORD_KEYWORD.as_bytes());
    chunk.extend([0, 0, 0, 0, 0]);
    chunk.extend(bytes);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(((chunk.len() - 4) as u32).to_be_bytes());
    file.extend(&chunk);
    file.extend(filterscope_fuzz::crc32(&chunk).to_be_bytes());
    file.extend([0, 0, 0, 0]);
    file.extend(b"IEND\xae\x42\x60\x82");
    read(&file);
});

fn read(file: &[u8]) {
    let Ok(chunks) = read_text_chunks(Cursor::new(file)) else { return };
    for chunk in chunks {
        if let Ok(record) = FigureRecord::from_json(&chunk.text) {
            let _ = record.description();
            // A record that was read can be written and read again.
            if let Ok(text) = record.to_json() {
                assert!(FigureRecord::from_json(&text).is_ok(), "{text}");
            }
        }
    }
}

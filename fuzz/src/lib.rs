//! Helpers for all fuzz targets. Whatever the bytes, a reader must return a result or an error, and a result must be consistent.

use std::io::{Cursor, Write};

use filterscope::engine::Backbone;
use filterscope::weights::TensorFile;
use zip::write::SimpleFileOptions;

/// Reads bytes as a weight file, including all values.
pub fn read_weights(bytes: Vec<u8>) {
    // Finding the file's model builds every graph, which takes most of the time, so it isn't done for every file.
    let is_looked_for = bytes.len().is_multiple_of(61);
    let Ok(file) = TensorFile::from_bytes(bytes, "fuzz") else { return };
    if is_looked_for {
        let _ = Backbone::specs_for(&file);
    }
    let names: Vec<String> = file.names().map(str::to_owned).collect();
    for name in names {
        if let Some((shape, values)) = file.tensor(&name) {
            assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
        }
    }
}

/// A ZIP archive of these entries, not compressed.
pub fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in entries {
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The CRC-32 checksum that PNG uses.
pub fn crc32(bytes: &[u8]) -> u32 {
    let update = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    };
    !bytes.iter().fold(u32::MAX, update)
}

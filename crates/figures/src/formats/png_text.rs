//! Reads the text chunks of a PNG, which may come from anywhere, without decoding a pixel.
//!
//! The `png` crate returns only text before the image data, and silently drops text that it can't read. But figures may have passed
//! through other programs, which move chunks behind the data; and a record that is there but broken must be reported.

use std::io::{Read, Seek, SeekFrom};

/// The most bytes of one text chunk, and of all text chunks of a file together.
pub const MAX_TEXT_BYTES: u32 = 1 << 20;
/// The most chunks that are read before the file is refused.
const MAX_CHUNKS: usize = 1 << 16;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

/// A `tEXt` or uncompressed `iTXt` chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextChunk {
    /// 1 to 79 characters of Latin-1.
    pub keyword: String,
    /// The text.
    pub text: String,
}

/// Why the text of a file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PngTextError {
    /// Another kind of file.
    #[error("not a PNG file")]
    NotPng,
    /// The file ends within a chunk, or before its end chunk.
    #[error("the PNG file ends too early")]
    Truncated,
    /// More text than any figure has.
    #[error("text of {got} bytes in the PNG file; at most {MAX_TEXT_BYTES} are read")]
    TooMuchText {
        /// Bytes of text up to and with the chunk that was too much.
        got: u64,
    },
    /// More chunks than any figure has.
    #[error("more than {MAX_CHUNKS} chunks in the PNG file")]
    TooManyChunks,
    /// A text chunk whose bytes have changed.
    #[error("a text chunk of the PNG file is damaged: its checksum doesn't fit")]
    Checksum,
    /// A text chunk that breaks the format.
    #[error("a text chunk of the PNG file is malformed: {0}")]
    Malformed(&'static str),
    /// The system could not read the file.
    #[error("cannot read the PNG file ({0})")]
    Read(std::io::Error),
}

/// All text chunks of a PNG, wherever in the file they are. Compressed text (`zTXt`, compressed `iTXt`) is skipped: figures have
/// none, and data from unknown files should not be decompressed.
pub fn read_text_chunks(mut file: impl Read + Seek) -> Result<Vec<TextChunk>, PngTextError> {
    let mut signature = [0; 8];
    match file.read_exact(&mut signature) {
        Ok(()) if signature == SIGNATURE => {}
        Err(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => return Err(PngTextError::Read(e)),
        _ => return Err(PngTextError::NotPng),
    }
    let mut chunks = Vec::new();
    let mut num_bytes = 0;
    for _ in 0..MAX_CHUNKS {
        let mut head = [0; 8];
        fill(&mut file, &mut head)?;
        let [a, b, c, d, kind @ ..] = head;
        let length = u32::from_be_bytes([a, b, c, d]);
        match &kind {
            b"IEND" => return Ok(chunks),
            b"tEXt" | b"iTXt" => {
                num_bytes += u64::from(length);
                if num_bytes > u64::from(MAX_TEXT_BYTES) {
                    return Err(PngTextError::TooMuchText { got: num_bytes });
                }
                let mut data = vec![0; length as usize];
                let mut checksum = [0; 4];
                fill(&mut file, &mut data)?;
                fill(&mut file, &mut checksum)?;
                if crc32(&[&kind, &data]) != u32::from_be_bytes(checksum) {
                    return Err(PngTextError::Checksum);
                }
                chunks.extend(if &kind == b"tEXt" { Some(parse_text(&data)?) } else { parse_itxt(&data)? });
            }
            _ => {
                // Skip data and checksum. If this seeks past the end, the next read fails.
                file.seek(SeekFrom::Current(i64::from(length) + 4)).map_err(PngTextError::Read)?;
            }
        }
    }
    Err(PngTextError::TooManyChunks)
}

fn fill(file: &mut impl Read, bytes: &mut [u8]) -> Result<(), PngTextError> {
    file.read_exact(bytes).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => PngTextError::Truncated,
        _ => PngTextError::Read(e),
    })
}

/// Parses keyword, zero, Latin-1 text.
fn parse_text(data: &[u8]) -> Result<TextChunk, PngTextError> {
    let (keyword, text) = keyword(data)?;
    Ok(TextChunk { keyword, text: latin1(text) })
}

/// Parses keyword, zero, compression flag, method, language, zero, translated keyword, zero, UTF-8 text. `None` for compressed text.
fn parse_itxt(data: &[u8]) -> Result<Option<TextChunk>, PngTextError> {
    let (keyword, rest) = keyword(data)?;
    let [flag, method, rest @ ..] = rest else { return Err(PngTextError::Malformed("no compression flag")) };
    if *flag > 1 || *method != 0 {
        return Err(PngTextError::Malformed("unknown compression"));
    }
    if *flag == 1 {
        return Ok(None);
    }
    let missing = PngTextError::Malformed("no language or translated keyword");
    let text =
        split_at_zero(rest).and_then(|(_, rest)| split_at_zero(rest)).map(|(_, text)| text).ok_or(missing)?;
    let text = String::from_utf8(text.to_vec()).map_err(|_| PngTextError::Malformed("text is not UTF-8"))?;
    Ok(Some(TextChunk { keyword, text }))
}

fn keyword(data: &[u8]) -> Result<(String, &[u8]), PngTextError> {
    let (keyword, rest) = split_at_zero(data).ok_or(PngTextError::Malformed("no end of the keyword"))?;
    if keyword.is_empty() || keyword.len() > 79 {
        return Err(PngTextError::Malformed("keyword must have 1 to 79 characters"));
    }
    Ok((latin1(keyword), rest))
}

fn split_at_zero(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = data.iter().position(|byte| *byte == 0)?;
    Some((&data[..at], &data[at + 1..]))
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// CRC-32 of several pieces, as the PNG specification defines it (reflected polynomial 0xEDB88320).
fn crc32(pieces: &[&[u8]]) -> u32 {
    let update = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    };
    !pieces.iter().flat_map(|piece| piece.iter()).fold(u32::MAX, update)
}

#[cfg(test)]
mod tests {
    use super::crc32;

    /// The check value of the algorithm's catalogue entry, CRC-32/ISO-HDLC.
    #[test]
    fn checksum_of_the_catalogue() {
        assert_eq!(crc32(&[b"1234", b"56789"]), 0xcbf4_3926);
    }
}

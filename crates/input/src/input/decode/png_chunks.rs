//! A PNG's chunks other than its pixels: EXIF and XMP anywhere in the file, and whether each chunk before the pixels is undamaged.
//!
//! Owns the walk over the chunks. The decoder itself doesn't read metadata behind the pixels, and skips a chunk with a wrong checksum
//! that the pixels don't need. But such a chunk may have the orientation or the transparency. Metadata that can't be parsed is
//! ignored.

use std::io::Read;

use flate2::read::ZlibDecoder;

/// The most bytes of a compressed text that are read.
const MAX_TEXT: u64 = 1 << 20;
/// The keyword of a text chunk with XMP.
const XMP: &[u8] = b"XML:com.adobe.xmp";
/// The keyword of a text chunk in which `ImageMagick` stores EXIF: as hexadecimal digits, after a line with the name and one with the
/// length.
const RAW_EXIF: &[u8] = b"Raw profile type exif";

/// The metadata that was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata {
    pub(super) exif: Option<Vec<u8>>,
    pub(super) xmp: Option<Vec<u8>>,
}

/// Why a PNG is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// A chunk before the pixels has a wrong checksum. Pillow refuses such a file too.
    Checksum,
    /// The file ends before its end marker: the orientation may be missing.
    Cut,
}

/// Reads the metadata of a PNG.
pub(super) fn metadata(bytes: &[u8]) -> Result<Metadata, Broken> {
    let (mut exif, mut raw_exif, mut xmp) = (None, None, None);
    let mut is_behind = false;
    let mut rest = bytes.get(8..).unwrap_or_default();
    loop {
        let (length, after) = rest.split_first_chunk::<4>().ok_or(Broken::Cut)?;
        let (kind, after) = after.split_first_chunk::<4>().ok_or(Broken::Cut)?;
        let (data, after) =
            after.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(Broken::Cut)?;
        if kind == b"IEND" {
            break;
        }
        let (sum, after) = after.split_first_chunk::<4>().ok_or(Broken::Cut)?;
        rest = after;
        is_behind |= kind == b"IDAT";
        if !is_behind && checksum(kind, data) != u32::from_be_bytes(*sum) {
            return Err(Broken::Checksum);
        }
        match kind {
            b"eXIf" => exif = exif.or(Some(data.to_vec())),
            b"tEXt" | b"zTXt" | b"iTXt" => {
                if let Some(text) = text(*kind, data, XMP) {
                    xmp = xmp.or(Some(text));
                } else if let Some(text) = text(*kind, data, RAW_EXIF) {
                    raw_exif = raw_exif.or_else(|| from_digits(&text));
                }
            }
            _ => {}
        }
    }
    Ok(Metadata { exif: exif.or(raw_exif), xmp })
}

fn checksum(kind: &[u8], data: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(kind);
    hasher.update(data);
    hasher.finalize()
}

/// The text of a text chunk, if it has this keyword.
fn text(kind: [u8; 4], data: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let rest = data.strip_prefix(name)?.strip_prefix(b"\0")?;
    match &kind {
        b"tEXt" => Some(rest.to_vec()),
        b"zTXt" => inflated(rest.strip_prefix(b"\0")?),
        _ => {
            let (flags, rest) = rest.split_first_chunk::<2>()?;
            // Skip the language and the translated keyword.
            let rest = &rest[rest.iter().position(|byte| *byte == 0)? + 1..];
            let rest = &rest[rest.iter().position(|byte| *byte == 0)? + 1..];
            if flags[0] == 0 { Some(rest.to_vec()) } else { inflated(rest) }
        }
    }
}

fn inflated(data: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    ZlibDecoder::new(data).take(MAX_TEXT).read_to_end(&mut text).ok()?;
    Some(text)
}

/// Bytes that are written as hexadecimal digits, after three lines: an empty one, a name, a length.
fn from_digits(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .splitn(4, |byte| *byte == b'\n')
        .nth(3)?
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| (*byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    Some(digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], &kind, data, &checksum(&kind, data).to_be_bytes()].concat()
    }

    #[test]
    fn chunks_that_are_cut_are_told_and_odd_ones_say_nothing() {
        let raw = b"Raw profile type exif\0\nexif\n       4\n4d4D\n002a\n";
        let end = || chunk(*b"IEND", b"");
        let png =
            [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(*b"IDAT", b"x"), chunk(*b"tEXt", raw), end()].concat();
        assert_eq!(metadata(&png).unwrap().exif.as_deref(), Some(&b"MM\0*"[..]));
        // The checksum of the end marker is not read.
        for cut in 0..png.len() - 4 {
            assert_eq!(metadata(&png[..cut]).unwrap_err(), Broken::Cut, "{cut}");
        }
        let odd =
            [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(*b"zTXt", b"Raw profile type exif\0\0not zlib"), end()]
                .concat();
        assert!(metadata(&odd).unwrap().exif.is_none());
        let mut wrong =
            [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(*b"tRNS", b"x"), chunk(*b"IDAT", b"x")].concat();
        wrong[16] ^= 1;
        assert_eq!(metadata(&wrong).unwrap_err(), Broken::Checksum);
    }
}

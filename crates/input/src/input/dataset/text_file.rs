//! Text files in the encodings that programs write: UTF-8 with or without a byte-order mark, and UTF-16.
//!
//! Owns encodings and line breaks (`\n`, `\r\n`, `\r`). Must not know what the text means.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::DatasetError;

const BOM: &[u8] = "\u{feff}".as_bytes();
/// The most bytes that are read to find the end of the first line.
const MAX_FIRST_LINE: u64 = 1 << 20;
/// How many bytes are checked to recognise UTF-16 without a byte-order mark.
const SAMPLE: usize = 1024;

/// A file's text as bytes that are UTF-8, or claim to be.
#[derive(Debug)]
pub(super) struct Text {
    /// The bytes, without a byte-order mark.
    pub(super) bytes: Vec<u8>,
    /// If the file has the same bytes, the position at which they begin in it; `None` if they were converted.
    pub(super) offset: Option<u64>,
}

/// How a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// UTF-8 after a mark of this many bytes.
    Utf8(usize),
    Utf16 {
        mark: usize,
        is_big: bool,
    },
    Utf32,
}

impl Encoding {
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Self::Utf32,
            [0xFF, 0xFE, ..] => Self::Utf16 { mark: 2, is_big: false },
            [0xFE, 0xFF, ..] => Self::Utf16 { mark: 2, is_big: true },
            _ if bytes.starts_with(BOM) => Self::Utf8(BOM.len()),
            _ => Self::without_mark(bytes),
        }
    }

    /// Recognises UTF-16 without a mark: in a table, the upper byte of almost every unit is zero, and the lower byte never is.
    fn without_mark(bytes: &[u8]) -> Self {
        let pairs = bytes.get(..SAMPLE.min(bytes.len())).unwrap_or_default().as_chunks::<2>().0;
        let share = |at: usize| 10 * pairs.iter().filter(|pair| pair[at] == 0).count();
        let most = 7 * pairs.len().max(4);
        match (share(0), share(1)) {
            (0, high) if high >= most => Self::Utf16 { mark: 0, is_big: false },
            (high, 0) if high >= most => Self::Utf16 { mark: 0, is_big: true },
            _ => Self::Utf8(0),
        }
    }
}

impl Text {
    /// Decodes a file's bytes. An error is a message that says what is wrong with them.
    pub(super) fn decode(mut bytes: Vec<u8>) -> Result<Self, &'static str> {
        match Encoding::of(&bytes) {
            Encoding::Utf8(mark) => {
                bytes.drain(..mark);
                Ok(Self { bytes, offset: Some(mark as u64) })
            }
            Encoding::Utf16 { mark, is_big } => {
                let (pairs, rest) = bytes.get(mark..).unwrap_or_default().as_chunks::<2>();
                if !rest.is_empty() {
                    return Err("UTF-16 text that is cut in the middle of a character: copy it again");
                }
                let units = pairs
                    .iter()
                    .map(|p| if is_big { u16::from_be_bytes(*p) } else { u16::from_le_bytes(*p) });
                let text: Result<String, _> = char::decode_utf16(units).collect();
                let text = text.map_err(|_| "not sound UTF-16 text: save it as UTF-8")?;
                Ok(Self { bytes: text.into_bytes(), offset: None })
            }
            Encoding::Utf32 => Err("UTF-32 text: save it as UTF-8"),
        }
    }
}

/// The beginning of a file as text. Empty lines at its start are left out, since CSV readers skip them too.
pub(super) fn beginning(path: &Path) -> Result<String, DatasetError> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FIRST_LINE).read_to_end(&mut start))
        .map_err(|e| DatasetError::io(path, &e))?;
    let is_cut = start.len() as u64 == MAX_FIRST_LINE;
    let bytes = match Text::decode(start.clone()) {
        // Where a UTF-16 file was cut, half a character may be left, which is not an error.
        Err(_) if is_cut => {
            start.truncate(start.len() - 2);
            Text::decode(start)
        }
        other => other,
    };
    let bytes = bytes
        .map_err(|reason| DatasetError::BadRow {
            line: 1,
            problem: reason.to_owned(),
            path: path.to_owned(),
        })?
        .bytes;
    let start = bytes.iter().position(|b| !matches!(b, b'\n' | b'\r')).unwrap_or(bytes.len());
    Ok(String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned())
}

/// A list's entries with their numbers, from 1. They are separated by zeros if there are any, otherwise by line breaks.
pub(super) fn entries<'a>(bytes: &'a [u8]) -> impl Iterator<Item = (u64, &'a [u8])> {
    let has = |wanted: u8| bytes.contains(&wanted);
    let end = if has(0) {
        0
    } else if !has(b'\n') && has(b'\r') {
        b'\r'
    } else {
        b'\n'
    };
    let entry = move |(at, entry): (u64, &'a [u8])| match entry {
        [line @ .., b'\r'] if end == b'\n' => (at, line),
        other => (at, other),
    };
    (1u64..).zip(bytes.split(move |b| *b == end)).map(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Result<String, &'static str> {
        Text::decode(bytes.to_vec()).map(|text| String::from_utf8(text.bytes).unwrap())
    }

    #[test]
    fn encodings_are_told_apart() {
        let text = "path,größe\na.jpg,1\n";
        let wide = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
        assert_eq!(decoded(text.as_bytes()).unwrap(), text);
        assert_eq!(decoded(&[BOM, text.as_bytes()].concat()).unwrap(), text);
        assert_eq!(decoded(&[&[0xFF, 0xFE], &little[..]].concat()).unwrap(), text);
        assert_eq!(decoded(&[&[0xFE, 0xFF], &big[..]].concat()).unwrap(), text);
        assert_eq!(decoded(&little).unwrap(), text);
        assert_eq!(decoded(&big).unwrap(), text);
        assert!(decoded(&[&[0xFF, 0xFE], &little[..9]].concat()).unwrap_err().contains("cut in the middle"));
        assert!(decoded(b"\xFF\xFE\x00\xD8\x00\xD8").unwrap_err().contains("not sound"));
        assert!(decoded(b"\xFF\xFE\0\0a\0\0\0").unwrap_err().contains("UTF-32"));
        // A list with zeros between its entries is not taken for UTF-16.
        assert_eq!(decoded(b"a.jpg\0b.jpg\0").unwrap(), "a.jpg\0b.jpg\0");
    }

    #[test]
    fn entries_end_as_they_are_written() {
        let of = |bytes: &'static [u8]| {
            entries(bytes)
                .map(|(at, entry)| format!("{at}{}", String::from_utf8_lossy(entry)))
                .collect::<Vec<_>>()
        };
        assert_eq!(of(b"a\r\nb\n"), ["1a", "2b", "3"]);
        assert_eq!(of(b"a\rb"), ["1a", "2b"]);
        assert_eq!(of(b"a\nb\0c\0"), ["1a\nb", "2c", "3"]);
    }
}

//! Finds the orientation of a picture in its metadata: in EXIF or, if there is none, in XMP.
//!
//! Owns the reading of both, which follows Pillow: in EXIF a whole number of any size, in XMP the first `tiff:Orientation`. Metadata
//! that can't be parsed is ignored.

use image::metadata::Orientation;

/// The tag of the orientation in EXIF.
const TAG: u16 = 0x0112;
/// The name of the orientation in XMP.
const NAME: &[u8] = b"tiff:Orientation";

/// The orientation of a picture with these blocks of metadata.
pub(super) fn turn_of(exif: Option<&[u8]>, xmp: Option<&[u8]>) -> Orientation {
    let value = exif.and_then(in_exif).or_else(|| xmp.and_then(in_xmp));
    value.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms)
}

/// The orientation in EXIF; 0 if it is not a whole number or too large, `None` if there is none.
fn in_exif(block: &[u8]) -> Option<u8> {
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    let is_big = match block.get(..4)? {
        b"II*\0" => false,
        b"MM\0*" => true,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = *block.get(at..)?.first_chunk::<2>()?;
        Some(if is_big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = *block.get(at..)?.first_chunk::<4>()?;
        Some(if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let directory = long(4)? as usize;
    let entries = (0..usize::from(short(directory)?)).map(|at| directory + 2 + 12 * at);
    for entry in entries {
        if short(entry)? != TAG {
            continue;
        }
        let value = match (short(entry + 2)?, long(entry + 4)?) {
            // Whole numbers of two bytes, unsigned or signed, and of four bytes.
            (3 | 8, 1) => u32::from(short(entry + 8)?),
            (4 | 9, 1) => long(entry + 8)?,
            _ => 0,
        };
        return Some(u8::try_from(value).unwrap_or(0));
    }
    None
}

/// The orientation in XMP, given as an attribute or as an element.
fn in_xmp(block: &[u8]) -> Option<u8> {
    let mut rest = block;
    while let Some(at) = rest.windows(NAME.len()).position(|window| window == NAME) {
        rest = rest.get(at + NAME.len()..)?;
        let value = rest.strip_prefix(b"=\"").or_else(|| rest.strip_prefix(b">"));
        if let Some(digit) = value.and_then(|value| value.first()).filter(|digit| digit.is_ascii_digit()) {
            return Some(digit - b'0');
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_are_cut_say_nothing_or_what_is_left() {
        let block = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x06\0\0\0\0";
        assert_eq!(in_exif(block), Some(6));
        assert_eq!(in_exif(&[b"Exif\0\0", &block[..]].concat()), Some(6));
        for cut in 0..block.len() {
            assert!(matches!(in_exif(&block[..cut]), None | Some(6)), "{cut}");
        }
        assert_eq!(in_xmp(b"tiff:Orientation tiff:Orientation=\"8\""), Some(8));
        assert_eq!(in_xmp(b"<tiff:Orientation>3</tiff:Orientation>"), Some(3));
        assert_eq!((in_xmp(b"tiff:Orientation"), in_xmp(b"")), (None, None));
        // An orientation in EXIF is used even if it is invalid; XMP is not read then.
        assert_eq!(
            turn_of(
                Some(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0"),
                Some(b"tiff:Orientation=\"6\"")
            ),
            Orientation::NoTransforms
        );
    }
}

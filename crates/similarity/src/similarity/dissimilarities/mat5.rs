//! MATLAB's files of version 5 (its vendor's "MAT-File Format", R2023a): `save -v6` and `-v7`, and scipy's `savemat`.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::array::{Array, MAX_VALUES, Number, Variable, num_values, shape_words};
use super::triangle::is_plausible;
use crate::tensor::shown;

/// Bytes before the first element.
const HEADER: usize = 128;
/// The most bytes that all compressed variables unpack to.
const MAX_UNPACKED: u64 = 8 * MAX_VALUES as u64 + (1 << 20);

/// Types of elements.
const COMPRESSED: u32 = 15;
const MATRIX: u32 = 14;

/// Whether a file is of this version: the header says so, and its byte order.
pub(super) fn is_mat5(bytes: &[u8]) -> bool {
    matches!(bytes.get(124..HEADER), Some(&[0, 1, b'I', b'M'] | &[1, 0, b'M', b'I']))
}

/// All variables of a file.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Variable>, String> {
    let is_big_endian = bytes.get(126) == Some(&b'M');
    let mut elements =
        Elements { rest: bytes.get(HEADER..).unwrap_or_default(), is_big_endian, is_outer: true };
    let (mut variables, mut room) = (Vec::new(), MAX_UNPACKED);
    while let Some((kind, data)) = elements.next()? {
        if kind == COMPRESSED {
            let mut unpacked = Vec::new();
            ZlibDecoder::new(data)
                .take(room + 1)
                .read_to_end(&mut unpacked)
                .map_err(|error| format!("a compressed variable is damaged ({error}); copy it again"))?;
            room = room
                .checked_sub(unpacked.len() as u64)
                .ok_or_else(|| "its variables unpack to more than is read".to_owned())?;
            let mut inner = Elements { rest: &unpacked, is_big_endian, is_outer: true };
            if let Some((MATRIX, data)) = inner.next()? {
                variables.push(variable(data, is_big_endian)?);
            }
        } else if kind == MATRIX {
            variables.push(variable(data, is_big_endian)?);
        }
    }
    Ok(variables)
}

/// Elements one after the other: a type, a length and as many bytes.
struct Elements<'a> {
    rest: &'a [u8],
    is_big_endian: bool,
    /// Whether these are whole variables. The elements inside one begin at multiples of eight bytes; compressed variables don't.
    is_outer: bool,
}

impl<'a> Elements<'a> {
    fn word(&self, at: usize) -> Option<u32> {
        let bytes: [u8; 4] = self.rest.get(at..at + 4)?.try_into().ok()?;
        Some(if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// The next element's type and bytes; `None` at the end.
    fn next(&mut self) -> Result<Option<(u32, &'a [u8])>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let cut = || "it is cut short; copy it again".to_owned();
        let first = self.word(0).ok_or_else(cut)?;
        // An element of at most four bytes has its length in the upper half of the type.
        let (kind, start, length): (u32, usize, usize) = match first >> 16 {
            0 => (first, 8, self.word(4).ok_or_else(cut)? as usize),
            length => (first & 0xffff, 4, (length as usize).min(4)),
        };
        let data = self.rest.get(start..start.saturating_add(length)).ok_or_else(cut)?;
        let is_padded = !(self.is_outer && kind == COMPRESSED);
        let end = if start == 4 { 8 } else { start + length };
        let end = if is_padded { end.next_multiple_of(8) } else { end };
        self.rest = self.rest.get(end..).unwrap_or_default();
        Ok(Some((kind, data)))
    }
}

/// The number type of an element's type.
fn number(kind: u32) -> Option<Number> {
    Some(match kind {
        1 => Number::I8,
        2 => Number::U8,
        3 => Number::I16,
        4 => Number::U16,
        5 => Number::I32,
        6 => Number::U32,
        7 => Number::F32,
        9 => Number::F64,
        12 => Number::I64,
        13 => Number::U64,
        _ => return None,
    })
}

fn variable(data: &[u8], is_big_endian: bool) -> Result<Variable, String> {
    let mut parts = Elements { rest: data, is_big_endian, is_outer: false };
    let mut part =
        |what: &str| parts.next()?.ok_or_else(|| format!("a variable has no {what}; copy the file again"));
    let (_, flags) = part("type")?;
    let flags = match flags.get(..4).map(<[u8; 4]>::try_from) {
        Some(Ok(bytes)) if is_big_endian => u32::from_be_bytes(bytes),
        Some(Ok(bytes)) => u32::from_le_bytes(bytes),
        _ => return Err("a variable has no type; copy the file again".to_owned()),
    };
    let (class, is_complex) = (flags & 0xff, flags & 0x0800 != 0);
    let (_, sides) = part("shape")?;
    let shape: Vec<u64> =
        Number::I32.read(sides, is_big_endian).into_iter().map(|side| side.max(0.0) as u64).collect();
    let (_, name) = part("name")?;
    let name = shown(&String::from_utf8_lossy(name));
    let class_name = match class {
        1 => "cell",
        2 => "struct",
        3 => "object",
        4 => "text",
        5 => "sparse matrix",
        6 => "double",
        7 => "single",
        8..=15 => "integers",
        _ => "of an unknown kind",
    };
    let kind = format!("{class_name} {}", shape_words(&shape));
    if !(6..=15).contains(&class) || is_complex || !is_plausible(&shape) {
        return Ok(Variable { name, kind, array: None });
    }
    let (stored, values) = part("numbers")?;
    let number = number(stored).ok_or_else(|| format!("the numbers of `{name}` are of an unknown type"))?;
    let count = num_values(&shape).ok_or_else(|| format!("`{name}` is too large ({kind})"))?;
    if values.len() != count * number.bytes() {
        return Err(format!("`{name}` ({kind}) has {} bytes of numbers; copy the file again", values.len()));
    }
    let values = number.read(values, is_big_endian);
    Ok(Variable { name, kind, array: Some(Array { shape, values, is_column_major: true }) })
}

//! numpy's `.npy`.

use super::array::{Array, Number, num_values, shape_words};
use crate::tensor::shown;

/// What a file of numpy's begins with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an array of real numbers, of any version, byte order and order of axes.
pub(super) fn read(bytes: &[u8]) -> Result<Array, String> {
    let cut = || "it is cut short; copy it again".to_owned();
    let byte = |at: usize| bytes.get(at).copied().map(usize::from).ok_or_else(cut);
    let (start, length) = match byte(6)? {
        1 => (10, byte(8)? | byte(9)? << 8),
        2 | 3 => (12, byte(8)? | byte(9)? << 8 | byte(10)? << 16 | byte(11)? << 24),
        other => return Err(format!("a .npy file of version {other}, which isn't known")),
    };
    let end = start + length;
    let header = bytes.get(start..end).ok_or_else(cut)?;
    let header = std::str::from_utf8(header).map_err(|_| "its header is no text".to_owned())?;
    let field = |name: &str| {
        let rest = header.split_once(&format!("'{name}':"))?.1;
        Some(rest.trim_start())
    };
    let no_header = || format!("its header isn't numpy's: `{}`", shown(header.trim()));
    let descr = field("descr").ok_or_else(no_header)?;
    let Some(descr) = descr.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) else {
        return Err("it holds records, and not one type of numbers".to_owned());
    };
    let (order, kind) = descr.0.split_at_checked(1).ok_or_else(no_header)?;
    let number = number(kind)
        .ok_or_else(|| format!("its numbers are `{}`, which are no real ones", shown(descr.0)))?;
    let is_column_major = field("fortran_order").ok_or_else(no_header)?.starts_with("True");
    let shape =
        field("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')')).ok_or_else(no_header)?.0;
    let sides = shape.split(',').map(str::trim).filter(|side| !side.is_empty());
    let shape: Vec<u64> = sides.map(str::parse).collect::<Result<_, _>>().map_err(|_| no_header())?;
    let count =
        num_values(&shape).ok_or_else(|| format!("its shape {} is too large", shape_words(&shape)))?;
    let data = bytes.get(end..).unwrap_or_default();
    if data.len() != count * number.bytes() {
        return Err(format!(
            "its shape {} needs {} bytes, and it has {}; copy it again",
            shape_words(&shape),
            count * number.bytes(),
            data.len()
        ));
    }
    Ok(Array { shape, values: number.read(data, order == ">"), is_column_major })
}

/// The type of numpy's name for it, without the byte order.
fn number(kind: &str) -> Option<Number> {
    Some(match kind {
        "b1" | "u1" => Number::U8,
        "i1" => Number::I8,
        "i2" => Number::I16,
        "u2" => Number::U16,
        "i4" => Number::I32,
        "u4" => Number::U32,
        "i8" => Number::I64,
        "u8" => Number::U64,
        "f2" => Number::F16,
        "f4" => Number::F32,
        "f8" => Number::F64,
        _ => return None,
    })
}

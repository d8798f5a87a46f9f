//! MATLAB's files of version 7.3, which are HDF5 with MATLAB's axes the other way round; and other HDF5 files.

use hdf5_pure::{AttrValue, DType, File};

use super::array::{Array, Variable, num_values, shape_words};
use super::triangle::is_plausible;
use crate::tensor::shown;

/// Largest ratio of compression that is believed; deflate reaches at most about 1000.
const MAX_PACKING: u64 = 1100;

/// All variables at the top of a file.
pub(super) fn read(bytes: Vec<u8>) -> Result<Vec<Variable>, String> {
    let explain =
        |error: hdf5_pure::Error| format!("it can't be read ({error}); it may be cut short, copy it again");
    let num_bytes = bytes.len() as u64;
    let file = File::from_bytes(bytes).map_err(explain)?;
    let root = file.root();
    let mut variables = Vec::new();
    for name in root.groups().map_err(explain)? {
        if !name.starts_with('#') {
            variables.push(Variable { name: shown(&name), kind: "struct".to_owned(), array: None });
        }
    }
    for name in root.datasets().map_err(explain)? {
        let set = root.dataset(&name).map_err(explain)?;
        let mut shape = set.shape().map_err(explain)?;
        let dtype = set.dtype().map_err(explain)?;
        let class = set.attrs().map_err(explain)?;
        let class = class.get("MATLAB_class").and_then(AttrValue::as_str).map(str::to_owned);
        let is_number = match &dtype {
            DType::F32
            | DType::F64
            | DType::I8
            | DType::I16
            | DType::I32
            | DType::I64
            | DType::U8
            | DType::U16
            | DType::U32
            | DType::U64 => class.as_deref() != Some("char"),
            _ => false,
        };
        // Row by row in HDF5 is column by column in MATLAB.
        let is_column_major = class.is_some();
        if is_column_major {
            shape.reverse();
        }
        let kind = format!("{} {}", class.unwrap_or_else(|| dtype.to_string()), shape_words(&shape));
        let name = shown(&name);
        if !is_number || !is_plausible(&shape) {
            variables.push(Variable { name, kind, array: None });
            continue;
        }
        let packing = if set.is_chunked() { MAX_PACKING } else { 1 };
        let count = num_values(&shape).filter(|count| *count as u64 <= num_bytes.saturating_mul(packing));
        let count = count.ok_or_else(|| format!("`{name}` ({kind}) is larger than the file can hold"))?;
        let values = set.read_f64().map_err(explain)?;
        if values.len() != count {
            return Err(format!("`{name}` ({kind}) holds {} numbers; copy the file again", values.len()));
        }
        variables.push(Variable { name, kind, array: Some(Array { shape, values, is_column_major }) });
    }
    Ok(variables)
}

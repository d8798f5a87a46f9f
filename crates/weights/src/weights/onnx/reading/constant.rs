//! A constant of an ONNX file: its shape, and its values or where they are in the file.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::file_bytes::FileBytes;
use super::names::plain;
use super::proto::TensorProto;
use crate::weights::onnx::error::OnnxProblem;
use crate::weights::tensors::{ElementType, Entry};

/// A constant array: a named initializer, an attribute of a node, or a computed value.
#[derive(Clone, Debug)]
pub(super) struct Constant {
    pub(super) dims: Vec<usize>,
    data: Data,
}

#[derive(Clone, Debug)]
enum Data {
    /// Floats in the file's bytes.
    InFile { element: ElementType, raw: Bytes, range: Range<usize> },
    /// Floats, shared by all clones.
    Floats(Arc<Vec<f32>>),
    /// Integers, shared by all clones.
    Ints(Arc<Vec<i64>>),
    /// The same float in all elements; the array is only made when it is needed.
    Same(f32),
    /// Integers of one byte each, as they are in the file.
    Small { raw: Bytes, is_signed: bool },
    /// Values of a type that weights can't have; only the type's name is kept.
    Other(&'static str),
}

/// Largest number of axes of a constant. Networks for pictures have up to five.
pub(super) const MAX_AXES: usize = 64;

/// Largest number of elements that one repeated float is expanded to.
const MAX_SAME: usize = 1 << 26;

/// ONNX's numbers of element types.
const FLOAT: i32 = 1;
const UINT8: i32 = 2;
const INT8: i32 = 3;
const INT32: i32 = 6;
const INT64: i32 = 7;
const BOOL: i32 = 9;
const FLOAT16: i32 = 10;
const DOUBLE: i32 = 11;
const BFLOAT16: i32 = 16;

/// Name of an element type, and its size in bytes.
pub(super) fn type_of(number: i32) -> (&'static str, usize) {
    match number {
        FLOAT => ("FLOAT", 4),
        UINT8 => ("UINT8", 1),
        INT8 => ("INT8", 1),
        4 => ("UINT16", 2),
        5 => ("INT16", 2),
        INT32 => ("INT32", 4),
        INT64 => ("INT64", 8),
        8 => ("STRING", 0),
        BOOL => ("BOOL", 1),
        FLOAT16 => ("FLOAT16", 2),
        DOUBLE => ("DOUBLE", 8),
        BFLOAT16 => ("BFLOAT16", 2),
        _ => ("of an unknown type", 0),
    }
}

impl Constant {
    /// A one-dimensional constant of integers.
    pub(super) fn ints_of(values: Vec<i64>) -> Self {
        Self { dims: vec![values.len()], data: Data::Ints(Arc::new(values)) }
    }

    /// A constant of floats with the shape `dims`; the number of values must fit.
    pub(super) fn floats_of(dims: Vec<usize>, values: Vec<f32>) -> Self {
        Self { dims, data: Data::Floats(Arc::new(values)) }
    }

    /// A constant with the same float in all elements. `None` if the number of elements overflows or there are too many axes.
    pub(super) fn same(dims: Vec<usize>, value: f32) -> Option<Self> {
        let len = dims.iter().try_fold(1usize, |n, side| n.checked_mul(*side));
        (len.is_some() && dims.len() <= MAX_AXES).then_some(Self { dims, data: Data::Same(value) })
    }

    /// Reads a tensor of the file.
    pub(super) fn of(tensor: &TensorProto, file: FileBytes<'_>) -> Result<Self, OnnxProblem> {
        let name = plain(&tensor.name);
        let (type_name, size) = type_of(tensor.data_type);
        let claimed = || {
            let sides: Vec<String> = tensor.dims.iter().map(ToString::to_string).collect();
            format!("{type_name} [{}]", sides.join(", "))
        };
        if tensor.dims.len() > MAX_AXES {
            let what = format!(
                "the constant `{name}` has {} axes, more than the {MAX_AXES} that are read",
                tensor.dims.len()
            );
            return Err(OnnxProblem::TooMuch(what));
        }
        let dims: Option<Vec<usize>> = tensor.dims.iter().map(|side| usize::try_from(*side).ok()).collect();
        let len = dims.as_ref().and_then(|dims| dims.iter().try_fold(1usize, |n, side| n.checked_mul(*side)));
        let wrong = |expected: Option<usize>, got: usize| OnnxProblem::Size {
            name: name.clone(),
            claimed: claimed(),
            expected: expected.map_or_else(|| "more than 2^64".to_owned(), |n| n.to_string()),
            got,
        };
        let Some(dims) = dims else {
            return Err(OnnxProblem::NegativeSide { name, claimed: claimed() });
        };
        let num_raw = tensor.raw_data.as_ref().map_or(0, Bytes::len);
        let Some(len) = len else {
            return Err(wrong(None, num_raw.max(listed_data(tensor).1.saturating_mul(size))));
        };
        let num_bytes = len.checked_mul(size);
        let data = if tensor.data_location == 1 || !tensor.external_data.is_empty() {
            let num_bytes = num_bytes.ok_or_else(|| wrong(None, num_raw))?;
            let (raw, range) = file.external.read(tensor, num_bytes)?;
            raw_data(tensor.data_type, &raw, Some(range))
        } else if let Some(raw) = tensor.raw_data.as_ref().filter(|raw| !raw.is_empty()) {
            if size > 0 && num_bytes != Some(raw.len()) {
                return Err(wrong(num_bytes, raw.len()));
            }
            raw_data(tensor.data_type, raw, file.range_of(raw))
        } else {
            let (data, got) = listed_data(tensor);
            if got != len && !matches!(data, Data::Other(_)) {
                return Err(wrong(num_bytes, got.saturating_mul(size)));
            }
            data
        };
        Ok(Self { dims, data })
    }

    /// A constant of integers with the shape `dims`; the number of values must fit.
    pub(super) fn ints_in(dims: Vec<usize>, values: Vec<i64>) -> Self {
        Self { dims, data: Data::Ints(Arc::new(values)) }
    }

    /// The values as f32. `None` if they are not of a float type, or if there are too many.
    pub(super) fn floats(&self) -> Option<Vec<f32>> {
        match &self.data {
            Data::InFile { element, raw, .. } => Some(element.values(raw)),
            Data::Floats(values) => Some(values.to_vec()),
            Data::Same(value) => (self.len() <= MAX_SAME).then(|| vec![*value; self.len()]),
            Data::Ints(_) | Data::Small { .. } | Data::Other(_) => None,
        }
    }

    /// The values as integers. `None` if they are of another type; integers of one byte don't count.
    pub(super) fn ints(&self) -> Option<&[i64]> {
        if let Data::Ints(values) = &self.data { Some(values) } else { None }
    }

    /// A copy of the values as integers, also those of one byte. `None` if they are of another type.
    pub(super) fn whole(&self) -> Option<Vec<i64>> {
        match &self.data {
            Data::Ints(values) => Some(values.to_vec()),
            Data::Small { raw, is_signed: true } => {
                Some(raw.iter().map(|byte| i64::from(byte.cast_signed())).collect())
            }
            Data::Small { raw, .. } => Some(raw.iter().map(|byte| i64::from(*byte)).collect()),
            Data::InFile { .. } | Data::Floats(_) | Data::Same(_) | Data::Other(_) => None,
        }
    }

    /// The value of a constant with exactly one element. `None` for other constants.
    pub(super) fn scalar(&self) -> Option<f64> {
        if self.len() != 1 {
            return None;
        }
        match &self.data {
            Data::Ints(values) => values.first().map(|v| *v as f64),
            Data::InFile { .. } | Data::Floats(_) | Data::Same(_) | Data::Small { .. } | Data::Other(_) => {
                self.floats()?.first().map(|v| f64::from(*v))
            }
        }
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// The same values with another shape. `None` if the number of elements differs or there are too many axes.
    pub(super) fn reshaped(&self, dims: Vec<usize>) -> Option<Self> {
        let fits = dims.len() <= MAX_AXES
            && dims.iter().try_fold(1usize, |n, side| n.checked_mul(*side)) == Some(self.len());
        fits.then(|| Self { dims, data: self.data.clone() })
    }

    /// The type's name, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.data {
            Data::InFile { element: ElementType::F16, .. } => "FLOAT16",
            Data::InFile { element: ElementType::Bf16, .. } => "BFLOAT16",
            Data::InFile { element: ElementType::F64, .. } => "DOUBLE",
            Data::Same(_) if self.len() > MAX_SAME => "more values than are read",
            Data::InFile { .. } | Data::Floats(_) | Data::Same(_) => "FLOAT",
            Data::Small { is_signed: true, .. } => "INT8",
            Data::Small { .. } => "UINT8",
            Data::Ints(_) => "INT64",
            Data::Other(name) => name,
        }
    }

    /// The constant as a parameter of this shape, which must have as many elements. `None` if the values are not of a float type.
    pub(super) fn entry(&self, shape: Vec<usize>) -> Option<Entry> {
        let dtype = self.type_name().to_owned();
        match &self.data {
            Data::InFile { element, range, .. } => {
                Some(Entry::in_file(Some(*element), dtype, shape, range.clone()))
            }
            Data::Floats(values) => Some(Entry::shared(dtype, shape, Arc::clone(values))),
            Data::Same(_) => Some(Entry::owned(dtype, shape, self.floats()?)),
            Data::Ints(_) | Data::Small { .. } | Data::Other(_) => None,
        }
    }
}

/// Values from raw little-endian bytes, whose number was checked before.
fn raw_data(number: i32, raw: &Bytes, range: Option<Range<usize>>) -> Data {
    let element = match number {
        FLOAT => ElementType::F32,
        FLOAT16 => ElementType::F16,
        BFLOAT16 => ElementType::Bf16,
        DOUBLE => ElementType::F64,
        INT64 => {
            return Data::Ints(Arc::new(
                raw.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect(),
            ));
        }
        INT32 => {
            let values = raw.as_chunks::<4>().0.iter().map(|b| i64::from(i32::from_le_bytes(*b)));
            return Data::Ints(Arc::new(values.collect()));
        }
        BOOL => return Data::Ints(Arc::new(raw.iter().map(|b| i64::from(*b != 0)).collect())),
        UINT8 | INT8 => return Data::Small { raw: raw.clone(), is_signed: number == INT8 },
        _ => return Data::Other(type_of(number).0),
    };
    match range {
        Some(range) => Data::InFile { element, raw: raw.clone(), range },
        None => Data::Floats(Arc::new(element.values(raw))),
    }
}

/// Values from the typed lists of a tensor message, and their number.
fn listed_data(tensor: &TensorProto) -> (Data, usize) {
    let halves = |value: fn(u16) -> f32| -> Vec<f32> {
        tensor.int32_data.iter().map(|bits| value(*bits as u16)).collect()
    };
    let floats = |values: Vec<f32>| {
        let len = values.len();
        (Data::Floats(Arc::new(values)), len)
    };
    match tensor.data_type {
        FLOAT => floats(tensor.float_data.clone()),
        DOUBLE => floats(tensor.double_data.iter().map(|v| *v as f32).collect()),
        FLOAT16 => floats(halves(|bits| half::f16::from_bits(bits).to_f32())),
        BFLOAT16 => floats(halves(|bits| half::bf16::from_bits(bits).to_f32())),
        INT64 => (Data::Ints(Arc::new(tensor.int64_data.clone())), tensor.int64_data.len()),
        INT32 | BOOL => (
            Data::Ints(Arc::new(tensor.int32_data.iter().map(|v| i64::from(*v)).collect())),
            tensor.int32_data.len(),
        ),
        UINT8 | INT8 => {
            let bytes: Vec<u8> = tensor.int32_data.iter().map(|v| *v as u8).collect();
            let len = bytes.len();
            (Data::Small { raw: bytes.into(), is_signed: tensor.data_type == INT8 }, len)
        }
        other => (Data::Other(type_of(other).0), 0),
    }
}

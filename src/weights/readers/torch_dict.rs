//! Tensors of a torch pickle: views of storages, and where the storages' bytes lie.
//!
//! Must not know which of a file's dictionaries is meant; that is `torch_sections`'.

use std::collections::HashMap;

use super::pickle::{Id, Pickle, Value};
use super::torch_sections::Chosen;
use super::{Found, ReadError, strip_wrappers};
use crate::weights::tensor_file::{ElementType, Entry, Format};

/// A tensor as a view of a storage.
pub(super) struct View<'a> {
    pub(super) key: &'a str,
    pub(super) element: Option<ElementType>,
    /// torch's word for the element type.
    pub(super) dtype: String,
    /// Bytes of an element; 0 where the type is unknown.
    pub(super) element_bytes: usize,
    /// In elements.
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

/// Whether a value is a tensor of any kind.
pub(super) fn is_tensor(pickle: &Pickle<'_>, id: Id) -> bool {
    matches!(call(pickle, id), Some(("torch._utils", name, _)) if name.starts_with("_rebuild_"))
}

/// Module, name and arguments of a call.
fn call<'a, 'p>(pickle: &'p Pickle<'a>, id: Id) -> Option<(&'a str, &'a str, &'p [Id])> {
    let Value::Call { function, args, .. } = pickle.get(id) else { return None };
    let Value::Global(module, name) = pickle.get(*function) else { return None };
    Some((module, name, pickle.tuple(*args)?))
}

/// A tensor that is kept plainly; `depth` counts what was unwrapped around it.
pub(super) fn view<'a>(pickle: &Pickle<'a>, id: Id, depth: usize) -> Option<View<'a>> {
    let (_, name, args) = call(pickle, id)?;
    match name {
        "_rebuild_parameter" | "_rebuild_parameter_with_state" if depth < 4 => {
            view(pickle, *args.first()?, depth + 1)
        }
        "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3" => {
            let [storage, offset, size, stride, ..] = args else { return None };
            let Value::Persistent(parts) = pickle.get(*storage) else { return None };
            let parts = pickle.tuple(*parts)?;
            // 'storage', class, key, location, number of elements, and in the old kind a view of another storage.
            let [_, class, key, _, _, rest @ ..] = parts else { return None };
            let Value::Global(_, class) = pickle.get(*class) else { return None };
            let number = |id: &Id| usize::try_from(pickle.int(*id)?).ok();
            let base = match rest.first().and_then(|view| pickle.tuple(*view)) {
                Some([_, offset, _]) => number(offset)?,
                Some(_) => return None,
                None => 0,
            };
            let (element, element_bytes) = element_type(class);
            Some(View {
                key: pickle.text(*key)?,
                element,
                dtype: class.trim_end_matches("Storage").to_owned(),
                element_bytes,
                offset: number(offset)?.checked_add(base)?,
                shape: pickle.tuple(*size)?.iter().map(number).collect::<Option<_>>()?,
                strides: pickle.tuple(*stride)?.iter().map(number).collect::<Option<_>>()?,
            })
        }
        _ => None,
    }
}

fn element_type(class: &str) -> (Option<ElementType>, usize) {
    match class {
        "FloatStorage" => (Some(ElementType::F32), 4),
        "DoubleStorage" => (Some(ElementType::F64), 8),
        "HalfStorage" => (Some(ElementType::F16), 2),
        "BFloat16Storage" => (Some(ElementType::Bf16), 2),
        "LongStorage" | "ComplexFloatStorage" => (None, 8),
        "IntStorage" | "QInt32Storage" => (None, 4),
        "ShortStorage" => (None, 2),
        "ByteStorage" | "CharStorage" | "BoolStorage" | "QUInt8Storage" | "QInt8Storage" => (None, 1),
        "ComplexDoubleStorage" => (None, 16),
        _ => (None, 0),
    }
}

/// Bytes of an element of each storage that is written in a pickle, by the storage's key; 0 where the type is unknown.
pub(super) fn storages_of<'a>(pickle: &Pickle<'a>) -> HashMap<&'a str, usize> {
    let of = |id: Id| {
        let [_, class, key, ..] = pickle.tuple(id)? else { return None };
        let Value::Global(_, class) = pickle.get(*class) else { return None };
        Some((pickle.text(*key)?, element_type(class).1))
    };
    pickle.persistent().filter_map(of).collect()
}

/// Views of storages become entries of the file; `place` gives where a storage's bytes lie.
pub(super) fn found<'a>(
    format: Format,
    chosen: Chosen<'a>,
    mut place: impl FnMut(&str, &View<'a>) -> Result<Storage, ReadError>,
) -> Result<Found, ReadError> {
    let mut found = Found::new(format, std::collections::BTreeMap::new());
    (found.notes, found.cut, found.averaged) = (chosen.notes, chosen.cut, chosen.averaged);
    for (name, view) in chosen.views {
        let storage = place(&name, &view)?;
        let entry = entry(&name, view, storage)?;
        found.tensors.insert(name, entry);
    }
    strip_wrappers(&mut found);
    Ok(found)
}

/// Bytes of a storage.
#[derive(Clone)]
pub(super) enum Storage {
    /// In the file.
    InFile(std::ops::Range<usize>),
    /// Unpacked.
    Unpacked(std::rc::Rc<Vec<u8>>),
}

impl Storage {
    fn len(&self) -> usize {
        match self {
            Self::InFile(range) => range.len(),
            Self::Unpacked(bytes) => bytes.len(),
        }
    }
}

fn entry(name: &str, view: View<'_>, storage: Storage) -> Result<Entry, ReadError> {
    let lies = || ReadError::broken(format!("`{name}` claims more values than its storage holds"));
    let View { element, dtype, element_bytes, offset, shape, strides, .. } = view;
    if element_bytes == 0 {
        return Ok(Entry::in_file(None, dtype, shape, 0..0));
    }
    let num_stored = storage.len() / element_bytes;
    let num_values = shape.iter().try_fold(1usize, |n, side| n.checked_mul(*side)).ok_or_else(lies)?;
    if num_values == 0 {
        return Ok(Entry::in_file(element, dtype, shape, 0..0));
    }
    if strides.len() != shape.len() {
        return Err(ReadError::broken(format!(
            "`{name}` has {} sides and {} strides",
            shape.len(),
            strides.len()
        )));
    }
    let last = shape.iter().zip(&strides).try_fold(offset, |at, (side, stride)| {
        (side - 1).checked_mul(*stride).and_then(|reach| at.checked_add(reach))
    });
    if num_values > num_stored || last.is_none_or(|last| last >= num_stored) {
        return Err(lies());
    }
    // A side of one never steps, so its stride may be anything in the file.
    let strides: Vec<usize> =
        shape.iter().zip(strides).map(|(side, s)| if *side == 1 { 0 } else { s }).collect();
    let is_contiguous = {
        let mut expected = 1;
        shape.iter().zip(&strides).rev().all(|(side, stride)| {
            let fits = *side == 1 || *stride == expected;
            expected *= side;
            fits
        })
    };
    let bytes_at = offset * element_bytes..(offset + num_values) * element_bytes;
    match storage {
        Storage::InFile(range) if is_contiguous => Ok(Entry::in_file(
            element,
            dtype,
            shape,
            range.start + bytes_at.start..range.start + bytes_at.end,
        )),
        Storage::InFile(range) => Ok(Entry::strided(element, dtype, shape, range, offset, strides)),
        Storage::Unpacked(bytes) => {
            let Some(element) = element else { return Ok(Entry::in_file(None, dtype, shape, 0..0)) };
            let values = if is_contiguous {
                element.values(&bytes[bytes_at])
            } else {
                gather(&element.values(&bytes), offset, &shape, &strides)
            };
            Ok(Entry::owned(dtype, shape, values))
        }
    }
}

/// Values of a view, in the order of its shape. The caller has seen that all of it lies inside `values`.
pub(in crate::weights) fn gather(
    values: &[f32],
    offset: usize,
    shape: &[usize],
    strides: &[usize],
) -> Vec<f32> {
    let num_values: usize = shape.iter().product();
    let mut out = Vec::with_capacity(num_values);
    let mut index = vec![0; shape.len()];
    let mut at = offset;
    while out.len() < num_values {
        out.push(values[at]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= shape[axis] * strides[axis];
            index[axis] = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::gather;

    #[test]
    fn a_transposed_view_is_put_in_order() {
        // [[0, 1, 2], [3, 4, 5]] seen as 3×2 after one value that isn't its own.
        assert_eq!(gather(&[9., 0., 1., 2., 3., 4., 5.], 1, &[3, 2], &[1, 3]), [0., 3., 1., 4., 2., 5.]);
    }
}

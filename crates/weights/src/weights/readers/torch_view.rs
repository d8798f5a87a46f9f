//! Tensors in a PyTorch pickle, which are views of storages.

use std::collections::HashMap;

use super::pickle::{Id, Pickle, PickleValue};
use crate::weights::tensors::ElementType;

/// A tensor as a view of a storage.
pub(super) struct StridedView<'a> {
    pub(super) key: &'a str,
    pub(super) element: Option<ElementType>,
    /// PyTorch's name of the element type, from the class of the storage.
    pub(super) dtype: String,
    /// Size of an element in bytes; 0 if the type is unknown.
    pub(super) element_bytes: usize,
    /// The first element's position in the storage, in elements.
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// Whether a value is a tensor of any kind.
pub(super) fn is_tensor(pickle: &Pickle<'_>, id: Id) -> bool {
    matches!(call(pickle, id), Some(("torch._utils", name, _)) if name.starts_with("_rebuild_"))
}

/// Module, name and arguments of a call.
fn call<'a, 'p>(pickle: &'p Pickle<'a>, id: Id) -> Option<(&'a str, &'a str, &'p [Id])> {
    let PickleValue::Call { function, args, .. } = pickle.get(id) else { return None };
    let PickleValue::Global(module, name) = pickle.get(*function) else { return None };
    Some((module, name, pickle.tuple(*args)?))
}

/// The view of a dense tensor; `None` for other kinds. `depth` counts the wrappers that were removed around it.
pub(super) fn view<'a>(pickle: &Pickle<'a>, id: Id, depth: usize) -> Option<StridedView<'a>> {
    let (_, name, args) = call(pickle, id)?;
    match name {
        "_rebuild_parameter" | "_rebuild_parameter_with_state" if depth < 4 => {
            view(pickle, *args.first()?, depth + 1)
        }
        "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3" => {
            let [storage, offset, size, stride, ..] = args else { return None };
            let PickleValue::Persistent(parts) = pickle.get(*storage) else { return None };
            let parts = pickle.tuple(*parts)?;
            // 'storage', class, key, location, number of elements, and in the old format a view of another storage.
            let [_, class, key, _, _, rest @ ..] = parts else { return None };
            let PickleValue::Global(_, class) = pickle.get(*class) else { return None };
            let number = |id: &Id| usize::try_from(pickle.int(*id)?).ok();
            let base = match rest.first().and_then(|view| pickle.tuple(*view)) {
                Some([_, offset, _]) => number(offset)?,
                Some(_) => return None,
                None => 0,
            };
            let (element, element_bytes) = element_type(class);
            Some(StridedView {
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

/// For each storage in a pickle, by its key, the size of an element in bytes; 0 if the type is unknown.
pub(super) fn storages_of<'a>(pickle: &Pickle<'a>) -> HashMap<&'a str, usize> {
    let of = |id: Id| {
        let [_, class, key, ..] = pickle.tuple(id)? else { return None };
        let PickleValue::Global(_, class) = pickle.get(*class) else { return None };
        Some((pickle.text(*key)?, element_type(class).1))
    };
    pickle.persistent().filter_map(of).collect()
}

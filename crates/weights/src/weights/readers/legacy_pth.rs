//! PyTorch's `.pth` files before version 1.6: five pickles one after the other, then the raw values of the storages.
//!
//! Source: `_legacy_save` and `_legacy_load` in PyTorch's `serialization.py`. The pickles are a magic number, a protocol number, properties
//! of the writing machine, the object, and the keys of the storages. The storages' values follow in the order of these keys, each
//! preceded by its number of elements as eight bytes.

use std::collections::HashMap;
use std::ops::Range;

use super::found::{FileContents, ReadError};
use super::pickle::{Id, Pickle, PickleValue};
use super::torch_dict::{StorageBytes, found};
use super::torch_sections::choose;
use super::torch_view::{StridedView, storages_of};
use crate::weights::tensors::Format;

/// The pickled magic number. Before it are two bytes of the protocol and, from protocol 4 on, nine bytes of a frame.
const MAGIC: &[u8] = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// The instruction that begins a frame, and its size with the frame's length.
const FRAME: u8 = 0x95;
const FRAME_BYTES: usize = 9;

/// Reads the tensors of a whole file; `ema` asks for averaged weights if the file holds both kinds.
pub(super) fn index(bytes: &[u8], ema: bool) -> Result<FileContents, ReadError> {
    let start = if bytes.get(2) == Some(&FRAME) { FRAME_BYTES + 2 } else { 2 };
    if !bytes.get(start..).is_some_and(|rest| rest.starts_with(MAGIC)) {
        if bytes.get(start..).is_none_or(|rest| MAGIC.starts_with(rest)) {
            return Err(ReadError::broken("its pickle is cut short"));
        }
        return Err(ReadError::Other(
            "a Python pickle and no file of PyTorch's".to_owned(),
            "save the model's `state_dict()` with `torch.save`",
        ));
    }
    let mut at = start + MAGIC.len();
    let mut next = || {
        let pickle = Pickle::read(bytes, at).map_err(ReadError::Broken)?;
        at = pickle.end;
        Ok::<_, ReadError>(pickle)
    };
    let (protocol, machine, object, keys) = (next()?, next()?, next()?, next()?);
    if protocol.int(protocol.root) != Some(1001) {
        return Err(ReadError::broken("its protocol is not 1001"));
    }
    let is_little = |(key, value): &(Id, Id)| {
        machine.text(*key) != Some("little_endian") || matches!(machine.get(*value), PickleValue::Bool(true))
    };
    if !machine.items(machine.root).unwrap_or_default().iter().all(is_little) {
        return Err(ReadError::broken("its values are big-endian; save it again on another machine"));
    }
    let chosen = choose(&object, ema)?;
    let element_bytes = storages_of(&object);
    let PickleValue::List(keys_in_order) = keys.get(keys.root) else {
        return Err(ReadError::broken("it has no list of storages"));
    };
    let mut storages: HashMap<&str, Range<usize>> = HashMap::new();
    for key in keys_in_order {
        let key = keys.text(*key).ok_or_else(|| ReadError::broken("a storage in it has no name"))?;
        // The size of a storage of an unknown type isn't known, so the storages after it couldn't be found.
        let element_bytes = element_bytes.get(key).copied().filter(|n| *n > 0);
        let element_bytes = element_bytes.ok_or_else(|| {
            ReadError::broken(format!("storage `{key}` is of no tensor, or of an unknown type"))
        })?;
        let head: [u8; 8] =
            bytes.get(at..at.saturating_add(8)).and_then(|b| b.try_into().ok()).ok_or(ReadError::CutShort)?;
        let start = at + 8;
        let length =
            usize::try_from(u64::from_le_bytes(head)).ok().and_then(|n| n.checked_mul(element_bytes));
        let end = length.and_then(|n| n.checked_add(start)).filter(|end| *end <= bytes.len());
        let end = end.ok_or(ReadError::CutShort)?;
        storages.insert(key, start..end);
        at = end;
    }
    let place = |name: &str, view: &StridedView<'_>| {
        let range = storages.get(view.key).cloned();
        range
            .map(StorageBytes::InFile)
            .ok_or_else(|| ReadError::broken(format!("the values of `{name}` are missing in it")))
    };
    found(Format::TorchLegacy, chosen, place)
}

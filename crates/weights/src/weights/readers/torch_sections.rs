//! Which of the dictionaries in a PyTorch pickle hold the weights: the top-level one, or others in the checkpoint of a training loop.
//!
//! Nested dictionaries become names with dots, so that two networks in one file have two name prefixes, like other parts of a file.
//! Averaged weights (EMA) are kept separate: they are taken only if they are asked for, or if there are no others.

use super::found::ReadError;
use super::pickle::{Id, Pickle, PickleValue};
use super::torch_view::{StridedView, is_tensor, view};
use crate::weights::averaged::{Averaged, is_ema};

/// Keys under which training loops save weights, the most likely first. If there is something else under such a key, an error says what
/// it is.
const KEYS: [&str; 13] = [
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params",
    "teacher",
    "student",
    "state_dict_ema",
    "model_ema",
    "ema",
];

/// Parts of keys under which training loops save tensors that are no weights.
const NO_WEIGHTS: [&str; 8] =
    ["optim", "sched", "scaler", "rng_state", "callbacks", "loops", "hyper_parameters", "args"];

/// Largest depth of nested dictionaries.
const MAX_DEPTH: usize = 8;
/// Largest number of dictionary entries that are visited. A pickle may contain the same dictionary any number of times.
const MAX_LOOKS: usize = 1_000_000;
/// Largest size of all names together.
const MAX_NAME_BYTES: usize = 64 << 20;

/// The tensors that were chosen, and from where.
pub(super) struct Chosen<'a> {
    /// Names and views of all tensors.
    pub(super) views: Vec<(String, StridedView<'a>)>,
    pub(super) notes: Vec<String>,
    /// The key of the dictionary that they are from, with a dot; empty unless it is a single one.
    pub(super) cut: String,
    pub(super) averaged: Averaged,
}

/// Chooses the tensors in a pickle that are the weights; `ema` asks for averaged weights if there are both kinds.
pub(super) fn choose<'a>(pickle: &Pickle<'a>, ema: bool) -> Result<Chosen<'a>, ReadError> {
    let Some(items) = pickle.items(pickle.root) else { return Err(foreign(pickle, pickle.root)) };
    let mut walk = Walk { pickle, looks: 0, name_bytes: 0, views: Vec::new() };
    let mut sections: Vec<(&'a str, Id, usize)> = Vec::new();
    for (key, id) in items {
        let Some(key) = pickle.text(*key).filter(|key| may_hold_weights(key)) else { continue };
        let num = if is_tensor(pickle, *id) { 0 } else { walk.count(*id, 1)? };
        if num > 0 {
            sections.retain(|(other, ..)| *other != key);
            sections.push((key, *id, num));
        }
    }
    // A few tensors at the top level, such as a single number (`best_acc1`), don't make the top-level dictionary the network.
    let num_at_top = items.iter().filter(|(_, id)| is_tensor(pickle, *id)).count();
    if num_at_top > 0 && num_at_top >= sections.iter().map(|(.., num)| num).sum() {
        walk.take(items, "", MAX_DEPTH)?;
        return Ok(Chosen {
            views: walk.views,
            notes: Vec::new(),
            cut: String::new(),
            averaged: Averaged::default(),
        });
    }
    if !sections.iter().any(|(key, ..)| KEYS.contains(key)) {
        tell_foreign(pickle, items)?;
    }
    if sections.is_empty() {
        return Err(ReadError::broken(format!(
            "no network's tensors in it; it holds {}",
            top(pickle, items)
        )));
    }
    let (averaged, plain): (Vec<_>, Vec<_>) = sections.into_iter().partition(|(key, ..)| is_ema(key));
    let is_taken = !averaged.is_empty() && (ema || plain.is_empty());
    let (taken, left) = if is_taken { (averaged, plain) } else { (plain, averaged) };
    let quoted = |sections: &[(&str, Id, usize)]| {
        sections.iter().map(|(key, ..)| format!("`{key}`")).collect::<Vec<_>>().join(", ")
    };
    let mut notes = Vec::new();
    let mut cut = String::new();
    if let [(key, id, _)] = taken[..] {
        walk.take(pickle.items(id).unwrap_or_default(), "", 1)?;
        cut = format!("{key}.");
    } else {
        for (key, id, _) in &taken {
            walk.take(pickle.items(*id).unwrap_or_default(), &format!("{key}."), 1)?;
        }
    }
    let called = if is_taken { " (EMA weights)" } else { "" };
    if taken.len() == 1 || !left.is_empty() {
        notes.push(format!("taken from {}{called}", quoted(&taken)));
    }
    if !left.is_empty() {
        let others = if is_taken { "the others are" } else { "EMA weights are" };
        notes.push(format!("{others} in {}", quoted(&left)));
    }
    Ok(Chosen {
        views: walk.views,
        notes,
        cut,
        averaged: Averaged { is_taken, has_others: !left.is_empty() },
    })
}

fn may_hold_weights(key: &str) -> bool {
    !NO_WEIGHTS.iter().any(|part| key.contains(part))
}

/// A walk through nested dictionaries, with limits.
struct Walk<'a, 'p> {
    pickle: &'p Pickle<'a>,
    looks: usize,
    name_bytes: usize,
    views: Vec<(String, StridedView<'a>)>,
}

impl Walk<'_, '_> {
    fn look(&mut self, num: usize) -> Result<(), ReadError> {
        self.looks += num;
        if self.looks > MAX_LOOKS || self.name_bytes > MAX_NAME_BYTES {
            return Err(ReadError::broken("its dictionaries hold more than any network does"));
        }
        Ok(())
    }

    /// Number of tensors in a dictionary and in those nested in it.
    fn count(&mut self, id: Id, depth: usize) -> Result<usize, ReadError> {
        let Some(items) = self.pickle.items(id).filter(|_| depth < MAX_DEPTH) else { return Ok(0) };
        self.look(items.len())?;
        let mut num = 0;
        for (key, value) in items {
            let Some(key) = self.pickle.text(*key) else { continue };
            if is_tensor(self.pickle, *value) {
                num += 1;
            } else if may_hold_weights(key) {
                num += self.count(*value, depth + 1)?;
            }
        }
        Ok(num)
    }

    /// Takes the tensors in a dictionary and in those nested in it, each under its path with dots.
    fn take(&mut self, items: &[(Id, Id)], path: &str, depth: usize) -> Result<(), ReadError> {
        self.look(items.len())?;
        for (key, value) in items {
            let Some(key) = self.pickle.text(*key) else { continue };
            if is_tensor(self.pickle, *value) {
                let view = view(self.pickle, *value, 0).ok_or_else(|| {
                    ReadError::broken(format!(
                        "`{path}{key}` is no plain tensor (sparse, quantised or of a kind that is new here)"
                    ))
                })?;
                self.name_bytes += path.len() + key.len();
                self.look(0)?;
                self.views.push((format!("{path}{key}"), view));
            } else if depth < MAX_DEPTH
                && may_hold_weights(key)
                && let Some(within) = self.pickle.items(*value)
            {
                self.take(within, &format!("{path}{key}."), depth + 1)?;
            }
        }
        Ok(())
    }
}

/// A key in the form in which messages show it.
fn shown(key: &str) -> String {
    const MAX_CHARS: usize = 100;
    let key: String = key.chars().take(MAX_CHARS).map(|c| if c.is_control() { '_' } else { c }).collect();
    format!("`{key}`")
}

/// The keys at the top level of a pickle, in words.
fn top(pickle: &Pickle<'_>, items: &[(Id, Id)]) -> String {
    const MAX_LISTED: usize = 6;
    let mut keys: Vec<String> =
        items.iter().filter_map(|(key, _)| pickle.text(*key)).take(MAX_LISTED).map(shown).collect();
    match items.len() - keys.len() {
        0 if keys.is_empty() => return "nothing".to_owned(),
        0 => {}
        more => keys.push(format!("{more} more")),
    }
    keys.join(", ")
}

/// Returns an error if there is an object that is no dictionary under one of the usual keys of weights.
fn tell_foreign(pickle: &Pickle<'_>, items: &[(Id, Id)]) -> Result<(), ReadError> {
    for wanted in KEYS {
        let found = items.iter().find(|(key, _)| pickle.text(*key) == Some(wanted));
        let Some((_, id)) = found.filter(|(_, id)| pickle.items(*id).is_none()) else { continue };
        return Err(match foreign(pickle, *id) {
            ReadError::Other(what, advice) => ReadError::Other(format!("{what} (under `{wanted}`)"), advice),
            // A number or a text under such a key is no reason for this error.
            ReadError::Broken(_)
            | ReadError::Onnx
            | ReadError::CutShort
            | ReadError::Empty
            | ReadError::NoRoom(_) => continue,
        });
    }
    Ok(())
}

/// The error for a value that should be a dictionary of tensors and isn't: it says what it is.
fn foreign(pickle: &Pickle<'_>, id: Id) -> ReadError {
    const ADVICE: &str = "nothing in it is executed here; save the model's `state_dict()` instead";
    if is_tensor(pickle, id) {
        return ReadError::Other(
            "a single tensor without a name".to_owned(),
            "save the model's `state_dict()`",
        );
    }
    let class = match pickle.get(id) {
        PickleValue::Call { function, .. } => match pickle.get(*function) {
            PickleValue::Global(module, name) => format!("`{module}.{name}`"),
            _ => "of an unknown class".to_owned(),
        },
        PickleValue::Global(module, name) => format!("`{module}.{name}`"),
        _ => return ReadError::broken("its pickle holds no dictionary of tensors"),
    };
    ReadError::Other(format!("a pickle of a Python object, {class}, and not of weights"), ADVICE)
}

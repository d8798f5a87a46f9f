//! Why a file doesn't fit a graph, naming each tensor at fault.

use super::tensor_file::TensorFile;
use crate::tensor::{Remedied, Remedy};

/// A tensor of the wrong shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongShape {
    /// Its name in the file.
    pub name: String,
    /// The shape the graph needs, in the file's layout.
    pub expected: Vec<usize>,
    /// The shape it has.
    pub got: Vec<usize>,
}

/// Why a file doesn't fit a graph. Each tensor at fault is named.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct BindError {
    /// The model that was to be bound.
    pub model: String,
    /// The file.
    pub origin: String,
    /// The name prefix under which the model was looked for; the names in the fields below are without it.
    pub prefix: String,
    /// Number of parameters that the model requires.
    pub num_needed: usize,
    /// Tensors that the model needs and the file doesn't have.
    pub missing: Vec<String>,
    /// Tensors that the file has with another shape.
    pub misshaped: Vec<WrongShape>,
    /// Tensors of the file that the model doesn't need and that don't belong to a classifier.
    pub surplus: Vec<String>,
    /// Tensors with an element type that isn't supported for weights: name and type.
    pub unreadable: Vec<(String, String)>,
    /// Tensors with a NaN or infinite value, or a negative running variance.
    pub broken: Vec<String>,
    /// Whether kernels have Theano's axis order in a file with Keras' names.
    pub is_in_theanos_order: bool,
    /// Layers of a Keras file whose preceding layers differ from those in the model.
    pub misplaced: Vec<String>,
    /// Settings in a Keras file's configuration that differ from the model's, in words, each beginning with the layer.
    pub odd_settings: Vec<String>,
    /// The places in the file where the model was found (the first tensor's name at each), if there are several and it is not clear
    /// which one is meant.
    pub places: Vec<String>,
    /// The nested models of a Keras file that contain these `places`, if each place is in a named model of its own; otherwise empty.
    pub models: Vec<String>,
}

impl std::error::Error for BindError {}

impl Remedied for BindError {
    fn remedy(&self) -> Option<Remedy> {
        match (&self.places[..], &self.models[..]) {
            ([], _) => None,
            (_, []) => Some(Remedy::KeepOneCopy),
            (_, models) => Some(Remedy::NamePart { fitting: models.to_vec() }),
        }
    }
}

/// At most this many names of each kind are listed in the message; the error itself holds all.
const MAX_NAMES: usize = 24;

impl std::fmt::Display for BindError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the weights don't fit {}", self.model)?;
        if !self.missing.is_empty() && self.missing.len() == self.num_needed {
            // The file holds another network altogether: a list of hundreds of names would hide that.
            write!(f, ": none of its {} tensors is in the file", self.num_needed)?;
            if !self.surplus.is_empty() {
                let first = self.quoted(self.surplus.get(..3).unwrap_or(&self.surplus), MAX_NAMES);
                write!(f, ", which holds {} others, the first {first}", self.surplus.len())?;
            }
        } else {
            write!(f, "{}", self.differences(MAX_NAMES))?;
        }
        write!(f, ": \"{}\"", self.origin)
    }
}

impl BindError {
    /// Number of the model's tensors that the file has with the right shape and a readable type.
    pub fn num_fitting(&self) -> usize {
        self.num_needed.saturating_sub(self.missing.len() + self.misshaped.len() + self.unreadable.len())
    }

    fn quoted(&self, names: &[String], max: usize) -> String {
        let all: Vec<String> = names.iter().take(max).map(|n| format!("`{}{n}`", self.prefix)).collect();
        let more = names.len().saturating_sub(max);
        if more > 0 { format!("{} and {more} more", all.join(", ")) } else { all.join(", ") }
    }

    /// The differences in words, at most `max` of each kind. Each kind begins with a semicolon.
    pub fn differences(&self, max: usize) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        if !self.missing.is_empty() {
            let _ = write!(text, "; missing: {}", self.quoted(&self.missing, max));
        }
        for WrongShape { name, expected, got } in self.misshaped.iter().take(max) {
            let _ = write!(text, "; `{}{name}` has shape {got:?}, expected {expected:?}", self.prefix);
        }
        if self.misshaped.len() > max {
            let _ = write!(text, "; and {} more of other shapes", self.misshaped.len() - max);
        }
        if self.is_in_theanos_order {
            text += "; its kernels lie in Theano's order: get the file with `tf_kernels` in its name";
        }
        if !self.misplaced.is_empty() {
            let _ =
                write!(text, "; put together otherwise in the file: {}", self.quoted(&self.misplaced, max));
        }
        for odd in self.odd_settings.iter().take(max) {
            let _ = write!(text, "; {odd}");
        }
        if self.odd_settings.len() > max {
            let _ = write!(text, "; and {} more set otherwise", self.odd_settings.len() - max);
        }
        if !self.places.is_empty() {
            let (num, places) = (self.places.len(), self.quoted(&self.places, max));
            let _ = write!(
                text,
                "; it is in the file {num} times, and nothing tells which is meant, beginning with {places}"
            );
        }
        if !self.surplus.is_empty() {
            let _ = write!(text, "; not part of it: {}", self.quoted(&self.surplus, max));
        }
        for (name, dtype) in self.unreadable.iter().take(max) {
            let _ = write!(text, "; `{}{name}` is {dtype}, expected F16, BF16, F32 or F64", self.prefix);
        }
        if self.unreadable.len() > max {
            let _ = write!(text, "; and {} more of such types", self.unreadable.len() - max);
        }
        if !self.broken.is_empty() {
            let _ =
                write!(text, "; NaN, infinity or a negative variance in: {}", self.quoted(&self.broken, max));
        }
        text
    }
}

impl BindError {
    pub(super) fn of(model: &str, file: &TensorFile) -> Self {
        let prefix = file.part().prefix().to_owned();
        Self { model: model.into(), origin: file.origin().into(), prefix, ..Self::default() }
    }

    /// The number of faults, as a measure of how far the file is from fitting.
    pub(super) fn num_faults(&self) -> usize {
        self.missing.len()
            + self.misshaped.len()
            + self.unreadable.len()
            + self.surplus.len()
            + self.misplaced.len()
            + self.odd_settings.len()
    }

    pub(super) fn is_fault(&self) -> bool {
        !(self.missing.is_empty()
            && self.misshaped.is_empty()
            && self.surplus.is_empty()
            && self.unreadable.is_empty()
            && self.broken.is_empty()
            && self.misplaced.is_empty()
            && self.odd_settings.is_empty()
            && self.places.is_empty())
    }
}

//! Which part of a weight file the user asks for, and which part was taken for a network.

use std::path::PathBuf;

/// Largest number of characters of a path in a file; of a longer path only the end is kept.
const MAX_PLACE_CHARS: usize = 500;

/// What the user asks for in a file that holds more than one network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartChoice {
    /// The name prefix of the network's tensors; an empty one stands for no prefix. `None` if no prefix was asked for.
    pub prefix: Option<String>,
    /// Whether to take averaged weights (EMA) if the file holds both these and ordinary ones.
    pub ema: bool,
}

impl PartChoice {
    /// Whether nothing particular is asked for.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A weight file, and which part of it to take.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FilePart {
    /// The file.
    pub path: PathBuf,
    /// Which part of it.
    pub choice: PartChoice,
}

/// The part of a file that was taken for a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The prefix that was removed from tensor names; empty if there was none.
    pub(super) prefix: String,
    /// The name prefix of a classifier outside the network's part. Its tensors were kept under their full names.
    pub(super) classifier: Option<String>,
    /// Whether no linear layer in the file may be taken for this network's classifier.
    pub(super) has_no_classes: bool,
    /// Whether the file also holds the network with the other kind of weights: averaged (EMA) if ordinary ones were taken, and vice versa.
    pub(super) has_other_average: bool,
}

impl Part {
    /// The prefix that was removed from tensor names; empty if there was none.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the file also holds the network with the other kind of weights: averaged (EMA) if these are not averaged, and vice versa.
    pub fn has_other_average(&self) -> bool {
        self.has_other_average
    }

    /// Whether a tensor belongs to the classifier outside the network's part.
    pub(in crate::weights) fn is_beside(&self, name: &str) -> bool {
        self.classifier.as_ref().is_some_and(|classifier| name.starts_with(classifier))
    }

    /// Whether no layer of the file may be taken for this network's classifier, whatever its name.
    pub fn has_no_classes(&self) -> bool {
        self.has_no_classes
    }

    /// The path of the network's tensors in the file, without the last dot: `cut`, then the prefix. `None` if both are empty.
    pub(in crate::weights) fn place(&self, cut: &str) -> Option<String> {
        let place = format!("{cut}{}", self.prefix);
        let place = place.strip_suffix('.').unwrap_or(&place);
        // It is stored in records, so it must have a limited length and no control characters.
        let skipped = place.chars().count().saturating_sub(MAX_PLACE_CHARS);
        let place: String =
            place.chars().skip(skipped).map(|c| if c.is_control() { '_' } else { c }).collect();
        (!place.is_empty()).then_some(place)
    }
}

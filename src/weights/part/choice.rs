//! What of a file is meant, and what of it is a network's once that is settled.

use std::path::PathBuf;

/// Characters of a place in a file that a record has, from its end.
const MAX_PLACE_CHARS: usize = 500;

/// What a person asks for of a file that holds more than one network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartChoice {
    /// The beginning of names under which the network lies; empty for none.
    pub prefix: Option<String>,
    /// Averaged weights (EMA), where others stand beside them.
    pub ema: bool,
}

impl PartChoice {
    /// Whether nothing is asked for.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A weight file, and what of it is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FilePart {
    /// The file.
    pub path: PathBuf,
    /// What of it.
    pub choice: PartChoice,
}

/// What of a file is a network's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The beginning that was taken off names; empty where there was none.
    pub(super) prefix: String,
    /// The beginning of names of a classifier beside the network, under which its tensors were kept.
    pub(super) classifier: Option<String>,
    /// Whether a linear layer in the file would be taken for a classifier that it isn't.
    pub(super) has_no_classes: bool,
    /// Whether both EMA weights and others were there to choose from.
    pub(super) has_other_average: bool,
}

impl Part {
    /// The beginning that was taken off names.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the file holds the network with the opposite weights too: EMA where these are none.
    pub fn has_other_average(&self) -> bool {
        self.has_other_average
    }

    /// Whether a tensor is of the classifier that lies beside the network.
    pub(in crate::weights) fn is_beside(&self, name: &str) -> bool {
        self.classifier.as_ref().is_some_and(|classifier| name.starts_with(classifier))
    }

    /// Whether no layer of the file is this network's classifier, whatever it is called.
    pub fn has_no_classes(&self) -> bool {
        self.has_no_classes
    }

    /// Where in the file the names begin, without the last dot; nothing where they begin at its top.
    pub(in crate::weights) fn place(&self, cut: &str) -> Option<String> {
        let place = format!("{cut}{}", self.prefix);
        let place = place.strip_suffix('.').unwrap_or(&place);
        // It goes into records: of any length and with any characters it would be none.
        let skipped = place.chars().count().saturating_sub(MAX_PLACE_CHARS);
        let place: String =
            place.chars().skip(skipped).map(|c| if c.is_control() { '_' } else { c }).collect();
        (!place.is_empty()).then_some(place)
    }
}

//! Why no part of a file was taken for a network.

use crate::tensor::{Remedied, Remedy};

/// Largest number of prefixes that a message lists.
const MAX_LISTED: usize = 12;

/// Why no part of a file was taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartError {
    /// The file holds the network more than once.
    #[error("the file holds {model} {} times, under {}: \"{origin}\"", .prefixes.len(), listed(.prefixes))]
    Several {
        /// The model.
        model: String,
        /// The prefixes under which it was found.
        prefixes: Vec<String>,
        /// The file.
        origin: String,
    },
    /// No tensor's name begins with the prefix that was asked for.
    #[error(
        "no tensor's name begins with {} in this file; names begin with {}: \"{origin}\"",
        one(.asked),
        listed(.there)
    )]
    NoSuch {
        /// The prefix that was asked for.
        asked: String,
        /// The beginnings of the file's names, up to the first dot or slash.
        there: Vec<String>,
        /// The prefixes under which the model was found, if any.
        fitting: Vec<String>,
        /// The file.
        origin: String,
    },
    /// Averaged weights (EMA) were asked for, and the file has none.
    #[error("the file holds no EMA weights of this network: \"{origin}\"")]
    NoAverage {
        /// The file.
        origin: String,
    },
}

impl Remedied for PartError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Several { prefixes, .. } => Some(Remedy::NamePart { fitting: prefixes.clone() }),
            Self::NoSuch { fitting, .. } if fitting.is_empty() => None,
            Self::NoSuch { fitting, .. } => Some(Remedy::NamePart { fitting: fitting.clone() }),
            Self::NoAverage { .. } => Some(Remedy::TakeOtherWeights),
        }
    }
}

fn one(prefix: &str) -> String {
    if prefix.is_empty() { "no prefix".to_owned() } else { format!("`{prefix}`") }
}

fn listed(prefixes: &[String]) -> String {
    let mut all: Vec<String> = prefixes.iter().take(MAX_LISTED).map(|prefix| one(prefix)).collect();
    if prefixes.len() > MAX_LISTED {
        all.push(format!("{} more", prefixes.len() - MAX_LISTED));
    }
    all.join(", ")
}

//! Why no part of a file was taken for a network.

use crate::tensor::{Remedied, Remedy};

/// Beginnings that a message lists.
const MAX_LISTED: usize = 12;

/// Why no part of a file was taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PartError {
    /// One network lies there more than once.
    #[error("the file holds {model} {} times, under {}: \"{origin}\"", .prefixes.len(), listed(.prefixes))]
    Several {
        /// The model.
        model: String,
        /// Where.
        prefixes: Vec<String>,
        /// The file.
        origin: String,
    },
    /// No name begins so.
    #[error(
        "no tensor's name begins with {} in this file; names begin with {}: \"{origin}\"",
        one(.asked),
        listed(.there)
    )]
    NoSuch {
        /// What was asked for.
        asked: String,
        /// How names begin, up to the first dot.
        there: Vec<String>,
        /// Where the model lies, if anywhere.
        fitting: Vec<String>,
        /// The file.
        origin: String,
    },
    /// EMA weights were asked for.
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

//! Remedies in the window's words.
//!
//! Owns the wording. Must not know how errors come about.

use crate::tensor::{Remedied, Remedy};

/// An error's message and, where it carries a remedy, what to do at the window.
pub(super) fn told(error: &impl Remedied) -> String {
    match error.remedy() {
        Some(remedy) => format!("{error}. {}", words(&remedy)),
        None => error.to_string(),
    }
}

/// What to press or choose, as a sentence.
fn words(remedy: &Remedy) -> String {
    match remedy {
        Remedy::NameModel { fitting } if fitting.is_empty() => "Choose the model under Model.".to_owned(),
        Remedy::NameModel { fitting } => format!("Choose one under Model: {}.", fitting.join(", ")),
        Remedy::NameClasses { num_classes } => {
            let num = num_classes.map_or_else(String::new, |num| format!(" {num}"));
            format!("Give a file of{num} names, a name a line.")
        }
        Remedy::StatePreprocessing => "Choose how samples become values under Values.".to_owned(),
    }
}

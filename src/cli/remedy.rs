//! Remedies in the command line's words.
//!
//! Owns which error types are asked for one, and the wording. Must not know how errors come about.

use crate::engine::LoadError;
use crate::tensor::{Remedied, Remedy};
use crate::weights::ClassNamesError;

/// The remedy that an error, or one of its causes, carries. An error type that carries remedies is listed here.
pub(super) fn of(error: &anyhow::Error) -> Option<Remedy> {
    error.chain().find_map(|cause| {
        let of_loading = cause.downcast_ref::<LoadError>().and_then(Remedied::remedy);
        of_loading.or_else(|| cause.downcast_ref::<ClassNamesError>().and_then(Remedied::remedy))
    })
}

/// What to type, for the line after the error.
pub(super) fn words(remedy: &Remedy) -> String {
    match remedy {
        Remedy::NameModel { fitting } if fitting.is_empty() => "name the model with `--model TAG`".to_owned(),
        Remedy::NameModel { fitting } => format!("name one with `--model`: {}", fitting.join(", ")),
        Remedy::NameClasses { num_classes } => {
            let num = num_classes.map_or_else(String::new, |num| format!(" {num}"));
            format!(
                "`--class-names` takes a file of{num} names, a name a line, or JSON: a list, or names by number"
            )
        }
        Remedy::StatePreprocessing => {
            "say with `--preprocess` how samples become values: `torch`, `tf`, `caffe`, `raw`, …".to_owned()
        }
    }
}

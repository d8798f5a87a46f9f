//! Remedies in the command line's words.
//!
//! Owns which error types are asked for one, and the wording. Must not know how errors come about.

use crate::engine::LoadError;
use crate::render::ChoiceError;
use crate::tensor::{Remedied, Remedy};

/// The remedy that an error, or one of its causes, carries. An error type that carries remedies is listed here.
pub(super) fn of(error: &anyhow::Error) -> Option<Remedy> {
    error.chain().find_map(|cause| {
        let of_load = cause.downcast_ref::<LoadError>().and_then(Remedied::remedy);
        of_load.or_else(|| cause.downcast_ref::<ChoiceError>().and_then(Remedied::remedy))
    })
}

/// What to type, for the line after the error.
pub(super) fn words(remedy: &Remedy) -> String {
    match remedy {
        Remedy::NameModel { fitting } if fitting.is_empty() => "name the model with `--model TAG`".to_owned(),
        Remedy::NameModel { fitting } => format!("name one with `--model`: {}", fitting.join(", ")),
        Remedy::StatePreprocessing => {
            "say with `--preprocess` how samples become values: `torch`, `tf`, `caffe`, `raw`, …".to_owned()
        }
        Remedy::ExportForVersion { newest_opset } => format!(
            "export it for opset {newest_opset} or older (torch: `opset_version={newest_opset}`), or convert it with `onnx.version_converter`"
        ),
        Remedy::ExportForUse => {
            "export the network as it is in use (torch: `model.eval()` before the export)".to_owned()
        }
        Remedy::CorrectProperty { name } => {
            format!("write `{name}` anew (`onnx.helper.set_model_props`), or take it out of the file")
        }
        Remedy::NameLayer => "`--layer NAME` takes another layer than the last".to_owned(),
        Remedy::NameFinalLayer => {
            "`filterscope layers FILE` lists the layers that `--final` may name".to_owned()
        }
    }
}

//! Finds the model and the layers that a user names.

use std::collections::BTreeSet;
use std::path::Path;

use crate::engine::{Backbone, Closest, Fitting, is_onnx_path, open_onnx_up_to};
use crate::graph::{Graph, NodeId, ParamRole, UnknownLayer};
use crate::input::ValueChoice;
use crate::models::{ModelSpec, Registry, Retired, UnknownModel};
use crate::tensor::{Remedied, Remedy};
use crate::weights::{MODEL_KEY, OnnxError, PartError, TensorFile};

/// The model that is used where none is named: at the window's first start, and in `render` without `--model`. Its weights are embedded
/// in the program.
pub const DEFAULT_TAG: &str = "xception.keras_in1k";

/// A name or a file that doesn't determine a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// No such model.
    #[error(transparent)]
    Unknown(#[from] UnknownModel),
    /// A weight file was given with a name that several models share.
    #[error(
        "a weight file doesn't show its variant (border, epsilon, preprocessing), so `{asked}` is not enough: {} models could be meant",
        .candidates.len()
    )]
    NeedsTag {
        /// What was asked for.
        asked: String,
        /// Tags of the models it could be.
        candidates: Vec<&'static str>,
    },
    /// An ONNX file that can't be used as a network.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A weight file was given for an ONNX file, which contains its own weights.
    #[error("an ONNX file holds its network's weights, so a file of weights for it has no use: \"{0}\"")]
    OnnxHasWeights(String),
    /// A final layer was chosen for a built-in network, which allows this only for ONNX files.
    #[error("{tag} is one of the program's own networks, which end where their makers end them")]
    WholeOnly {
        /// The network.
        tag: &'static str,
    },
    /// A value mapping was chosen for a network whose input is bytes, that is samples unchanged.
    #[error(
        "{tag} takes samples as they are, from 0 to 255 (its input is UINT8), and `{asked}` makes other values of them"
    )]
    TakesBytes {
        /// The network.
        tag: &'static str,
        /// What was asked for.
        asked: String,
    },
    /// Nothing is known about the input values that the network expects.
    #[error("{tag} doesn't say how a picture's samples become its values")]
    NeedsValues {
        /// The network.
        tag: &'static str,
    },
    /// A weight file that fits several models.
    #[error(
        "this file fits {} networks that differ in what a file doesn't show: {}: \"{origin}\"",
        .candidates.len(),
        .candidates.iter().map(|spec| format!("{} ({}; {})", spec.tag, spec.title, spec.variant)).collect::<Vec<_>>().join(", ")
    )]
    Several {
        /// Model specs that it fits.
        candidates: Vec<&'static ModelSpec>,
        /// The file.
        origin: String,
    },
    /// A weight file that holds several networks.
    #[error(
        "this file holds several networks: {}: \"{origin}\"",
        .found.iter().map(Fitting::words).collect::<Vec<_>>().join(", ")
    )]
    SeveralParts {
        /// Model specs that it fits, and in which part.
        found: Vec<Fitting>,
        /// The file.
        origin: String,
    },
    /// The chosen part of a weight file can't be used.
    #[error(transparent)]
    Part(#[from] PartError),
    /// A weight file that fits no model and is similar to none.
    #[error(
        "this file fits no network here: its {num_tensors} tensors have other names or shapes{}: \"{origin}\"",
        .first.as_ref().map_or_else(String::new, |name| format!(", the first `{name}`"))
    )]
    FitsNone {
        /// Number of tensors in the file.
        num_tensors: usize,
        /// Name of the first tensor.
        first: Option<String>,
        /// The file.
        origin: String,
    },
    /// A weight file that fits no model but is similar to one.
    #[error("this file fits no network here; {}: \"{origin}\"", closest_words(.closest))]
    FitsNearly {
        /// The most similar model.
        closest: Closest,
        /// The file.
        origin: String,
    },
}

impl Remedied for ChoiceError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Unknown(unknown) => unknown.remedy(),
            Self::Part(error) => error.remedy(),
            Self::Onnx(error) => error.remedy(),
            Self::WholeOnly { .. } => Some(Remedy::NameLayer),
            Self::SeveralParts { found, .. } => {
                Some(Remedy::NameModel { fitting: found.iter().map(|fit| fit.spec.tag.to_owned()).collect() })
            }
            Self::FitsNone { .. } => Some(Remedy::CompareWithModel),
            Self::NeedsTag { candidates, .. } => {
                Some(Remedy::NameModel { fitting: candidates.iter().map(|tag| (*tag).to_owned()).collect() })
            }
            Self::Several { candidates, .. } => Some(Remedy::NameModel {
                fitting: candidates.iter().map(|spec| spec.tag.to_owned()).collect(),
            }),
            Self::OnnxHasWeights(_) => Some(Remedy::OpenOnnxAlone),
            Self::NeedsValues { .. } => Some(Remedy::StatePreprocessing),
            Self::TakesBytes { .. } => Some(Remedy::PassBytes),
            // The message names the closest model and the differences already.
            Self::FitsNearly { .. } => None,
        }
    }
}

/// Most names of each kind of difference that a message lists. With the model named, binding lists more.
const MAX_DIFFERENCES: usize = 6;

/// The model that a file is most similar to, and the differences, in words.
fn closest_words(closest: &Closest) -> String {
    let Closest { misfit, alike } = closest;
    let (num, needed) = (misfit.num_fitting(), misfit.num_needed);
    let fitting = if num == needed { format!("all {needed}") } else { format!("{num} of {needed}") };
    let others = match alike.len() - 1 {
        0 => String::new(),
        1 => format!(" (and {})", alike[1]),
        num => format!(" (and {num} more of the same tensors)"),
    };
    let under = if misfit.prefix.is_empty() { String::new() } else { format!(" under `{}`", misfit.prefix) };
    let differences = misfit.differences(MAX_DIFFERENCES);
    format!(
        "the closest is {}{others}, of whose tensors {fitting} are there{under}{differences}",
        misfit.model
    )
}

/// The model spec for a name or for the path of an ONNX file; [`DEFAULT_TAG`] without a name. With a weight file, the name must
/// determine the variant: it must be a full tag, or a name that only one model could have.
pub fn choose_spec(name: Option<&str>, has_weights_file: bool) -> Result<&'static ModelSpec, ChoiceError> {
    choose_spec_up_to(name, has_weights_file, None)
}

/// Like [`choose_spec`], with a user's choice of the final layer, which is allowed only for a network from an ONNX file.
pub fn choose_spec_up_to(
    name: Option<&str>,
    has_weights_file: bool,
    final_layer: Option<&str>,
) -> Result<&'static ModelSpec, ChoiceError> {
    let spec = row_up_to(name, has_weights_file, final_layer)?;
    match final_layer {
        Some(_) if spec.opened().is_none() => Err(ChoiceError::WholeOnly { tag: spec.tag }),
        _ => Ok(spec),
    }
}

fn row_up_to(
    name: Option<&str>,
    has_weights_file: bool,
    final_layer: Option<&str>,
) -> Result<&'static ModelSpec, ChoiceError> {
    let Some(name) = name else { return Ok(Registry::find(DEFAULT_TAG)?) };
    if is_onnx_path(Path::new(name)) {
        return if has_weights_file {
            Err(ChoiceError::OnnxHasWeights(name.to_owned()))
        } else {
            Ok(open_onnx_up_to(Path::new(name), final_layer)?[0])
        };
    }
    let spec = Registry::find(name)?;
    if has_weights_file && name != spec.tag {
        let candidates: Vec<_> = alike(spec).map(|r| r.tag).collect();
        if candidates.len() > 1 {
            return Err(ChoiceError::NeedsTag { asked: name.to_owned(), candidates });
        }
    }
    Ok(spec)
}

/// Whether a path given in place of a picture is a weight file or an ONNX file, judged by its name.
pub fn is_weights_path(path: &Path) -> bool {
    const ENDS: [&str; 6] = ["safetensors", "pth", "pt", "ckpt", "keras", "onnx"];
    let end = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    // `checkpoint.pth.tar` is not an archive: torch's examples use this name for a checkpoint.
    let is_checkpoint = || path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".pth.tar"));
    ENDS.iter().any(|known| end.eq_ignore_ascii_case(known)) || is_checkpoint()
}

/// Checks that the mapping of samples to input values is known and allowed for a network.
///
/// # Errors
/// A network from an ONNX file that doesn't state the mapping needs one that is named; a network that takes bytes allows no other.
pub fn check_values(spec: &ModelSpec, values: ValueChoice) -> Result<(), ChoiceError> {
    if let ValueChoice::Named { scale, .. } = values
        && !spec.takes(&scale)
    {
        return Err(ChoiceError::TakesBytes { tag: spec.tag, asked: values.to_string() });
    }
    let is_open = values == ValueChoice::Model && spec.opened().is_some_and(|opened| !opened.knows_values);
    if is_open { Err(ChoiceError::NeedsValues { tag: spec.tag }) } else { Ok(()) }
}

/// The model spec of a weight file: the one that is named, the one that the file's metadata names, or the only one that it fits. A bare
/// name is enough where the file fits only one model of this name.
pub fn choose_spec_for_file(
    name: Option<&str>,
    file: &TensorFile,
) -> Result<&'static ModelSpec, ChoiceError> {
    let origin = || file.origin().to_owned();
    let named = name.map(Registry::find).transpose()?;
    if let Some(spec) = named
        && (name == Some(spec.tag) || file.metadata(MODEL_KEY).is_some())
    {
        return Ok(spec);
    }
    if let (None, Some(retired)) = (named, file.metadata(MODEL_KEY).and_then(Retired::find)) {
        return Err(UnknownModel::Retired(retired).into());
    }
    file.check_choice()?;
    let fits = Backbone::fits(file);
    let fitting: Vec<&'static ModelSpec> = fits.iter().map(|fit| fit.spec).collect();
    let Some(spec) = named else {
        return match fitting[..] {
            [] => Err(fits_none(file)),
            [spec] => Ok(spec),
            _ if fits.iter().any(|fit| fit.prefixes != fits[0].prefixes) => {
                Err(ChoiceError::SeveralParts { found: fits, origin: origin() })
            }
            _ => Err(ChoiceError::Several { candidates: fitting, origin: origin() }),
        };
    };
    let alike: Vec<&'static ModelSpec> =
        alike(spec).filter(|other| fitting.iter().any(|fits| fits.tag == other.tag)).collect();
    if alike.len() > 1 {
        let candidates = alike.into_iter().map(|spec| spec.tag).collect();
        return Err(ChoiceError::NeedsTag { asked: name.unwrap_or_default().to_owned(), candidates });
    }
    // The file may still belong to another model or to none: binding reports the differences.
    Ok(spec)
}

/// The error for a file that fits no model: with the closest model, if there is one.
pub fn fits_none(file: &TensorFile) -> ChoiceError {
    let origin = file.origin().to_owned();
    if let Some(closest) = Backbone::closest(file) {
        return ChoiceError::FitsNearly { closest, origin };
    }
    let first = file.names().next().map(str::to_owned);
    ChoiceError::FitsNone { num_tensors: file.names().count(), first, origin }
}

/// The model specs that the same weight file could belong to: those of the same architecture, and those whose parameters have the same
/// names and shapes (a file doesn't show any difference between Keras' Xception and timm's).
fn alike(spec: &'static ModelSpec) -> impl Iterator<Item = &'static ModelSpec> {
    let params = |spec: &ModelSpec| spec.graph().ok().map(|graph| params_of(&graph));
    let wanted = params(spec);
    Registry::specs()
        .filter(move |other| other.arch() == spec.arch() || (wanted.is_some() && params(other) == wanted))
}

/// Names, roles and shapes of all parameters, sorted.
fn params_of(graph: &Graph) -> BTreeSet<(String, ParamRole, Vec<usize>)> {
    graph
        .nodes()
        .iter()
        .flat_map(|node| node.op.params().into_iter().map(|(role, shape)| (node.name.clone(), role, shape)))
        .collect()
}

/// The layers that a name means: `final` (the last layer), `all-stages` (every stage, that is the main layers), or one layer by its
/// name or an alias. The error names `model`.
pub fn choose_layers(graph: &Graph, name: &str, model: &str) -> Result<Vec<NodeId>, UnknownLayer> {
    match name {
        "final" => Ok(vec![graph.final_node()]),
        "all-stages" => Ok(graph.stages().to_vec()),
        _ => Ok(vec![graph.resolve(name, model)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_file_asks_for_a_full_tag() {
        assert_eq!(choose_spec(None, false).unwrap().tag, DEFAULT_TAG);
        assert_eq!(choose_spec(Some("resnet50.tv_in1k"), true).unwrap().tag, "resnet50.tv_in1k");
        assert_eq!(
            choose_spec(Some("vgg16"), true).unwrap_err().to_string(),
            "a weight file doesn't show its variant (border, epsilon, preprocessing), so `vgg16` is not \
             enough: 2 models could be meant"
        );
        let fitting = ["legacy_xception.tf_in1k", "xception.keras_in1k"].map(str::to_owned).to_vec();
        assert_eq!(
            choose_spec(Some("xception"), true).unwrap_err().remedy(),
            Some(Remedy::NameModel { fitting })
        );
        assert_eq!(choose_spec(Some("vgg11"), true).unwrap().tag, "vgg11.tv_in1k", "one row only");
        assert_eq!(choose_spec(Some("vgg16"), false).unwrap().tag, "vgg16.tv_in1k");
    }
}

//! Which model and which layers a person means.

use std::collections::BTreeSet;
use std::path::Path;

use crate::engine::{Backbone, Closest, Fitting, is_onnx_path, open_onnx_up_to};
use crate::graph::{Graph, NodeId, ParamRole, UnknownLayer};
use crate::input::ValueChoice;
use crate::models::{ModelSpec, Registry, Retired, UnknownModel};
use crate::tensor::{Remedied, Remedy};
use crate::weights::{MODEL_KEY, OnnxError, PartError, TensorFile};

/// What runs where no model is named: the window's first start and `render` without `--model`. Embedded in the program.
pub const DEFAULT_TAG: &str = "xception.keras_in1k";

/// A name that doesn't settle a model.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// No such model.
    #[error(transparent)]
    Unknown(#[from] UnknownModel),
    /// A weight file, and a name that several models share.
    #[error(
        "a weight file doesn't show its variant (border, epsilon, preprocessing), so `{asked}` is not enough: {} models could be meant",
        .candidates.len()
    )]
    NeedsTag {
        /// What was asked for.
        asked: String,
        /// Tags of that architecture.
        candidates: Vec<&'static str>,
    },
    /// An ONNX file that gives no network.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A weight file for a network that has its own.
    #[error("an ONNX file holds its network's weights, so a file of weights for it has no use: \"{0}\"")]
    OnnxHasWeights(String),
    /// Another last layer for a network that has one end.
    #[error("{tag} is one of the program's own networks, which end where their makers end them")]
    WholeOnly {
        /// The network.
        tag: &'static str,
    },
    /// Fractions for a network that takes samples as they are.
    #[error(
        "{tag} takes samples as they are, from 0 to 255 (its input is UINT8), and `{asked}` makes other values of them"
    )]
    TakesBytes {
        /// The network.
        tag: &'static str,
        /// What was asked for.
        asked: String,
    },
    /// A network of whose values nothing is known.
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
        /// Rows that it fits.
        candidates: Vec<&'static ModelSpec>,
        /// The file.
        origin: String,
    },
    /// A weight file with several networks in it.
    #[error(
        "this file holds several networks: {}: \"{origin}\"",
        .found.iter().map(Fitting::words).collect::<Vec<_>>().join(", ")
    )]
    SeveralParts {
        /// Rows that it fits, and where.
        found: Vec<Fitting>,
        /// The file.
        origin: String,
    },
    /// Which part of a weight file.
    #[error(transparent)]
    Part(#[from] PartError),
    /// A weight file that fits no model, and is like none.
    #[error(
        "this file fits no network here: its {num_tensors} tensors have other names or shapes{}: \"{origin}\"",
        .first.as_ref().map_or_else(String::new, |name| format!(", the first `{name}`"))
    )]
    FitsNone {
        /// Tensors in it.
        num_tensors: usize,
        /// The first name.
        first: Option<String>,
        /// The file.
        origin: String,
    },
    /// A weight file that fits no model, and is like one.
    #[error("this file fits no network here; {}: \"{origin}\"", closest_words(.closest))]
    FitsNearly {
        /// The model that it is likest to.
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
            // What the file is closest to, and what differs, stands in the message.
            Self::FitsNearly { .. } => None,
        }
    }
}

/// Names of a kind that a message lists; with the model named, binding lists more.
const MAX_DIFFERENCES: usize = 6;

/// What a file is likest to, and what differs.
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

/// The model that a name means, the path of an ONNX file among them. With a weight file the name must settle the variant: a full tag, or an architecture with one model.
pub fn choose_spec(name: Option<&str>, has_weights_file: bool) -> Result<&'static ModelSpec, ChoiceError> {
    choose_spec_up_to(name, has_weights_file, None)
}

/// The model that a name means, with a layer of one's own choice as the last, which only a network from a file can have.
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

/// By its name: a file of weights, or of a network with its weights, where a picture may stand.
pub fn is_weights_path(path: &Path) -> bool {
    const ENDS: [&str; 6] = ["safetensors", "pth", "pt", "ckpt", "keras", "onnx"];
    let end = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    // `checkpoint.pth.tar` is no archive of files: torch's examples call what they save so.
    let is_checkpoint = || path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".pth.tar"));
    ENDS.iter().any(|known| end.eq_ignore_ascii_case(known)) || is_checkpoint()
}

/// Whether values are settled: a network from a file that doesn't tell wants them named.
pub fn check_values(spec: &ModelSpec, values: ValueChoice) -> Result<(), ChoiceError> {
    if let ValueChoice::Named { scale, .. } = values
        && !spec.takes(&scale)
    {
        return Err(ChoiceError::TakesBytes { tag: spec.tag, asked: values.to_string() });
    }
    let is_open = values == ValueChoice::Model && spec.opened().is_some_and(|opened| !opened.knows_values);
    if is_open { Err(ChoiceError::NeedsValues { tag: spec.tag }) } else { Ok(()) }
}

/// The model that a weight file is for: as named, as the file itself says, or the only one that it fits. A bare name is enough where
/// the file fits one model of that name.
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
    // One that is another model's, or none: binding says what differs.
    Ok(spec)
}

/// Why a file fits no model.
pub fn fits_none(file: &TensorFile) -> ChoiceError {
    let origin = file.origin().to_owned();
    if let Some(closest) = Backbone::closest(file) {
        return ChoiceError::FitsNearly { closest, origin };
    }
    let first = file.names().next().map(str::to_owned);
    ChoiceError::FitsNone { num_tensors: file.names().count(), first, origin }
}

/// Rows that one and the same file could be for: those of the architecture, and those whose parameters have the same names and
/// shapes (Keras' Xception and timm's differ in nothing that a file shows).
fn alike(spec: &'static ModelSpec) -> impl Iterator<Item = &'static ModelSpec> {
    let params = |spec: &ModelSpec| spec.graph().ok().map(|graph| params_of(&graph));
    let wanted = params(spec);
    Registry::specs()
        .filter(move |other| other.arch() == spec.arch() || (wanted.is_some() && params(other) == wanted))
}

/// Names and shapes of all parameters, in an order of their own.
fn params_of(graph: &Graph) -> BTreeSet<(String, ParamRole, Vec<usize>)> {
    graph
        .nodes()
        .iter()
        .flat_map(|node| node.op.params().into_iter().map(|(role, shape)| (node.name.clone(), role, shape)))
        .collect()
}

/// The layers that a name means: `final` (the last layer), `all-stages` (every layer people ask for by name), or one layer by
/// its name or an alias. `model` is named in the error.
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

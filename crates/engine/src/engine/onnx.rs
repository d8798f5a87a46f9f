//! Opens ONNX files as models: the model specs of a file, and whether it says how samples become input values.

use std::path::Path;

use super::onnx_properties::Properties;
use crate::models::{ModelSpec, Opened, OpenedAs};
use crate::tensor::{PreprocessSpec, ValueScale};
use crate::weights::{FREE_SIZE, ONNX_HEAD, OnnxError, OnnxNet};

/// Whether a name is meant as the path of an ONNX file. It is recognised by its extension, which no model's name has.
pub fn is_onnx_path(name: &Path) -> bool {
    name.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"))
}

/// Opens an ONNX file and returns its model specs. There is one if the file says how samples become values. Otherwise the first
/// spec leaves that open, and one for each mode of [`ValueScale::NAMED`] follows, from which the user must choose.
pub fn open_onnx(path: &Path) -> Result<Vec<&'static ModelSpec>, OnnxError> {
    open_onnx_up_to(path, None)
}

/// Like [`open_onnx`], but with a chosen final layer, given by its name or an alias. With `None` the file's own end is used.
pub fn open_onnx_up_to(path: &Path, final_layer: Option<&str>) -> Result<Vec<&'static ModelSpec>, OnnxError> {
    let net = OnnxNet::read_up_to(path, final_layer)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name: String =
        name.chars().map(|c| if c.is_control() || [',', UP_TO].contains(&c) { '_' } else { c }).collect();
    let name = match final_layer {
        Some(_) => format!("{name}{UP_TO}{}", in_a_tag(&net.ending.final_layer)),
        None => name,
    };
    let by = if net.producer.is_empty() { String::new() } else { format!(", written by {}", net.producer) };
    let title = format!("ONNX network of {} layers{by}", net.graph.nodes().len());
    let mut variant = match net.fixed_size {
        Some(size) => format!("its file fixes the input at {size}"),
        None => format!("its file fixes no input size; {FREE_SIZE} unless a fit says otherwise"),
    };
    if net.takes_bytes {
        variant += "; it takes samples as they are, from 0 to 255";
    }
    let origin = || net.tensors.origin().to_owned();
    let properties = Properties::of(&net.metadata, net.takes_bytes)
        .map_err(|problem| OnnxError::Problem { problem, origin: origin() })?;
    let Properties { scale, fit, filter } = properties;
    let preprocess = PreprocessSpec {
        size: net.fixed_size.unwrap_or(FREE_SIZE),
        fit,
        filter,
        scale: scale.unwrap_or(ValueScale::TORCH),
    };
    let sha256 = net.tensors.sha256().to_owned();
    let known = |name: String, title: String, scale: ValueScale, knows_values: bool| OpenedAs {
        name,
        title,
        variant: variant.clone(),
        preprocess: PreprocessSpec { scale, ..preprocess },
        knows_values,
        takes_bytes: net.takes_bytes,
        head_prefixes: ONNX_HEAD,
        final_asked: final_layer.map(|_| net.ending.final_layer.clone()),
        final_layer: net.ending.final_layer.clone(),
        why_final: net.ending.why.clone(),
        half: net.half.clone(),
        is_cut: net.ending.is_cut,
        final_choices: net.ending.choices.clone(),
    };
    let spec = |known: OpenedAs| Opened::row_of(path, &sha256, net.graph.clone(), known);
    let mut specs = vec![spec(known(name.clone(), title.clone(), preprocess.scale, scale.is_some()))];
    if scale.is_none() {
        // The mapping that most networks are trained with comes first.
        let mut modes = ValueScale::NAMED;
        modes.sort_by_key(|(_, scale)| *scale != ValueScale::TORCH);
        specs.extend(modes.map(|(mode, scale)| {
            let title = format!("{title}; values as `{mode}` has them");
            spec(known(format!("{name}+{mode}"), title, scale, true))
        }));
    }
    Ok(specs)
}

/// Separates the file's name from the chosen final layer in a tag.
const UP_TO: char = '~';
/// The most characters of a layer's name in a tag, because a tag is also the name of a folder.
const MAX_TAGGED: usize = 80;

/// Whether a tag belongs to a network whose final layer was chosen.
pub fn has_own_end(tag: &str) -> bool {
    tag.contains(UP_TO)
}

/// A layer's name as a part of a tag, without characters that lists or file names can't contain. Tags that become equal are
/// numbered.
fn in_a_tag(layer: &str) -> String {
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || r#"/\:*?"<>|,+~"#.contains(c);
    let safe: String = layer.chars().map(|c| if is_odd(c) { '_' } else { c }).collect();
    let safe = safe.trim_matches('_');
    safe.chars().skip(safe.chars().count().saturating_sub(MAX_TAGGED)).collect()
}

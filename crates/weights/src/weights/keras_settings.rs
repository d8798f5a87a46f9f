//! Settings of a Keras model's layers that tensors don't show: strides, padding, epsilons, activation functions, joins and pools. Each is
//! compared with the graph that the weights are bound to. Without this check, a network with changed settings would bind without an
//! error and give wrong values.
//!
//! Responsible for which settings are compared. What can't be compared (a custom class) is left to the checks of how layers are
//! connected.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;

use super::keras::{Flat, FlatNode, KerasLayer};
use crate::graph::{ActivationFn, Conv2d, Graph, Node, Op, Padding, Pool2d, Sides};

/// Relative tolerance for epsilons: files hold them as decimal numbers.
const EPS_TOLERANCE: f64 = 1e-3;

/// Settings in a file that differ from the graph, in words, with the layer. `used` maps the graph's name of each bound layer to the
/// file's key; `counts` recognises layers with parameters that work on feature maps.
pub(super) fn odd_settings(
    graph: &Graph,
    flat: &Flat<'_>,
    used: &HashMap<String, String>,
    counts: &dyn Fn(&FlatNode<'_>) -> bool,
) -> Vec<String> {
    let mut of_layer: HashMap<&str, Vec<&Node>> = HashMap::new();
    for node in graph.nodes() {
        if let Some(layer) = node.keras_layer.as_deref() {
            of_layer.entry(layer).or_default().push(node);
        }
    }
    let has = Kinds::of(graph);
    let mut odd: BTreeSet<String> = inputs_of(flat, used).filter_map(odd_input).collect();
    for (layer, key) in used {
        let Some(at) = flat.find(key) else { continue };
        let node = &flat.nodes[at];
        let border = node.inputs.iter().find_map(|before| border_of(flat.nodes[*before].layer));
        for ours in of_layer.get(layer.as_str()).into_iter().flatten() {
            let what = match &ours.op {
                Op::Conv2d(conv) => odd_conv(node.layer, &with_its_border(graph, ours, *conv), border),
                Op::BatchNorm(norm) => odd_epsilon(node.layer, norm.eps),
                _ => None,
            };
            odd.extend(what.map(|what| format!("`{key}` {what}")));
        }
        for passed in passed_between(flat, at, counts) {
            let node = &flat.nodes[passed];
            odd.extend(has.odd(node.layer).map(|what| format!("`{}` {what}", node.key())));
        }
    }
    odd.into_iter().collect()
}

/// The inputs of the model from which the bound layers are computed.
fn inputs_of<'f, 'l>(
    flat: &'f Flat<'l>,
    used: &HashMap<String, String>,
) -> impl Iterator<Item = &'f FlatNode<'l>> {
    let mut open: Vec<usize> = used.values().filter_map(|key| flat.find(key)).collect();
    let mut before = BTreeSet::new();
    while let Some(next) = open.pop() {
        if before.insert(next) {
            open.extend(&flat.nodes[next].inputs);
        }
    }
    before.into_iter().map(|at| &flat.nodes[at]).filter(|node| node.inputs.is_empty())
}

/// What is wrong with an input's shape, in words: it must be rows × columns × 3, as far as the file says.
fn odd_input(node: &FlatNode<'_>) -> Option<String> {
    let config = &node.layer.config;
    let shape = config.get("batch_shape").or_else(|| config.get("batch_input_shape"))?.as_array()?;
    let [_, first, second, last] = &shape[..] else { return None };
    let channels = last.as_u64().filter(|channels| *channels != 3)?;
    let side = |side: &Json| side.as_u64().map_or_else(|| "?".to_owned(), |side| side.to_string());
    let name = node.key();
    Some(if first.as_u64() == Some(3) {
        let (rows, columns) = (side(second), side(last));
        format!("`{name}` takes channels first (3×{rows}×{columns}), expected rows × columns × 3")
    } else {
        let s = if channels == 1 { "" } else { "s" };
        format!("`{name}` takes pictures of {channels} channel{s}, expected 3")
    })
}

/// Layers without parameters between one layer and the nearest layers with parameters before it. Empty for the network's first layer,
/// where only preprocessing comes before.
fn passed_between(flat: &Flat<'_>, at: usize, counts: &dyn Fn(&FlatNode<'_>) -> bool) -> Vec<usize> {
    if flat.before(at, counts).is_empty() {
        return Vec::new();
    }
    let mut passed = BTreeSet::new();
    let mut open = flat.nodes[at].inputs.clone();
    while let Some(next) = open.pop() {
        if !counts(&flat.nodes[next]) && passed.insert(next) {
            open.extend(&flat.nodes[next].inputs);
        }
    }
    // A layer that is only reached from the input, past all layers with parameters, isn't between two of them.
    passed.retain(|next| !flat.before(*next, counts).is_empty());
    passed.into_iter().collect()
}

/// A setting with a number for rows and one for columns. Keras writes them as a list, or as one number if they are equal.
fn pair(layer: &KerasLayer, name: &str) -> Option<[usize; 2]> {
    let number = |value: &Json| value.as_u64().and_then(|n| usize::try_from(n).ok());
    match layer.config.get(name)? {
        Json::Array(list) => match &list[..] {
            [rows, columns] => Some([number(rows)?, number(columns)?]),
            _ => None,
        },
        one => number(one).map(|n| [n, n]),
    }
}

fn text<'l>(layer: &'l KerasLayer, name: &str) -> Option<&'l str> {
    layer.config.get(name).and_then(Json::as_str)
}

fn odd_pair(layer: &KerasLayer, name: &str, expected: [usize; 2]) -> Option<String> {
    let found = pair(layer, name).filter(|found| *found != expected)?;
    Some(format!("has {name} {found:?}, expected {expected:?}"))
}

/// The convolution, with the border of a `ZeroPad` node before it as its own padding.
fn with_its_border(graph: &Graph, node: &Node, mut conv: Conv2d) -> Conv2d {
    let before = node.inputs.first().map(|input| &graph.node(*input).op);
    if let (Padding::Valid, Some(Op::ZeroPad(sides))) = (conv.padding, before) {
        conv.padding = Padding::Explicit(*sides);
    }
    conv
}

/// The border that a `ZeroPadding2D` layer adds; `None` for other layers. If its setting can't be read, a border larger than that of
/// any network, so that it counts as different.
fn border_of(layer: &KerasLayer) -> Option<Sides> {
    if layer.class() != "ZeroPadding2D" {
        return None;
    }
    let number = |value: &Json| value.as_u64().and_then(|n| usize::try_from(n).ok());
    let both = |value: &Json| match value {
        Json::Array(list) => match &list[..] {
            [first, second] => number(first).zip(number(second)),
            _ => None,
        },
        one => number(one).map(|n| (n, n)),
    };
    let sides = match layer.config.get("padding") {
        Some(Json::Array(list)) => match &list[..] {
            [rows, columns] => both(rows).zip(both(columns)),
            _ => None,
        },
        Some(one) => both(one).map(|all| (all, all)),
        None => None,
    };
    let ((top, bottom), (left, right)) = sides.unwrap_or(((usize::MAX, 0), (usize::MAX, 0)));
    Some(Sides { top, bottom, left, right })
}

/// What differs between a layer and the graph's convolution, in words. `border` is what a layer directly before it adds.
fn odd_conv(layer: &KerasLayer, conv: &Conv2d, border: Option<Sides>) -> Option<String> {
    if text(layer, "data_format").is_some_and(|format| format != "channels_last") {
        return Some("takes channels first".to_owned());
    }
    // The stride and padding of a separable layer apply to its depthwise convolution, not to its pointwise one.
    if layer.class() == "SeparableConv2D" && !conv.is_depthwise() {
        return None;
    }
    let odd =
        odd_pair(layer, "strides", conv.stride).or_else(|| odd_pair(layer, "dilation_rate", conv.dilation));
    if odd.is_some() {
        return odd;
    }
    let groups = layer.config.get("groups").and_then(Json::as_u64);
    if layer.class() == "Conv2D" && groups.is_some_and(|groups| groups != conv.groups as u64) {
        return Some(format!("has {} groups, expected {}", groups.unwrap_or_default(), conv.groups));
    }
    let is_padded = match conv.padding {
        Padding::Valid => false,
        Padding::Explicit(sides) | Padding::Ceil(sides) => !sides.is_none(),
        Padding::Same | Padding::SameLower => true,
    };
    let is_point = conv.kernel == [1, 1];
    let is_its = match (text(layer, "padding")?, border) {
        ("same", None) if !is_padded && !is_point => {
            return Some("has padding `same`, expected `valid`".to_owned());
        }
        ("valid", None) if is_padded && !is_point => {
            return Some("has padding `valid` and no border before it".to_owned());
        }
        ("valid", Some(sides)) => match conv.padding {
            Padding::Explicit(own) | Padding::Ceil(own) => own == sides,
            // How `same` padding is split between the sides depends on the input's size, so only an upper limit is checked.
            Padding::Same | Padding::SameLower => {
                let [rows, columns] = conv.kernel;
                sides.top.saturating_add(sides.bottom) < rows
                    && sides.left.saturating_add(sides.right) < columns
            }
            Padding::Valid => sides.is_none(),
        },
        (_, border) => border.is_none(),
    };
    (!is_its).then(|| "has another border before it".to_owned())
}

fn odd_epsilon(layer: &KerasLayer, eps: f64) -> Option<String> {
    let found = layer.config.get("epsilon").and_then(Json::as_f64)?;
    ((found - eps).abs() > eps * EPS_TOLERANCE).then(|| format!("has epsilon {found}, expected {eps}"))
}

/// Which kinds of layers without parameters a graph has.
struct Kinds {
    functions: Vec<ActivationFn>,
    max_pools: Vec<Pool2d>,
    mean_pools: Vec<Pool2d>,
    adds: bool,
    gates: bool,
    concats: bool,
}

impl Kinds {
    fn of(graph: &Graph) -> Self {
        let mut kinds = Self {
            functions: Vec::new(),
            max_pools: Vec::new(),
            mean_pools: Vec::new(),
            adds: false,
            gates: false,
            concats: false,
        };
        for node in graph.nodes() {
            match &node.op {
                Op::Activation(function) => kinds.functions.push(*function),
                Op::MaxPool(pool) => kinds.max_pools.push(*pool),
                Op::AvgPool(pool, _) => kinds.mean_pools.push(*pool),
                Op::Add => kinds.adds = true,
                Op::Gate => kinds.gates = true,
                Op::Concat => kinds.concats = true,
                _ => {}
            }
        }
        kinds
    }

    /// What differs in a layer without parameters, in words. Classes that aren't known here are not checked.
    fn odd(&self, layer: &KerasLayer) -> Option<String> {
        let foreign =
            |is_known: bool| (!is_known).then(|| format!("({}) is none of this network's", layer.class()));
        let number = |name: &str| layer.config.get(name).and_then(Json::as_f64);
        match layer.class() {
            "ReLU" => {
                let plain =
                    ["negative_slope", "threshold"].iter().all(|name| number(name).unwrap_or(0.0) == 0.0);
                let function = match number("max_value") {
                    None => Some(ActivationFn::Relu),
                    Some(6.0) => Some(ActivationFn::Relu6),
                    Some(_) => None,
                };
                foreign(plain && function.is_some_and(|function| self.functions.contains(&function)))
            }
            "LeakyReLU" | "PReLU" | "ELU" | "ThresholdedReLU" => foreign(
                self.functions.iter().any(|f| matches!(f, ActivationFn::LeakyRelu(_) | ActivationFn::Elu(_))),
            ),
            "Activation" => {
                let function = match text(layer, "activation")? {
                    "relu" => ActivationFn::Relu,
                    "relu6" => ActivationFn::Relu6,
                    "swish" | "silu" => ActivationFn::Silu,
                    "sigmoid" => ActivationFn::Sigmoid,
                    "tanh" => ActivationFn::Tanh,
                    "softplus" => ActivationFn::Softplus,
                    "mish" => ActivationFn::Mish,
                    _ => return None,
                };
                foreign(self.functions.contains(&function))
            }
            "Add" => foreign(self.adds),
            "Multiply" => foreign(self.gates),
            "Concatenate" => foreign(self.concats),
            "Subtract" | "Average" | "Maximum" | "Minimum" | "Dot" => foreign(false),
            "MaxPooling2D" | "MaxPool2D" => foreign(is_among(layer, &self.max_pools)),
            "AveragePooling2D" | "AvgPool2D" => foreign(is_among(layer, &self.mean_pools)),
            _ => None,
        }
    }
}

/// Whether a pooling layer has the window and the stride of one of these pools.
fn is_among(layer: &KerasLayer, pools: &[Pool2d]) -> bool {
    let Some(kernel) = pair(layer, "pool_size") else { return !pools.is_empty() };
    let stride = pair(layer, "strides").unwrap_or(kernel);
    pools.iter().any(|pool| pool.kernel == kernel && pool.stride == stride)
}

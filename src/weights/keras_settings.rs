//! Settings of a Keras model's layers that no tensor shows: strides, borders, epsilons, functions, joins and pools, each held against the
//! graph that the weights are bound to. A network that was changed there would bind and give other values without a word.
//!
//! Owns which settings are compared. What can't be compared (a class of one's own) is left to the checks of how layers are put together.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;

use super::keras::{Flat, FlatNode, KerasLayer};
use crate::graph::{ActivationFn, Conv2d, Graph, Node, Op, Padding, Pool2d, Sides};

/// Epsilons that are this close, as a share, are one: files hold them as decimal numbers.
const EPS_TOLERANCE: f64 = 1e-3;

/// What is set otherwise in a file, in words, one for each layer at fault. `used` are the bound layers, the graph's name → the file's key;
/// `counts` tells layers that have maps' parameters.
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

/// The inputs of the model that any of the bound layers comes of.
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

/// What is odd of an input's extent, in words: it is to be rows × columns × 3, as far as the file says.
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

/// Layers without maps' parameters between one layer and the nearest before it that have some; none before the first of all, where a
/// picture is prepared.
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
    // A way from the picture past all layers isn't between two.
    passed.retain(|next| !flat.before(*next, counts).is_empty());
    passed.into_iter().collect()
}

/// Two numbers of a setting, which Keras writes as a list or as one.
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

/// A convolution with the border that a node before it adds as its own.
fn with_its_border(graph: &Graph, node: &Node, mut conv: Conv2d) -> Conv2d {
    let before = node.inputs.first().map(|input| &graph.node(*input).op);
    if let (Padding::Valid, Some(Op::ZeroPad(sides))) = (conv.padding, before) {
        conv.padding = Padding::Explicit(*sides);
    }
    conv
}

/// What a layer adds around a map, if it is one that does; more than any network has where that can't be read.
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

/// `border` is what a layer just before it adds.
fn odd_conv(layer: &KerasLayer, conv: &Conv2d, border: Option<Sides>) -> Option<String> {
    if text(layer, "data_format").is_some_and(|format| format != "channels_last") {
        return Some("takes channels first".to_owned());
    }
    // The depthwise half of a separable layer has its stride and border, the pointwise half none.
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
            // Of an odd total the smaller half comes first, and both depend on the input's size.
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

/// What kinds of layers without parameters a graph has.
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

    /// What is odd of a layer, if anything; a class that isn't known here is not.
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

/// Whether a pool has the window and the step of one of these.
fn is_among(layer: &KerasLayer, pools: &[Pool2d]) -> bool {
    let Some(kernel) = pair(layer, "pool_size") else { return !pools.is_empty() };
    let stride = pair(layer, "strides").unwrap_or(kernel);
    pools.iter().any(|pool| pool.kernel == kernel && pool.stride == stride)
}

//! Graphs are compared with reference implementations: parameters, stages, connections.
//!
//! The references' parameter lists and stages are in `fixtures/structural/`, made by `make_torch_goldens.py` (torch, torchvision, timm) and
//! `make_keras_goldens.py` (Keras).

use std::collections::{BTreeMap, BTreeSet};

use filterscope::graph::{ActivationFn, BorderMean, Graph, Node, NodeId, Op, Padding, ParamRole, Sides};
use filterscope::models::Registry;
use filterscope::tensor::PixelSize;
use serde_json::Value;

use super::{graph, torch_name};
use crate::support::fixture;

/// Golden folders below `fixtures/structural/`, each with the model spec whose graph it describes.
const TORCH_GOLDENS: [(&str, &str); 10] = [
    ("goldens_torch/inception_v3", "inception_v3.tv_in1k"),
    ("goldens_torch/resnet50", "resnet50.tv_in1k"),
    ("goldens_torch/resnet18", "resnet18.tv_in1k"),
    ("goldens_torch/tf_efficientnet_b0", "tf_efficientnet_b0.in1k"),
    ("goldens_torch/tf_efficientnet_b3", "tf_efficientnet_b3.in1k"),
    ("goldens_torch/tf_efficientnet_lite0", "tf_efficientnet_lite0.in1k"),
    ("goldens_torch/vgg11_bn", "vgg11_bn.tv_in1k"),
    ("goldens_torch/vgg16", "vgg16.tv_in1k"),
    ("goldens_torch/vgg19", "vgg19.tv_in1k"),
    ("goldens_torch/xception", "legacy_xception.tf_in1k"),
];
const KERAS_GOLDENS: [(&str, &str); 8] = [
    ("goldens_keras/keras_inception_v3", "inception_v3.keras_in1k"),
    ("goldens_keras/keras_resnet50", "resnet50.keras_in1k"),
    ("goldens_keras/keras_resnet101", "resnet101.keras_in1k"),
    ("goldens_keras/keras_resnet152", "resnet152.keras_in1k"),
    ("goldens_keras/keras_resnet50_2016", "resnet50.keras_2016_in1k"),
    ("goldens_keras/keras_vgg16", "vgg16.keras_in1k"),
    ("goldens_keras/keras_vgg19", "vgg19.keras_in1k"),
    ("goldens_keras/keras_xception", "xception.keras_in1k"),
];

fn json(path: &str) -> Value {
    let path = fixture("structural").join(path);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn sizes(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A golden stage's node. The goldens' names differ from ours in three ways: `final` is the final layer; where timm's `bn1` includes the
/// activation function, ours is `bn1.act`; and Keras numbers layers without a name by kind, in order of creation.
pub(crate) fn golden_node(graph: &Graph, stage: &str) -> Option<NodeId> {
    if stage == "final" {
        return Some(graph.final_node());
    }
    let of_layer = || graph.ids().filter(|id| graph.node(*id).keras_layer.as_deref() == Some(stage)).last();
    graph
        .find(&format!("{stage}.act"))
        .or_else(|| graph.find(stage))
        .or_else(of_layer)
        .or_else(|| numbered_node(graph, stage))
}

fn numbered_node(graph: &Graph, layer: &str) -> Option<NodeId> {
    let numbered = layer.rsplit_once('_').and_then(|(kind, n)| Some((kind, n.parse().ok()?)));
    let (kind, at) = numbered.unwrap_or((layer, 0));
    let is_kind = |id: &NodeId| match (&graph.node(*id).op, kind) {
        (Op::Input, "input_layer")
        | (Op::Activation(_), "activation")
        | (Op::Add, "add")
        | (Op::MaxPool(_), "max_pooling2d")
        | (Op::AvgPool(..), "average_pooling2d") => true,
        // Keras gives every concatenation a name, except the second split in each block of the last grid.
        (Op::Concat, "concatenate") => graph.aliases_of(*id).is_empty(),
        _ => false,
    };
    graph.ids().filter(is_kind).nth(at)
}

/// Keras' name of a parameter, `layer/role`.
fn keras_name(node: &Node, role: ParamRole, is_separable: bool) -> Option<String> {
    let suffix = match (role, &node.op) {
        (ParamRole::Kernel, Op::Conv2d(conv)) if conv.is_depthwise() => "depthwise_kernel",
        (ParamRole::Kernel, _) if is_separable => "pointwise_kernel",
        (ParamRole::Kernel, _) => "kernel",
        (ParamRole::Bias, _) => "bias",
        (ParamRole::Gamma | ParamRole::Scale, _) => "gamma",
        (ParamRole::Beta, _) => "beta",
        (ParamRole::Mean, _) => "moving_mean",
        (ParamRole::Variance, _) => "moving_variance",
        (ParamRole::Slope | ParamRole::ClassToken | ParamRole::Registers | ParamRole::Positions, _) => {
            return None;
        }
    };
    node.keras_layer.as_ref().map(|layer| format!("{layer}/{suffix}"))
}

/// Keras' name, torch's name and shape of every parameter of a graph.
fn params(graph: &Graph) -> Vec<(Option<String>, String, Vec<usize>)> {
    let mut nodes_of_layer: BTreeMap<&str, usize> = BTreeMap::new();
    for layer in graph.nodes().iter().filter_map(|n| n.keras_layer.as_deref()) {
        *nodes_of_layer.entry(layer).or_default() += 1;
    }
    let mut all = Vec::new();
    for node in graph.nodes() {
        let is_separable = node.keras_layer.as_deref().is_some_and(|layer| nodes_of_layer[layer] == 2);
        for (role, shape) in node.op.params() {
            all.push((keras_name(node, role, is_separable), torch_name(node, role), shape));
        }
    }
    all
}

/// The shape of a Keras kernel (`HWIO`, or `HW(in)1` if depthwise) in torch's order `OIHW`.
fn torch_shape(keras_name: &str, s: &[usize]) -> Vec<usize> {
    match s {
        [kh, kw, c_in, mult] if keras_name.ends_with("/depthwise_kernel") => vec![*c_in, *mult, *kh, *kw],
        [kh, kw, c_in, c_out] => vec![*c_out, *c_in, *kh, *kw],
        _ => s.to_vec(),
    }
}

#[test]
fn torch_parameters_equal_the_reference_s() {
    for (folder, tag) in TORCH_GOLDENS {
        let reference = json(&format!("{folder}/params.json"));
        let expected: BTreeMap<String, Vec<usize>> = reference["params"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (text(&p["name"]).to_owned(), sizes(&p["shape"])))
            .collect();
        let got: BTreeMap<_, _> =
            params(&graph(tag)).into_iter().map(|(_, name, shape)| (name, shape)).collect();
        assert_eq!(got, expected, "{tag}");
    }
}

#[test]
fn keras_parameters_equal_the_reference_s() {
    for (folder, tag) in KERAS_GOLDENS {
        let reference = json(&format!("{folder}/params.json"));
        let expected: BTreeMap<String, Vec<usize>> = reference["params"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (text(&p["name"]).to_owned(), torch_shape(text(&p["name"]), &sizes(&p["shape"]))))
            .collect();
        let params = params(&graph(tag));
        let got: BTreeMap<_, _> =
            params.iter().map(|(keras, _, shape)| (keras.clone().unwrap(), shape.clone())).collect();
        assert_eq!(got.len(), params.len(), "{tag}: two parameters of one Keras name");
        assert_eq!(got, expected, "{tag}");
    }
}

#[test]
fn keras_names_map_to_the_torch_names_of_the_table() {
    let table = json("keras_to_torch.json");
    let maps = table["maps"].as_object().unwrap();
    for (arch, map) in maps {
        let map = map.as_object().unwrap();
        let (_, tag) = KERAS_GOLDENS.into_iter().find(|(folder, _)| folder.ends_with(arch.as_str())).unwrap();
        let ours = params(&graph(tag));
        let by_keras: BTreeMap<&str, (&str, &[usize])> = ours
            .iter()
            .map(|(keras, torch, shape)| (keras.as_deref().unwrap(), (torch.as_str(), shape.as_slice())))
            .collect();
        assert_eq!(by_keras.len(), map.len(), "{tag}");
        let torch_resnet = params(&graph("resnet50.tv_in1k"));
        for (keras, torch) in map {
            let (name, shape) = by_keras[keras.as_str()];
            let torch = text(torch);
            if tag == "resnet50.keras_in1k" {
                // Our graph of Keras' ResNet has Keras' names. Torch's ResNet has the same shapes and no biases in convolutions.
                let same = torch_resnet.iter().find(|(_, name, _)| name == torch);
                assert!(
                    same.map_or(keras.ends_with("_conv/bias"), |(_, _, s)| s == shape),
                    "{keras} {torch}"
                );
            } else {
                assert_eq!(name, torch, "{tag}: {keras}");
            }
        }
    }
}

#[test]
fn only_networks_that_keras_has_have_names_of_keras_layers() {
    for row in Registry::specs() {
        let graph = (row.build)().unwrap();
        let with_params: Vec<_> = graph.nodes().iter().filter(|n| !n.op.params().is_empty()).collect();
        let named = with_params.iter().filter(|n| n.keras_layer.is_some()).count();
        if row.is_keras {
            assert_eq!(named, with_params.len(), "{}", row.tag);
        } else if !matches!(row.tag, "vgg16.tv_in1k" | "vgg19.tv_in1k") {
            // The two VGGs differ from Keras' only in the values of their weights.
            assert_eq!(named, 0, "{}", row.tag);
        }
    }
}

#[test]
fn golden_stages_have_a_node_of_their_shape() {
    for (folder, tag) in TORCH_GOLDENS.into_iter().chain(KERAS_GOLDENS) {
        let graph = graph(tag);
        let stages = json(&format!("{folder}/stages.json"));
        for input in stages["inputs"].as_object().unwrap().values() {
            let size = sizes(&input["input_shape"]);
            let infos = graph.infer(PixelSize::new(size[3], size[2])).unwrap();
            for stage in input["stages"].as_array().unwrap() {
                let name = text(&stage["name"]);
                let id = golden_node(&graph, name).unwrap_or_else(|| panic!("{tag} has no {name}"));
                let shape = infos[id.0].shape;
                assert_eq!(
                    [1, shape.channels, shape.height, shape.width],
                    sizes(&stage["shape"])[..],
                    "{tag} {name}"
                );
            }
        }
    }
    // Only one family needs the name of the activation.
    let lite = graph("tf_efficientnet_lite0.in1k");
    assert_eq!(golden_node(&lite, "blocks.1.0.bn1"), lite.find("blocks.1.0.bn1.act"));
    assert_eq!(golden_node(&lite, "blocks.1.0.bn3"), lite.find("blocks.1.0.bn3"));
}

/// Every Keras layer is compared with its node: inputs, window, stride, border at several sizes, bias, epsilon, gamma.
#[test]
fn keras_graphs_are_connected_as_in_keras() {
    for (folder, tag) in KERAS_GOLDENS {
        let graph = graph(tag);
        let reference = json(&format!("{folder}/params.json"));
        let infos: Vec<_> = [PixelSize::new(131, 97), PixelSize::square(224), PixelSize::square(299)]
            .into_iter()
            .map(|size| graph.infer(size).unwrap())
            .collect();
        let node_of =
            |layer: &str| golden_node(&graph, layer).unwrap_or_else(|| panic!("{tag} has no {layer}"));
        let mut seen = BTreeSet::new();
        for layer in reference["layers"].as_array().unwrap() {
            let (name, class, config) = (text(&layer["name"]), text(&layer["class"]), &layer["config"]);
            let out = node_of(name);
            // The nodes of the layer, from its value back to its inputs.
            let mut nodes = vec![out];
            let only_input = |id: NodeId| graph.node(id).inputs[0];
            if class == "SeparableConv2D" || config["activation"] == "relu" && class != "Activation" {
                nodes.push(only_input(out));
            }
            seen.extend(nodes.iter().copied());
            let first = nodes[nodes.len() - 1];
            let mut inputs = graph.node(first).inputs.clone();
            let mut expected: Vec<_> =
                layer["inputs"].as_array().unwrap().iter().map(|i| node_of(text(i))).collect();
            if class == "Add" {
                inputs.sort_unstable();
                expected.sort_unstable();
            }
            assert_eq!(inputs, expected, "{tag} {name}");

            let same_borders = |kernel: [usize; 2], stride: [usize; 2]| {
                for infos in &infos {
                    let from = infos[graph.node(first).inputs[0].0].shape;
                    let padding = if config["padding"] == "same" { Padding::Same } else { Padding::Valid };
                    let border = padding.resolve((from.height, from.width), kernel, stride, [1, 1]);
                    assert_eq!(infos[first.0].border, border, "{tag} {name}");
                }
            };
            let op = &graph.node(first).op;
            match (class, op) {
                ("InputLayer", Op::Input)
                | ("Add", Op::Add)
                | ("Concatenate", Op::Concat)
                | ("Activation", Op::Activation(ActivationFn::Relu)) => {}
                ("Conv2D" | "SeparableConv2D", Op::Conv2d(conv)) => {
                    assert_eq!(conv.kernel[..], sizes(&config["kernel_size"])[..], "{tag} {name}");
                    assert_eq!(conv.stride[..], sizes(&config["strides"])[..], "{tag} {name}");
                    assert_eq!(conv.is_depthwise(), class == "SeparableConv2D", "{tag} {name}");
                    assert_eq!(conv.has_bias, config["use_bias"] == true, "{tag} {name}");
                    same_borders(conv.kernel, conv.stride);
                }
                ("BatchNormalization", Op::BatchNorm(norm)) => {
                    assert_eq!(norm.eps, config["epsilon"].as_f64().unwrap(), "{tag} {name}");
                    assert_eq!(norm.has_gamma, config["scale"] == true, "{tag} {name}");
                }
                ("MaxPooling2D", Op::MaxPool(pool))
                | ("AveragePooling2D", Op::AvgPool(pool, BorderMean::IgnoreBorder)) => {
                    assert_eq!(pool.kernel[..], sizes(&config["pool_size"])[..], "{tag} {name}");
                    assert_eq!(pool.stride[..], sizes(&config["strides"])[..], "{tag} {name}");
                    same_borders(pool.kernel, pool.stride);
                }
                ("ZeroPadding2D", Op::ZeroPad(sides)) => {
                    let [rows, columns] = [&config["padding"][0], &config["padding"][1]].map(sizes);
                    let expected =
                        Sides { top: rows[0], bottom: rows[1], left: columns[0], right: columns[1] };
                    assert_eq!(*sides, expected, "{tag} {name}");
                }
                (class, op) => panic!("{tag} {name}: {class} is a {} here", op.kind()),
            }
        }
        assert_eq!(seen.len(), graph.nodes().len(), "{tag}: nodes that Keras doesn't have");
    }
}

/// There is no list of the connections in torch's networks. The test checks those that shapes don't determine.
#[test]
fn torch_blocks_end_as_the_reference_ends_them() {
    let inputs = |tag: &str, name: &str| -> Vec<String> {
        let graph = graph(tag);
        let node = graph.node(graph.find(name).unwrap());
        node.inputs.iter().map(|id| graph.node(*id).name.clone()).collect()
    };
    let (resnet, b0) = ("resnet50.tv_in1k", "tf_efficientnet_b0.in1k");
    assert_eq!(inputs(resnet, "layer2.0"), ["layer2.0.add"]);
    assert_eq!(inputs(resnet, "layer2.0.add"), ["layer2.0.bn3", "layer2.0.downsample.1"]);
    assert_eq!(inputs(resnet, "layer2.0.downsample.0"), ["layer1.2"]);
    assert_eq!(inputs(resnet, "layer2.1.add"), ["layer2.1.bn3", "layer2.0"]);
    assert_eq!(inputs("resnet18.tv_in1k", "layer2.0.add"), ["layer2.0.bn2", "layer2.0.downsample.1"]);
    assert_eq!(inputs(b0, "blocks.1.1"), ["blocks.1.1.bn3", "blocks.1.0.bn3"]);
    assert_eq!(inputs(b0, "blocks.1.1.se"), ["blocks.1.1.bn2.act", "blocks.1.1.se.gate"]);
    assert_eq!(inputs(b0, "blocks.1.1.se.avg_pool"), ["blocks.1.1.bn2.act"]);
    assert_eq!(inputs(b0, "blocks.1.1.conv_pwl"), ["blocks.1.1.se"]);
    assert_eq!(inputs(b0, "blocks.0.0.conv_pw"), ["blocks.0.0.se"]);
    assert_eq!(inputs("tf_efficientnet_lite0.in1k", "blocks.1.1.conv_pwl"), ["blocks.1.1.bn2.act"]);
}

//! Networks whose end isn't supported, and ends that a person chooses: where they end, the message, and the layers that remain.

use std::sync::Arc;

use filterscope::engine::{Backbone, ComputeDevice, Session, WeightStore, open_onnx, open_onnx_up_to};
use filterscope::graph::Graph;
use filterscope::tensor::InputBatch;
use filterscope::weights::OnnxNet;

use super::encode::{floats, ints, model, named, value};

/// A 1×1 convolution to four channels, from the input's three or from the four of another node.
fn conv(name: &str, from: &str, to: &str) -> Vec<u8> {
    let kernel = if from == "x" { "w3" } else { "w4" };
    named(name, "Conv", &[from, kernel], &[to], &[])
}

fn relu(name: &str, from: &str, to: &str) -> Vec<u8> {
    named(name, "Relu", &[from], &[to], &[])
}

/// A node with an unsupported operation.
fn warp(name: &str, from: &[&str], to: &str) -> Vec<u8> {
    named(name, "Warp", from, &[to], &[])
}

fn file(nodes: &[Vec<u8>], outputs: &[&str]) -> Vec<u8> {
    let kernel = |name: &str, channels: i64| {
        let values: Vec<f32> = (0..4 * channels).map(|i| ((i * 7 % 11) as f32 - 4.0) * 0.1).collect();
        floats(name, &[4, channels, 1, 1], &values)
    };
    let mut parts = nodes.to_vec();
    parts.extend([kernel("w3", 3), kernel("w4", 4), value(11, "x", &[1, 3, 8, 8])]);
    parts.extend(outputs.iter().map(|name| value(12, name, &[1, 4, 8, 8])));
    model(&parts)
}

fn net(bytes: &[u8]) -> OnnxNet {
    OnnxNet::from_bytes(bytes.to_vec(), "net.onnx").unwrap_or_else(|error| panic!("{error}"))
}

fn end(net: &OnnxNet) -> (&str, &str) {
    let graph = &net.graph;
    assert_eq!(graph.node(graph.final_node()).name, net.ending.final_layer);
    (&net.ending.final_layer, net.ending.why.as_deref().unwrap_or_default())
}

fn names(graph: &Graph) -> Vec<&str> {
    graph.nodes().iter().map(|node| node.name.as_str()).collect()
}

/// The error for a layer that the network doesn't have here.
fn asked(net: &OnnxNet, layer: &str) -> String {
    net.graph.resolve(layer, "net.onnx").unwrap_err().to_string()
}

#[test]
fn a_network_ends_before_an_unsupported_node() {
    let net = net(&file(
        &[conv("c1", "x", "a"), relu("r1", "a", "b"), warp("odd", &["b"], "w"), relu("after", "w", "y")],
        &["y"],
    ));
    let why = "it ends here at `r1`, the last map that all of its output depends on: behind it `Warp` isn't supported (node `odd`)";
    assert_eq!(end(&net), ("r1", why));
    assert_eq!(names(&net.graph), ["input", "c1", "r1"]);
    assert!(net.ending.is_cut);
    let gone = "it is cut off, because `Warp` isn't supported (node `odd`); the network ends here at `r1`";
    for layer in ["odd", "w", "after", "y"] {
        assert_eq!(asked(&net, layer), format!("no layer `{layer}` in net.onnx: {gone}"));
    }
    assert_eq!(asked(&net, "r12"), "no layer `r12` in net.onnx; did you mean r1?");
}

#[test]
fn an_operation_that_fails_halfway_leaves_no_layer() {
    // The bias of whole numbers is found only after the convolution was added. Removing the convolution frees its name for another node.
    let net = net(&file(
        &[
            conv("c1", "x", "a"),
            named("odd", "Conv", &["a", "w4", "whole"], &["b"], &[]),
            relu("r1", "a", "c"),
            named("odd", "Add", &["b", "c"], &["y"], &[]),
            ints("whole", &[1, 2, 3, 4]),
        ],
        &["y"],
    ));
    assert_eq!(names(&net.graph), ["input", "c1", "r1"]);
    assert!(end(&net).1.ends_with("behind it `Conv` isn't supported with a bias of INT64 (node `odd`)"));
}

#[test]
fn heads_over_one_map_end_at_that_map_and_stay_layers() {
    let backbone = [conv("c1", "x", "a"), relu("neck", "a", "n")];
    let heads = |last: &[Vec<u8>]| {
        let heads = [conv("box", "n", "b"), conv("class", "n", "c"), relu("score", "c", "s")];
        [&backbone[..], &heads[..], last].concat()
    };
    // The network has two outputs.
    let two = net(&file(&heads(&[warp("odd", &["b"], "y"), warp("even", &["s"], "z")]), &["y", "z"]));
    let why = "it ends here at `neck`, the last map that all of its outputs depend on: behind it `Warp` isn't supported (node `odd`), \
               and one more node isn't followed";
    assert_eq!(end(&two), ("neck", why));
    assert_eq!(names(&two.graph), ["input", "c1", "neck", "box", "class", "score"]);
    assert_eq!(two.ending.choices, ["neck", "box", "score"]);
    // The network has one output, computed from both heads.
    let one = net(&file(
        &heads(&[warp("odd", &["b"], "y"), warp("even", &["s"], "z"), warp("all", &["y", "z"], "o")]),
        &["o"],
    ));
    assert_eq!(end(&one).0, "neck");
    // One of the outputs needs the other's map too.
    let deep = net(&file(&heads(&[warp("odd", &["b", "s"], "y"), warp("even", &["s"], "z")]), &["y", "z"]));
    assert_eq!(end(&deep).0, "score");
    // One of the outputs is a map.
    let mixed = net(&file(&heads(&[warp("odd", &["b"], "y")]), &["y", "s"]));
    assert_eq!(end(&mixed).0, "neck");
    assert!(mixed.graph.find("score").is_some());
}

#[test]
fn a_detector_that_flattens_its_maps_ends_at_the_map_its_levels_share() {
    let level = |name: &str, from: &str, to: &str| {
        let (seen, turned) = (format!("{name}_seen"), format!("{name}_turned"));
        [
            named(&seen, "Reshape", &[from, "five"], &[&seen], &[]),
            named(&turned, "Transpose", &[&seen], &[&turned], &[("perm", &[0, 1, 3, 4, 2])]),
            named(name, "Reshape", &[&turned, "list"], &[to], &[]),
        ]
        .concat()
    };
    let net = net(&file(
        &[
            conv("stem", "x", "a"),
            named("half", "MaxPool", &["a"], &["p"], &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])]),
            conv("fine", "a", "f"),
            conv("coarse", "p", "c"),
            level("list1", "f", "l1"),
            level("list2", "c", "l2"),
            named("all", "Concat", &["l1", "l2"], &["y"], &[("axis", &[1])]),
            ints("five", &[1, 2, 2, -1, 8]),
            ints("list", &[1, -1, 2]),
        ],
        &["y"],
    ));
    assert_eq!(end(&net).0, "stem");
    assert!(end(&net).1.contains("makes something else than maps"), "{}", end(&net).1);
    assert_eq!(names(&net.graph), ["input", "stem", "half", "fine", "coarse"]);
}

#[test]
fn an_unsupported_decoder_leaves_the_whole_encoder() {
    let pool = |name: &str, from: &str, to: &str| {
        named(name, "MaxPool", &[from], &[to], &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])])
    };
    let net = net(&file(
        &[
            conv("down1", "x", "a"),
            pool("pool1", "a", "b"),
            conv("down2", "b", "c"),
            pool("pool2", "c", "d"),
            conv("bottom", "d", "e"),
            named("up2", "ConvTranspose", &["e", "w4"], &["f"], &[("strides", &[2, 2])]),
            named("join2", "Concat", &["f", "c"], &["g"], &[("axis", &[1])]),
            named("up1", "ConvTranspose", &["g", "w4"], &["h"], &[("strides", &[2, 2])]),
            named("join1", "Concat", &["h", "a"], &["y"], &[("axis", &[1])]),
        ],
        &["y"],
    ));
    let why = "it ends here at `bottom`, the last map that all of its output depends on: behind it `ConvTranspose` isn't supported \
               (node `up2`)";
    assert_eq!(end(&net), ("bottom", why));
    assert!(
        asked(&net, "join1").contains("`ConvTranspose` isn't supported (node `up2`)"),
        "{}",
        asked(&net, "join1")
    );
}

#[test]
fn outputs_without_a_common_map_end_at_the_deepest() {
    let net = net(&file(
        &[
            conv("left", "x", "a"),
            conv("right", "x", "b"),
            relu("deeper", "b", "c"),
            warp("odd", &["a"], "y"),
            warp("even", &["c"], "z"),
        ],
        &["y", "z"],
    ));
    let why = "it ends here at `deeper`, the deepest of its maps, of which its outputs have none in common: behind it `Warp` isn't \
               supported (node `odd`), and one more node isn't followed";
    assert_eq!(end(&net), ("deeper", why));
    assert_eq!(names(&net.graph), ["input", "left", "right", "deeper"]);
}

#[test]
fn an_unsupported_node_that_no_output_needs_cuts_nothing() {
    let net = net(&file(&[conv("c1", "x", "y"), warp("odd", &["y"], "w")], &["y"]));
    assert_eq!(end(&net), ("c1", ""));
    assert!(!net.ending.is_cut);
    assert!(
        asked(&net, "odd")
            .starts_with("no layer `odd` in net.onnx: it is cut off, because `Warp` isn't supported")
    );
}

#[test]
fn a_result_that_is_no_map_ends_the_network() {
    let net = net(&file(
        &[conv("logits", "x", "a"), named("best", "ArgMax", &["a"], &["y"], &[("axis", &[1])])],
        &["y"],
    ));
    let why = "it ends here at `logits`, the last map that all of its output depends on: behind it `ArgMax` makes something else than \
               maps (node `best`)";
    assert_eq!(end(&net), ("logits", why));
}

#[test]
fn a_flattened_result_used_as_a_map_is_named_with_its_user() {
    let pool = named("pool", "MaxPool", &["t"], &["y"], &[("kernel_shape", &[2, 2])]);
    let parts = [
        conv("c1", "x", "a"),
        named("row", "Flatten", &["a"], &["f"], &[]),
        named("turned", "Transpose", &["f"], &["t"], &[]),
        pool,
    ];
    let net = net(&file(&parts, &["y"]));
    let reason =
        "`Flatten` isn't supported where its result goes back into maps (node `row`, used by `pool`)";
    assert_eq!(end(&net).0, "c1");
    assert!(end(&net).1.ends_with(&format!("behind it {reason}")), "{}", end(&net).1);
}

#[test]
fn of_several_outputs_the_deepest_is_taken_and_named() {
    let nodes = [conv("c1", "x", "a"), relu("r1", "a", "aux"), conv("c2", "a", "b"), relu("r2", "b", "main")];
    for outputs in [["main", "aux"], ["aux", "main"]] {
        let net = net(&file(&nodes, &outputs));
        let why = "of its 2 outputs `main` is taken as the final layer, whose last map `r2` is the deepest";
        assert_eq!(end(&net), ("r2", why));
        assert!(!net.ending.is_cut && net.graph.find("aux").is_some());
    }
}

#[test]
fn a_file_without_one_map_says_what_is_wrong_with_it() {
    let words = |bytes: Vec<u8>| OnnxNet::from_bytes(bytes, "net.onnx").unwrap_err().to_string();
    assert_eq!(
        words(file(&[warp("odd", &["x"], "w"), conv("c1", "w", "y")], &["y"])),
        "`Warp` isn't supported (node `odd`): \"net.onnx\""
    );
    assert_eq!(
        words(file(&[conv("c1", "x", "a")], &["y"])),
        "none of its nodes gives its output `y`: \"net.onnx\""
    );
}

/// The mean that a gate of another output reads must not be taken for a classifier's mean and removed.
#[test]
fn a_gate_of_another_output_keeps_its_mean() {
    let net = net(&file(
        &[
            conv("c1", "x", "a"),
            conv("c2", "a", "b"),
            relu("r2", "b", "c"),
            relu("r3", "c", "d"),
            relu("r4", "d", "e"),
            relu("r5", "e", "main"),
            relu("side", "a", "s"),
            named("mean", "GlobalAveragePool", &["s"], &["m"], &[]),
            named("weights", "Sigmoid", &["m"], &["g"], &[]),
            named("gated", "Mul", &["s", "g"], &["aux"], &[]),
        ],
        &["main", "aux"],
    ));
    assert_eq!(end(&net).0, "r5");
    let graph = &net.graph;
    let gate = graph.node(graph.find("gated").unwrap());
    let inputs: Vec<&str> = gate.inputs.iter().map(|id| graph.node(*id).name.as_str()).collect();
    assert_eq!(inputs, ["side", "weights"]);
}

fn chain() -> Vec<u8> {
    file(&[conv("c1", "x", "a"), relu("r1", "a", "b"), conv("c2", "b", "c"), relu("r2", "c", "y")], &["y"])
}

#[test]
fn a_person_may_choose_the_end() {
    let up_to = |name: &str| OnnxNet::from_bytes_up_to(chain(), "net.onnx", name);
    // The end may be given by the node's name or by its result's name.
    for name in ["r1", "b"] {
        let net = up_to(name).unwrap();
        assert_eq!(end(&net), ("r1", "it ends here at `r1`, as was asked for"));
        assert_eq!(names(&net.graph), ["input", "c1", "r1"]);
        assert_eq!(
            asked(&net, "c2"),
            "no layer `c2` in net.onnx: it comes behind `r1`, where the network ends here"
        );
        assert!(net.ending.choices.contains(&"r2".to_owned()), "{:?}", net.ending.choices);
    }
    let words = |name: &str| up_to(name).unwrap_err().to_string();
    assert_eq!(words("r12"), "it has no layer `r12` to end at; did you mean r1?: \"net.onnx\"");
    assert_eq!(words("z9"), "it has no layer `z9` to end at: \"net.onnx\"");
    assert_eq!(words("x"), "it has no layer `x` to end at: that is the input: \"net.onnx\"");
    let cut = file(&[conv("c1", "x", "a"), warp("odd", &["a"], "w"), relu("r", "w", "y")], &["y"]);
    let error = OnnxNet::from_bytes_up_to(cut, "net.onnx", "r").unwrap_err().to_string();
    assert_eq!(
        error,
        "it has no layer `r` to end at: it is cut off, because `Warp` isn't supported (node `odd`); the network ends here at `c1`: \
         \"net.onnx\""
    );
}

#[test]
fn one_file_may_end_at_several_layers_in_one_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ends.onnx");
    std::fs::write(&path, chain()).unwrap();
    let own = open_onnx(&path).unwrap();
    let first = open_onnx_up_to(&path, Some("r1")).unwrap();
    let second = open_onnx_up_to(&path, Some("c1")).unwrap();
    let tags: Vec<&str> = [own[1], first[1], second[1]].iter().map(|row| row.tag).collect();
    assert_eq!(tags, ["ends.onnx+torch", "ends.onnx~r1+torch", "ends.onnx~c1+torch"]);
    assert!(
        std::ptr::eq(open_onnx_up_to(&path, Some("b")).unwrap()[1], first[1]),
        "a result's name means its node"
    );
    assert!(std::ptr::eq(open_onnx(&path).unwrap()[1], own[1]));
    let values: Vec<f32> = (0..3 * 64).map(|i| (i % 17) as f32 * 0.1 - 0.6).collect();
    let input = InputBatch::new(1, 8, 8, values).unwrap();
    let activation = |row, layer: &str| {
        let backbone = Arc::new(Backbone::load(row, &WeightStore::default(), None).unwrap());
        let graph = backbone.graph();
        let node = if layer == "final" { graph.final_node() } else { graph.find(layer).unwrap() };
        let mut session = Session::new(Arc::clone(&backbone), ComputeDevice::cpu()).unwrap();
        session.activations(&input, &[node]).unwrap().remove(0).values().to_vec()
    };
    assert_eq!(activation(first[1], "final"), activation(own[1], "r1"));
    assert_eq!(activation(second[1], "final"), activation(own[1], "c1"));
    assert_ne!(activation(second[1], "final"), activation(first[1], "final"));
}

/// Reading these networks must not take minutes.
#[test]
fn many_heads_and_outputs_are_followed_in_time() {
    let mut nodes = vec![conv("stem", "x", "s0")];
    let mut outputs: Vec<String> = Vec::new();
    for at in 0..4000 {
        let (from, to) = (format!("s{at}"), format!("s{}", at + 1));
        nodes.push(relu(&format!("r{at}"), &from, &to));
        nodes.push(warp(&format!("w{at}"), &[&to], &format!("o{at}")));
        outputs.push(format!("o{at}"));
    }
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
    let long = net(&file(&nodes, &outputs));
    assert_eq!(end(&long).0, "r0");
    let wide: Vec<Vec<u8>> =
        (0..5000).map(|at| warp(&format!("w{at}"), &["s0"], &format!("p{at}"))).collect();
    let outputs: Vec<String> = (0..5000).map(|at| format!("p{at}")).collect();
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
    let error =
        OnnxNet::from_bytes(file(&[vec![conv("stem", "x", "s0")], wide].concat(), &outputs), "net.onnx");
    let error = error.unwrap_err().to_string();
    assert_eq!(error, "it has 5000 outputs, more than the 4096 that are followed: \"net.onnx\"");
}

//! Operations on single values or single maps, and weights stored in other forms, if they contradict themselves or aren't supported:
//! exact messages.

use filterscope::graph::Op;
use filterscope::tensor::PixelSize;
use filterscope::weights::OnnxNet;

use super::encode::{field, floats, ints, network, node, number};

/// The reason why a network isn't read, or is cut off at a node.
fn words(parts: &[Vec<u8>]) -> String {
    match OnnxNet::from_bytes(network(parts), "net.onnx") {
        Ok(net) => match net.ending.why.as_deref().and_then(|why| why.split_once("behind it ")) {
            Some((_, reason)) => format!("{reason}: \"net.onnx\""),
            None => panic!("{} layers", net.graph.nodes().len()),
        },
        Err(error) => error.to_string(),
    }
}

/// A constant of bytes; `kind` is 3 for signed and 2 for unsigned ones.
fn bytes(name: &str, kind: i64, dims: &[i64], values: &[u8]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|side| number(1, *side)).collect();
    field(5, &[dims, number(2, kind), field(8, name.as_bytes()), field(9, values)].concat())
}

/// A convolution whose weights `w` come from another node.
fn conv() -> Vec<u8> {
    node("Conv", &["x", "w"], "y", &[])
}

#[test]
fn each_use_that_is_not_supported_says_why() {
    let two = |op: &str| {
        [
            node("Slice", &["x", "s", "e", "a"], "two", &[]),
            ints("s", &[0]),
            ints("e", &[2]),
            ints("a", &[1]),
            node(op, &["x", "two"], "y", &[]),
        ]
    };
    let quantised = |axis: i64, scales: usize, zeros: Vec<u8>| {
        vec![
            conv(),
            bytes("q", 3, &[4, 3, 1, 1], &[1; 12]),
            floats("scale", &[scales as i64], &vec![0.5; scales]),
            zeros,
            node("DequantizeLinear", &["q", "scale", "zero"], "w", &[("axis", &[axis])]),
        ]
    };
    // Moves the first part to the end, so that weights come before the node that reads them.
    let sorted = |mut parts: Vec<Vec<u8>>| {
        parts.rotate_left(1);
        parts
    };
    let table: Vec<(Vec<Vec<u8>>, &str)> = vec![
        (two("Max").to_vec(), "`Max` isn't supported of maps of 2 and 3 channels (node `the Max`)"),
        (two("Div").to_vec(), "`Div` isn't supported of maps of 2 and 3 channels (node `the Div`)"),
        (
            vec![node("Max", &["x", "c"], "y", &[]), floats("c", &[3, 1, 1], &[1.0, 2.0, 3.0])],
            "`Max` isn't supported with a constant of FLOAT [3, 1, 1], which isn't one number (node `the Max`)",
        ),
        (
            vec![node("Min", &["x", "c"], "y", &[]), floats("c", &[], &[f32::NAN])],
            "`Min` isn't supported with a constant of FLOAT [], which isn't one number (node `the Min`)",
        ),
        (
            vec![node("Sum", &["x", "c"], "y", &[]), floats("c", &[8], &[1.0; 8])],
            "`Sum` isn't supported with a constant of FLOAT [8], which isn't one value per channel (node `the Sum`)",
        ),
        (
            vec![node("LRN", &["x"], "y", &[("size", &[4])])],
            "`LRN` isn't supported over 4 channels, which have no middle (node `the LRN`)",
        ),
        (vec![node("LRN", &["x"], "y", &[])], "the node `the LRN` (LRN) is malformed: it has no `size`"),
        (
            vec![node("LRN", &["x"], "y", &[("size", &[-1])])],
            "the node `the LRN` (LRN) is malformed: its `size` is [-1]",
        ),
        (
            vec![node("ReduceMax", &["x"], "y", &[("axes", &[1])])],
            "`ReduceMax` isn't supported over anything but rows and columns (node `the ReduceMax`)",
        ),
        (
            vec![node("ReduceMax", &["x"], "y", &[("axes", &[9])])],
            "the node `the ReduceMax` (ReduceMax) is malformed: one of its axes isn't there",
        ),
        (
            sorted(quantised(0, 3, bytes("zero", 3, &[3], &[0; 3]))),
            "the node `the DequantizeLinear` (DequantizeLinear) is malformed: its scales are [3] and its values [4, 3, 1, 1]",
        ),
        (
            sorted(quantised(0, 4, bytes("zero", 3, &[3], &[0; 3]))),
            "the node `the DequantizeLinear` (DequantizeLinear) is malformed: it has 4 scales and 3 zero points",
        ),
        (
            sorted(quantised(7, 4, bytes("zero", 3, &[4], &[0; 4]))),
            "the node `the DequantizeLinear` (DequantizeLinear) is malformed: its scales are [4] and its values [4, 3, 1, 1]",
        ),
        (
            sorted(quantised(0, 4, bytes("zero", 4, &[4], &[0; 8]))),
            "`DequantizeLinear` isn't supported with a zero point of UINT16 (node `the DequantizeLinear`)",
        ),
        (
            vec![
                ints("extent", &[1 << 16, 3, 1 << 12, 1 << 12]),
                node("ConstantOfShape", &["extent"], "w", &[]),
                conv(),
            ],
            "`Conv` isn't supported with a kernel of more values than are read (node `the Conv`)",
        ),
        (
            vec![node("DequantizeLinear", &["x", "scale"], "y", &[]), floats("scale", &[], &[0.5])],
            "`DequantizeLinear` isn't supported (node `the DequantizeLinear`)",
        ),
    ];
    for (parts, expected) in table {
        assert_eq!(words(&parts), format!("{expected}: \"net.onnx\""));
    }
}

/// Two maps have different sizes, which depend on the input's size.
#[test]
fn maps_that_do_not_fit_are_named() {
    let pool = node("MaxPool", &["x"], "half", &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])]);
    assert_eq!(
        words(&[pool, node("Mul", &["x", "half"], "y", &[])]),
        "the inputs of `the Mul` don't fit together: 3×8×8 and 3×4×4: \"net.onnx\""
    );
}

/// A `Clip` becomes one node, so a very large bound doesn't reduce the precision of the values between the bounds.
#[test]
fn a_clip_becomes_one_node() {
    let parts = [
        node("Clip", &["x", "low", "high"], "y", &[]),
        floats("low", &[], &[-1e10]),
        floats("high", &[], &[1.5]),
    ];
    let net = OnnxNet::from_bytes(network(&parts), "net.onnx").unwrap();
    assert_eq!(net.graph.nodes().len(), 2);
    let last = net.graph.node(net.graph.final_node());
    assert!(matches!(last.op, Op::Activation(_)) && last.name == "the Clip");
    assert_eq!(net.graph.infer(PixelSize::square(8)).unwrap()[1].shape.to_string(), "3×8×8");
}

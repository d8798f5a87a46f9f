//! Files that aren't a network, or one that isn't supported: exact messages, no panic, and no memory allocated because a file claims a
//! size.

use filterscope::engine::{Backbone, WeightStore, open_onnx};
use filterscope::weights::{OnnxNet, TensorFile};

use super::encode::{field, floats, ints, model, network, node, node_with_words, number, value};
use crate::support::fixture;

fn words(bytes: Vec<u8>) -> String {
    match OnnxNet::from_bytes(bytes, "net.onnx") {
        Ok(net) => panic!("{} layers", net.graph.nodes().len()),
        Err(error) => error.to_string(),
    }
}

fn kernel() -> Vec<u8> {
    floats("w", &[4, 3, 1, 1], &[0.5; 12])
}

fn conv(ints: &[(&str, &[i64])]) -> Vec<u8> {
    node("Conv", &["x", "w"], "y", ints)
}

/// A convolution's kernel of 8-bit whole numbers.
fn eight_bits() -> Vec<u8> {
    let dims = [4, 3, 1, 1].map(|side| number(1, side)).concat();
    field(5, &[dims, number(2, 3), field(8, b"w"), field(9, &[1; 12])].concat())
}

const NO_MODEL: &str = "this is no ONNX model, or a damaged one";

fn check<const N: usize>(table: [(&str, Vec<u8>, String); N]) {
    for (name, bytes, expected) in table {
        println!("{name}");
        assert_eq!(words(bytes), format!("{expected}: \"net.onnx\""), "{name}");
    }
}

#[test]
fn each_broken_file_says_what_it_is() {
    let resnet = std::fs::read(fixture("onnx/timm_resnet.onnx")).unwrap();
    check([
        ("cut", resnet[..resnet.len() / 2].to_vec(), "this ONNX model is cut short, or a length in it is damaged; get it again".to_owned()),
        ("empty", Vec::new(), "the file is empty; get it again".to_owned()),
        ("a version alone", number(1, 8), format!("{NO_MODEL}: it holds no graph")),
        ("no version", field(7, &conv(&[])), format!("{NO_MODEL}: it names no IR version")),
        ("text", b"import torch\n".to_vec(), format!("{NO_MODEL}: it ends inside a field")),
        (
            "claims a terabyte",
            network(&[conv(&[]), floats("w", &[1 << 20, 1 << 18, 1, 1], &[0.5; 12])]),
            "the constant `w` is FLOAT [1048576, 262144, 1, 1], which takes 1099511627776 bytes, and the file has 48".into(),
        ),
        (
            "claims more than there is",
            network(&[conv(&[]), floats("w", &[i64::MAX, i64::MAX, 9, 9], &[0.5; 12])]),
            "the constant `w` is FLOAT [9223372036854775807, 9223372036854775807, 9, 9], which takes more than 2^64 bytes, and the file has 48".into(),
        ),
        (
            "negative",
            network(&[conv(&[]), floats("w", &[-4, 3, 1, 1], &[0.5; 12])]),
            "the constant `w` is FLOAT [-4, 3, 1, 1], and no side of a tensor is negative".into(),
        ),
        (
            "a length that reaches beyond the end",
            [number(1, 8), vec![7 << 3 | 2, 0x7f, 1, 2]].concat(),
            "this ONNX model is cut short, or a length in it is damaged; get it again".into(),
        ),
        (
            "a constant twice",
            network(&[conv(&[]), kernel(), kernel()]),
            "it holds the constant `w` twice".into(),
        ),
        (
            "sparse constants",
            network(&[conv(&[]), kernel(), field(15, &[])]),
            "it holds sparse constants, which are not read".into(),
        ),
    ]);
    let picture =
        words(std::fs::read(fixture("pictures/gray.png")).unwrap_or_else(|_| b"\x89PNG\r\n\x1a\n".to_vec()));
    assert!(picture.starts_with(NO_MODEL), "{picture}");
}

#[test]
fn each_unsupported_network_says_where_it_is_unsupported() {
    let external = [
        number(2, 1),
        field(8, b"w"),
        field(13, &[field(1, b"location"), field(2, b"net.onnx.data")].concat()),
        number(14, 1),
    ];
    let foreign = [field(1, b"x"), field(2, b"y"), field(4, b"Fancy"), field(7, b"com.example")].concat();
    let wide_input =
        model(&[conv(&[]), kernel(), value(11, "x", &[1, 1, 8, 8]), value(12, "y", &[1, 4, 8, 8])]);
    check([
        (
            "in a circle",
            network(&[node("Relu", &["b"], "a", &[]), node("Relu", &["a"], "b", &[]), kernel()]),
            "the node `the Relu` reads `b`, which nothing before it gives: its nodes are out of order or go in a circle, or it is nowhere in the file".into(),
        ),
        (
            "unknown operation",
            network(&[node("Warp", &["x"], "y", &[])]),
            "`Warp` isn't supported (node `the Warp`)".into(),
        ),
        (
            "another domain",
            network(&[field(1, &foreign)]),
            "`com.example.Fancy` isn't supported (node `y`)".into(),
        ),
        (
            "weights elsewhere",
            network(&[conv(&[]), field(5, &external.concat())]),
            "its weights lie in another file (`net.onnx.data`), which is not read; export it as one file (torch: `external_data=False`)".into(),
        ),
        (
            "quantised",
            network(&[conv(&[]), eight_bits()]),
            "`Conv` isn't supported with a kernel of INT8 (node `the Conv`)".into(),
        ),
        (
            "two inputs",
            network(&[conv(&[]), kernel(), value(11, "z", &[1, 3, 8, 8])]),
            "it has 2 inputs; a network for pictures has one input of N×3×H×W or N×H×W×3".into(),
        ),
        (
            "one channel",
            wide_input,
            "its input `x` is 1×1×8×8; a network for pictures has one input of N×3×H×W or N×H×W×3".into(),
        ),
        (
            "another number of channels",
            network(&[conv(&[]), floats("w", &[4, 5, 1, 1], &[0.5; 20])]),
            "the node `the Conv` (Conv) is malformed: its kernel is [4, 5, 1, 1] in 1 groups, and 3 channels come in".into(),
        ),
        (
            "no step",
            network(&[conv(&[("strides", &[0, 1])]), kernel()]),
            "the node `the Conv` (Conv) is malformed: its `strides` is [0, 1]".into(),
        ),
        (
            "a border of a billion",
            network(&[conv(&[("pads", &[1_000_000_000; 4])]), kernel()]),
            "the node `the Conv` (Conv) is malformed: its borders and those before it have more than 16384 cells".into(),
        ),
        (
            "no kernel",
            network(&[node("Conv", &["x"], "y", &[])]),
            "the node `the Conv` (Conv) is malformed: it has no kernel".into(),
        ),
        (
            "a window larger than the map",
            network(&[node("MaxPool", &["x"], "y", &[("kernel_shape", &[9, 9])])]),
            "input 8x8 is too small for this network: at `the MaxPool` a 9×9 window meets a 8×8 map".into(),
        ),
        (
            "one result twice",
            network(&[conv(&[]), node("Relu", &["x"], "y", &[]), kernel()]),
            "the node `the Relu` (Relu) is malformed: its result `y` is there already".into(),
        ),
        (
            "back into maps",
            network(&[node("Softmax", &["x"], "s", &[]), node("Mul", &["x", "s"], "y", &[])]),
            "`Softmax` isn't supported where its result goes back into maps (node `the Softmax`, used by `the Mul`)".into(),
        ),
        ("no layer", network(&[node("Flatten", &["x"], "y", &[])]), "there is no layer of maps in it".into()),
    ]);
}

#[test]
fn unsupported_borders_and_modes_say_why() {
    check([
        (
            "a border of fractions",
            network(&[node("Pad", &["x", "b"], "y", &[]), floats("b", &[8], &[1.0; 8])]),
            "the node `the Pad` (Pad) is malformed: its borders are FLOAT, no whole numbers".into(),
        ),
        (
            "a border of two values",
            network(&[
                node("Pad", &["x", "b", "v"], "y", &[]),
                ints("b", &[0, 0, 1, 1, 0, 0, 1, 1]),
                floats("v", &[2], &[1.0, 2.0]),
            ]),
            "the node `the Pad` (Pad) is malformed: its value isn't one number".into(),
        ),
        (
            "borders that repeat what is there, before all layers",
            network(&[
                node_with_words("Pad", &["x", "b"], &["p"], &[], &[("mode", "reflect")]),
                ints("b", &[0, 0, 1, 1, 0, 0, 1, 1]),
                node("Conv", &["p", "w"], "y", &[]),
                kernel(),
            ]),
            "`Pad` isn't supported with mode reflect (node `the Pad`)".into(),
        ),
        (
            "a training mode that is computed",
            network(&[node("Dropout", &["x", "", "x"], "y", &[])]),
            "`Dropout` isn't supported with a computed training mode (node `the Dropout`)".into(),
        ),
        (
            "an operation whose first input is no map",
            network(&[node("PRelu", &["w", "x"], "y", &[]), kernel()]),
            "`PRelu` isn't supported where its first input is no map (node `the PRelu`)".into(),
        ),
    ]);
}

/// An `If` node on a constant. Each of its branches has a layer that reads `from`, a value from outside the branch.
fn choice(from: &str, output: &str) -> Vec<u8> {
    let branch = |name: &str| {
        let relu = [field(1, from.as_bytes()), field(2, name.as_bytes()), field(4, b"Relu")].concat();
        let graph = [field(1, &relu), field(12, &field(1, name.as_bytes()))].concat();
        field(5, &[field(1, format!("{name}_branch").as_bytes()), field(6, &graph), number(20, 5)].concat())
    };
    let node = [
        field(1, b"c"),
        field(2, output.as_bytes()),
        field(3, b"choice"),
        field(4, b"If"),
        branch("then"),
        branch("else"),
    ];
    let condition = field(5, &[number(2, 9), field(8, b"c"), field(9, &[1])].concat());
    [field(1, &node.concat()), condition].concat()
}

/// Layers in a node's own graphs aren't read. The message says so, and the network ends before that node.
#[test]
fn layers_in_branches_are_reported_and_cut_off() {
    let how =
        "`If` isn't supported with graphs of its own, in which a part of the network is (node `choice`)";
    assert_eq!(words(network(&[choice("x", "y")])), format!("{how}: \"net.onnx\""));
    let after = network(&[
        node("Conv", &["x", "w"], "a", &[]),
        choice("a", "b"),
        node("Relu", &["b"], "y", &[]),
        kernel(),
    ]);
    let net = OnnxNet::from_bytes(after, "net.onnx").unwrap();
    assert_eq!(
        net.ending.why.as_deref(),
        Some(
            "it ends here at `the Conv`, the last map that all of its output depends on: behind it `If` isn't supported with graphs of \
             its own, in which a part of the network is (node `choice`)"
        )
    );
}

#[test]
fn sizes_that_grow_without_end_are_refused() {
    let too_wide: Vec<Vec<u8>> = (0..20)
        .map(|i| {
            let (from, to) = (if i == 0 { "x".to_owned() } else { format!("c{}", i - 1) }, format!("c{i}"));
            node("Concat", &[&from, &from], &to, &[("axis", &[1])])
        })
        .collect();
    check([(
        "twice as wide each time",
        network(&too_wide),
        "the node `the Concat` has 98304 channels, more than the 65536 that are supported".into(),
    )]);
}

#[test]
fn weights_that_are_nan_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.onnx");
    let mut values = [0.5; 12];
    values[3] = f32::NAN;
    std::fs::write(&path, network(&[conv(&[]), floats("w", &[4, 3, 1, 1], &values)])).unwrap();
    let row = open_onnx(&path).unwrap()[0];
    let load = || Backbone::load(row, &WeightStore::default(), None).map(drop).unwrap_err().to_string();
    assert_eq!(
        load(),
        format!(
            "the weights don't fit nan.onnx; NaN, infinity or a negative variance in: `the Conv.weight`: \"{}\"",
            path.canonicalize().unwrap().display()
        )
    );
    // A file that was replaced after it was opened is refused.
    std::fs::write(&path, network(&[conv(&[]), kernel()])).unwrap();
    assert!(load().starts_with("the file of nan.onnx changed since it was opened; open it again: "));
    assert_eq!(open_onnx(&path).unwrap()[0].tag.len(), "nan.onnx@".len() + 8);
    assert!(std::ptr::eq(open_onnx(&path).unwrap()[0], open_onnx(&path).unwrap()[0]));
}

#[test]
fn damage_is_an_error_or_another_network_and_never_a_panic() {
    for name in ["torchvision_densenet", "hand_made", "keras_tf2onnx"] {
        let whole = std::fs::read(fixture(&format!("onnx/{name}.onnx"))).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 150 + 1) {
            let _ = OnnxNet::from_bytes(whole[..at].to_vec(), "cut");
            for bit in [0, 3, 7] {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                let _ = OnnxNet::from_bytes(bytes, "flipped");
            }
        }
    }
}

#[test]
fn an_onnx_file_given_as_weights_says_how_it_is_opened() {
    let error = TensorFile::read(&fixture("onnx/googlenet.onnx")).map(drop).unwrap_err().to_string();
    assert!(error.starts_with("this is an ONNX model, which brings its own network: \""), "{error}");
}

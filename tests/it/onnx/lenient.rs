//! Files that a lenient reader would read without an error but with wrong values. They are refused, each with its exact message.

use filterscope::engine::open_onnx;
use filterscope::graph::Op;
use filterscope::input::ValueChoice;
use filterscope::render::check_values;
use filterscope::weights::{OnnxError, OnnxNet, OnnxProblem};

use super::encode::{
    field, floats, ints, model_of, named, network, node, node_with_words, number, property, value,
};

fn words(bytes: Vec<u8>) -> String {
    match OnnxNet::from_bytes(bytes, "net.onnx") {
        Ok(net) => panic!("{} layers", net.graph.nodes().len()),
        Err(error) => error.to_string(),
    }
}

fn ends() -> Vec<Vec<u8>> {
    vec![value(11, "x", &[1, 3, 8, 8]), value(12, "y", &[1, 3, 8, 8])]
}

/// A file with this version of the operators.
fn of(opset: i64, parts: &[Vec<u8>]) -> Vec<u8> {
    model_of(8, &[("", opset)], &[parts.to_vec(), ends()].concat())
}

/// A constant that is `true` or `false`.
fn truth(name: &str, is_true: bool) -> Vec<u8> {
    field(5, &[number(2, 9), field(8, name.as_bytes()), field(9, &[u8::from(is_true)])].concat())
}

fn norm(more: &[&str], said: &[(&str, &[i64])]) -> Vec<Vec<u8>> {
    let outputs = [&["y"][..], more].concat();
    let constants = ["g", "b", "m", "v"].map(|name| floats(name, &[3], &[0.5; 3]));
    let node = named("n", "BatchNormalization", &["x", "g", "b", "m", "v"], &outputs, said);
    [vec![node], constants.to_vec()].concat()
}

fn dropout(inputs: &[&str], said: &[(&str, &[i64])]) -> Vec<Vec<u8>> {
    let relu = named("r", "Relu", &["x"], &["a"], &[]);
    let ratio = floats("half", &[], &[0.5]);
    let none = floats("none", &[], &[0.0]);
    let drop = named("d", "Dropout", &[&["a"][..], inputs].concat(), &["y"], said);
    vec![relu, drop, ratio, none, truth("on", true), truth("off", false)]
}

#[test]
fn a_network_in_training_is_refused() {
    let training = |op: &str, node: &str| {
        format!(
            "`{op}` is in training mode (node `{node}`), so the network's values aren't those it gives in use: \"net.onnx\""
        )
    };
    let table = [
        (of(13, &dropout(&["half", "on"], &[])), "Dropout", "d"),
        (of(6, &dropout(&[], &[("is_test", &[0])])), "Dropout", "d"),
        (of(6, &dropout(&[], &[])), "Dropout", "d"),
        (of(15, &norm(&[], &[("training_mode", &[1])])), "BatchNormalization", "n"),
        (of(9, &norm(&["mean", "var"], &[])), "BatchNormalization", "n"),
        (of(6, &norm(&[], &[])), "BatchNormalization", "n"),
    ];
    for (bytes, op, node) in table {
        assert_eq!(words(bytes), training(op, node));
    }
    for bytes in [
        of(13, &dropout(&["half", "off"], &[])),
        of(13, &dropout(&["none", "on"], &[])),
        of(13, &dropout(&["half"], &[])),
        of(10, &dropout(&[], &[])),
        of(6, &dropout(&[], &[("is_test", &[1])])),
        of(6, &norm(&[], &[("is_test", &[1])])),
        of(9, &norm(&[], &[])),
    ] {
        OnnxNet::from_bytes(bytes, "net.onnx").unwrap();
    }
}

#[test]
fn an_unknown_version_is_refused() {
    let relu = || [vec![node("Relu", &["x"], "y", &[])], ends()].concat();
    let of_versions = |ir: i64, opsets: &[(&str, i64)]| words(model_of(ir, opsets, &relu()));
    let opset =
        |got: i64| format!("its operators are of opset {got}, and 1 to 28 are known here: \"net.onnx\"");
    let format =
        |got: i64| format!("its format has IR version {got}, and 3 to 14 are known here: \"net.onnx\"");
    assert_eq!(of_versions(8, &[("", 29)]), opset(29));
    assert_eq!(of_versions(8, &[("", 999)]), opset(999));
    assert_eq!(of_versions(8, &[("ai.onnx", 0)]), opset(0));
    assert_eq!(of_versions(8, &[("", -1)]), opset(-1));
    assert_eq!(of_versions(15, &[("", 17)]), format(15));
    assert_eq!(of_versions(99, &[("", 17)]), format(99));
    assert_eq!(of_versions(2, &[("", 1)]), format(2));
    assert_eq!(of_versions(0, &[("", 17)]), format(0));
    let no_opset =
        "it doesn't say which opset its operators are of, so what they mean isn't known: \"net.onnx\"";
    assert_eq!(of_versions(8, &[]), no_opset);
    assert_eq!(of_versions(8, &[("ai.onnx.ml", 2)]), no_opset);
    assert_eq!(
        of_versions(8, &[("", 13), ("ai.onnx", 14)]),
        "it names several opsets of ONNX' operators, so what they mean isn't known: \"net.onnx\""
    );
    for (ir, opset) in [(3, 7), (14, 28)] {
        OnnxNet::from_bytes(model_of(ir, &[("", opset), ("ai.onnx.ml", 99)], &relu()), "net.onnx").unwrap();
    }
    // Runtimes differ in the meaning of a file's own function with an operator's name.
    let function = field(25, &[field(1, b"Relu"), field(10, b"")].concat());
    let own = [model_of(8, &[("", 17)], &relu()), function].concat();
    assert_eq!(words(own), "`ai.onnx.Relu` isn't supported (node `the Relu`): \"net.onnx\"");
}

#[test]
fn nodes_that_contradict_themselves_are_refused() {
    let kernel = || floats("w", &[4, 3, 3, 3], &[0.5; 108]);
    let conv = |said: &[(&str, &[i64])], auto: &[(&str, &str)]| {
        network(&[node_with_words("Conv", &["x", "w"], &["y"], said, auto), kernel()])
    };
    let of_node =
        |op: &str, what: &str| format!("the node `the {op}` ({op}) is malformed: {what}: \"net.onnx\"");
    let with_words =
        |op: &str, said: &[(&str, &str)]| network(&[node_with_words(op, &["x"], &["y"], &[], said)]);
    let table = [
        (
            conv(&[("kernel_shape", &[1, 1])], &[]),
            of_node("Conv", "its `kernel_shape` is [1, 1], and its kernel is [4, 3, 3, 3]"),
        ),
        (
            conv(&[("kernel_shape", &[3])], &[]),
            of_node("Conv", "its `kernel_shape` is [3], and its kernel is [4, 3, 3, 3]"),
        ),
        (
            conv(&[("pads", &[1, 1, 1, 1])], &[("auto_pad", "SAME_UPPER")]),
            of_node("Conv", "it has `pads` and `auto_pad` SAME_UPPER"),
        ),
        (
            conv(&[("kernel", &[3, 3])], &[]),
            of_node("Conv", "its setting `kernel` is none of this operator's, or of another kind"),
        ),
        (
            conv(&[], &[("strides", "2")]),
            of_node("Conv", "its setting `strides` is none of this operator's, or of another kind"),
        ),
        (with_words("Gelu", &[("approximate", "quick")]), of_node("Gelu", "its `approximate` is `quick`")),
        (
            network(&[node_with_words(
                "Split",
                &["x"],
                &["y", "z"],
                &[("axis", &[1]), ("num_outputs", &[3])],
                &[],
            )]),
            of_node("Split", "its `num_outputs` is 3, and it has 2 results"),
        ),
        (
            network(&[node("Clip", &["x", "odd"], "y", &[]), floats("odd", &[], &[f32::NAN])]),
            of_node("Clip", "its min is NaN"),
        ),
        (
            network(&[node("Clip", &["x", "large"], "y", &[]), floats("large", &[], &[f32::INFINITY])]),
            of_node("Clip", "its min is inf"),
        ),
        (
            network(&[node("Relu", &["x"], "y", &[]), floats("w", &[1], &[0.5]), floats("w", &[1], &[0.6])]),
            "it holds the constant `w` twice: \"net.onnx\"".to_owned(),
        ),
    ];
    for (bytes, expected) in table {
        assert_eq!(words(bytes), expected);
    }
    OnnxNet::from_bytes(conv(&[("kernel_shape", &[3, 3])], &[("auto_pad", "VALID")]), "net.onnx").unwrap();
}

#[test]
fn nodes_with_another_meaning_in_older_opsets_are_refused() {
    let half = || floats("half", &[3, 1, 1], &[0.5; 3]);
    let add = |said: &[(&str, &[i64])]| vec![node("Add", &["x", "half"], "y", said), half()];
    assert_eq!(
        words(of(6, &add(&[("axis", &[1]), ("broadcast", &[1])]))),
        "`Add` isn't supported with an `axis`, as opset 6 has it (node `the Add`): \"net.onnx\""
    );
    OnnxNet::from_bytes(of(7, &add(&[])), "net.onnx").unwrap();
    assert_eq!(
        words(of(8, &norm(&[], &[("spatial", &[0])]))),
        "`BatchNormalization` isn't supported without `spatial`, as opset 8 has it (node `n`): \"net.onnx\""
    );
    assert_eq!(
        words(of(5, &[node("Selu", &["x"], "y", &[])])),
        "`Selu` isn't supported with its first defaults, as opset 5 has it (node `the Selu`): \"net.onnx\""
    );
}

/// Proto3 doesn't write a value of zero; the attribute is set nevertheless.
#[test]
fn an_attribute_of_zero_is_not_taken_for_a_missing_one() {
    let axis = [field(1, b"axis"), number(20, 2)].concat();
    let concat =
        [field(1, b"x"), field(1, b"x"), field(2, b"y"), field(4, b"Concat"), field(5, &axis)].concat();
    assert_eq!(
        words(network(&[field(1, &concat)])),
        "`Concat` isn't supported along anything but channels (node `y`): \"net.onnx\""
    );
    let keep = [field(1, b"keepdims"), number(20, 2)].concat();
    let axes = [field(1, b"axes"), number(8, 2), number(8, 3), number(20, 7)].concat();
    let mean =
        [field(1, b"r"), field(2, b"m"), field(4, b"ReduceMean"), field(5, &axes), field(5, &keep)].concat();
    // A mean with `keepdims` of 0 has two axes, so it isn't a map.
    let parts =
        [node("Relu", &["x"], "r", &[]), field(1, &mean), node("GlobalAveragePool", &["m"], "y", &[])];
    let net = OnnxNet::from_bytes(network(&parts), "net.onnx").unwrap();
    assert!(net.ending.why.unwrap().contains("on maps whose axes are in another order"));
}

/// A file whose input has this element type.
fn typed(element: i64, parts: &[Vec<u8>], properties: &[Vec<u8>]) -> Vec<u8> {
    let dims = [1, 3, 8, 8].map(|side| field(1, &number(1, side))).concat();
    let tensor = [number(1, element), field(2, &dims)].concat();
    let input = field(11, &[field(1, b"x"), field(2, &field(1, &tensor))].concat());
    let graph = [parts.to_vec(), vec![input, value(12, "y", &[1, 3, 8, 8])]].concat();
    [model_of(8, &[("", 17)], &graph), properties.concat()].concat()
}

#[test]
fn inputs_of_whole_numbers_take_samples_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let to_float = || named("c", "Cast", &["x"], &["f"], &[("to", &[1])]);
    let relu = || named("r", "Relu", &["f"], &["y"], &[]);
    let bytes = typed(2, &[to_float(), relu()], &[]);
    let path = folder.path().join("bytes.onnx");
    std::fs::write(&path, bytes).unwrap();
    let rows = open_onnx(&path).unwrap();
    let [row] = rows[..] else { panic!("{} rows", rows.len()) };
    assert_eq!(row.preprocess.scale.to_string(), "RGB x");
    assert!(row.variant.ends_with("it takes samples as they are, from 0 to 255"), "{}", row.variant);
    check_values(row, ValueChoice::Model).unwrap();
    check_values(row, "raw".parse().unwrap()).unwrap();
    assert_eq!(
        check_values(row, "torch".parse().unwrap()).unwrap_err().to_string(),
        "bytes.onnx takes samples as they are, from 0 to 255 (its input is UINT8), and `torch` makes other values of them"
    );
    let mean = [property("mean", "0.5"), property("std", "0.5")];
    std::fs::write(&path, typed(2, &[to_float(), relu()], &mean)).unwrap();
    assert!(open_onnx(&path).unwrap_err().to_string().starts_with(
        "its metadata property `mean` is `0.5`; expected none, because the input is UINT8: samples as they are: \""
    ));
    // A division of whole numbers drops the remainder.
    let divided = [named("d", "Div", &["x", "two"], &["y"], &[]), floats("two", &[], &[2.0])];
    assert_eq!(
        words(typed(2, &divided, &[])),
        "`Div` isn't supported of whole numbers, which the input is of; only of fractions (node `d`): \"net.onnx\""
    );
    for element in [1, 10, 11, 16, 0] {
        assert!(
            !OnnxNet::from_bytes(typed(element, &[to_float(), relu()], &[]), "net.onnx").unwrap().takes_bytes
        );
    }
    for (element, name) in [(3, "INT8"), (6, "INT32"), (7, "INT64"), (9, "BOOL"), (8, "STRING")] {
        assert_eq!(
            words(typed(element, &[to_float(), relu()], &[])),
            format!(
                "its input `x` is {name}; a network for pictures takes fractions, or UINT8, samples as they are: \"net.onnx\""
            )
        );
    }
}

#[test]
fn meaningless_properties_are_named_when_a_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("said.onnx");
    let relu = [named("r", "Relu", &["x"], &["y"], &[])];
    let half = || [property("mean", "0.5"), property("std", "0.5")].concat();
    for (bad, expected) in [
        (
            property("interpolation", "area"),
            "`interpolation` is `area`; expected `nearest`, `bilinear`, `bicubic` or `lanczos`",
        ),
        (property("crop_pct", "9"), "`crop_pct` is `9`; expected a number above 0 and at most 1"),
    ] {
        std::fs::write(&path, typed(1, &relu, &[half(), bad])).unwrap();
        let error = open_onnx(&path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("its metadata property {expected}: \"")), "{error}");
    }
}

#[test]
fn a_property_that_is_there_twice_is_refused() {
    let relu = [named("r", "Relu", &["x"], &["y"], &[])];
    let twice = [property("mean", "0.5"), property("mean", "0.4")];
    assert_eq!(
        words(typed(1, &relu, &twice)),
        "its metadata has `mean` twice, as `0.5` and as `0.4`: \"net.onnx\""
    );
    let error = OnnxNet::from_bytes(typed(1, &relu, &twice), "net.onnx").unwrap_err();
    assert!(matches!(error, OnnxError::Problem { problem: OnnxProblem::Twice(_), .. }), "{error}");
}

#[test]
fn files_that_compute_in_half_precision_say_so() {
    let half = |parts: &[Vec<u8>]| OnnxNet::from_bytes(of(17, parts), "net.onnx").unwrap().half;
    let relu = named("r", "Relu", &["x"], &["a"], &[]);
    let cast = |to: i64| named("cast", "Cast", &["a"], &["y"], &[("to", &[to])]);
    let here = "and here all is computed in 32 bits, so values differ by what the file rounds";
    assert_eq!(
        half(&[relu.clone(), cast(10)]),
        Some(format!("its node `cast` goes over to FLOAT16, {here}"))
    );
    assert_eq!(
        half(&[relu.clone(), cast(16)]),
        Some(format!("its node `cast` goes over to BFLOAT16, {here}"))
    );
    assert_eq!(half(&[relu, cast(1)]), None);
}

/// The axes that a mean keeps are tracked one by one.
#[test]
fn squeezed_means_keep_the_axes_they_have() {
    let mean = || named("m", "GlobalAveragePool", &["r"], &["g"], &[]);
    let relu = || named("r", "Relu", &["x"], &["r"], &[]);
    // Only the axis of rows is removed, so channels aren't the last axis.
    let parts = [
        relu(),
        mean(),
        named("s", "Squeeze", &["g", "rows"], &["q"], &[]),
        named("l", "MatMul", &["q", "w"], &["y"], &[]),
        ints("rows", &[2]),
        floats("w", &[3, 3], &[0.5; 9]),
    ];
    let net = OnnxNet::from_bytes(network(&parts), "net.onnx").unwrap();
    assert!(net.graph.nodes().iter().all(|node| !matches!(node.op, Op::Conv2d(_))));
    assert!(
        net.ending.why.unwrap().contains("`MatMul` isn't supported over anything but channels (node `l`)")
    );
}

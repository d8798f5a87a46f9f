//! Slices of channels, resizing and computed borders that aren't supported or contradict themselves: exact messages.

use filterscope::weights::OnnxNet;

use super::encode::{field, floats, ints, model, network, node, node_with_words, value};

const RESIZE: &str = "`Resize` isn't supported";

fn words(bytes: Vec<u8>) -> String {
    match OnnxNet::from_bytes(bytes, "net.onnx") {
        Ok(net) => panic!("{} layers", net.graph.nodes().len()),
        Err(error) => error.to_string(),
    }
}

/// A file of these parts whose input has a free size.
fn free(parts: &[Vec<u8>]) -> Vec<u8> {
    let ends = [value(11, "x", &[0, 3, 0, 0]), value(12, "y", &[0, 4, 0, 0])];
    model(&[parts.to_vec(), ends.to_vec()].concat())
}

fn split(sizes: &[i64], axis: i64) -> Vec<u8> {
    network(&[node_with_words("Split", &["x"], &["a", "y"], &[("axis", &[axis]), ("split", sizes)], &[])])
}

fn slice(start: i64, end: i64, axis: i64, step: i64) -> Vec<u8> {
    let constants =
        [("s", start), ("e", end), ("a", axis), ("t", step)].map(|(name, value)| ints(name, &[value]));
    network(&[node("Slice", &["x", "s", "e", "a", "t"], "y", &[]), constants.concat()])
}

fn resize(scales: &[f32], said: &[(&str, &str)]) -> Vec<u8> {
    let node = node_with_words("Resize", &["x", "", "scales"], &["y"], &[], said);
    network(&[node, floats("scales", &[scales.len() as i64], scales)])
}

#[test]
fn each_unsupported_slice_of_channels_says_why() {
    let table = [
        (split(&[1, 1], 1), "the node `the Split` (Split) is malformed: its parts don't make up 3 channels"),
        (split(&[0, 3], 1), "the node `the Split` (Split) is malformed: its parts don't make up 3 channels"),
        (
            split(&[i64::MAX, i64::MAX], 1),
            "the node `the Split` (Split) is malformed: its parts don't make up 3 channels",
        ),
        (split(&[4, 4], 2), "`Split` isn't supported along anything but channels (node `the Split`)"),
        (split(&[4, 4], 9), "`Split` isn't supported along anything but channels (node `the Split`)"),
        (slice(1, 5, 2, -1), "`Slice` isn't supported along anything but channels (node `the Slice`)"),
        (slice(20, 30, 2, 1), "`Slice` isn't supported along anything but channels (node `the Slice`)"),
        (slice(5, 5, 3, 1), "`Slice` isn't supported along anything but channels (node `the Slice`)"),
        (slice(0, 3, 1, 2), "`Slice` isn't supported with a step of 2 (node `the Slice`)"),
        (slice(-1, -9, 1, -1), "`Slice` isn't supported with a step of -1 (node `the Slice`)"),
        (slice(2, 2, 1, 1), "the node `the Slice` (Slice) is malformed: it takes channels 2 to 2 of 3"),
        (
            slice(i64::MAX, i64::MIN, 1, 1),
            "the node `the Slice` (Slice) is malformed: it takes channels 9223372036854775807 to -9223372036854775808 of 3",
        ),
        (
            slice(0, 1, 7, 1),
            "the node `the Slice` (Slice) is malformed: its starts, ends, axes and steps don't fit together",
        ),
        (
            // Channels are viewed as groups, but no shuffle follows.
            network(&[
                node("Reshape", &["x", "five"], "v", &[]),
                ints("five", &[1, 3, 1, 8, 8]),
                node("MaxPool", &["v"], "y", &[("kernel_shape", &[2, 2])]),
            ]),
            "`Reshape` isn't supported where its result goes back into maps (node `the Reshape`, used by `the MaxPool`)",
        ),
        (
            // The groups don't have as many channels as the input.
            network(&[
                node("Reshape", &["x", "five"], "v", &[]),
                ints("five", &[1, 2, 2, 8, 8]),
                node("Transpose", &["v"], "t", &[("perm", &[0, 2, 1, 3, 4])]),
                node("MaxPool", &["t"], "y", &[("kernel_shape", &[2, 2])]),
            ]),
            "`Reshape` isn't supported where its result goes back into maps (node `the Reshape`, used by `the MaxPool`)",
        ),
    ];
    for (bytes, expected) in table {
        assert_eq!(words(bytes), format!("{expected}: \"net.onnx\""));
    }
}

#[test]
fn each_unsupported_resizing_is_named() {
    let linear = ("mode", "linear");
    let twice = [1.0, 1.0, 2.0, 2.0];
    let table = [
        (resize(&twice, &[("mode", "cubic")]), format!("{RESIZE} with mode cubic (node `the Resize`)")),
        (
            resize(&twice, &[("nearest_mode", "round")]),
            format!("{RESIZE} to the nearest by `round` (node `the Resize`)"),
        ),
        (
            resize(&twice, &[linear, ("coordinate_transformation_mode", "tf_half_pixel_for_nn")]),
            format!("{RESIZE} with coordinates `tf_half_pixel_for_nn` but to the nearest (node `the Resize`)"),
        ),
        (
            resize(&twice, &[linear, ("coordinate_transformation_mode", "tf_crop_and_resize")]),
            format!("{RESIZE} with coordinates `tf_crop_and_resize` (node `the Resize`)"),
        ),
        (
            resize(&[1.0, 2.0, 2.0, 2.0], &[linear]),
            format!("{RESIZE} of anything but rows and columns (node `the Resize`)"),
        ),
        (
            resize(&[2.0, 2.0], &[linear]),
            "the node `the Resize` (Resize) is malformed: it has 2 scales for 4 axes".to_owned(),
        ),
        (
            resize(&[1.0, 1.0, f32::NAN, 1.0], &[linear]),
            "the node `the Resize` (Resize) is malformed: its scales are NaN and 1".to_owned(),
        ),
        (
            resize(&[1.0, 1.0, 1e30, 1.0], &[linear]),
            "the node `the Resize` (Resize) is malformed: its scales are 1000000000000000000000000000000 and 1".to_owned(),
        ),
        (
            resize(&[1.0, 1.0, 0.01, 1.0], &[linear]),
            "`the Resize` resizes a 3×8×8 map to nothing or to more than 16384 rows or columns".to_owned(),
        ),
        (
            network(&[
                node_with_words("Resize", &["x", "", "", "sizes"], &["y"], &[], &[linear]),
                ints("sizes", &[1, 3, 1 << 40, 8]),
            ]),
            "the node `the Resize` (Resize) is malformed: its size is 1099511627776".to_owned(),
        ),
        (
            network(&[node_with_words("Resize", &["x", "", ""], &["y"], &[], &[linear])]),
            "the node `the Resize` (Resize) is malformed: it has neither scales nor sizes".to_owned(),
        ),
    ];
    for (bytes, expected) in table {
        assert_eq!(words(bytes), format!("{expected}: \"net.onnx\""));
    }
    // Each map is eight times as wide as the one before.
    let mut parts = vec![floats("scales", &[4], &[1.0, 1.0, 8.0, 8.0])];
    for at in 0..9 {
        let from = if at == 0 { "x".to_owned() } else { format!("r{}", at - 1) };
        let to = if at == 8 { "y".to_owned() } else { format!("r{at}") };
        parts.push(node_with_words("Resize", &[&from, "", "scales"], &[&to], &[], &[linear]));
    }
    let error = words(network(&parts));
    assert!(
        error.contains("resizes a 3×4096×4096 map to nothing or to more than 16384 rows or columns"),
        "{error}"
    );
}

#[test]
fn borders_computed_from_a_free_size_need_a_fixed_one() {
    let sides = [
        node("Shape", &["x"], "shape", &[]),
        node("Slice", &["shape", "two", "three"], "rows", &[]),
        node("Mul", &["rows", "two"], "more", &[]),
        node("Concat", &["zeros", "more"], "pads", &[("axis", &[0])]),
        ints("two", &[2]),
        ints("three", &[3]),
        ints("zeros", &[0; 7]),
        node("Pad", &["x", "pads"], "y", &[]),
    ];
    assert_eq!(
        words(free(&sides)),
        "`Pad` isn't supported with a border computed from the input's size, which the file leaves free; export the network with a \
         fixed size (node `the Pad`): \"net.onnx\""
    );
    let net = OnnxNet::from_bytes(network(&sides), "net.onnx").unwrap();
    assert_eq!(
        net.graph.infer(filterscope::tensor::PixelSize::square(8)).unwrap().last().unwrap().shape.to_string(),
        "3×8×24"
    );
}

#[test]
fn multiplied_strides_do_not_overflow() {
    let mut parts = vec![floats("w", &[3, 3, 1, 1], &[0.5; 9])];
    for at in 0..9 {
        let (from, to) = (if at == 0 { "x".to_owned() } else { format!("v{at}") }, format!("v{}", at + 1));
        parts.push(node(
            "Conv",
            &[&from, "w"],
            &to,
            &[("strides", &[4096, 4096]), ("dilations", &[4096, 4096])],
        ));
    }
    parts.push(node("Relu", &["v9"], "y", &[]));
    let net = OnnxNet::from_bytes(network(&parts), "net.onnx").unwrap();
    let infos = net.graph.infer(filterscope::tensor::PixelSize::square(8)).unwrap();
    assert_eq!(infos.last().unwrap().receptive_field.to_string(), "1 /1099511627776 @0");
}

/// Each file would take minutes, or more memory than there is, if repeated parts were computed again each time.
#[test]
fn work_that_a_small_file_repeats_is_bounded() {
    let chain = |num: usize| -> Vec<Vec<u8>> {
        let name = |at: usize| if at == 0 { "x".to_owned() } else { format!("v{at}") };
        (0..num).map(|at| node("Relu", &[&name(at)], &name(at + 1), &[])).collect()
    };
    // A long chain of nodes of one name needs neither deep recursion nor much time.
    let start = std::time::Instant::now();
    let long = [chain(40_000), vec![node("Relu", &["v40000"], "y", &[])]].concat();
    let net = OnnxNet::from_bytes(network(&long), "net.onnx").unwrap();
    assert_eq!(net.graph.channels(net.graph.final_node()), 3);
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
    // Nodes on tens of thousands of channels, each with a constant per channel.
    let mut parts: Vec<Vec<u8>> = (0..14)
        .map(|i| {
            let from = if i == 0 { "x".to_owned() } else { format!("c{}", i - 1) };
            node("Concat", &[&from, &from], &format!("c{i}"), &[("axis", &[1])])
        })
        .collect();
    parts.push(floats("one", &[], &[1.0]));
    for at in 0..2_000 {
        let from = if at == 0 { "c13".to_owned() } else { format!("s{}", at - 1) };
        parts.push(node("Add", &[&from, "one"], &format!("s{at}"), &[]));
    }
    let error = words(network(&parts));
    assert!(
        error.starts_with(
            "at the node `the Add` its nodes have made more than 1073741824 bytes of its constants"
        ),
        "{error}"
    );
    // One constant is reshaped many times, and another is transposed many times.
    let mut parts = vec![
        ints("many", &vec![1; 1 << 17]),
        ints("flat", &[-1]),
        floats("w", &[1024, 1024], &vec![0.5; 1 << 20]),
    ];
    for at in 0..20_000 {
        parts.push(node("Reshape", &["many", "flat"], &format!("r{at}"), &[]));
    }
    parts.push(node("Relu", &["x"], "y", &[]));
    assert!(OnnxNet::from_bytes(network(&parts), "net.onnx").is_ok());
    for at in 0..300 {
        parts.push(node("Transpose", &["w"], &format!("t{at}"), &[]));
    }
    let error = words(network(&parts));
    assert!(
        error.starts_with("at the node `the Transpose` its nodes have made more than 1073741824 bytes"),
        "{error}"
    );
    let deep = network(&[floats("w", &[1; 65], &[0.5]), node("Relu", &["x"], "y", &[])]);
    assert_eq!(words(deep), "the constant `w` has 65 axes, more than the 64 that are read: \"net.onnx\"");
}

#[test]
fn unused_constants_take_neither_time_nor_memory() {
    // A constant of 2^40 zeros, of which only the shape is read.
    let parts = [
        ints("huge", &[1 << 40]),
        node("ConstantOfShape", &["huge"], "zeros", &[]),
        node("Shape", &["zeros"], "shape", &[]),
        node("Relu", &["x"], "y", &[]),
        field(1, &[]),
    ];
    assert_eq!(OnnxNet::from_bytes(network(&parts), "net.onnx").unwrap().graph.nodes().len(), 2);
}

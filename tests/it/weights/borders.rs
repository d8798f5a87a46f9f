//! Properties that no tensor of a Keras file shows: borders before convolutions, and the model's input
//! (`fixtures/weights/borders/make.py`).

use std::io::{Cursor, Read as _};

use filterscope::graph::{Conv2d, Graph, GraphBuilder, Op, Padding, Sides};
use filterscope::weights::{BoundWeights, TensorFile};

use super::fixture;

fn file(name: &str) -> TensorFile {
    let bytes = std::fs::read(fixture("borders/borders.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(&format!("{name}.keras")).unwrap().read_to_end(&mut bytes).unwrap();
    TensorFile::from_bytes(bytes, name).unwrap_or_else(|e| panic!("{e}"))
}

fn refusal(graph: &Graph, name: &str) -> Option<String> {
    BoundWeights::bind(graph, "a network", &file(name), &[]).err().map(|error| error.to_string())
}

/// A graph of a convolution that keeps the map's size, like VGG16's first.
fn same() -> Graph {
    let (mut b, x) = GraphBuilder::new();
    let conv = b.conv("block1_conv1", x, Conv2d::new(3, 4, 3).with_padding(Padding::Same).with_bias());
    b.keras(conv, "block1_conv1");
    b.stage(conv);
    b.finish().unwrap()
}

/// A graph of a convolution after a layer that adds a border, like `ResNet50`'s first.
fn own() -> Graph {
    let (mut b, x) = GraphBuilder::new();
    let pad = b.node("conv1_pad", Op::ZeroPad(Sides { top: 3, bottom: 3, left: 3, right: 3 }), &[x]);
    let conv = b.conv("conv1_conv", pad, Conv2d::new(3, 4, 7).with_stride(2).with_bias());
    b.keras(conv, "conv1_conv");
    b.stage(conv);
    b.finish().unwrap()
}

#[test]
fn the_network_s_own_border_is_accepted_and_any_other_is_refused() {
    for (graph, name) in [(same(), "same_plain"), (own(), "own_three"), (own(), "own_pairs")] {
        assert_eq!(refusal(&graph, name), None, "{name}");
    }
    for (graph, name, expected) in [
        (same(), "same_behind_border", "`base/block1_conv1` has another border before it"),
        (same(), "same_flat_border", "`block1_conv1` has another border before it"),
        (own(), "own_other", "`conv1_conv` has another border before it"),
        (own(), "own_none", "`conv1_conv` has padding `valid` and no border before it"),
    ] {
        let expected = format!("the weights don't fit a network; {expected}: \"{name}\"");
        assert_eq!(refusal(&graph, name), Some(expected));
    }
}

#[test]
fn models_with_inputs_other_than_rgb_are_refused_by_name() {
    for (name, expected) in [
        (
            "grey",
            "`block1_conv1/kernel` has shape [3, 3, 1, 4], expected [3, 3, 3, 4]; `picture` takes pictures of 1 channel, expected 3",
        ),
        (
            "grey_adapted",
            "`picture` takes pictures of 1 channel, expected 3; not part of it: `adapter/bias`, `adapter/kernel`",
        ),
        ("grey_thrice", "`picture` takes pictures of 1 channel, expected 3"),
        (
            "channels_first",
            "`block1_conv1` takes channels first; `picture` takes channels first (3×8×8), expected rows × columns × 3",
        ),
    ] {
        let expected = format!("the weights don't fit a network; {expected}: \"{name}\"");
        assert_eq!(refusal(&same(), name), Some(expected));
    }
}

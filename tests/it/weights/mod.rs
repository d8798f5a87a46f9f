//! Weight files: strict binding, every format, and the errors for broken and foreign files.

mod binding;
mod borders;
mod broken;
mod commands;
mod fetch;
mod finetuned;
mod inside;
mod keras;
mod labels;
mod parts;
mod pth;
mod trained;

use std::path::PathBuf;

use filterscope::graph::{Conv2d, Graph, GraphBuilder, Padding};
use filterscope::weights::{BoundWeights, TensorFile};

/// A file of `tests/fixtures/weights`.
fn fixture(name: &str) -> PathBuf {
    crate::support::root().join("tests/fixtures/weights").join(name)
}

/// The network whose weights `make_pth.py` and `make_h5.py` saved.
fn toy() -> Graph {
    let (mut b, x) = GraphBuilder::new();
    let conv = Conv2d::new(3, 2, 3).with_padding(Padding::Same).with_bias();
    let x = b.conv("stem", x, conv);
    b.keras(x, "conv2d");
    let x = b.norm("bn", x, 2, 1e-3);
    b.keras(x, "batch_normalization");
    b.stage(x);
    b.finish().unwrap()
}

fn bind(name: &str) -> (TensorFile, BoundWeights) {
    let file = TensorFile::read(&fixture(name)).unwrap_or_else(|e| panic!("{e}"));
    let bound = BoundWeights::bind(&toy(), "toy", &file, &["fc."]).unwrap_or_else(|e| panic!("{e}"));
    (file, bound)
}

/// The values of a fixture's tensor, by its torch name.
fn expected(name: &str) -> Vec<f32> {
    #[derive(serde::Deserialize)]
    struct Tensor {
        values: Vec<f32>,
    }
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    let all: std::collections::BTreeMap<String, Tensor> = serde_json::from_str(&text).unwrap();
    all[name].values.clone()
}

/// Asserts that every parameter of the toy network has the values that were saved.
fn assert_values(name: &str, bound: &BoundWeights) {
    use filterscope::weights::NodeParams;
    let graph = toy();
    let NodeParams::Conv { kernel, bias } = bound.of(graph.find("stem").unwrap()) else { panic!("{name}") };
    assert_eq!(kernel, expected("stem.weight"), "{name}");
    assert_eq!(bias, Some(expected("stem.bias")), "{name}");
    let NodeParams::Norm { gamma, beta, mean, variance } = bound.of(graph.find("bn").unwrap()) else {
        panic!("{name}")
    };
    assert_eq!(gamma, Some(expected("bn.weight")), "{name}");
    assert_eq!(beta, expected("bn.bias"), "{name}");
    assert_eq!(mean, expected("bn.running_mean"), "{name}");
    assert_eq!(variance, expected("bn.running_var"), "{name}");
}

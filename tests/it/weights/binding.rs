//! Strict binding of tensors to a graph's parameters, and broken safetensors files.

use std::path::Path;

use filterscope::engine::Backbone;
use filterscope::graph::{Conv2d, Graph, GraphBuilder};
use filterscope::models::Registry;
use filterscope::tensor::{Remedied, Remedy};
use filterscope::weights::{BoundWeights, NodeParams, TensorFile};
use safetensors::tensor::{Dtype, TensorView};

use crate::support::golden::{generated_for, tensor_file};
use crate::support::root;

/// A graph of one convolution with a bias and one batch norm.
fn small() -> Graph {
    let (mut b, x) = GraphBuilder::new();
    let x = b.conv("stem", x, Conv2d::new(3, 2, 1).with_bias());
    let x = b.norm("bn", x, 2, 1e-3);
    b.stage(x);
    b.finish().unwrap()
}

type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

fn whole() -> Tensors {
    let t =
        |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec(), vec![0.5; shape.iter().product()]);
    vec![
        t("stem.weight", &[2, 3, 1, 1]),
        t("stem.bias", &[2]),
        t("bn.weight", &[2]),
        t("bn.bias", &[2]),
        t("bn.running_mean", &[2]),
        t("bn.running_var", &[2]),
    ]
}

fn bind(tensors: &Tensors) -> Result<BoundWeights, String> {
    BoundWeights::bind(&small(), "toy", &tensor_file(tensors), &["fc."]).map_err(|e| e.to_string())
}

#[test]
fn only_a_classifier_may_be_surplus() {
    let mut tensors = whole();
    tensors.push(("fc.weight".into(), vec![1], vec![0.0]));
    tensors.push(("bn.num_batches_tracked".into(), vec![1], vec![0.0]));
    let bound = bind(&tensors).unwrap();
    assert_eq!(bound.num_head_tensors(), 1);
    assert!(matches!(bound.of(small().find("stem").unwrap()), NodeParams::Conv { bias: Some(_), .. }));
    tensors.push(("layer9.weight".into(), vec![1], vec![0.0]));
    assert_eq!(
        bind(&tensors).unwrap_err(),
        "the weights don't fit toy; not part of it: `layer9.weight`: \"generated\""
    );
}

/// A linear layer's kernel has two axes, and a layer scale has a name without a suffix.
#[test]
fn linear_layers_and_scales_bind_by_their_own_shapes_and_names() {
    let (mut b, x) = GraphBuilder::new();
    let x = b.conv("fc1", x, Conv2d::linear(3, 2));
    let x = b.layer_norm("norm", x, 1e-6);
    let x = b.scale("block.gamma", x);
    b.stage(x);
    let graph = b.finish().unwrap();
    let t =
        |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec(), vec![0.5; shape.iter().product()]);
    let mut tensors = vec![
        t("fc1.weight", &[2, 3]),
        t("fc1.bias", &[2]),
        t("norm.weight", &[2]),
        t("norm.bias", &[2]),
        t("block.gamma", &[2]),
    ];
    let bind = |tensors: &Tensors| {
        BoundWeights::bind(&graph, "toy", &tensor_file(tensors), &[]).map_err(|e| e.to_string())
    };
    let bound = bind(&tensors).unwrap();
    assert_eq!(bound.of(x), NodeParams::Scale(vec![0.5; 2]));
    tensors[0] = t("fc1.weight", &[2, 3, 1, 1]);
    tensors.pop();
    assert_eq!(
        bind(&tensors).unwrap_err(),
        "the weights don't fit toy; missing: `block.gamma`; `fc1.weight` has shape [2, 3, 1, 1], expected [2, 3]: \"generated\""
    );
}

#[test]
fn every_wrong_tensor_is_named() {
    let mut tensors = whole();
    tensors.retain(|(name, ..)| name != "stem.bias" && name != "bn.running_mean");
    tensors[0].1 = vec![3, 2, 1, 1];
    assert_eq!(
        bind(&tensors).unwrap_err(),
        "the weights don't fit toy; missing: `stem.bias`, `bn.running_mean`; \
         `stem.weight` has shape [3, 2, 1, 1], expected [2, 3, 1, 1]: \"generated\""
    );
}

#[test]
fn values_that_would_spoil_every_map_are_refused() {
    let mut tensors = whole();
    tensors[0].2[3] = f32::NAN;
    tensors[5].2[1] = -1.0;
    assert_eq!(
        bind(&tensors).unwrap_err(),
        "the weights don't fit toy; NaN, infinity or a negative variance in: `stem.weight`, `bn.running_var`: \"generated\""
    );
}

#[test]
fn the_error_for_another_network_says_so() {
    let tensors = vec![("a".into(), vec![1], vec![0.0]), ("b".into(), vec![1], vec![0.0])];
    assert_eq!(
        bind(&tensors).unwrap_err(),
        "the weights don't fit toy: none of its 6 tensors is in the file, which holds 2 others, the first `a`, `b`: \"generated\""
    );
}

#[test]
fn half_floats_and_doubles_become_f32() {
    for (dtype, one_and_a_half) in [
        (Dtype::F16, half::f16::from_f32(1.5).to_le_bytes().to_vec()),
        (Dtype::BF16, half::bf16::from_f32(1.5).to_le_bytes().to_vec()),
        (Dtype::F64, 1.5f64.to_le_bytes().to_vec()),
    ] {
        let data: Vec<Vec<u8>> =
            whole().iter().map(|(_, shape, _)| one_and_a_half.repeat(shape.iter().product())).collect();
        let tensors = whole();
        let views = tensors
            .iter()
            .zip(&data)
            .map(|((n, s, _), bytes)| (n.as_str(), TensorView::new(dtype, s.clone(), bytes).unwrap()));
        let file = TensorFile::from_bytes(safetensors::serialize(views, None).unwrap(), "t").unwrap();
        let bound = BoundWeights::bind(&small(), "toy", &file, &[]).unwrap();
        let NodeParams::Conv { kernel, .. } = bound.of(small().find("stem").unwrap()) else { panic!() };
        assert_eq!(kernel, [1.5; 6], "{dtype:?}");
    }
}

#[test]
fn integers_are_refused_as_weights() {
    let tensors = whole();
    let data: Vec<Vec<u8>> =
        tensors.iter().map(|(_, s, _)| vec![0; 8 * s.iter().product::<usize>()]).collect();
    let views = tensors
        .iter()
        .zip(&data)
        .map(|((n, s, _), bytes)| (n.as_str(), TensorView::new(Dtype::I64, s.clone(), bytes).unwrap()));
    let file = TensorFile::from_bytes(safetensors::serialize(views, None).unwrap(), "t").unwrap();
    let error = BoundWeights::bind(&small(), "toy", &file, &[]).unwrap_err().to_string();
    assert!(error.contains("`stem.weight` is I64, expected F16, BF16, F32 or F64"), "{error}");
}

/// Each broken file gives its exact message.
#[test]
fn broken_files_say_what_they_are() {
    let good = std::fs::read(root().join("weights/tf_efficientnet_lite0.f16.safetensors")).unwrap();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], "the weight file is empty or has no header (0 bytes): \"PATH\""),
        ("stub", vec![1, 2, 3], "the weight file is empty or has no header (3 bytes): \"PATH\""),
        (
            "cut in the values",
            good[..100_000].to_vec(),
            "the weight file is cut short, or a length in it is damaged: it promises more than the 100000 bytes it has; get it again: \"PATH\"",
        ),
        (
            "cut in the header",
            good[..1000].to_vec(),
            "the weight file is cut short, or a length in it is damaged: it promises more than the 1000 bytes it has; get it again: \"PATH\"",
        ),
        (
            "gguf",
            b"GGUF\x03\0\0\0and more".to_vec(),
            "this is a GGUF file; weights are read from safetensors, PyTorch's .pth and Keras' .h5 and .keras files: \"PATH\"",
        ),
        (
            "page",
            b"<!DOCTYPE html><html>Sign in</html>".to_vec(),
            "this is a web page; if it was downloaded, the server sent a page instead of the file; get the file itself: \"PATH\"",
        ),
        (
            "pointer",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00".to_vec(),
            "this is a Git LFS pointer and not the file it stands for; fetch the file itself (`git lfs pull`): \"PATH\"",
        ),
        (
            "text",
            b"this is a plain text file, and a long one at that".to_vec(),
            "this is no weight file of a kind that is read here (safetensors, PyTorch's .pth, Keras' .h5 or .keras): \"PATH\"",
        ),
        (
            "terabytes",
            [
                &66u64.to_le_bytes()[..],
                br#"{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4]}}"#,
                b"....",
            ]
            .concat(),
            "this safetensors file can't be read: invalid shape, data type, or offset for tensor: \"PATH\"",
        ),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes, expected) in cases {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = TensorFile::read(&path).unwrap_err().to_string();
        assert_eq!(error, expected.replace("PATH", &path.display().to_string()), "{name}");
    }
    let missing = TensorFile::read(Path::new("/nowhere/x.safetensors")).unwrap_err().to_string();
    assert_eq!(
        missing,
        "can't read the weight file: No such file or directory (os error 2): \"/nowhere/x.safetensors\""
    );
    let folder = TensorFile::read(dir.path()).unwrap_err().to_string();
    assert_eq!(folder, format!("can't read the weight file: it is a folder: \"{}\"", dir.path().display()));
}

#[test]
fn bytes_flipped_anywhere_in_a_header_never_panic() {
    let good = {
        let tensors = whole();
        let data: Vec<Vec<u8>> =
            tensors.iter().map(|(_, s, _)| vec![0; 4 * s.iter().product::<usize>()]).collect();
        let views = tensors
            .iter()
            .zip(&data)
            .map(|((n, s, _), b)| (n.as_str(), TensorView::new(Dtype::F32, s.clone(), b).unwrap()));
        safetensors::serialize(views, None).unwrap()
    };
    for at in 0..good.len() {
        for flip in [0x01u8, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            if let Ok(file) = TensorFile::from_bytes(bytes, "t") {
                let _ = BoundWeights::bind(&small(), "toy", &file, &[]);
            }
        }
        let _ = TensorFile::from_bytes(good[..at].to_vec(), "t");
    }
}

/// Keras numbers unnamed layers throughout a session, so `conv2d_95` can be a model's first layer. Layers bind by their order.
#[test]
fn keras_automatic_numbers_bind_by_order() {
    let (mut b, x) = GraphBuilder::new();
    let first = b.conv("a", x, Conv2d::new(3, 2, 1));
    b.keras(first, "conv2d");
    let second = b.conv("b", first, Conv2d::new(2, 2, 1));
    b.keras(second, "conv2d_1");
    b.stage(second);
    let graph = b.finish().unwrap();
    // As text, `conv2d_100` comes before `conv2d_99`.
    let file = tensor_file(&[
        ("conv2d_100/kernel:0".into(), vec![1, 1, 2, 2], vec![2.0; 4]),
        ("conv2d_99/kernel:0".into(), vec![1, 1, 3, 2], vec![1.0; 6]),
    ]);
    let bound = BoundWeights::bind(&graph, "toy", &file, &[]).unwrap();
    assert_eq!(bound.of(first), NodeParams::Conv { kernel: vec![1.0; 6], bias: None });
    assert_eq!(bound.of(second), NodeParams::Conv { kernel: vec![2.0; 4], bias: None });
}

#[test]
fn keras_tensors_are_refused_for_another_frameworks_model_spec() {
    let row = Registry::find("vgg16.tv_in1k").unwrap();
    let file = tensor_file(&[("block1_conv1/kernel".into(), vec![1], vec![0.0])]);
    let error = Backbone::from_tensors(row, file).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this file has Keras' tensor names, but vgg16.tv_in1k is not a Keras model: it would run with the wrong border or \
         preprocessing: \"generated\""
    );
    assert_eq!(error.remedy(), Some(Remedy::NameModel { fitting: vec!["vgg16.keras_in1k".to_owned()] }));
}

#[test]
fn all_of_a_networks_parameters_are_found_and_none_is_left_over() {
    let row = Registry::find("resnet18.tv_in1k").unwrap();
    let graph = (row.build)().unwrap();
    let file = generated_for(&graph, 3);
    let num = file.names().count();
    assert_eq!(num, 20 + 20 * 4, "20 convolutions, 20 batch norms");
    assert_eq!(Backbone::from_tensors(row, file).unwrap().weights().num_head_tensors(), 0);
}

/// A backbone keeps half floats as they are and drops the classifier. Removing the classifier's bytes doesn't change the other values.
#[test]
fn a_backbone_holds_its_parameters_once() {
    let row = Registry::find("resnet18.tv_in1k").unwrap();
    let graph = (row.build)().unwrap();
    let mut tensors = crate::support::golden::generated_params(&graph, 3);
    tensors.push(("fc.weight".into(), vec![1000, 512], vec![0.5; 512_000]));
    tensors.push(("fc.bias".into(), vec![1000], vec![0.5; 1000]));
    let halves = |values: &[f32]| -> Vec<u8> {
        values.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect()
    };
    let data: Vec<Vec<u8>> = tensors.iter().map(|(.., values)| halves(values)).collect();
    let views = tensors
        .iter()
        .zip(&data)
        .map(|((n, s, _), b)| (n.as_str(), TensorView::new(Dtype::F16, s.clone(), b).unwrap()));
    let bytes = safetensors::serialize(views, None).unwrap();
    let file = || TensorFile::from_bytes(bytes.clone(), "t").unwrap();
    let whole = BoundWeights::bind(&graph, row.tag, &file(), row.head_prefixes).unwrap();
    let backbone = Backbone::from_tensors(row, file()).unwrap();
    let num_params: usize = tensors.iter().map(|(.., values)| values.len()).sum();
    assert_eq!(backbone.weights().num_bytes(), 2 * (num_params - 513_000));
    for id in graph.ids() {
        assert_eq!(backbone.weights().of(id), whole.of(id), "{}", graph.node(id).name);
    }
}

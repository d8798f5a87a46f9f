//! Values of inner layers are compared with ONNX Runtime's, for files that torch, torchvision, timm and Keras' converter wrote
//! (`tests/fixtures/onnx/make.py`).

use std::sync::Arc;

use filterscope::engine::{Backbone, ComputeDevice, EngineChoice, Session, WeightStore, open_onnx};
use filterscope::graph::{NodeId, Op};
use filterscope::models::ModelSpec;
use filterscope::tensor::InputBatch;
use filterscope::weights::TensorFile;

use crate::support::fixture;
use crate::support::golden::relative_error;

/// The tolerance of the built-in networks (`parity.rs`). Another order of summation changes values by a hundredth of it.
const TOLERANCE: f64 = 1e-4;

/// A stored network: its file, the least number of maps to compare, and stored results that are no layers.
pub(super) type Case = (&'static str, usize, &'static [&'static str]);

/// The stored networks. Results that are no layers are the beginning of a classifier, or a part of a pattern of nodes that is read as one.
pub(super) const CASES: [Case; 22] = [
    ("timm_resnet", 3, &[]),
    ("torchvision_mobilenet_v2", 10, &[]),
    ("timm_efficientnet", 15, &[]),
    ("torchvision_mobilenet_v3", 12, &[]),
    ("torchvision_densenet", 5, &[]),
    ("googlenet", 5, &[]),
    ("torchvision_vgg", 1, &[]),
    ("timm_convnext", 3, &[]),
    ("timm_senet", 5, &[]),
    ("keras_tf2onnx", 8, &[]),
    ("hand_made", 20, &[]),
    ("hand_made_parts", 35, &["with_lowest"]),
    ("torchvision_shufflenet", 13, &[]),
    ("torchvision_convnext", 3, &[]),
    ("torch_resize", 12, &[]),
    ("timm_same", 6, &["/pool/Pad_output_0"]),
    ("weights_beside", 3, &[]),
    ("cheap_operators", 82, &[]),
    ("upsample_9", 5, &[]),
    ("resize_10", 7, &[]),
    ("resize_11", 9, &[]),
    ("breadth_first", 10, &["s0.mul", "s1.mul", "sb2.mul"]),
];

fn spec(name: &str) -> &'static ModelSpec {
    open_onnx(&fixture(&format!("onnx/{name}.onnx"))).unwrap()[0]
}

fn load(name: &str) -> Arc<Backbone> {
    Arc::new(Backbone::load(spec(name), &WeightStore::default(), None).unwrap())
}

/// Reorders the values of a `[1, H, W, C]` array to `[1, C, H, W]`.
fn channels_first(shape: &[usize], values: &[f32]) -> Vec<f32> {
    let [_, height, width, channels] = shape[..] else { panic!("{shape:?}") };
    let at = |c: usize, y: usize, x: usize| values[(y * width + x) * channels + c];
    (0..channels).flat_map(|c| (0..height).flat_map(move |y| (0..width).map(move |x| at(c, y, x)))).collect()
}

/// The input that the stored values were computed for.
pub(super) fn input(stored: &TensorFile) -> InputBatch {
    let (shape, values) = stored.tensor("<input>").unwrap();
    let (height, width, values) = match shape[..] {
        [1, 3, height, width] => (height, width, values),
        [1, height, width, 3] => (height, width, channels_first(&shape, &values)),
        _ => panic!("{shape:?}"),
    };
    InputBatch::new(1, height, width, values).unwrap()
}

#[test]
fn every_stored_layer_equals_onnx_runtime_s() {
    for case in CASES {
        let stored = TensorFile::read(&fixture(&format!("onnx/{}.safetensors", case.0))).unwrap();
        layers_are_those_of(&load(case.0), &stored, case);
    }
}

/// Compares all networks in the folder `FILTERSCOPE_ONNX`, with the values that the function `reference` of `make.py` stored.
#[test]
#[ignore = "needs a folder of networks"]
fn every_layer_in_a_folder_equals_onnx_runtime_s() {
    let folder = std::path::PathBuf::from(std::env::var("FILTERSCOPE_ONNX").unwrap());
    let mut num_done = 0;
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|extension| extension != "onnx") {
            continue;
        }
        let name: &'static str = path.file_stem().unwrap().to_string_lossy().into_owned().leak();
        let stored = TensorFile::read(&path.with_extension("safetensors")).unwrap();
        let spec = open_onnx(&path).unwrap_or_else(|error| panic!("{error}"))[0];
        let backbone = Arc::new(Backbone::load(spec, &WeightStore::default(), None).unwrap());
        layers_are_those_of(&backbone, &stored, (name, 1, &[]));
        num_done += 1;
    }
    println!("{num_done} networks");
}

/// Asserts that both engines give the values of every stored layer.
pub(super) fn layers_are_those_of(backbone: &Arc<Backbone>, stored: &TensorFile, case: Case) {
    let (name, at_least, no_layers) = case;
    let graph = backbone.graph();
    let mut wanted: Vec<(&str, NodeId)> = Vec::new();
    for result in stored.names().filter(|result| *result != "<input>") {
        let (shape, _) = stored.tensor(result).unwrap();
        match graph.find(result) {
            Some(node) => wanted.push((result, node)),
            // Scores, and a classifier's results after the last map's mean, are no layers.
            None => assert!(
                shape.len() == 2 || shape[2..] == [1, 1] || no_layers.contains(&result),
                "{name}: no layer `{result}`"
            ),
        }
    }
    assert!(wanted.len() >= at_least, "{name}: {} of at least {at_least}", wanted.len());
    for engine in [EngineChoice::Fast, EngineChoice::Candle] {
        let taps: Vec<NodeId> = wanted.iter().map(|(_, node)| *node).collect();
        let mut session = Session::with_engine(Arc::clone(backbone), ComputeDevice::cpu(), engine).unwrap();
        let got = session.activations(&input(stored), &taps).unwrap();
        for ((result, _), got) in wanted.iter().zip(&got) {
            let (shape, values) = stored.tensor(result).unwrap();
            let ours = [1, got.shape().channels, got.shape().height, got.shape().width];
            let turned = [ours[0], ours[2], ours[3], ours[1]];
            let expected = match &shape[..] {
                same if same == ours => values,
                same if same == turned => channels_first(&shape, &values),
                [1, channels] if *channels == ours[1] => values,
                _ => panic!("{name}: `{result}` is {shape:?} in ONNX and {ours:?} here"),
            };
            let error = relative_error(got.values(), &expected);
            assert!(error <= TOLERANCE, "{name}, {engine:?}: `{result}` is off by {error:.1e}");
        }
    }
}

#[test]
fn a_classifier_is_cut_off_and_still_gives_classes() {
    for name in
        ["timm_resnet", "torchvision_mobilenet_v2", "googlenet", "torchvision_densenet", "keras_tf2onnx"]
    {
        let backbone = load(name);
        let stored = TensorFile::read(&fixture(&format!("onnx/{name}.safetensors"))).unwrap();
        let scores = stored.names().filter(|n| stored.tensor(n).unwrap().0.len() == 2);
        let scores = scores.filter(|n| stored.tensor(n).unwrap().0[1] == 10);
        let (_, scores) = stored.tensor(scores.last().unwrap()).unwrap();
        let last = backbone.graph().final_node();
        assert!(!matches!(backbone.graph().node(last).op, Op::GlobalAvgPool), "{name}");
        let mut session = Session::new(Arc::clone(&backbone), ComputeDevice::cpu()).unwrap();
        let map = session.activations(&input(&stored), &[last]).unwrap().remove(0);
        let top = backbone.weights().head().unwrap().top(&map, 10);
        // Keras' network ends with probabilities.
        let is_softmax = (scores.iter().sum::<f32>() - 1.0).abs() < 1e-3 && scores.iter().all(|s| *s >= 0.0);
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f32 = scores.iter().map(|s| (s - largest).exp()).sum();
        let expected =
            |class: usize| if is_softmax { scores[class] } else { (scores[class] - largest).exp() / total };
        assert_eq!(top.len(), 10, "{name}");
        for share in &top {
            assert!((share.probability - expected(share.class)).abs() < 1e-4, "{name}: {share:?}");
        }
    }
    assert!(load("torchvision_vgg").weights().head().is_none(), "three linear layers on 64 values");
    assert!(load("hand_made").weights().head().is_none());
}

#[test]
fn layers_have_their_onnx_names() {
    let backbone = load("torchvision_mobilenet_v2");
    let graph = backbone.graph();
    let name = |name: &str| graph.node(graph.find(name).unwrap()).name.clone();
    assert_eq!(name("/features/features.0/features.0.2/Clip"), "/features/features.0/features.0.2/Clip");
    assert_eq!(graph.node(graph.final_node()).name, "/features/features.18/features.18.2/Clip");
    let backbone = load("hand_made");
    let graph = backbone.graph();
    // A nameless node has its result's name. A node that changes nothing is found by its name, too.
    assert!(graph.find("upper").is_some() && graph.find("mean_of_maps").is_some());
    assert_eq!(graph.find("identity"), graph.find("mean_ignoring"));
    assert_eq!(graph.find("nchw"), graph.find("nhwc_sum"));
    assert_eq!(graph.find("pixels"), Some(NodeId(0)));
    let kind = |name: &str| graph.node(graph.find(name).unwrap()).op.kind();
    assert_eq!((kind("gate"), kind("hard swish"), kind("pad")), ("gate", "hard-swish", "zero pad"));
    let spec = spec("hand_made");
    assert_eq!(spec.tag, "hand_made.onnx");
    assert_eq!(spec.preprocess.to_string(), "33x33, centre crop 0.9, bicubic, RGB (x/255 − 0.5)/0.25");
}

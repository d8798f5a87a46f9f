//! Fine-tuned Keras models in every form in which Keras saves them: the network inside and its head are found and give Keras' values.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::sync::Arc;

use filterscope::engine::{Backbone, ComputeDevice, Session};
use filterscope::graph::{
    ActivationFn, BatchNorm, Conv2d, Graph, GraphBuilder, NodeId, Op, Padding, keras_class_order,
};
use filterscope::models::Registry;
use filterscope::tensor::{Activation, InputBatch, Remedied as _, Remedy};
use filterscope::weights::{BindError, BoundWeights, ClassNames, NoClass, TensorFile, to_safetensors};

use super::fixture;
use crate::support::golden::relative_error;
use crate::support::npy::npy_f32;

/// The base network of `finetuned/make.py`: units of equal shapes in branches of unequal length.
fn little() -> Graph {
    let (mut b, x) = GraphBuilder::new();
    let mut num = 0;
    let mut unit = |b: &mut GraphBuilder, x: NodeId, side: usize, stride: usize| -> NodeId {
        let numbered = |kind: &str| if num == 0 { kind.to_owned() } else { format!("{kind}_{num}") };
        let conv = Conv2d::new(b.channels(x), 4, side).with_stride(stride).with_padding(Padding::Same);
        let conv = b.conv(format!("conv{num}"), x, conv);
        b.keras(conv, numbered("conv2d"));
        let norm = BatchNorm { channels: 4, eps: 1e-3, has_gamma: false };
        let norm = b.node(format!("bn{num}"), Op::BatchNorm(norm), &[conv]);
        b.keras(norm, numbered("batch_normalization"));
        let name = format!("relu{num}");
        num += 1;
        b.act(name, norm, ActivationFn::Relu)
    };
    let x = unit(&mut b, x, 3, 2);
    let a = unit(&mut b, x, 1, 1);
    let c = unit(&mut b, x, 1, 1);
    let c = unit(&mut b, c, 3, 1);
    let d = unit(&mut b, x, 1, 1);
    let d = unit(&mut b, d, 3, 1);
    let d = unit(&mut b, d, 3, 1);
    let x = b.node("joined", Op::Concat, &[a, c, d]);
    b.alias("mixed0", x);
    b.stage(x);
    b.finish().unwrap()
}

/// Files that Keras wrote, by name.
fn files() -> BTreeMap<String, Vec<u8>> {
    let bytes = std::fs::read(fixture("finetuned/finetuned.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().to_string(), bytes);
    }
    files
}

fn file(name: &str) -> TensorFile {
    TensorFile::from_bytes(files().remove(name).unwrap(), name).unwrap_or_else(|e| panic!("{e}"))
}

fn bind(name: &str) -> Result<BoundWeights, Box<BindError>> {
    BoundWeights::bind(&little(), "little", &file(name), &[])
}

/// Loads a file and computes its last map for the input that Keras was given.
fn last_map(name: &str, bytes: Vec<u8>) -> (Backbone, Activation) {
    let file = TensorFile::from_bytes(bytes, name).unwrap_or_else(|e| panic!("{e}"));
    let row = Registry::find("inception_v3.keras_in1k").unwrap();
    let backbone = Backbone::with_graph(row, little(), file).unwrap_or_else(|e| panic!("{e}"));
    let (_, input) = npy_f32(fixture("finetuned/input.npy"));
    let mut session = Session::new(Arc::new(backbone), ComputeDevice::cpu()).unwrap();
    let input = InputBatch::new(1, 24, 24, input).unwrap();
    let map = session.activations(&input, &[little().final_node()]).unwrap().remove(0);
    let file = TensorFile::from_bytes(files().remove(name).unwrap(), name).unwrap();
    (Backbone::with_graph(row, little(), file).unwrap(), map)
}

fn outputs() -> BTreeMap<String, Vec<f32>> {
    serde_json::from_str(&std::fs::read_to_string(fixture("finetuned/outputs.json")).unwrap()).unwrap()
}

/// A `.keras` file with its configuration changed.
fn changed(name: &str, from: &str, to: &str) -> TensorFile {
    let mut archive = zip::ZipArchive::new(Cursor::new(files().remove(name).unwrap())).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let member = file.name().unwrap().to_string();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        if member == "config.json" {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains(from), "{text}");
            bytes = text.replace(from, to).into_bytes();
        }
        out.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
    }
    TensorFile::from_bytes(out.finish().unwrap().into_inner(), name).unwrap_or_else(|e| panic!("{e}"))
}

/// No tensor shows these settings: without a check such a network would bind and give other values.
#[test]
fn a_network_whose_layers_have_other_settings_is_refused() {
    for (from, to, expected) in [
        ("\"strides\": [2, 2]", "\"strides\": [1, 1]", "has strides [1, 1], expected [2, 2]"),
        ("\"epsilon\": 0.001", "\"epsilon\": 1e-05", "has epsilon 0.00001, expected 0.001"),
        ("\"padding\": \"same\"", "\"padding\": \"valid\"", "has padding `valid` and no border before it"),
        (
            "\"dilation_rate\": [1, 1]",
            "\"dilation_rate\": [2, 2]",
            "has dilation_rate [2, 2], expected [1, 1]",
        ),
        ("\"activation\": \"relu\"", "\"activation\": \"tanh\"", "(Activation) is none of this network's"),
    ] {
        let file = changed("k3_nested.keras", from, to);
        let error = BoundWeights::bind(&little(), "little", &file, &[]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// The form that a file's name tells: `nested` for `k33_nested.weights.h5`.
fn form(name: &str) -> &str {
    let (_, rest) = name.split_once('_').unwrap();
    rest.split('.').next().unwrap().trim_end_matches("_weights")
}

#[test]
fn every_form_of_every_keras_version_gives_keras_map() {
    let (_, reference) = npy_f32(fixture("finetuned/map.npy"));
    let mut num = 0;
    for (name, bytes) in files() {
        if ["two_bases", "stem", "front", "branch"].contains(&form(&name)) {
            continue;
        }
        let (backbone, map) = last_map(&name, bytes);
        let error = relative_error(map.values(), &reference);
        assert!(error <= 1e-5, "{name}: differs from Keras by {error:e} of the range");
        let keras = backbone.weights().keras().unwrap();
        assert!(!keras.head.is_empty(), "{name}");
        num += 1;
    }
    assert!(num > 40, "{num}");
}

/// If a file says how the layers of its head are connected, the classes are those that Keras computes; otherwise a note says why there
/// are none.
#[test]
fn heads_give_the_classes_that_keras_gave() {
    let outputs = outputs();
    let (mut num, mut silent) = (0, Vec::new());
    for (name, bytes) in files() {
        let form = form(&name);
        if ["two_bases", "stem", "front", "branch"].contains(&form) {
            continue;
        }
        let (backbone, map) = last_map(&name, bytes);
        let Some(head) = backbone.weights().head() else {
            let why = backbone.weights().keras().unwrap().no_classes.clone().unwrap();
            silent.push(format!("{name}: {why}"));
            continue;
        };
        let mut expected = outputs[form].clone();
        if form == "binary" {
            expected.insert(0, 1.0 - expected[0]);
        }
        let top = head.top(&map, 10);
        assert_eq!(top.len(), expected.len(), "{name}");
        for share in top {
            let error = (share.probability - expected[share.class]).abs();
            assert!(
                error < 1e-5,
                "{name}: class {} is {}, Keras says {}",
                share.class,
                share.probability,
                expected[share.class]
            );
        }
        num += 1;
    }
    let why = "the file doesn't say how the layers of its head are put together";
    for said in &silent {
        let is_known = said.ends_with(why) && (said.contains("weights.h5") || said.contains("subclassed"))
            || said
                == "k3_behind.keras: `batch_normalization_14` (BatchNormalization) stands between the last layer and what the head takes of it"
            || said
                == "k3_attention.keras: `multiply` (Multiply) stands between the last layer and what the head takes of it";
        assert!(is_known, "{said}");
    }
    assert_eq!((num, silent.len()), (23, 23), "{silent:#?}");
}

/// Notes say what was found in a file and how. Keras 3.0 to 3.5 wrote no names into `.weights.h5`.
#[test]
fn notes_say_what_was_found() {
    let notes = |name: &str| bind(name).unwrap().keras().unwrap().notes();
    let nameless = "the file has no names of its layers: they were taken in the order in which Keras counts them by class";
    let unclear = "; no classes: the file doesn't say how the layers of its head are put together";
    assert_eq!(
        notes("k3_nested.keras"),
        ["the network is the model `little` in the file", "its head: `dense` (12 → 5), `dense_1` (5 → 3)"]
    );
    assert_eq!(notes("k3_flat.keras"), ["its head: `features` (12 → 5), `answer` (5 → 3)"]);
    assert_eq!(
        notes("k33_nested.weights.h5"),
        [
            "the network is the model `functional` in the file".to_owned(),
            nameless.to_owned(),
            format!("its head: `dense` (12 → 5), `dense_1` (5 → 3){unclear}"),
        ]
    );
    assert_eq!(
        notes("k33_subclassed.keras"),
        [
            "the network is the model `backbone` in the file".to_owned(),
            nameless.to_owned(),
            format!("its head: `first` (12 → 5), `last` (5 → 3){unclear}"),
        ]
    );
    // Keras 3.3 has the names in the configuration, a bare weight file of Keras 3.6 in the file itself.
    for name in ["k33_nested.keras", "k3_nested.weights.h5", "k2_nested.keras", "k2_flat_weights.h5"] {
        assert!(!bind(name).unwrap().keras().unwrap().is_nameless, "{name}");
    }
}

#[test]
fn a_network_behind_other_layers_or_present_twice_is_refused() {
    for (name, message) in [
        (
            "k3_stem.keras",
            "the weights don't fit little; not part of it: `conv2d_7/bias`, `conv2d_7/kernel`: \"k3_stem.keras\"",
        ),
        (
            "k33_stem.weights.h5",
            "the weights don't fit little; not part of it: `conv2d/bias`, `conv2d/kernel`: \"k33_stem.weights.h5\"",
        ),
        (
            "k33_front.weights.h5",
            "the weights don't fit little; not part of it: `conv2d/bias`, `conv2d/kernel`: \"k33_front.weights.h5\"",
        ),
        (
            "k3_two_bases.keras",
            "the weights don't fit little; it is in the file 2 times, and nothing tells which is meant, beginning with \
             `conv2d_7/kernel`, `conv2d_14/kernel`: \"k3_two_bases.keras\"",
        ),
    ] {
        assert_eq!(bind(name).unwrap_err().to_string(), message);
    }
    assert_eq!(bind("k3_two_bases.keras").unwrap_err().remedy(), Some(Remedy::KeepOneCopy));
    // The layers of two bases side by side are numbered alternately.
    assert!(bind("k33_two_bases.weights.h5").is_err());
    assert!(bind("k33_branch.weights.h5").is_err());
}

/// The error has the name that the layer would have in this file: `conv2d_30` and not `conv2d_3`.
#[test]
fn a_missing_numbered_layer_is_named_as_it_would_be_in_the_file() {
    let graph = little();
    let mut shapes = Vec::new();
    let mut numbers = [27, 27];
    for node in graph.nodes() {
        match &node.op {
            Op::Conv2d(conv) => {
                let layer = format!("conv2d_{}/kernel", numbers[0]);
                let [rows, columns] = conv.kernel;
                shapes.push((layer, vec![rows, columns, conv.c_in, conv.c_out]));
                numbers[0] += 1;
            }
            Op::BatchNorm(_) => {
                for leaf in ["beta", "moving_mean", "moving_variance"] {
                    shapes.push((format!("batch_normalization_{}/{leaf}", numbers[1]), vec![4]));
                }
                numbers[1] += 1;
            }
            _ => {}
        }
    }
    shapes.retain(|(name, _)| !name.starts_with("conv2d_30/"));
    let file = TensorFile::without_values(shapes);
    let error = BoundWeights::bind(&graph, "little", &file, &[]).unwrap_err();
    assert_eq!(
        (error.missing, error.misshaped, error.surplus),
        (vec!["conv2d_30/kernel".to_owned()], vec![], vec![])
    );
}

#[test]
fn classes_can_be_named_by_a_file_and_have_maps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.txt");
    std::fs::write(&path, "cat\ndog\nowl\n").unwrap();
    let (mut backbone, map) = last_map("k3_nested.keras", files().remove("k3_nested.keras").unwrap());
    backbone.name_classes(&ClassNames::read(&path).unwrap()).unwrap();
    let head = backbone.weights().head().unwrap();
    assert_eq!(head.words(&map, 2).unwrap(), "owl 38.5 %, cat 36.8 %");
    assert_eq!((head.find("dog"), head.find("1"), head.find("3")), (Ok(1), Ok(1), Err(NoClass::Unknown)));
    // The mean of a class map is the rate at which the class's score changes when the last layer's values grow.
    let scores = |map: &Activation| {
        let mut shares = head.top(map, 3);
        shares.sort_by_key(|share| share.class);
        f64::from(shares[0].probability / shares[2].probability).ln()
    };
    let grown = |factor: f32| {
        let values: Vec<f32> = map.values().iter().map(|v| v * factor).collect();
        Activation::new("grown", map.shape(), values).unwrap()
    };
    let slope = (scores(&grown(1.01)) - scores(&grown(0.99))) / 0.02;
    let mean = |class: usize| {
        let map = head.class_map(&map, class).unwrap();
        map.values().iter().map(|v| f64::from(*v)).sum::<f64>() / map.values().len() as f64
    };
    assert!(
        (slope - (mean(0) - mean(2))).abs() < 1e-3 * slope.abs().max(0.1),
        "{slope} {} {}",
        mean(0),
        mean(2)
    );

    std::fs::write(&path, "cat\ndog\n").unwrap();
    let error = backbone.name_classes(&ClassNames::read(&path).unwrap()).unwrap_err();
    let said =
        format!("the file has 2 class names, and the classifier has 3 classes: \"{}\"", path.display());
    assert_eq!(error.to_string(), said);
    // The head has one output for two classes: the first class's map is the negative of the second's.
    let (mut backbone, map) = last_map("k3_binary.keras", files().remove("k3_binary.keras").unwrap());
    backbone.name_classes(&ClassNames::read(&path).unwrap()).unwrap();
    let head = backbone.weights().head().unwrap();
    assert_eq!(head.words(&map, 5).unwrap(), "cat 75.5 %, dog 24.5 %");
    let [cat, dog] = [0, 1].map(|class| head.class_map(&map, class).unwrap());
    assert!(
        cat.values().iter().zip(dog.values()).all(|(c, d)| *c == -*d)
            && cat.values().iter().any(|v| *v != 0.0)
    );
    let (mut backbone, _) = last_map("k3_attention.keras", files().remove("k3_attention.keras").unwrap());
    assert_eq!(
        backbone.name_classes(&ClassNames::read(&path).unwrap()).unwrap_err().to_string(),
        "the weights of inception_v3.keras_in1k give no classes that could be named: `multiply` (Multiply) stands between \
         the last layer and what the head takes of it"
    );
}

#[test]
fn an_imported_copy_keeps_the_head() {
    let (backbone, map) = last_map("k3_normed.keras", files().remove("k3_normed.keras").unwrap());
    let bytes = to_safetensors(&little(), backbone.weights(), &file("k3_normed.keras"), &[], BTreeMap::new())
        .unwrap();
    let copy = TensorFile::from_bytes(bytes, "copy").unwrap();
    let bound = BoundWeights::bind(&little(), "little", &copy, &[]).unwrap_or_else(|e| panic!("{e}"));
    let top = |bound: &BoundWeights| bound.head().unwrap().top(&map, 3);
    assert_eq!(top(&bound), top(backbone.weights()));
}

/// Keras numbers layers by depth, so layers of parallel branches alternate. `finetuned/class_order.py` wrote the order of Keras 3.3.
#[test]
fn classes_are_counted_in_keras_order() {
    let text = std::fs::read_to_string(fixture("finetuned/class_order.txt")).unwrap();
    let mut graph: Option<Graph> = None;
    let mut num = 0;
    for line in text.lines() {
        let (class, layers) = line.split_once(' ').unwrap();
        if class == "#" {
            graph = Registry::specs()
                .find(|row| row.is_keras && row.bare_names.contains(&layers))
                .map(|row| row.graph().unwrap());
            continue;
        }
        let Some(graph) = graph.as_ref().filter(|_| class != "normalization") else { continue };
        let ours: Vec<&str> = keras_class_order(graph)
            .into_iter()
            .filter(|(own, _)| *own == class)
            .map(|(_, layer)| layer)
            .collect();
        assert_eq!(ours.join(" "), layers, "{class}");
        num += 1;
    }
    assert!(num >= 8, "{num}");
}

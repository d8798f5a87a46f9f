//! Classifiers: the likeliest classes, and class maps.

use std::sync::Arc;

use filterscope::engine::{Backbone, ComputeDevice, Session};
use filterscope::formats::read_record;
use filterscope::input::{FitChoice, ValueChoice, decode::decode_file, preprocess};
use filterscope::models::Registry;
use filterscope::tensor::{Activation, InputBatch, MapShape};
use filterscope::weights::{NoClass, TensorFile};

use crate::support::binary::Bench;
use crate::support::golden::{generated_params, safetensors_bytes, tensor_file};
use crate::support::hashweights;
use crate::support::{fixture, root};

const LITE0: &str = "tf_efficientnet_lite0.in1k";

#[test]
fn the_cat_has_the_classes_that_torch_gives() {
    let row = Registry::find(LITE0).unwrap();
    let file = TensorFile::read(&root().join("weights/tf_efficientnet_lite0.f16.safetensors")).unwrap();
    let (shape, weight) = file.tensor("classifier.weight").unwrap();
    assert_eq!(shape, [1000, 1280]);
    let backbone = Arc::new(Backbone::from_tensors(row, file).unwrap());
    let picture = decode_file(&root().join("assets/cat.png")).unwrap();
    let ready = preprocess(&picture.rgb, &row.preprocess, FitChoice::Model, ValueChoice::Model).unwrap();
    let mut session = Session::new(Arc::clone(&backbone), ComputeDevice::cpu()).unwrap();
    let last = session.activations(&ready.batch, &[backbone.graph().final_node()]).unwrap().remove(0);
    let head = backbone.weights().head().unwrap();
    assert_eq!(head.num_classes(), 1000);

    let text = std::fs::read_to_string(fixture("goldens_real/tf_efficientnet_lite0/stages.json")).unwrap();
    let goldens: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = goldens["inputs"]["224"]["top5_class_probability"].as_array().unwrap();
    let top = head.top(&last, 5);
    assert_eq!(top.len(), expected.len());
    for (got, expected) in top.iter().zip(expected) {
        assert_eq!(Some(got.class as u64), expected[0].as_u64());
        assert!(
            (f64::from(got.probability) - expected[1].as_f64().unwrap()).abs() < 1e-4,
            "{got:?} {expected}"
        );
    }
    assert_eq!(head.name(282), Some("tiger cat"));
    assert_eq!(head.find("tiger cat"), Ok(282), "and not the tiger, whose names come later");
    let none = || Err(NoClass::Unknown);
    assert_eq!((head.find("281"), head.find("1000"), head.find("no such animal")), (Ok(281), none(), none()));
    // Whole words are preferred to parts of words, such as in the bullfrog's `Rana catesbeiana`.
    assert_eq!(head.find("cat"), Err(NoClass::Several(vec![281, 282, 283, 284, 285, 383, 387])));
    assert!(head.words(&last, 2).unwrap().starts_with("tiger cat 38.5 %, Egyptian cat 35.7 %"));

    // The map's value at a location is the sum over channels of weight times value.
    let map = head.class_map(&last, 282).unwrap();
    assert_eq!(map.name(), "bn2.act, class 282 (tiger cat)");
    let at = 3 * 7 + 4;
    let sum: f64 =
        (0..1280).map(|c| f64::from(weight[282 * 1280 + c]) * f64::from(last.channel(c)[at])).sum();
    assert!((f64::from(map.values()[at]) - sum).abs() < 1e-4);
}

/// A model spec with generated weights, including a classifier's; its last map for a noise input; and the classes and shares that
/// `make_head_golden.py` stored.
fn with_head(
    row: &str,
    golden: &str,
    head: &[(&str, &[usize])],
) -> (Arc<Backbone>, Activation, Vec<(u64, f64)>) {
    let text = std::fs::read_to_string(fixture(&format!("structural/{golden}_head.json"))).unwrap();
    let golden: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (gain, side) = (golden["gain"].as_u64().unwrap() as u32, golden["side"].as_u64().unwrap() as usize);
    let row = Registry::find(row).unwrap();
    let mut tensors = generated_params(&(row.build)().unwrap(), gain);
    tensors.extend(
        head.iter().map(|(name, shape)| {
            ((*name).to_owned(), shape.to_vec(), hashweights::tensor(name, shape, gain))
        }),
    );
    let backbone = Arc::new(Backbone::from_tensors(row, tensor_file(&tensors)).unwrap());
    let input = InputBatch::new(1, side, side, hashweights::noise_input(side, side)).unwrap();
    let mut session = Session::new(Arc::clone(&backbone), ComputeDevice::cpu()).unwrap();
    let last = session.activations(&input, &[backbone.graph().final_node()]).unwrap().remove(0);
    let top = golden["top"].as_array().unwrap().iter();
    (backbone, last, top.map(|pair| (pair[0].as_u64().unwrap(), pair[1].as_f64().unwrap())).collect())
}

/// Asserts that the likeliest classes have the framework's shares, and that there are no class maps, because a score isn't a sum over
/// locations.
fn check_classes(
    row: &str,
    golden: &str,
    head: &[(&str, &[usize])],
    tolerance: f64,
) -> (Arc<Backbone>, Activation) {
    let (backbone, last, expected) = with_head(row, golden, head);
    let head = backbone.weights().head().unwrap();
    let top = head.top(&last, 5);
    for (got, (class, share)) in top.iter().zip(expected) {
        assert_eq!(got.class as u64, class, "{golden}");
        assert!((f64::from(got.probability) - share).abs() < tolerance * share, "{golden}: {got:?} {share}");
    }
    assert_eq!(top.len(), 5);
    assert!(head.class_map(&last, 3).is_none(), "no sum over places");
    (backbone, last)
}

#[test]
fn mobilenet_v3s_head_has_a_layer_before_its_classes() {
    let head: [(&str, &[usize]); 4] = [
        ("conv_head.weight", &[1280, 960, 1, 1]),
        ("conv_head.bias", &[1280]),
        ("classifier.weight", &[1000, 1280]),
        ("classifier.bias", &[1000]),
    ];
    check_classes("mobilenetv3_large_100", "mobilenetv3", &head, 1e-4);
}

#[test]
fn convnexts_head_norms_the_means() {
    let head: [(&str, &[usize]); 4] = [
        ("head.norm.weight", &[768]),
        ("head.norm.bias", &[768]),
        ("head.fc.weight", &[1000, 768]),
        ("head.fc.bias", &[1000]),
    ];
    check_classes("convnext_tiny.fb_in1k", "convnext", &head, 1e-4);
}

const VGG_OF_TORCHVISION: [(&str, &[usize]); 6] = [
    ("classifier.0.weight", &[64, 25088]),
    ("classifier.0.bias", &[64]),
    ("classifier.3.weight", &[48, 64]),
    ("classifier.3.bias", &[48]),
    ("classifier.6.weight", &[10, 48]),
    ("classifier.6.bias", &[10]),
];

#[test]
fn vggs_head_needs_a_map_of_its_own_size() {
    let of_timm: [(&str, &[usize]); 6] = [
        ("pre_logits.fc1.weight", &[48, 512, 7, 7]),
        ("pre_logits.fc1.bias", &[48]),
        ("pre_logits.fc2.weight", &[64, 48, 1, 1]),
        ("pre_logits.fc2.bias", &[64]),
        ("head.fc.weight", &[10, 64]),
        ("head.fc.bias", &[10]),
    ];
    check_classes("vgg11.tv_in1k", "vgg_timm", &of_timm, 1e-4);
    let (backbone, _) = check_classes("vgg11.tv_in1k", "vgg_torchvision", &VGG_OF_TORCHVISION, 1e-4);
    let smaller = Activation::new("map", MapShape::new(512, 6, 7), vec![1.0; 512 * 42]).unwrap();
    let head = backbone.weights().head().unwrap();
    assert!(head.top(&smaller, 5).is_empty());
    assert_eq!(
        head.words(&smaller, 5).unwrap(),
        "no classes: this classifier takes a last map of 7×7, and this one is 6×7; pictures of the network's own input size give that"
    );
}

/// The first layer of the published heads takes 400 MB. It is read only when classes are requested, and only if the file hasn't changed.
#[test]
fn vggs_first_layer_is_read_from_its_file_when_it_is_needed() {
    let row = Registry::find("vgg11.tv_in1k").unwrap();
    let mut tensors = generated_params(&(row.build)().unwrap(), 6);
    tensors.extend(
        VGG_OF_TORCHVISION
            .iter()
            .map(|(name, shape)| ((*name).to_owned(), shape.to_vec(), hashweights::tensor(name, shape, 6))),
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vgg.safetensors");
    let bytes = safetensors_bytes(&tensors);
    std::fs::write(&path, &bytes).unwrap();
    let map =
        Activation::new("map", MapShape::new(512, 7, 7), hashweights::tensor("map", &[512, 49], 2)).unwrap();
    let load = || Backbone::from_tensors(row, TensorFile::read(&path).unwrap()).unwrap();
    let from_memory = Backbone::from_tensors(row, tensor_file(&tensors)).unwrap();
    let expected = from_memory.weights().head().unwrap().top(&map, 10);
    assert_eq!(expected.len(), 10);
    let from_file = load();
    assert_eq!(from_file.weights().head().unwrap().top(&map, 10), expected);
    let too_late = load();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert!(too_late.weights().head().unwrap().top(&map, 10).is_empty());
    assert_eq!(from_file.weights().head().unwrap().top(&map, 10), expected, "it was read before");
}

#[test]
fn networks_without_a_classifier_have_no_classes() {
    let row = Registry::find("xception.keras_in1k").unwrap();
    let file = TensorFile::read(&root().join("weights/xception_keras_in1k_notop.f16.safetensors")).unwrap();
    assert!(Backbone::from_tensors(row, file).unwrap().weights().head().is_none());
}

#[test]
fn class_maps_are_drawn_and_refused() {
    let bench = Bench::with_cat();
    bench.ok(&format!("render cat.png -o map.png --model {LITE0} --class-map top --caption --npy"));
    let record = read_record(&bench.path("map.png")).unwrap();
    assert_eq!(record.panels[0].look.layer, "bn2.act, class 282 (tiger cat)");
    assert_eq!(record.panels[0].look.class_map.as_deref(), Some("top"));
    assert_eq!(record.panels[0].look.shape, "1×7×7");
    bench.ok(&format!("render cat.png -o tabby.png --model {LITE0} --class-map tabby"));
    assert!(read_record(&bench.path("tabby.png")).unwrap().panels[0].look.layer.contains("class 281 (tabby"));
    for (arguments, expected) in [
        (
            "--class-map top",
            "the weights of xception.keras_in1k give no class scores that are sums over places of the last layer, so there \
             is no class map",
        ),
        (
            "--model tf_efficientnet_lite0 --class-map retriever",
            "5 classes of tf_efficientnet_lite0.in1k have `retriever` in their names: 205 (flat-coated retriever); 206 \
             (curly-coated retriever); 207 (golden retriever); 208 (Labrador retriever); 209 (Chesapeake Bay retriever); give \
             a number, or more of a name",
        ),
        (
            "--model tf_efficientnet_lite0 --class-map unicorn",
            "no class `unicorn` among the 1000 of tf_efficientnet_lite0.in1k: a number, a part of a name, or `top`",
        ),
        (
            "--model tf_efficientnet_lite0 --class-map top --layer bn1",
            "a class map is made from the last layer, `bn2.act`, and `bn1` was asked for\nhelp: leave `--layer` away",
        ),
    ] {
        let run = bench.run(&format!("render cat.png -o no.png {arguments}"));
        assert_eq!(run.code, Some(2), "{arguments}");
        assert!(run.stderr.ends_with(&format!("error: {expected}\n")), "{arguments}: {}", run.stderr);
    }
}

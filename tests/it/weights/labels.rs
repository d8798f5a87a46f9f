//! Classifiers: the likeliest classes, and the map of a class.

use std::sync::Arc;

use filterscope::engine::{Backbone, ComputeDevice, Session};
use filterscope::formats::read_record;
use filterscope::input::{FitChoice, ValueChoice, decode::decode_file, preprocess};
use filterscope::models::Registry;
use filterscope::tensor::InputBatch;
use filterscope::weights::TensorFile;

use crate::support::binary::Bench;
use crate::support::golden::{generated_params, tensor_file};
use crate::support::hashweights;
use crate::support::{fixture, root};

const LITE0: &str = "tf_efficientnet_lite0.in1k";

#[test]
fn the_cat_is_what_torch_says_it_is() {
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
    assert_eq!(head.find("tiger cat"), Some(282), "and not the tiger, whose names come later");
    assert_eq!((head.find("281"), head.find("1000"), head.find("no such animal")), (Some(281), None, None));
    assert!(head.words(&last, 2).unwrap().starts_with("tiger cat 38.5 %, Egyptian cat 35.7 %"));

    // Each place: the sum over filters of weight times value.
    let map = head.class_map(&last, 282).unwrap();
    assert_eq!(map.name(), "bn2.act, class 282 (tiger cat)");
    let at = 3 * 7 + 4;
    let sum: f64 =
        (0..1280).map(|c| f64::from(weight[282 * 1280 + c]) * f64::from(last.channel(c)[at])).sum();
    assert!((f64::from(map.values()[at]) - sum).abs() < 1e-4);
}

/// `make_head_golden.py` has what timm gives with these weights.
#[test]
fn mobilenet_v3s_head_has_a_layer_before_its_classes() {
    let text = std::fs::read_to_string(fixture("structural/mobilenetv3_head.json")).unwrap();
    let golden: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (gain, side) = (golden["gain"].as_u64().unwrap() as u32, golden["side"].as_u64().unwrap() as usize);
    let row = Registry::find("mobilenetv3_large_100").unwrap();
    let mut tensors = generated_params(&(row.build)().unwrap(), gain);
    let head: [(&str, &[usize]); 4] = [
        ("conv_head.weight", &[1280, 960, 1, 1]),
        ("conv_head.bias", &[1280]),
        ("classifier.weight", &[1000, 1280]),
        ("classifier.bias", &[1000]),
    ];
    tensors.extend(
        head.map(|(name, shape)| (name.to_owned(), shape.to_vec(), hashweights::tensor(name, shape, gain))),
    );
    let backbone = Arc::new(Backbone::from_tensors(row, tensor_file(&tensors)).unwrap());
    let input = InputBatch::new(1, side, side, hashweights::noise_input(side, side)).unwrap();
    let mut session = Session::new(Arc::clone(&backbone), ComputeDevice::cpu()).unwrap();
    let last = session.activations(&input, &[backbone.graph().final_node()]).unwrap().remove(0);
    let head = backbone.weights().head().unwrap();
    let top = head.top(&last, 5);
    for (got, expected) in top.iter().zip(golden["top"].as_array().unwrap()) {
        assert_eq!(Some(got.class as u64), expected[0].as_u64());
        let share = expected[1].as_f64().unwrap();
        assert!((f64::from(got.probability) - share).abs() < 1e-4 * share, "{got:?} {expected}");
    }
    assert_eq!(top.len(), 5);
    assert!(head.class_map(&last, 3).is_none(), "no sum over places");
}

#[test]
fn networks_without_such_a_classifier_have_none() {
    let row = Registry::find("inception_v3.moderation").unwrap();
    let file = TensorFile::read(&root().join("weights/inception_v3_nsfwjs_notop.f16.safetensors")).unwrap();
    assert!(Backbone::from_tensors(row, file).unwrap().weights().head().is_none());
}

#[test]
fn class_maps_are_drawn_and_refused() {
    let bench = Bench::with_cat();
    bench.ok(&format!("render cat.png -o map.png --model {LITE0} --class-map top --caption --npy"));
    let record = read_record(&bench.path("map.png")).unwrap();
    assert_eq!(record.panels[0].look.layer, "bn2.act, class 282 (tiger cat)");
    assert_eq!(record.panels[0].look.shape, "1×7×7");
    bench.ok(&format!("render cat.png -o tabby.png --model {LITE0} --class-map tabby"));
    assert!(read_record(&bench.path("tabby.png")).unwrap().panels[0].look.layer.contains("class 281 (tabby"));
    for (arguments, expected) in [
        (
            "--class-map top",
            "the weights of inception_v3.moderation hold no classifier that follows the mean of the last layer, so there is no \
             `--class-map`",
        ),
        (
            "--model tf_efficientnet_lite0 --class-map unicorn",
            "no class `unicorn` among the 1000 of tf_efficientnet_lite0.in1k: a number, a part of a name, or `top`",
        ),
        (
            "--model tf_efficientnet_lite0 --class-map top --layer bn1",
            "`--class-map` shows the last layer; leave `--layer` away",
        ),
    ] {
        let run = bench.run(&format!("render cat.png -o no.png {arguments}"));
        assert_eq!(run.code, Some(2), "{arguments}");
        assert!(run.stderr.ends_with(&format!("error: {expected}\n")), "{arguments}: {}", run.stderr);
    }
}

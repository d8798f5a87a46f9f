//! Preprocessing inside Keras models, compared with the values that reach their first layer in Keras
//! (`fixtures/weights/preprocessing/make.py`).

use std::collections::{BTreeMap, HashMap};

use filterscope::engine::{Backbone, PREPROCESS_KEY};
use filterscope::graph::{Conv2d, Graph, GraphBuilder};
use filterscope::input::{FitChoice, ValueChoice, preprocess};
use filterscope::models::{ModelSpec, Registry};
use filterscope::tensor::{Fit, PixelSize, PreprocessSpec, Remedied, Remedy, ResizeFilter, ValueScale};
use filterscope::weights::TensorFile;
use filterscope::weights::keras::{Inside, KerasConfig, Unreadable, inside};
use safetensors::tensor::{Dtype, TensorView};

use super::fixture;
use crate::support::golden::tensor_file;

#[derive(serde::Deserialize)]
struct Report {
    picture: Vec<u8>,
    height: usize,
    width: usize,
    forms: BTreeMap<String, Form>,
}

#[derive(serde::Deserialize)]
struct Form {
    config: String,
    tensors: HashMap<String, Vec<f32>>,
    shape: Vec<usize>,
    reaching: Vec<f32>,
}

fn report(age: &str) -> Report {
    let text = std::fs::read_to_string(fixture(&format!("preprocessing/{age}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn picture(report: &Report) -> image::RgbImage {
    image::RgbImage::from_raw(report.width as u32, report.height as u32, report.picture.clone()).unwrap()
}

fn read(form: &Form) -> Result<Inside, Unreadable> {
    let mut tensors = vec![("first/bias".to_owned(), vec![2], vec![0.0; 2])];
    tensors
        .extend(form.tensors.iter().map(|(name, values)| (name.clone(), vec![values.len()], values.clone())));
    inside(&KerasConfig::parse(&form.config).unwrap(), &tensor_file(&tensors))
}

/// Largest difference divided by the largest magnitude of the expected values.
fn error(got: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
    got.iter().zip(expected).fold(0f32, |m, (a, b)| m.max((a - b).abs())) / largest
}

#[test]
fn the_first_layer_gets_the_same_values_as_in_keras() {
    let named = [
        ("tf", ValueScale::TF),
        ("tf_flat", ValueScale::TF),
        ("caffe", ValueScale::CAFFE),
        ("torch", ValueScale::TORCH),
        ("rescaling", ValueScale::TF),
        ("sequential", ValueScale::UNIT),
        ("sequential_in_sequential", ValueScale::UNIT),
        ("efficientnet", ValueScale::TORCH),
        ("augmented", ValueScale::TF),
        ("cast", ValueScale::TF),
    ];
    for (age, num) in [("k2", 21), ("k33", 10), ("k3", 21)] {
        let report = report(age);
        let mut compared = 0;
        for (name, form) in &report.forms {
            let Ok(found) = read(form) else { continue };
            let size = found.crop.or(found.size).unwrap();
            let fit = match found.crop {
                Some(_) => Fit::StretchCrop { resized: found.size.unwrap() },
                None => Fit::Stretch,
            };
            let scale = found.scale.unwrap_or(ValueScale::RAW);
            if let Some((_, expected)) = named.iter().find(|(form, _)| form == name) {
                assert_eq!(scale, *expected, "{age} {name}");
            }
            let spec = PreprocessSpec { size, fit, filter: ResizeFilter::Nearest, scale };
            let ready = preprocess(&picture(&report), &spec, FitChoice::Model, ValueChoice::Model).unwrap();
            assert_eq!(form.shape, [ready.batch.height(), ready.batch.width(), 3], "{age} {name}");
            let error = error(ready.batch.values(), &form.reaching);
            assert!(error <= 1e-5, "{age} {name}: {error:e}");
            compared += 1;
        }
        let refused: Vec<&str> = report
            .forms
            .iter()
            .filter(|(_, form)| read(form).is_err())
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(compared, num, "{age}, refused: {refused:?}");
        for nothing in ["nothing", "identity"] {
            let Some(form) = report.forms.get(nothing) else { continue };
            let size = Some(PixelSize::new(report.width, report.height));
            assert_eq!(read(form), Ok(Inside { size, ..Inside::default() }), "{age} {nothing}");
        }
    }
    let augmented = read(&report("k3").forms["augmented"]).unwrap();
    assert_eq!(augmented.layers, ["true_divide", "subtract"]);
    assert_eq!(
        augmented.left_out,
        ["random_flip", "random_rotation", "random_zoom", "random_contrast", "gaussian_noise"]
    );
}

#[test]
fn preprocessing_that_cant_be_read_is_named() {
    let told = |age: &str, form: &str| read(&report(age).forms[form]).unwrap_err().0;
    for (form, keras_2, keras_3) in [
        ("lambda", "a layer `lambda` (Lambda) in front of its network, which is code", ""),
        ("custom", "a layer `custom` (Custom) in front of its network, which isn't understood here", ""),
        (
            "resizing",
            "a layer `resizing` (Resizing to 3x4) in front of its network, which isn't done here",
            "",
        ),
        ("two_ways", "two layers, `first` and `other`, that are given the picture in two ways", ""),
        (
            "grey",
            "a layer `tf.math.reduce_mean` (TFOpLambda) in front of its network, which isn't understood here",
            "a layer `mean` (Mean) in front of its network, which isn't understood here",
        ),
        (
            "cropped_corner",
            "a layer `tf.__operators__.getitem` (SlicingOpLambda) in front of its network, which isn't understood here",
            "a layer `get_item` (GetItem) in front of its network, which isn't understood here",
        ),
        (
            "zero_to_one",
            "`rescaling` inside, and of samples from 0 to 255 it makes values up to 509, so it wants samples that were mapped before",
            "",
        ),
    ] {
        assert_eq!(told("k2", form), keras_2);
        assert_eq!(told("k3", form), if keras_3.is_empty() { keras_2 } else { keras_3 });
    }
    let code = KerasConfig::parse(r#"{"class_name": "Package>Tuned", "config": {"name": "tuned"}}"#).unwrap();
    assert_eq!(
        inside(&code, &tensor_file(&[("first/bias".into(), vec![1], vec![0.0])])).unwrap_err().0,
        "a class of its own, `Tuned`: what it does to a picture is code, and not in the file"
    );
}

/// The network of the fixtures, with one convolution for each name. A file needs several to be recognised as Keras'.
fn network(copies: &[&str]) -> Graph {
    let (mut b, mut x) = GraphBuilder::new();
    let mut c_in = 3;
    for name in copies {
        x = b.conv(*name, x, Conv2d::new(c_in, 2, 1).with_bias());
        b.keras(x, *name);
        c_in = 2;
    }
    b.stage(x);
    b.finish().unwrap()
}

fn spec(tag: &str) -> &'static ModelSpec {
    Registry::find(tag).unwrap()
}

fn backbone(tag: &str, file: &str) -> Backbone {
    let file = TensorFile::read(&fixture(&format!("preprocessing/{file}"))).unwrap();
    Backbone::with_graph(spec(tag), network(&["first"]), file).unwrap()
}

#[test]
fn a_files_own_preprocessing_replaces_that_of_the_tag() {
    let size = PixelSize::new(5, 6);
    let tag = "mobilenetv2_100.keras_in1k";
    // The tag's preprocessing is the same, except for the input size.
    let tf = backbone(tag, "k3_tf.keras");
    assert_eq!(*tf.preprocessing().spec(), PreprocessSpec { size, ..spec(tag).preprocess });
    tf.check_values(ValueChoice::Model).unwrap();

    let caffe = backbone(tag, "k2_caffe.h5");
    let expected = PreprocessSpec { size, scale: ValueScale::CAFFE, ..spec(tag).preprocess };
    assert_eq!(*caffe.preprocessing().spec(), expected);
    assert_eq!(caffe.preprocessing().from_file(), Some("`tf.__operators__.getitem`, `tf.nn.bias_add`"));
    assert_eq!(
        caffe.preprocessing().notes(ValueChoice::Model),
        [
            "preprocessing is the file's own (`tf.__operators__.getitem`, `tf.nn.bias_add`): 5x6, stretched, nearest, BGR x − 103.939/116.779/123.68"
        ]
    );

    let learned = backbone("vgg16.keras_in1k", "k3_normalization.keras");
    let scale = learned.preprocessing().spec().scale;
    assert_eq!(scale.mean, [120.5, 117.25, 104.0]);
    assert!((scale.std[0] - 3000f32.sqrt()).abs() < 1e-4);

    let custom = backbone(tag, "k3_custom.keras");
    let error = custom.check_values(ValueChoice::Model).unwrap_err();
    assert_eq!(error.remedy(), Some(Remedy::StatePreprocessing));
    let error = error.to_string();
    assert!(
        error.starts_with(
            "the model in this file has a layer `custom` (Custom) in front of its network, which isn't understood here, so it isn't known how a picture's samples become its values: \""
        ),
        "{error}"
    );
    let stated = "raw".parse().unwrap();
    custom.check_values(stated).unwrap();
    assert_eq!(
        custom.preprocessing().notes(stated),
        [
            "the model has a layer `custom` (Custom) in front of its network, which isn't understood here; it is left out, and the values are those that were named"
        ]
    );
}

/// An imported copy has torch's names and no configuration. The preprocessing that the original file had inside must not be lost.
#[test]
fn an_imported_copy_keeps_the_preprocessing() {
    for (file, is_known) in [("k2_caffe.h5", true), ("k3_custom.keras", false)] {
        let tag = "mobilenetv2_100.keras_in1k";
        let original = backbone(tag, file);
        let kept = original.preprocessing().to_keep().unwrap();
        let bytes = [0u8; 24];
        let views = [
            ("first.weight", TensorView::new(Dtype::F32, vec![2, 3, 1, 1], &bytes).unwrap()),
            ("first.bias", TensorView::new(Dtype::F32, vec![2], &bytes[..8]).unwrap()),
        ];
        let metadata = HashMap::from([(PREPROCESS_KEY.to_owned(), kept)]);
        let copy = safetensors::serialize(views, Some(metadata)).unwrap();
        let copy = TensorFile::from_bytes(copy, "copy").unwrap();
        let copy = Backbone::with_graph(spec(tag), network(&["first"]), copy).unwrap();
        assert_eq!(copy.preprocessing(), original.preprocessing());
        assert_eq!(copy.check_values(ValueChoice::Model).is_ok(), is_known, "{file}");
    }
}

/// Every file of Keras' `EfficientNet` has the values of its normalisation layer, even one with weights only.
#[test]
fn weights_alone_say_how_an_efficientnet_normalises() {
    let names = ["first", "second", "third"];
    let load = |tag: &str, mean: [f32; 3], variance: [f32; 3]| {
        let mut tensors = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let c_in = if at == 0 { 3 } else { 2 };
            tensors.push((format!("{name}/kernel"), vec![1, 1, c_in, 2], vec![0.5; 2 * c_in]));
            tensors.push((format!("{name}/bias"), vec![2], vec![0.0; 2]));
        }
        tensors.push(("normalization/mean".to_owned(), vec![3], mean.to_vec()));
        tensors.push(("normalization/variance".to_owned(), vec![3], variance.to_vec()));
        Backbone::with_graph(spec(tag), network(&names), tensor_file(&tensors)).unwrap()
    };
    let (mean, std) = (ValueScale::TORCH.mean, ValueScale::TORCH.std);
    let tag = "efficientnet_b0.keras_in1k";
    // Keras' published weights store ImageNet's standard deviation as the variance.
    let published = load(tag, mean, std);
    assert_eq!(published.preprocessing().spec(), &spec(tag).preprocess);
    assert_eq!(published.preprocessing().from_file(), None);
    // A network trained from scratch.
    let own = load(tag, [0.0; 3], [1.0; 3]);
    assert_eq!(own.preprocessing().spec().scale, ValueScale::UNIT);
    assert_eq!(own.preprocessing().from_file(), Some("its `Normalization` layer"));
    // A network with true variances.
    let squared = load(tag, mean, std.map(|std| std * std));
    assert_eq!(squared.preprocessing().spec().scale, ValueScale::TORCH);
    // For other networks it isn't known what else is done to the picture besides this layer.
    let error = load("mobilenetv2_100.keras_in1k", mean, std).check_values(ValueChoice::Model).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model in this file has a `Normalization` layer, and the file doesn't say what else is in front of its network, so it isn't known how a picture's samples become its values: \"generated\""
    );
}

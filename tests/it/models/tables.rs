//! Every model is compared with the parameters of its network in timm's, torchvision's or Keras' own code (`fixtures/tables/make.py`):
//! all names and shapes must be found, and only the classifier may be left over.

use filterscope::engine::Backbone;
use filterscope::graph::Graph;
use filterscope::models::{ModelSpec, Registry};
use filterscope::tensor::{Fit, PreprocessSpec, ResizeFilter};
use filterscope::weights::{BoundWeights, Convention, TensorFile};

use super::spec;
use crate::support::fixture;

#[derive(serde::Deserialize)]
struct Entry {
    tag: String,
    by: String,
    table: String,
    cfg: Option<Cfg>,
}

/// The preprocessing, licence and hub repository in timm's `PretrainedCfg`.
#[derive(serde::Deserialize)]
struct Cfg {
    side: usize,
    crop_pct: f64,
    interpolation: String,
    mean: [f32; 3],
    std: [f32; 3],
    license: String,
    hub: Option<String>,
}

fn index() -> Vec<Entry> {
    serde_json::from_str(&std::fs::read_to_string(fixture("tables/index.json")).unwrap()).unwrap()
}

fn table(name: &str) -> TensorFile {
    let text = std::fs::read_to_string(fixture("tables").join(name)).unwrap();
    TensorFile::without_values(text.lines().map(|line| {
        let (name, sides) = line.rsplit_once(' ').unwrap();
        let shape = sides.split(',').filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect();
        (name.to_owned(), shape)
    }))
}

fn graph(spec: &ModelSpec) -> Graph {
    (spec.build)().unwrap()
}

#[test]
fn every_tag_binds_strictly() {
    let entries = index();
    for spec in Registry::specs() {
        let has_table = entries.iter().any(|entry| entry.tag == spec.tag);
        // Keras no longer has the code of its first ResNet50.
        assert_eq!(has_table, spec.tag != "resnet50.keras_2016_in1k", "{}", spec.tag);
    }
    for entry in &entries {
        let spec = spec(&entry.tag);
        let file = table(&entry.table);
        let graph = graph(spec);
        assert_eq!(
            Convention::of(&file) == Convention::Keras,
            entry.by.starts_with("keras"),
            "{}",
            entry.table
        );
        let fits = BoundWeights::fits(&graph, &file, spec.head_prefixes);
        assert!(fits, "{} ({}) doesn't take {}", spec.tag, entry.by, entry.table);
        let specs = Backbone::specs_for(&file);
        assert!(specs.iter().any(|other| other.tag == spec.tag), "{}", spec.tag);
    }
    // The check can fail: a network refuses the table of another network.
    let vgg = table(&entries.iter().find(|e| e.tag == "vgg16.tv_in1k").unwrap().table);
    assert!(!BoundWeights::fits(&graph(spec("vgg19.tv_in1k")), &vgg, spec("vgg19.tv_in1k").head_prefixes));
    assert!(!BoundWeights::fits(&graph(spec("vgg16.tv_in1k")), &vgg, &[]), "its classifier is surplus");
}

#[test]
fn preprocessing_and_licences_equal_timm_s() {
    for entry in index() {
        let Some(cfg) = entry.cfg else { continue };
        let spec = spec(&entry.tag);
        let PreprocessSpec { size, fit, filter, scale } = spec.preprocess;
        assert_eq!(spec.license.to_lowercase(), cfg.license, "{}", spec.tag);
        // The embedded Lite0 is preprocessed as its reference inputs were made, and timm doesn't have this Xception on a hub.
        if spec.tag == "tf_efficientnet_lite0.in1k" || spec.tag == "legacy_xception.tf_in1k" {
            continue;
        }
        assert_eq!(Some(spec.source), cfg.hub.as_deref(), "{}", spec.tag);
        assert_eq!((size.width, size.height), (cfg.side, cfg.side), "{}", spec.tag);
        let Fit::ShortSideCrop { crop_pct, .. } = fit else { panic!("{}", spec.tag) };
        assert_eq!(crop_pct, cfg.crop_pct, "{}", spec.tag);
        let expected = match cfg.interpolation.as_str() {
            "bicubic" => ResizeFilter::Bicubic,
            "bilinear" => ResizeFilter::Bilinear,
            other => panic!("{}: {other}", spec.tag),
        };
        assert_eq!(filter, expected, "{}", spec.tag);
        assert_eq!((scale.mean, scale.std), (cfg.mean, cfg.std), "{}", spec.tag);
    }
}

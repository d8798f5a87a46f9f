//! Every row against the parameters of its network in timm's, torchvision's or Keras' own code (`fixtures/tables/make.py`): names
//! and shapes must all be found and nothing may be left over but the classifier.

use filterscope::engine::Backbone;
use filterscope::graph::Graph;
use filterscope::models::{ModelSpec, Registry};
use filterscope::tensor::{Fit, PreprocessSpec, ResizeFilter};
use filterscope::weights::{BoundWeights, Convention, TensorFile};

use super::row;
use crate::support::fixture;

#[derive(serde::Deserialize)]
struct Entry {
    tag: String,
    by: String,
    table: String,
    cfg: Option<Cfg>,
}

/// timm's `PretrainedCfg`.
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

fn graph(row: &ModelSpec) -> Graph {
    (row.build)().unwrap()
}

#[test]
fn every_tag_binds_strictly() {
    let entries = index();
    for row in Registry::rows() {
        let has_table = entries.iter().any(|entry| entry.tag == row.tag);
        // Keras has no code of its first ResNet50 any more.
        assert_eq!(has_table, row.tag != "resnet50.keras_2016_in1k", "{}", row.tag);
    }
    for entry in &entries {
        let row = row(&entry.tag);
        let file = table(&entry.table);
        let graph = graph(row);
        assert_eq!(
            Convention::of(&file) == Convention::Keras,
            entry.by.starts_with("keras"),
            "{}",
            entry.table
        );
        let fits = BoundWeights::fits(&graph, &file, row.head_prefixes);
        assert!(fits, "{} ({}) doesn't take {}", row.tag, entry.by, entry.table);
        let rows = Backbone::rows_for(&file);
        assert!(rows.iter().any(|other| other.tag == row.tag), "{}", row.tag);
    }
    // A check that can't fail would be none: each table is refused by a network that isn't its own.
    let vgg = table(&entries.iter().find(|e| e.tag == "vgg16.tv_in1k").unwrap().table);
    assert!(!BoundWeights::fits(&graph(row("vgg19.tv_in1k")), &vgg, row("vgg19.tv_in1k").head_prefixes));
    assert!(!BoundWeights::fits(&graph(row("vgg16.tv_in1k")), &vgg, &[]), "its classifier is surplus");
}

#[test]
fn timm_says_the_same_of_pictures_and_licences() {
    for entry in index() {
        let Some(cfg) = entry.cfg else { continue };
        let row = row(&entry.tag);
        let PreprocessSpec { size, fit, filter, scale } = row.preprocess;
        assert_eq!(row.license.to_lowercase(), cfg.license, "{}", row.tag);
        // The carried one is read as its reference inputs were made, and timm has Xception from no hub.
        if row.tag == "tf_efficientnet_lite0.in1k" || row.tag == "legacy_xception.tf_in1k" {
            continue;
        }
        assert_eq!(Some(row.source), cfg.hub.as_deref(), "{}", row.tag);
        assert_eq!((size.width, size.height), (cfg.side, cfg.side), "{}", row.tag);
        let Fit::ShortSideCrop { crop_pct, .. } = fit else { panic!("{}", row.tag) };
        assert_eq!(crop_pct, cfg.crop_pct, "{}", row.tag);
        let expected = match cfg.interpolation.as_str() {
            "bicubic" => ResizeFilter::Bicubic,
            "bilinear" => ResizeFilter::Bilinear,
            other => panic!("{}: {other}", row.tag),
        };
        assert_eq!(filter, expected, "{}", row.tag);
        assert_eq!((scale.mean, scale.std), (cfg.mean, cfg.std), "{}", row.tag);
    }
}

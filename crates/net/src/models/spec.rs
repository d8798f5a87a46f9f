//! A model spec: an architecture with one set of weights, and all that is needed to use those weights.

use serde::Serialize;

use crate::graph::{Graph, GraphError};
use crate::tensor::{Fit, LongSide, PixelSize, PreprocessSpec, ResizeFilter, ValueScale, WeightSource};

/// What a graph was compared with. The strongest comparison counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verification {
    /// Activations with these very weights were compared with those of the framework that they come from.
    RealWeights,
    /// Activations with generated weights were compared with those of the framework that the graph is named after.
    GeneratedWeights,
    /// Only parameter names, shapes and counts were compared.
    Table,
}

impl Verification {
    /// A few words for lists.
    pub const fn words(self) -> &'static str {
        match self {
            Self::RealWeights => "verified on real weights",
            Self::GeneratedWeights => "graph verified on generated weights",
            Self::Table => "names and shapes checked",
        }
    }
}

/// An entry of the registry: `architecture.tag`, as timm writes it, with everything that belongs to those weights: the graph's
/// variant (border convention, batch norm epsilon), preprocessing, licence and origin.
#[derive(Clone, Copy, Debug)]
pub struct ModelSpec {
    /// Full name, unique: `inception_v3.tv_in1k`.
    pub tag: &'static str,
    /// What the model is, in one plain line.
    pub title: &'static str,
    /// Bare names (architecture, Keras class) that always mean this model.
    pub bare_names: &'static [&'static str],
    /// Builds the graph, variant included.
    pub build: fn() -> Result<Graph, GraphError>,
    /// What the tensors don't show and the tag determines: border conventions, epsilon, stride placement.
    pub variant: &'static str,
    /// The preprocessing that the weights expect.
    pub preprocess: PreprocessSpec,
    /// Prefixes of tensor names that belong to a classifier. A file may have such tensors, but the graph doesn't use them.
    pub head_prefixes: &'static [&'static str],
    /// Whether the weights are Keras', so that a file with Keras' tensor names belongs here.
    pub is_keras: bool,
    /// Licence of the weights as their publisher states it.
    pub license: &'static str,
    /// Where the weights come from: a repository of the Hugging Face hub (`timm/…`), or a file and who publishes it.
    pub source: &'static str,
    /// The file that `source` means, if it has its own address; see [`ModelSpec::download`].
    pub file: Option<WeightSource>,
    /// What the graph was compared with.
    pub verification: Verification,
    /// What the user must know before trusting the pictures; empty if there is nothing.
    pub caution: &'static str,
}

impl ModelSpec {
    /// The architecture's name: the tag before the first dot.
    pub fn arch(&self) -> &'static str {
        self.tag.split('.').next().unwrap_or(self.tag)
    }

    /// Whether the framework's network begins with preprocessing layers, so that weight files contain these, too: Keras'
    /// EfficientNet.
    pub fn normalises_inside(&self) -> bool {
        self.is_keras && self.arch().starts_with("efficientnet_b")
    }

    /// Where the weights can be downloaded; `None` if they can't.
    pub fn download(&self) -> Option<WeightSource> {
        self.file.or_else(|| {
            // timm keeps one file of this name in each of its repositories.
            let is_on_hub = self.source.starts_with("timm/");
            is_on_hub.then_some(WeightSource::Hub { repo: self.source, file: "model.safetensors" })
        })
    }
}

/// Preprocessing as in timm's and torchvision's evaluation: the short side is resized to `size / crop_pct`, then the centre is
/// cut out.
pub(super) const fn short_side_crop(
    size: PixelSize,
    crop_pct: f64,
    filter: ResizeFilter,
    scale: ValueScale,
) -> PreprocessSpec {
    PreprocessSpec { size, fit: Fit::ShortSideCrop { crop_pct, long_side: LongSide::CutDown }, filter, scale }
}

/// Preprocessing as in Keras' `load_img` and TensorFlow.js: both sides are resized to the target size.
pub(super) const fn stretch(size: PixelSize, filter: ResizeFilter, scale: ValueScale) -> PreprocessSpec {
    PreprocessSpec { size, fit: Fit::Stretch, filter, scale }
}

/// A file that Keras' applications download, with the md5 that Keras publishes for it (`keras/src/applications/*.py`, 3.15.1).
macro_rules! keras_file {
    ($path:literal, $md5:literal) => {
        Some(crate::tensor::WeightSource::Https {
            url: concat!("https://storage.googleapis.com/tensorflow/keras-applications/", $path),
            md5: Some($md5),
        })
    };
}
pub(super) use keras_file;

/// A file that torchvision downloads (`torchvision/models/*.py`, 0.29).
macro_rules! torchvision_file {
    ($name:literal) => {
        Some(crate::tensor::WeightSource::Https {
            url: concat!("https://download.pytorch.org/models/", $name),
            md5: None,
        })
    };
}
pub(super) use torchvision_file;

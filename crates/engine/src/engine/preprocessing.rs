//! The preprocessing that a backbone's weights expect: that of the model spec, unless the weight file says something else.
//!
//! A Keras model may contain its own preprocessing, in front of its network. Then the network was trained with it, and the model
//! spec's preprocessing would be wrong. This module decides which of the two applies. It doesn't know how preprocessing is
//! carried out.

use crate::input::ValueChoice;
use crate::models::ModelSpec;
use crate::tensor::{Fit, PreprocessSpec, ResizeFilter};
use crate::weights::keras::{Inside, Unreadable, efficientnets_own, inside};
use crate::weights::{BoundWeights, TensorFile};

/// Metadata key under which an imported copy keeps the preprocessing that its original file contained.
pub const PREPROCESS_KEY: &str = "filterscope.preprocess";

/// How `from_file` describes a file that has no preprocessing layers but states the size of its input.
const SIZE_ALONE: &str = "the size of its input";

/// The preprocessing that weights expect.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Preprocessing {
    /// The complete preprocessing.
    spec: PreprocessSpec,
    /// The parts of the file that it comes from, such as layer names; `None` if it is the model spec's.
    from_file: Option<String>,
    /// Names of augmentation layers in the file, which do nothing outside training.
    left_out: Vec<String>,
    /// What makes it impossible to know the preprocessing, if anything does.
    unreadable: Option<String>,
}

impl Preprocessing {
    /// The preprocessing of the model spec.
    fn of_spec(spec: &ModelSpec) -> Self {
        Self { spec: spec.preprocess, from_file: None, left_out: Vec::new(), unreadable: None }
    }

    /// The preprocessing of the weight file if it states one, otherwise that of the model spec.
    pub fn of(spec: &ModelSpec, file: &TensorFile, bound: &BoundWeights) -> Self {
        let of_spec = Self::of_spec(spec);
        if let Some(kept) = file.metadata(PREPROCESS_KEY) {
            return serde_json::from_str(kept).unwrap_or_else(|_| Self {
                unreadable: Some("a note of its preprocessing that isn't readable".to_owned()),
                ..of_spec
            });
        }
        if !spec.is_keras {
            return of_spec;
        }
        if bound.keras().is_some_and(|part| part.is_nameless) {
            let found = "no names of its layers, and so nothing of what it does to a picture".to_owned();
            return Self { unreadable: Some(found), ..of_spec };
        }
        let Some(config) = file.keras_config() else { return of_spec.of_weights_alone(spec, file) };
        match inside(config, file) {
            Ok(inside) => of_spec.with(inside),
            Err(Unreadable(found)) => Self { unreadable: Some(found), ..of_spec },
        }
    }

    fn with(self, inside: Inside) -> Self {
        let Inside { size, crop, scale, layers, left_out } = inside;
        let mut spec = self.spec;
        // A model with a fixed input size was trained at that size.
        if let Some(size) = size {
            spec.size = size;
        }
        if let Some(crop) = crop {
            (spec.fit, spec.size) = (Fit::StretchCrop { resized: spec.size }, crop);
        }
        // Preprocessing inside a model comes after the picture is loaded, and Keras' loader stretches it with nearest-neighbour
        // sampling.
        if scale.is_some() {
            spec.filter = ResizeFilter::Nearest;
            spec.scale = scale.unwrap_or(spec.scale);
        }
        let names: Vec<String> = layers.iter().map(|name| format!("`{name}`")).collect();
        let from_file = match (spec == self.spec, names.is_empty()) {
            (true, _) => None,
            (false, true) => Some(SIZE_ALONE.to_owned()),
            (false, false) => Some(names.join(", ")),
        };
        Self { spec, from_file, left_out, unreadable: None }
    }

    /// For a file without the model's configuration: all that it shows of preprocessing is what `Normalization` layers learned.
    fn of_weights_alone(self, spec: &ModelSpec, file: &TensorFile) -> Self {
        match efficientnets_own(file) {
            None => self,
            Some(_) if !spec.normalises_inside() => Self {
                unreadable: Some(
                    "a `Normalization` layer, and the file doesn't say what else is in front of its network"
                        .to_owned(),
                ),
                ..self
            },
            Some(Ok(scale)) => {
                let spec = PreprocessSpec { scale, ..self.spec };
                let from_file = (spec != self.spec).then(|| "its `Normalization` layer".to_owned());
                Self { spec, from_file, ..self }
            }
            Some(Err(Unreadable(found))) => Self { unreadable: Some(found), ..self },
        }
    }

    /// The complete preprocessing.
    pub fn spec(&self) -> &PreprocessSpec {
        &self.spec
    }

    /// The parts of the file that it comes from; `None` if it is the model spec's.
    pub fn from_file(&self) -> Option<&str> {
        self.from_file.as_deref()
    }

    /// What makes it impossible to know the preprocessing, unless the user named the value mapping.
    pub(super) fn obstacle(&self, values: ValueChoice) -> Option<&str> {
        self.unreadable.as_deref().filter(|_| values == ValueChoice::Model)
    }

    /// Notes on the preprocessing for the user, in sentences.
    pub fn notes(&self, values: ValueChoice) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(found) = &self.unreadable {
            notes.push(format!(
                "the model has {found}; it is left out, and the values are those that were named"
            ));
        } else if let Some(from) = &self.from_file {
            notes.push(match values {
                ValueChoice::Model if from == SIZE_ALONE => format!(
                    "the file has the size of its input and says nothing of values, which are taken to be as this network usually \
                     gets them: {}",
                    self.spec
                ),
                ValueChoice::Named { .. } if from == SIZE_ALONE => {
                    "the file has the size of its input; values are those that were named".to_owned()
                }
                ValueChoice::Model => format!("preprocessing is the file's own ({from}): {}", self.spec),
                ValueChoice::Named { .. } => format!(
                    "the file's own preprocessing ({from}) is left out: values are those that were named"
                ),
            });
        }
        if !self.left_out.is_empty() {
            let names: Vec<String> = self.left_out.iter().map(|name| format!("`{name}`")).collect();
            notes.push(format!(
                "augmentation does nothing outside training and is left out: {}",
                names.join(", ")
            ));
        }
        notes
    }

    /// The preprocessing as JSON, for the metadata of an imported copy; `None` if it is simply the model spec's.
    pub fn to_keep(&self) -> Option<String> {
        let is_rows = self.from_file.is_none() && self.unreadable.is_none() && self.left_out.is_empty();
        if is_rows { None } else { serde_json::to_string(self).ok() }
    }
}

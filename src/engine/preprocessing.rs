//! What a backbone's weights ask of a picture: what their model says, unless their file says something else.
//!
//! A Keras model may have its preprocessing inside, in front of its network. Then that is what the network was trained on, and the
//! model's own would be another network's. Owns which of the two holds. Must not know how a picture is mapped.

use crate::input::ValueChoice;
use crate::models::ModelSpec;
use crate::tensor::{Fit, PreprocessSpec, ResizeFilter};
use crate::weights::keras::{Inside, Unreadable, efficientnets_own, inside};
use crate::weights::{BoundWeights, TensorFile};

/// Metadata key under which an imported copy keeps what its file had inside.
pub const PREPROCESS_KEY: &str = "filterscope.preprocess";

/// What a file without layers of preprocessing still says.
const SIZE_ALONE: &str = "the size of its input";

/// What weights ask of a picture.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Preprocessing {
    /// All of it.
    spec: PreprocessSpec,
    /// Where it comes from, where that is the file: its layers.
    from_file: Option<String>,
    /// Layers of augmentation that are in the file and do nothing outside training.
    left_out: Vec<String>,
    /// What stands in the way of knowing it.
    unreadable: Option<String>,
}

impl Preprocessing {
    /// As the model says.
    fn of_spec(spec: &ModelSpec) -> Self {
        Self { spec: spec.preprocess, from_file: None, left_out: Vec::new(), unreadable: None }
    }

    /// As the file says, where it does.
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
        // A model that fixes its input was trained at that size.
        if let Some(size) = size {
            spec.size = size;
        }
        if let Some(crop) = crop {
            (spec.fit, spec.size) = (Fit::StretchCrop { resized: spec.size }, crop);
        }
        // What is inside comes after what loads the picture, which in Keras is a nearest neighbour's stretch.
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

    /// A file without the model's configuration shows of what is inside nothing but what `Normalization` layers learned.
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

    /// All of it.
    pub fn spec(&self) -> &PreprocessSpec {
        &self.spec
    }

    /// What of the file it comes from; nothing where it is the model's.
    pub fn from_file(&self) -> Option<&str> {
        self.from_file.as_deref()
    }

    /// What stands in the way of knowing it, where a person's choice doesn't settle it.
    pub(super) fn obstacle(&self, values: ValueChoice) -> Option<&str> {
        self.unreadable.as_deref().filter(|_| values == ValueChoice::Model)
    }

    /// What a person should know of it, in sentences.
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

    /// For an imported copy: what its file had inside, where that isn't what the model says.
    pub fn to_keep(&self) -> Option<String> {
        let is_rows = self.from_file.is_none() && self.unreadable.is_none() && self.left_out.is_empty();
        if is_rows { None } else { serde_json::to_string(self).ok() }
    }
}

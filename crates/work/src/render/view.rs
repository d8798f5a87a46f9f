//! From decoded pixels to the network's input, by the preprocessing that the weights need or the user chose.

use image::RgbImage;

use crate::input::{FitChoice, PreprocessError, Preprocessed, ValueChoice, preprocess};
use crate::tensor::PreprocessSpec;

/// The user's choice of preprocessing, which may differ from what the weights need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputChoices {
    /// How the picture is brought to the network's input size.
    pub fit: FitChoice,
    /// How samples are turned into input values.
    pub values: ValueChoice,
}

impl Default for InputChoices {
    fn default() -> Self {
        Self { fit: FitChoice::Model, values: ValueChoice::Model }
    }
}

/// One preprocessed picture, and the choices it was preprocessed with.
#[derive(Clone, Debug)]
pub struct View {
    /// The user's choices.
    pub choices: InputChoices,
    /// The resulting network input.
    pub preprocessed: Preprocessed,
}

impl View {
    /// Preprocesses a picture as `choices` say, or as `spec` says where they leave it to the model.
    pub fn new(
        spec: &PreprocessSpec,
        picture: &RgbImage,
        choices: InputChoices,
    ) -> Result<Self, PreprocessError> {
        let preprocessed = preprocess(picture, spec, choices.fit, choices.values)?;
        Ok(Self { choices, preprocessed })
    }
}

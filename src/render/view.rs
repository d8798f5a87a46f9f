//! From decoded pixels to the network's input, by way of the weights' own preprocessing.

use image::RgbImage;

use crate::input::{FitChoice, PreprocessError, Preprocessed, ValueChoice, preprocess};
use crate::models::Row;

/// A person's choices in place of what the weights ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputChoices {
    /// How the picture comes to the network's size.
    pub fit: FitChoice,
    /// How samples become values.
    pub values: ValueChoice,
}

impl Default for InputChoices {
    fn default() -> Self {
        Self { fit: FitChoice::Model, values: ValueChoice::Model }
    }
}

/// One picture as a network gets it, and what was asked for to get there.
#[derive(Clone, Debug)]
pub struct View {
    /// What was asked for.
    pub choices: InputChoices,
    /// What came of it.
    pub preprocessed: Preprocessed,
}

impl View {
    /// Prepares a picture as a row's weights, or the choices, ask.
    pub fn new(row: &Row, picture: &RgbImage, choices: InputChoices) -> Result<Self, PreprocessError> {
        if let ValueChoice::Named { scale, .. } = choices.values
            && !row.takes(&scale)
        {
            return Err(PreprocessError::TakesBytes { tag: row.tag, asked: choices.values.to_string() });
        }
        let preprocessed = preprocess(picture, &row.preprocess, choices.fit, choices.values)?;
        Ok(Self { choices, preprocessed })
    }
}

//! From decoded pixels to the network's input, by the preprocessing that the weights need or the user chose.

use image::RgbImage;

use crate::graph::{Graph, NodeInfo, ShapeError};
use crate::input::{FitChoice, PreprocessError, Preprocessed, ValueChoice, preprocess};
use crate::tensor::{PixelSize, PreprocessSpec};

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
    /// Size of the picture before.
    pub picture: PixelSize,
}

impl View {
    /// Preprocesses a picture as `choices` say, or as `spec` says where they leave it to the model.
    pub fn new(
        spec: &PreprocessSpec,
        picture: &RgbImage,
        choices: InputChoices,
    ) -> Result<Self, PreprocessError> {
        let preprocessed = preprocess(picture, spec, choices.fit, choices.values)?;
        let picture = PixelSize::new(picture.width() as usize, picture.height() as usize);
        Ok(Self { choices, preprocessed, picture })
    }

    /// Shape, cost and receptive field of every node of a graph for this input, by node id.
    ///
    /// # Errors
    /// An input too small for one of the nodes.
    pub fn infos(&self, graph: &Graph) -> Result<Vec<NodeInfo>, ShapeError> {
        graph.infer(PixelSize::new(self.preprocessed.batch.width(), self.preprocessed.batch.height()))
    }
}

//! From decoded pixels to activations, by way of the weights' own preprocessing.

use std::ops::ControlFlow;

use image::RgbImage;

use crate::engine::{CancelToken, EngineError, Outcome, RunReport, Session};
use crate::graph::NodeId;
use crate::input::{FitChoice, PreprocessError, Preprocessed, ValueChoice, preprocess};
use crate::tensor::Activation;

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

/// What came of one picture.
#[derive(Clone, Debug)]
pub struct View {
    /// What was asked for in place of what the weights ask for.
    pub choices: InputChoices,
    /// The network's input and how it came about.
    pub preprocessed: Preprocessed,
    /// The run: how it ended, time per node.
    pub report: RunReport,
}

/// Why a picture gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// It can't become the network's input.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
    /// The run failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl View {
    /// Whether every layer asked for was delivered.
    pub fn is_complete(&self) -> bool {
        self.report.outcome == Outcome::Finished
    }
}

/// Preprocesses a picture and runs it; each layer of `taps` goes to `sink` as soon as it is there, in execution order.
pub fn view(
    session: &mut Session,
    picture: &RgbImage,
    choices: InputChoices,
    taps: &[NodeId],
    cancel: &CancelToken,
    sink: &mut dyn FnMut(NodeId, Activation) -> ControlFlow<()>,
) -> Result<View, ViewError> {
    let spec = session.backbone().row().preprocess;
    let preprocessed = preprocess(picture, &spec, choices.fit, choices.values)?;
    let report = session.run(&preprocessed.batch, taps, cancel, &mut |tap| sink(tap.node, tap.activation))?;
    Ok(View { choices, preprocessed, report })
}

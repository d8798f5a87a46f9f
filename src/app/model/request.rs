//! A view's request with everything else that determines what it shows.

use crate::engine::DeviceChoice;
use crate::render::{LayerChoice, PictureChoice, ViewRequest};
use crate::weights::FilePart;

/// A view's request with everything else that determines what it shows. The network's thread works out which parts have changed and
/// computes only those.
#[derive(Clone)]
pub(crate) struct FullRequest {
    pub(crate) of: ViewRequest,
    /// The picture and the layer whose values are subtracted, in a view of a difference.
    pub(crate) minus: Option<(PictureChoice, LayerChoice)>,
    pub(crate) weights_file: Option<FilePart>,
    pub(crate) device: DeviceChoice,
    /// Changes when a path is opened again: it may hold a different file since.
    pub(crate) generation: u64,
    /// Longest side of a texture on this machine, in pixels.
    pub(crate) max_texture_side: usize,
}

impl FullRequest {
    /// Whether two requests are for the same run: the same model on the same picture. Layer and looks may differ.
    pub(crate) fn is_same_run(&self, other: &Self) -> bool {
        self.of.is_same_run(&other.of)
            && self.minus == other.minus
            && self.weights_file == other.weights_file
            && self.device == other.device
            && self.generation == other.generation
    }

    /// Whether another request is for the run that this one's values are of, or in a difference, are subtracted from.
    pub(crate) fn has_values_of(&self, run: &Self) -> bool {
        self.of.is_same_run(&run.of)
            && run.minus.is_none()
            && self.weights_file == run.weights_file
            && self.device == run.device
            && (self.generation == run.generation || self.minus.is_some())
    }

    /// Whether its result is worth keeping: frames of a stream never come again.
    pub(crate) fn is_lasting(&self) -> bool {
        !matches!(self.of.picture, PictureChoice::Live(_))
    }
}

impl PartialEq for FullRequest {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_run(other) && self.of == other.of && self.max_texture_side == other.max_texture_side
    }
}

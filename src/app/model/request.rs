//! A request with all that decides what is shown for it.

use crate::engine::DeviceChoice;
use crate::render::{PictureChoice, ViewRequest};
use crate::weights::FilePart;

/// A view's request with all that decides what it shows. The network's thread works out what of it is new.
#[derive(Clone)]
pub(crate) struct FullRequest {
    pub(crate) of: ViewRequest,
    /// The picture whose answers are subtracted, in a view of a difference.
    pub(crate) minus: Option<PictureChoice>,
    pub(crate) weights_file: Option<FilePart>,
    pub(crate) device: DeviceChoice,
    /// Counts what a person opened anew: the same path may hold another file since.
    pub(crate) generation: u64,
    /// Longest side of a texture here.
    pub(crate) max_texture_side: usize,
}

impl FullRequest {
    /// Whether two requests are of one model, run on one picture, whatever is looked at of it.
    pub(crate) fn is_same_run(&self, other: &Self) -> bool {
        self.of.is_same_run(&other.of)
            && self.minus == other.minus
            && self.weights_file == other.weights_file
            && self.device == other.device
            && self.generation == other.generation
    }

    /// Whether what is shown for it is worth keeping: frames of a stream never come again.
    pub(crate) fn is_lasting(&self) -> bool {
        !matches!(self.of.picture, PictureChoice::Live(_))
    }
}

impl PartialEq for FullRequest {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_run(other) && self.of == other.of && self.max_texture_side == other.max_texture_side
    }
}

//! A moving picture, as plain data: what is asked for, what it would be.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::dataset::OpenSource;
use crate::engine::{DeviceChoice, EngineChoice, WeightStore};
use crate::input::decode::Picture;
use crate::render::{AnimationChoices, AnimationExtent, AnimationMode, BatchModel};
use crate::tensor::PixelSize;

/// A moving picture that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnimateScope {
    pub(crate) mode: AnimationMode,
    /// As on the command line; empty for the mode's usual ones.
    pub(crate) layers: String,
    pub(crate) fps: f64,
    pub(crate) side: u32,
    /// A `.gif`, a `.png`, or a folder.
    pub(crate) output: String,
}

impl AnimateScope {
    pub(crate) fn first() -> Self {
        let mode = AnimationMode::Channels;
        Self { mode, layers: String::new(), fps: 12.0, side: mode.usual_side(), output: String::new() }
    }
}

/// A moving picture that is to be made, with all it takes to make it.
pub(crate) struct AnimateRequest {
    pub(crate) picture: Option<(String, Arc<Picture>)>,
    /// The data set, for a drive.
    pub(crate) source: Option<OpenSource>,
    pub(crate) model: BatchModel,
    pub(crate) choices: AnimationChoices,
    /// The network's input, as the view has it.
    pub(crate) input_size: Option<PixelSize>,
    pub(crate) device: DeviceChoice,
    pub(crate) engine: EngineChoice,
    pub(crate) store: WeightStore,
    pub(crate) output: PathBuf,
}

/// What a moving picture would be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnimatePreview {
    pub(crate) extent: AnimationExtent,
    /// Whether something lies where it would go.
    pub(crate) is_there: bool,
}

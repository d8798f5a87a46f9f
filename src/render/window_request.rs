//! What the window is asked to show when it opens.

use std::path::PathBuf;

use crate::engine::{DeviceChoice, EngineChoice, NumThreads};
use crate::tensor::PixelSize;
use crate::weights::PartChoice;
use crate::weights::fetch::FetchOptions;

/// The window's first view. What is not given is the window's own choice: its picture, the model of [`super::DEFAULT_TAG`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowRequest {
    /// A picture, a folder of them or a driving log.
    pub picture: Option<PathBuf>,
    /// A model's name or the path of an ONNX file, already known to be one.
    pub model: Option<String>,
    /// The layer that the model of an ONNX file is to end at, known to be one; where none is given, what the file itself ends with.
    pub final_layer: Option<String>,
    /// A weight file for that model; without one, for a model that the window asks for.
    pub weights: Option<PathBuf>,
    /// What of that file is meant, where it holds several networks.
    pub part: PartChoice,
    /// Raw RGB frames of this size from standard input, in place of a picture.
    pub frames: Option<PixelSize>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// What computes on the CPU.
    pub engine: EngineChoice,
    /// Show what each frame costs the window's thread.
    pub shows_frame_times: bool,
    /// How weights that are not here may be fetched; none is not at all.
    pub downloads: Option<FetchOptions>,
    /// How many threads compute; none is one per core.
    pub threads: Option<NumThreads>,
}

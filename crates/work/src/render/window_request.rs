//! What the window should show when it opens.

use std::path::PathBuf;

use crate::engine::{DeviceChoice, EngineChoice, NumThreads};
use crate::tensor::PixelSize;
use crate::weights::PartChoice;
use crate::weights::fetch::FetchOptions;

/// The window's first view. Where something is not given, the window chooses: its own picture, the model of [`super::DEFAULT_TAG`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowRequest {
    /// A picture, a folder of them or a driving log.
    pub picture: Option<PathBuf>,
    /// A model's name or the path of an ONNX file, already known to be one.
    pub model: Option<String>,
    /// Final layer for the model of an ONNX file, already known to exist; without it, the file's own final layer.
    pub final_layer: Option<String>,
    /// A weight file for `model`; without a model, the window asks which one the file is for.
    pub weights: Option<PathBuf>,
    /// Which part of the weight file to use, where it holds several networks.
    pub part: PartChoice,
    /// Read raw RGB frames of this size from standard input, instead of a picture.
    pub frames: Option<PixelSize>,
    /// Device to compute on.
    pub device: DeviceChoice,
    /// Engine to use on the CPU.
    pub engine: EngineChoice,
    /// Show how much time of the window's thread each frame takes.
    pub shows_frame_times: bool,
    /// How missing weights may be downloaded; `None` means not at all.
    pub downloads: Option<FetchOptions>,
    /// Number of compute threads; `None` means one per core.
    pub threads: Option<NumThreads>,
    /// Bytes of memory to count with; `None` means what the system reports as available.
    pub memory: Option<u64>,
}

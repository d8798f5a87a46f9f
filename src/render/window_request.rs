//! What the window is asked to show when it opens.

use std::path::PathBuf;

use crate::engine::{DeviceChoice, EngineChoice, NumThreads};

/// The window's first view. What is not given is the window's own choice: its picture, the model of [`super::DEFAULT_TAG`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowRequest {
    /// A picture, a folder of them or a driving log.
    pub picture: Option<PathBuf>,
    /// A model's name, already known to be one.
    pub model: Option<String>,
    /// A weight file for that model.
    pub weights: Option<PathBuf>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// What computes on the CPU.
    pub engine: EngineChoice,
    /// How many threads compute; none is one per core.
    pub threads: Option<NumThreads>,
}

//! Pinned channels: those that the user keeps visible in the tray.

use std::sync::Arc;

use egui::ColorImage;

use crate::models::ModelSpec;
use crate::tensor::ChannelStats;

/// A channel that the user pinned.
#[derive(Clone, Debug)]
pub(crate) struct PinnedChannel {
    pub(crate) id: u64,
    pub(crate) layer: String,
    pub(crate) channel: usize,
}

/// Greatest number of channels in the tray.
pub(crate) const MAX_PINS: usize = 24;

/// A pinned channel, with its model and its latest image.
pub(crate) struct Pin {
    pub(crate) spec: &'static ModelSpec,
    pub(crate) pinned: PinnedChannel,
    pub(crate) image: Option<PinImage>,
}

/// A pinned channel's feature map for one picture.
#[derive(Clone)]
pub(crate) struct PinImage {
    pub(crate) id: u64,
    pub(crate) picture: String,
    pub(crate) map: Arc<ColorImage>,
    pub(crate) stats: ChannelStats,
}

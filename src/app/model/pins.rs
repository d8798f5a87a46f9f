//! Channels that are kept in sight.

use std::sync::Arc;

use egui::ColorImage;

use crate::models::ModelSpec;
use crate::tensor::ChannelStats;

/// A channel that a person keeps in sight.
#[derive(Clone, Debug)]
pub(crate) struct PinnedChannel {
    pub(crate) id: u64,
    pub(crate) layer: String,
    pub(crate) channel: usize,
}

/// Channels in the tray at most.
pub(crate) const MAX_PINS: usize = 24;

/// A channel kept in sight, with its last picture.
pub(crate) struct Pin {
    pub(crate) spec: &'static ModelSpec,
    pub(crate) pinned: PinnedChannel,
    pub(crate) image: Option<PinImage>,
}

/// A pinned channel as it answers to a picture.
#[derive(Clone)]
pub(crate) struct PinImage {
    pub(crate) id: u64,
    pub(crate) picture: String,
    pub(crate) map: Arc<ColorImage>,
    pub(crate) stats: ChannelStats,
}

//! Filters that are kept in sight.

use std::sync::Arc;

use egui::ColorImage;

use crate::models::Row;
use crate::tensor::FilterStats;

/// A filter that a person keeps in sight.
#[derive(Clone, Debug)]
pub(crate) struct PinnedFilter {
    pub(crate) id: u64,
    pub(crate) layer: String,
    pub(crate) channel: usize,
}

/// Filters in the tray at most.
pub(crate) const MAX_PINS: usize = 24;

/// A filter kept in sight, with its last picture.
pub(crate) struct Pin {
    pub(crate) row: &'static Row,
    pub(crate) filter: PinnedFilter,
    pub(crate) image: Option<PinImage>,
}

/// A pinned filter as it answers to a picture.
#[derive(Clone)]
pub(crate) struct PinImage {
    pub(crate) id: u64,
    pub(crate) picture: String,
    pub(crate) map: Arc<ColorImage>,
    pub(crate) stats: FilterStats,
}

//! What can be saved, and how saved figures look.

use crate::mosaic::Paper;
use crate::render::{Scale, Surround};

/// What can be saved to a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Export {
    /// The mosaic, whole.
    #[default]
    Mosaic,
    /// The visible part of the mosaic, as it is on screen.
    View,
    /// The layer's values as `.npy`.
    Values,
    /// The selected channel's map.
    Channel,
    /// The picture and all plain views on one sheet.
    Sheet,
}

/// How saved figures look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SaveLooks {
    /// Caption, colour bar and legend.
    pub(crate) surround: Surround,
    /// The background that the figure is made for.
    pub(crate) paper: Paper,
    /// Pixels per value.
    pub(crate) scale: Scale,
}

impl Default for SaveLooks {
    fn default() -> Self {
        Self { surround: Surround::WHOLE, paper: Paper::Light, scale: Scale::Auto }
    }
}

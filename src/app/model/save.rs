//! What can be saved, and how figures look when they are.

use crate::mosaic::{Paper, SeenPart};
use crate::render::{Scale, Surround};

/// What can be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Export {
    /// The mosaic, whole.
    #[default]
    Mosaic,
    /// What is in sight of it, as it is on screen.
    View,
    /// The layer's values as `.npy`.
    Values,
    /// The selected filter's map.
    Filter,
    /// The picture and all views on one sheet.
    Sheet,
}

/// How figures are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SaveLooks {
    /// Caption, colour bar and legend.
    pub(crate) surround: Surround,
    /// What the figure is made for.
    pub(crate) paper: Paper,
    /// Pixels per value.
    pub(crate) scale: Scale,
}

impl Default for SaveLooks {
    fn default() -> Self {
        Self { surround: Surround::WHOLE, paper: Paper::Light, scale: Scale::Auto }
    }
}

/// What a view shows of its mosaic, and at how many pixels of the screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeenView {
    pub(crate) part: SeenPart,
    pub(crate) size: (u32, u32),
    /// Behind and around the mosaic.
    pub(crate) ground: [u8; 4],
    /// Outlined in this colour.
    pub(crate) selected: Option<(usize, [u8; 4])>,
}

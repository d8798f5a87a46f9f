//! What can be saved, how saved figures look, and a file that is to be written.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::shown::Shown;
use crate::mosaic::Paper;
use crate::render::{PartSeen, Scale, Surround};

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

/// A file that is to be written, with what stands in it.
#[derive(Clone)]
pub(crate) struct SaveRequest {
    pub(crate) what: ToSave,
    pub(crate) path: PathBuf,
    /// Whether an existing file may be replaced: true if the person was asked about exactly this name.
    pub(crate) may_replace: bool,
}

/// What is written to a file.
#[derive(Clone)]
pub(crate) enum ToSave {
    /// A view's mosaic, or one channel of it.
    Mosaic { shown: Arc<Shown>, channel: Option<usize>, looks: SaveLooks },
    /// The visible part of the mosaic, as it is on screen.
    Part { shown: Arc<Shown>, seen: Box<PartSeen> },
    /// A layer's values.
    Values(Arc<Shown>),
    /// The views' picture and all these views on one sheet.
    Sheet { views: Vec<Arc<Shown>>, paper: Paper },
}

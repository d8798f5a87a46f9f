//! What drawing itself changes: text half typed, where the pointer is, where the mosaics lie.

use std::collections::HashMap;
use std::sync::Weak;

use crate::app::model::shown::{NUM_BINS, Shown};
use crate::app::model::view::ViewId;
use crate::app::ui::viewport::Viewport;
use crate::graph::NodeId;
use crate::mosaic::{MosaicValue, SeenPart};
use crate::render::Share;

/// What drawing itself changes: text half typed, where the pointer is, where the mosaics lie.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) typed_path: String,
    pub(crate) typed_save: String,
    pub(crate) typed_channel: String,
    pub(crate) typed_fit: String,
    pub(crate) typed_grid: String,
    pub(crate) typed_class: String,
    pub(crate) layer_search: String,
    /// Whether the window has no room for the right side.
    pub(crate) is_narrow: bool,
    pub(crate) tree_search: String,
    pub(crate) model_search: String,
    /// What is typed into the command palette, and which entry is marked.
    pub(crate) palette_search: String,
    pub(crate) palette_at: usize,
    /// The layer that the tree last brought into sight.
    pub(crate) tree_at: Option<NodeId>,
    pub(crate) views: HashMap<ViewId, ViewScratch>,
    /// The view that was zoomed or moved while drawing.
    pub(crate) leader: Option<ViewId>,
    /// The place of the picture under the pointer, and the view it is pointed at in.
    pub(crate) pointed: Option<Pointed>,
    /// The histogram last drawn of one channel: of which view and channel, and its bars.
    pub(crate) channel_bars: Option<(Weak<Shown>, usize, [u32; NUM_BINS])>,
}

/// What drawing changes of one view.
#[derive(Default)]
pub(crate) struct ViewScratch {
    pub(crate) viewport: Viewport,
    /// The mosaic that lies there.
    pub(crate) of: Weak<Shown>,
    /// Its size in pixels.
    pub(crate) size: egui::Vec2,
    /// A part of it that is to be brought into sight once there is room.
    pub(crate) part: Option<SeenPart>,
    /// Where the mosaic was last drawn.
    pub(crate) panel: Option<egui::Rect>,
    /// The value under the pointer.
    pub(crate) hovered: Option<MosaicValue>,
    /// Row and column under the pointer in the map of the channel that is looked into.
    pub(crate) at_map: Option<(usize, usize)>,
}

/// A place that one view points at in the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pointed {
    pub(crate) view: ViewId,
    /// What the value under the pointer sees of the picture, and the part it stands for.
    pub(crate) field: Share,
    pub(crate) cell: Share,
}

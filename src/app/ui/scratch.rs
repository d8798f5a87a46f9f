//! The state that drawing itself changes: half-typed text, the pointer, the zoom and pan of mosaics.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Instant;

use crate::app::model::shown::{NUM_BINS, Shown};
use crate::app::model::view::ViewId;
use crate::app::ui::sharp::Sharp;
use crate::app::ui::viewport::Viewport;
use crate::graph::{Graph, NodeId};
use crate::mosaic::{MosaicValue, SeenPart};
use crate::render::Share;
use crate::tensor::{OrderBy, PixelSize};

/// The state that drawing itself changes: half-typed text, the pointer, the zoom and pan of mosaics.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) typed_path: String,
    pub(crate) typed_save: String,
    pub(crate) typed_matrix: String,
    pub(crate) typed_report: String,
    pub(crate) typed_head: String,
    pub(crate) typed_channel: String,
    pub(crate) typed_fit: String,
    /// Plans of the memory that runs will take.
    pub(crate) planned: Vec<Planned>,
    pub(crate) typed_grid: String,
    pub(crate) typed_class: String,
    pub(crate) layer_search: String,
    /// Dropped files that wait for the pointer, and since when, in seconds of the window's own time.
    pub(crate) dropped: Option<(Vec<PathBuf>, f64)>,
    pub(crate) tree_search: String,
    pub(crate) model_search: String,
    /// Whether the right panel was drawn before.
    pub(crate) has_details: bool,
    /// Number of parameters of the models that were listed.
    pub(crate) num_params: HashMap<&'static str, usize>,
    /// The text typed into the command palette.
    pub(crate) palette_search: String,
    /// Index of the marked entry in the command palette.
    pub(crate) palette_at: usize,
    /// The layer that the tree last scrolled to.
    pub(crate) tree_at: Option<(NodeId, f32)>,
    pub(crate) views: HashMap<ViewId, ViewScratch>,
    /// The view that was zoomed or panned while drawing.
    pub(crate) leader: Option<ViewId>,
    /// Whether the pointer is over the messages.
    pub(crate) is_on_messages: bool,
    /// The place of the picture that the pointer is at, and the view it is in.
    pub(crate) pointed: Option<Pointed>,
    /// The last histogram of a channel: the finished view, the channel and the counts.
    pub(crate) channel_bars: Option<(Weak<Shown>, usize, [u32; NUM_BINS])>,
}

/// The state of one view that drawing changes.
#[derive(Default)]
pub(crate) struct ViewScratch {
    pub(crate) viewport: Viewport,
    /// The finished view whose mosaic is drawn.
    pub(crate) of: Weak<Shown>,
    /// The mosaic's size in pixels.
    pub(crate) size: egui::Vec2,
    /// Number of the request that is computed, and since when.
    pub(crate) busy_since: Option<(u64, Instant)>,
    /// A part of the mosaic that is to be made visible when the view is drawn next.
    pub(crate) part: Option<SeenPart>,
    /// The rectangle on screen in which the mosaic was last drawn.
    pub(crate) panel: Option<egui::Rect>,
    /// The rectangle on screen that a zoomed mosaic has.
    pub(crate) canvas: Option<egui::Rect>,
    /// The whole view on screen, with its title.
    pub(crate) place: Option<egui::Rect>,
    /// The mosaic as it was drawn for the screen last, where its values are small.
    pub(crate) sharp: Option<Sharp>,
    /// The value under the pointer.
    pub(crate) hovered: Option<MosaicValue>,
    /// A part of the picture that the person drew a box around, and where the box began while it is being drawn.
    pub(crate) boxed: Option<Share>,
    pub(crate) box_start: Option<(f64, f64)>,
    /// The channels that answer most in that box: the finished view, the box, the channels.
    pub(crate) in_box: Option<(Weak<Shown>, Share, Vec<usize>)>,
    /// Row and column under the pointer in the map of the selected channel in the details.
    pub(crate) at_map: Option<(usize, usize)>,
}

impl ViewScratch {
    /// Gives the mosaic the rectangle that a zoomed one has, without moving it on the screen.
    pub(crate) fn take_canvas(&mut self) {
        if let (Some(panel), Some(canvas)) = (self.panel, self.canvas) {
            self.viewport.offset += panel.center() - canvas.center();
            self.panel = Some(canvas);
        }
    }

    /// The box on the picture: the one that the view's channels are ordered by, unless another is being drawn; without such an order,
    /// the one that was drawn.
    pub(crate) fn boxed_or(&self, order: OrderBy) -> Option<Share> {
        match order {
            OrderBy::Box(part) if self.box_start.is_none() => Some(Share::of_box(part)),
            _ => self.boxed,
        }
    }
}

/// How much memory a run takes, in words, and what that depends on.
pub(crate) struct Planned {
    pub(crate) graph: Arc<Graph>,
    pub(crate) node: NodeId,
    pub(crate) size: PixelSize,
    pub(crate) words: String,
}

/// The place of the picture under the pointer in one view, which other views mark too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pointed {
    pub(crate) view: ViewId,
    pub(crate) channel: usize,
    /// The receptive field of the value under the pointer, as a part of the picture; `cell` is the region that the value stands for.
    pub(crate) field: Share,
    pub(crate) cell: Share,
}

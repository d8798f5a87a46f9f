//! The layers of a model at a glance.

use std::collections::HashMap;
use std::sync::Arc;

use egui::ColorImage;

use crate::app::model::request::FullRequest;
use crate::engine::CancelToken;
use crate::graph::NodeId;
use crate::tensor::{KindCounts, MapShape};

/// The layers of the model at a glance, and whether they are being made.
#[derive(Default)]
pub(crate) struct Walk {
    pub(crate) done: Option<Arc<Walked>>,
    /// What the newest walk was asked for, and how to call it off.
    pub(crate) asked: Option<(Box<FullRequest>, bool, CancelToken)>,
}

/// One layer of a walk.
#[derive(Clone)]
pub(crate) struct LayerSummary {
    pub(crate) name: String,
    pub(crate) shape: MapShape,
    pub(crate) counts: KindCounts,
    pub(crate) min: f32,
    pub(crate) mean: f32,
    pub(crate) max: f32,
    pub(crate) deviation: f32,
    pub(crate) zero_share: f32,
    /// The mean of all its maps, small.
    pub(crate) mean_map: Arc<ColorImage>,
}

/// Many layers of one run.
pub(crate) struct Walked {
    pub(crate) wanted: Box<FullRequest>,
    pub(crate) layers: HashMap<NodeId, LayerSummary>,
}

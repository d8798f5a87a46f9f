//! The overview of a model's layers: a small picture and statistics of each.

use std::collections::HashMap;
use std::sync::Arc;

use egui::ColorImage;

use crate::app::model::request::FullRequest;
use crate::engine::CancelToken;
use crate::graph::NodeId;
use crate::tensor::{KindCounts, MapShape};

/// The overview of the model's layers, and the request for it.
#[derive(Default)]
pub(crate) struct Walk {
    pub(crate) done: Option<Arc<Walked>>,
    /// The newest request: what it is for, whether it includes every node, and the token that cancels it.
    pub(crate) asked: Option<(Box<FullRequest>, bool, CancelToken)>,
}

/// One layer of the overview.
#[derive(Clone)]
pub(crate) struct LayerSummary {
    pub(crate) name: String,
    pub(crate) shape: MapShape,
    pub(crate) counts: KindCounts,
    pub(crate) min: f32,
    pub(crate) mean: f32,
    pub(crate) max: f32,
    pub(crate) std: f32,
    pub(crate) zero_share: f32,
    /// The mean of all its feature maps, as a small picture.
    pub(crate) mean_map: Arc<ColorImage>,
}

/// A finished overview: many layers of one run.
pub(crate) struct Walked {
    pub(crate) wanted: Box<FullRequest>,
    pub(crate) layers: HashMap<NodeId, LayerSummary>,
}

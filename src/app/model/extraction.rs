//! Features of a data set, as plain data: what is asked for, what would be written.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::model::batch::BatchLayer;
use crate::engine::{DeviceChoice, EngineChoice, WeightStore};
use crate::extract::{ExtractSettings, Found, Pool};
use crate::formats::features::FeatureFormat;
use crate::input::dataset::Source;
use crate::render::{BatchLayers, BatchModel};
use crate::tensor::{AxisOrder, Dtype};

/// Features that are to be made of the open data set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExtractScope {
    pub(crate) tags: BTreeSet<String>,
    pub(crate) layers: BatchLayer,
    pub(crate) pool: Pool,
    pub(crate) format: FeatureFormat,
    pub(crate) dtype: Dtype,
    pub(crate) order: AxisOrder,
    /// All cameras of a log, or the one that is shown.
    pub(crate) has_all_cameras: bool,
    /// The first row.
    pub(crate) start: usize,
    /// Step between rows, at least 1.
    pub(crate) every: usize,
    /// Rows at most; 0 for all.
    pub(crate) limit: usize,
    pub(crate) labels_by_folder: bool,
    pub(crate) folder: String,
    /// Goes on with an unfinished run although something changed.
    pub(crate) allows_mixed: bool,
}

impl ExtractScope {
    /// As the command line has it where nothing is said, but pooled: a person at a window wants a table.
    pub(crate) fn first(tag: &str) -> Self {
        Self {
            tags: std::iter::once(tag.to_owned()).collect(),
            layers: BatchLayer::Final,
            pool: Pool::Avg,
            format: FeatureFormat::Npy,
            dtype: Dtype::F32,
            order: AxisOrder::Hwc,
            has_all_cameras: true,
            start: 0,
            every: 1,
            limit: 0,
            labels_by_folder: false,
            folder: String::new(),
            allows_mixed: false,
        }
    }
}

/// Features that are to be made, with all it takes to make them.
pub(crate) struct ExtractRequest {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) models: Vec<BatchModel>,
    pub(crate) layers: BatchLayers,
    pub(crate) device: DeviceChoice,
    pub(crate) engine: EngineChoice,
    pub(crate) store: WeightStore,
    pub(crate) settings: ExtractSettings,
}

/// What an extraction would write.
#[derive(Debug)]
pub(crate) struct ExtractPreview {
    pub(crate) num_pictures: u64,
    /// Rows of the data set that can't be used, and the first of them in words.
    pub(crate) num_left_out: usize,
    pub(crate) first_left_out: Option<String>,
    /// Folder of each set, and what is in it in words.
    pub(crate) sets: Vec<(String, String)>,
    /// Bytes that it takes until it is done, about.
    pub(crate) needed_bytes: u64,
    pub(crate) found: Found,
}

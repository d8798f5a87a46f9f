//! A task that extracts features of a data set, as plain data: what was chosen, and what would be written.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::task::basis::{Basis, Place, Scope, TaskAbout, TaskLayers};
use crate::engine::{DeviceChoice, EngineChoice, WeightStore};
use crate::extract::{Encoding, ExtractSettings, Found, Pool, Selection};
use crate::features::FeatureFormat;
use crate::input::dataset::{Camera, Source};
use crate::render::{BatchLayers, BatchModel};
use crate::tensor::{AxisOrder, Dtype};

/// Pictures in a batch of the CPU engine: few, so that a view doesn't wait long for the threads. That engine's results don't depend on
/// the batch size.
const BATCH: usize = 4;
/// Greatest number of rows in a part file, as on the command line.
const PART_ROWS: u64 = 1024;

/// The user's choices for features of the open data set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExtractScope {
    pub(crate) tags: BTreeSet<String>,
    pub(crate) layers: TaskLayers,
    pub(crate) pool: Pool,
    pub(crate) format: FeatureFormat,
    pub(crate) dtype: Dtype,
    pub(crate) order: AxisOrder,
    /// Whether to use all cameras of a log, or only the one that is shown.
    pub(crate) has_all_cameras: bool,
    /// The first row to use.
    pub(crate) start: usize,
    /// Step between rows, at least 1.
    pub(crate) every: usize,
    /// Greatest number of rows to use; 0 for all.
    pub(crate) limit: usize,
    pub(crate) labels_by_folder: bool,
    pub(crate) folder: String,
    /// Whether to continue an unfinished run although something changed.
    pub(crate) allows_mixed: bool,
}

/// Everything needed to extract features.
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
    /// Number of rows of the data set that can't be used, and a description of the first.
    pub(crate) num_left_out: usize,
    pub(crate) first_left_out: Option<String>,
    /// The folder of each set of features, and a description of its contents.
    pub(crate) sets: Vec<(String, String)>,
    /// Approximate disk space needed in bytes, including temporary files.
    pub(crate) needed_bytes: u64,
    pub(crate) found: Found,
}

impl Scope for ExtractScope {
    type Request = ExtractRequest;
    const ABOUT: TaskAbout = TaskAbout {
        label: "Extract features…",
        help: "make features of the open data set",
        menu_place: 36,
        keys: &[],
        needs_mosaic: false,
        title: "Extract features",
        size: [540.0, 500.0],
        things: "pictures",
        doing: "Extracting",
        stop: "Stop after the batch in hand",
        place: Place::Folder,
    };

    /// The command line's defaults, except that features are pooled, which gives one vector per picture.
    fn first(tag: &str) -> Self {
        Self {
            tags: std::iter::once(tag.to_owned()).collect(),
            layers: TaskLayers::Final,
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

    fn place(&mut self) -> &mut String {
        &mut self.folder
    }

    fn tags(&mut self) -> Option<&mut BTreeSet<String>> {
        Some(&mut self.tags)
    }

    fn request(&self, basis: &Basis) -> Result<ExtractRequest, String> {
        let open = basis
            .source
            .as_ref()
            .ok_or("no data set is open: open a folder of pictures or a driving log first")?;
        let cameras: Vec<Camera> =
            if self.has_all_cameras { Vec::new() } else { open.camera.into_iter().collect() };
        Ok(ExtractRequest {
            source: Arc::clone(&open.source),
            models: basis.models_of(&self.tags),
            layers: basis.layers(self.layers),
            device: basis.device,
            engine: basis.engine,
            store: basis.store.clone(),
            settings: ExtractSettings {
                selection: Selection {
                    cameras,
                    start: self.start,
                    every: self.every.max(1),
                    limit: (self.limit > 0).then_some(self.limit),
                    labels_by_folder: self.labels_by_folder,
                },
                share: None,
                fit: basis.request.input.fit,
                values: basis.request.input.values,
                encoding: Encoding { pool: self.pool, order: self.order, dtype: self.dtype },
                format: self.format,
                out: PathBuf::from(self.folder.trim()),
                // Results of candle may depend on the batch size in their last digits, so it uses the same batch as the command line.
                batch: (basis.engine != EngineChoice::Candle).then_some(BATCH),
                part_rows: PART_ROWS,
            },
        })
    }
}

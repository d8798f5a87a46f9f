//! A batch of figures, as plain data: what is asked for, what would be written, how far it is.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::app::model::dataset::OpenSource;
use crate::engine::CancelToken;
use crate::input::dataset::{PictureLocation, PictureRef};
use crate::render::{BatchError, BatchLayers, BatchModel, BatchPlan, PictureChoice};

/// Which layers a batch is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BatchLayer {
    Final,
    This,
    AllStages,
}

/// What a batch is to be of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BatchScope {
    /// All moments of the open data set, or the picture on screen.
    pub(crate) is_whole_source: bool,
    /// The first and the last moment.
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) tags: BTreeSet<String>,
    pub(crate) layers: BatchLayer,
    pub(crate) folder: String,
    /// Also the values, as `.npy` beside each figure.
    pub(crate) has_values: bool,
    /// Writes anew what is there already.
    pub(crate) replaces: bool,
}

/// A batch before, while and after it is made.
pub(crate) struct Batch {
    pub(crate) scope: BatchScope,
    /// What would be written, or why nothing; none while it is worked out.
    pub(crate) plan: Option<Result<Arc<BatchPlan>, String>>,
    pub(crate) running: Option<(BatchNews, CancelToken)>,
    pub(crate) report: Option<BatchNews>,
}

/// How far a batch is, and what came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct BatchNews {
    pub(crate) num_runs: usize,
    pub(crate) num_runs_done: usize,
    pub(crate) num_written: usize,
    /// Figures that were there already.
    pub(crate) num_kept: usize,
    /// Picture and reason.
    pub(crate) failed: Vec<(String, String)>,
    /// Time spent on it, not waiting.
    pub(crate) busy: Duration,
    pub(crate) is_called_off: bool,
    pub(crate) is_over: bool,
}

impl BatchNews {
    /// Time left if it goes on as it did; none before the first run is done.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let left = self.num_runs.saturating_sub(self.num_runs_done);
        (self.num_runs_done > 0).then(|| self.busy / self.num_runs_done as u32 * left as u32)
    }

    /// One line at the end.
    pub(crate) fn summary(&self) -> String {
        let nothing = self.num_written + self.num_kept == 0 && !self.failed.is_empty();
        let how = match (self.is_called_off, nothing) {
            (true, _) => "batch cancelled",
            (false, true) => "batch failed",
            (false, false) => "batch done",
        };
        let kept = match self.num_kept {
            0 => String::new(),
            num => format!(", {num} were there already and kept"),
        };
        let failed = match self.failed.len() {
            0 => String::new(),
            1 => ", 1 picture failed".to_owned(),
            num => format!(", {num} pictures failed"),
        };
        format!("{how}: {} figures written{kept}{failed}", self.num_written)
    }
}

/// What a batch is to be of, before it is settled.
pub(crate) struct PlanRequest {
    pub(crate) picture: PictureChoice,
    /// The data set, where all its moments are meant.
    pub(crate) source: Option<OpenSource>,
    /// First and last of them.
    pub(crate) moments: (usize, usize),
    pub(crate) models: Vec<BatchModel>,
    pub(crate) layers: BatchLayers,
    pub(crate) folder: PathBuf,
    /// Whether each figure's values are written too.
    pub(crate) has_values: bool,
}

impl PlanRequest {
    /// What the batch would write. Looks at files, so not for the window's own thread.
    pub(crate) fn plan(&self) -> Result<BatchPlan, BatchError> {
        BatchPlan::new(&self.pictures(), &self.models, &self.layers, &self.folder, self.has_values)
    }

    /// The open data set's moments in the chosen range, or the one picture on screen.
    fn pictures(&self) -> Vec<PictureRef> {
        if let Some(open) = &self.source {
            let last = open.source.len().saturating_sub(1);
            return (self.moments.0.min(last)..=self.moments.1.min(last))
                .filter_map(|index| {
                    PictureRef::of_sample(&open.place, &open.source.sample(index)?, open.camera)
                })
                .collect();
        }
        match &self.picture {
            PictureChoice::File(path) => vec![PictureRef {
                label: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                picture: PictureLocation::File(path.clone()),
                camera: None,
                row: None,
                stem: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            }],
            PictureChoice::Frame { source, place, index, camera } => source
                .sample(*index)
                .and_then(|sample| PictureRef::of_sample(place, &sample, *camera))
                .into_iter()
                .collect(),
            // These lie in no file of their own.
            PictureChoice::Cat | PictureChoice::Live(_) | PictureChoice::Pasted(_) => Vec::new(),
        }
    }
}

impl BatchScope {
    /// A batch of what is on screen.
    pub(crate) fn first(tag: &str) -> Self {
        Self {
            is_whole_source: true,
            first: 0,
            last: usize::MAX,
            tags: std::iter::once(tag.to_owned()).collect(),
            layers: BatchLayer::Final,
            folder: String::new(),
            has_values: false,
            replaces: false,
        }
    }
}

//! Long runs, features of a data set and moving pictures, as plain data: what is asked for, what would be written, how far it is.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::state::BatchLayer;
use super::view_state::OpenSource;
use crate::engine::{CancelToken, DeviceChoice, EngineChoice, WeightStore};
use crate::extract::{Existing, ExtractSettings, Found, Pool};
use crate::formats::features::FeatureFormat;
use crate::input::dataset::Source;
use crate::input::decode::Picture;
use crate::render::{AnimationChoices, AnimationExtent, AnimationMode, BatchLayers, BatchModel};
use crate::tensor::{AxisOrder, Dtype, PixelSize};

/// Failures that are kept to be read; the files of a run have them all.
const MAX_FAILURES: usize = 200;

/// A run before, while and after it is done.
pub(super) struct LongRun<S, P> {
    pub(super) scope: S,
    /// What would be written, or why nothing; none while it is worked out.
    pub(super) plan: Option<Result<P, String>>,
    pub(super) running: Option<(RunNews, CancelToken)>,
    pub(super) report: Option<RunNews>,
}

impl<S, P> LongRun<S, P> {
    pub(super) fn new(scope: S) -> Self {
        Self { scope, plan: None, running: None, report: None }
    }

    /// Takes what a run tells; says whether it is over.
    pub(super) fn take(&mut self, news: RunNews) -> bool {
        if news.end.is_none() {
            if let Some((kept, _)) = &mut self.running {
                *kept = news;
            }
            return false;
        }
        self.running = None;
        self.report = Some(news);
        true
    }

    /// Asks the run to stop.
    pub(super) fn cancel(&self) {
        if let Some((_, called_off)) = &self.running {
            called_off.cancel();
        }
    }
}

/// Features that are to be made of the open data set.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ExtractScope {
    pub(super) tags: BTreeSet<String>,
    pub(super) layers: BatchLayer,
    pub(super) pool: Pool,
    pub(super) format: FeatureFormat,
    pub(super) dtype: Dtype,
    pub(super) order: AxisOrder,
    /// All cameras of a log, or the one that is shown.
    pub(super) has_all_cameras: bool,
    /// The first row.
    pub(super) start: usize,
    /// Only each how manyth row, at least 1.
    pub(super) every: usize,
    /// Rows at most; 0 for all.
    pub(super) limit: usize,
    pub(super) labels_by_folder: bool,
    pub(super) folder: String,
    /// Goes on with an unfinished run although something changed.
    pub(super) allows_mixed: bool,
}

impl ExtractScope {
    /// As the command line has it where nothing is said, but pooled: a person at a window wants a table.
    pub(super) fn first(tag: &str) -> Self {
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

/// The same with all it takes to do it.
pub(super) struct ExtractRequest {
    pub(super) source: Arc<dyn Source>,
    pub(super) models: Vec<BatchModel>,
    pub(super) layers: BatchLayers,
    pub(super) device: DeviceChoice,
    pub(super) engine: EngineChoice,
    pub(super) store: WeightStore,
    pub(super) settings: ExtractSettings,
}

/// What an extraction would write.
#[derive(Debug)]
pub(super) struct ExtractPreview {
    pub(super) num_pictures: u64,
    /// Rows of the data set that can't be used, and the first of them in words.
    pub(super) num_left_out: usize,
    pub(super) first_left_out: Option<String>,
    /// Folder of each set, and what is in it in words.
    pub(super) sets: Vec<(String, String)>,
    /// Bytes that it takes until it is done, about.
    pub(super) needed_bytes: u64,
    pub(super) found: Found,
}

/// A moving picture that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AnimateScope {
    pub(super) mode: AnimationMode,
    /// As on the command line; empty for the mode's usual ones.
    pub(super) layers: String,
    pub(super) fps: f64,
    pub(super) side: u32,
    /// A `.gif`, a `.png`, or a folder.
    pub(super) output: String,
}

impl AnimateScope {
    pub(super) fn first() -> Self {
        let mode = AnimationMode::Filters;
        Self { mode, layers: String::new(), fps: 12.0, side: mode.usual_side(), output: String::new() }
    }
}

/// The same with all it takes to do it.
pub(super) struct AnimateRequest {
    pub(super) picture: Option<(String, Arc<Picture>)>,
    /// The data set, for a drive.
    pub(super) source: Option<OpenSource>,
    pub(super) model: BatchModel,
    pub(super) choices: AnimationChoices,
    /// The network's input, as the view has it.
    pub(super) input_size: Option<PixelSize>,
    pub(super) device: DeviceChoice,
    pub(super) engine: EngineChoice,
    pub(super) store: WeightStore,
    pub(super) output: PathBuf,
}

/// What a moving picture would be.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnimatePreview {
    pub(super) extent: AnimationExtent,
    /// Whether something lies where it would go.
    pub(super) is_there: bool,
}

/// Work for the threads of long runs.
pub(super) enum RunJob {
    PlanExtract(Box<ExtractRequest>),
    Extract(Box<ExtractRequest>, Existing, CancelToken),
    PlanAnimation(Box<AnimateRequest>),
    Animate(Box<AnimateRequest>, CancelToken),
}

/// How a run ended, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RunEnd {
    Done(String),
    /// What is kept, and how to go on.
    Stopped(String),
    Failed(String),
}

/// How far a run is.
#[derive(Clone, Debug, Default)]
pub(super) struct RunNews {
    pub(super) total: u64,
    /// Done by an earlier run.
    pub(super) first: u64,
    pub(super) done: u64,
    pub(super) num_failed: u64,
    /// Picture and reason, of the first ones.
    pub(super) failures: Vec<(String, String)>,
    /// What is done beside counting.
    pub(super) what: String,
    pub(super) elapsed: Duration,
    pub(super) end: Option<RunEnd>,
}

impl RunNews {
    pub(super) fn fail(&mut self, picture: String, reason: String) {
        if self.failures.len() < MAX_FAILURES {
            self.failures.push((picture, reason));
        }
    }

    /// Of this run alone; none before anything is done.
    pub(super) fn per_second(&self) -> Option<f64> {
        let (num, seconds) = (self.done.saturating_sub(self.first), self.elapsed.as_secs_f64());
        (num > 0 && seconds > 0.0).then(|| num as f64 / seconds)
    }

    pub(super) fn time_left(&self) -> Option<Duration> {
        let left = self.total.saturating_sub(self.done) as f64;
        self.per_second().and_then(|rate| Duration::try_from_secs_f64(left / rate).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_run_did_is_no_speed_of_this_one() {
        let news = RunNews {
            total: 100,
            first: 40,
            done: 60,
            elapsed: Duration::from_secs(10),
            ..RunNews::default()
        };
        assert_eq!((news.per_second(), news.time_left()), (Some(2.0), Some(Duration::from_secs(20))));
        assert_eq!(RunNews { first: 60, ..news }.time_left(), None);
    }
}

//! What the threads are given to do, and what they need for it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::dataset::ThumbKey;
use crate::app::model::pins::PinnedChannel;
use crate::app::model::request::FullRequest;
use crate::app::model::save::SaveLooks;
use crate::app::model::shown::Shown;
use crate::app::model::task::TaskRequest;
use crate::app::model::task::batch::{BatchCounts, BatchRequest};
use crate::app::model::task::run_news::RunNews;
use crate::app::model::view::ViewId;
use crate::engine::{CancelToken, WeightStore};
use crate::extract::Existing;
use crate::formats::PictureRecord;
use crate::graph::NodeId;
use crate::input::dataset::Source;
use crate::mosaic::Paper;
use crate::render::BatchPlan;
use crate::render::PartSeen;
use crate::weights::PartChoice;

/// Work for the threads of long runs.
pub(crate) enum RunJob {
    /// Settle what it would write. Replaced by a newer one.
    Plan(TaskRequest),
    /// Do it.
    Run(TaskRequest, Existing, CancelToken),
}

/// Work for the worker. `Show` and `Open` are replaced by a newer one of their view; the others are all done.
pub(crate) enum Job {
    /// Bring this on screen. The number comes back with the answer.
    Show(u64, Box<FullRequest>),
    /// Look at a path that may be a picture, a folder or a log; a table where the column with the paths is named. Replaced by a newer
    /// request, as showing is.
    Open(u64, PathBuf, Option<String>),
    /// Find the models that a weight file fits.
    Fit(PathBuf, PartChoice),
    /// Find the models that an ONNX file gives which is to end at this layer.
    EndAt(PathBuf, String),
    /// Look at many layers of one run at once: a small picture and the numbers of each. Makes way for what is wanted on screen.
    Walk {
        wanted: Box<FullRequest>,
        nodes: Vec<NodeId>,
        /// Cancelled once the window wants another walk.
        stale: CancelToken,
    },
    /// Paint pinned channels of the wanted model for its picture. Makes way too.
    Pins { wanted: Box<FullRequest>, pins: Vec<PinnedChannel>, stale: CancelToken },
    /// Write what is shown as PNG.
    Save {
        /// What to write.
        shown: Arc<Shown>,
        /// Where.
        path: PathBuf,
        /// Whether a file there may be replaced: a dialog has asked about this very name.
        may_replace: bool,
        /// At what size, with what around it.
        looks: SaveLooks,
    },
    /// Write a layer's values.
    SaveValues { shown: Arc<Shown>, path: PathBuf },
    /// Write one channel's map.
    SaveFilter { shown: Arc<Shown>, channel: usize, path: PathBuf, looks: SaveLooks },
    /// Write the part of the mosaic that is in sight, as it is on screen.
    SavePart { shown: Arc<Shown>, seen: Box<PartSeen>, path: PathBuf },
    /// Write the picture and all views on one sheet.
    SaveSheet { views: Vec<Arc<Shown>>, path: PathBuf, paper: Paper },
    /// Make what saving would write, for the clipboard.
    Copy { shown: Arc<Shown>, looks: SaveLooks },
    /// Write many figures; makes way after each.
    Batch(Box<BatchJob>),
}

/// A batch at work, and what is left of it.
pub(crate) struct BatchJob {
    pub(crate) of: BatchRequest,
    /// What is to be written; none before it is settled.
    pub(crate) plan: Option<Arc<BatchPlan>>,
    /// The run that is next.
    pub(crate) next: usize,
    pub(crate) called_off: CancelToken,
    pub(crate) written: HashSet<PathBuf>,
    pub(crate) counts: BatchCounts,
    pub(crate) news: RunNews,
}

impl BatchJob {
    /// A batch that has not begun.
    pub(crate) fn new(of: BatchRequest, called_off: CancelToken) -> Self {
        Self {
            of,
            plan: None,
            next: 0,
            called_off,
            written: HashSet::new(),
            counts: BatchCounts::default(),
            news: RunNews::default(),
        }
    }
}

/// Work for the second thread, which is never busy with a network.
pub(crate) enum SideJob {
    /// Look into one channel.
    Inspect(Arc<Shown>, usize),
    /// Find out which devices can be had.
    Devices,
    /// Find out which models' weights are on this machine.
    Here(WeightStore),
    /// Is this the picture that a figure was made from?
    Check(Arc<Shown>, PictureRecord),
    /// Make a frame's small picture.
    Thumb(ThumbKey),
    /// Work out what a data set's labels look like over time.
    Labels(Arc<dyn Source>),
    /// Find the channels of one view that answer as a channel of another does.
    Match {
        from: Arc<Shown>,
        channel: usize,
        to: Arc<Shown>,
        /// The view that is searched, and the one the channel is from with its name.
        view: ViewId,
        of: (ViewId, String),
    },
}

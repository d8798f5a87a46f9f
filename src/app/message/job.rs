//! The jobs of the threads, with everything they need.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::dataset::ThumbKey;
use crate::app::model::pins::PinnedChannel;
use crate::app::model::request::FullRequest;
use crate::app::model::save::{SaveLooks, SaveRequest};
use crate::app::model::session::LastTime;
use crate::app::model::shown::Shown;
use crate::app::model::studied::{StudyResult, TellRequest};
use crate::app::model::task::TaskRequest;
use crate::app::model::task::batch::{BatchCounts, BatchRequest};
use crate::app::model::task::run_news::RunNews;
use crate::app::model::view::ViewId;
use crate::engine::{CancelToken, DeviceChoice, EngineChoice, WeightStore};
use crate::extract::Existing;
use crate::formats::PictureRecord;
use crate::graph::NodeId;
use crate::input::dataset::Source;
use crate::render::BatchPlan;
use crate::study::head_file::StoredHead;
use crate::weights::{FilePart, PartChoice};

/// Work for the threads of tasks.
pub(crate) enum RunJob {
    /// Work out what a task would write. Replaced by a newer plan.
    Plan(TaskRequest),
    /// Do a task.
    Run(TaskRequest, Existing, CancelToken),
    /// Write the result of a comparison or a probe; the flag says whether a file may be replaced.
    Save(StudyResult, PathBuf, bool),
}

/// Work for the thread that tells frames with the head in use.
pub(crate) enum HeadJob {
    /// Read a head from a file.
    Read(PathBuf),
    /// Tell a frame. Replaced by a newer one.
    Tell(Box<HeadToTell>),
}

/// A frame to be told, and everything needed for it.
pub(crate) struct HeadToTell {
    pub(crate) of: TellRequest,
    pub(crate) kept: Arc<StoredHead>,
    /// The weight file that the user gave for the head's network.
    pub(crate) weights_file: Option<FilePart>,
    pub(crate) device: DeviceChoice,
    pub(crate) engine: EngineChoice,
    pub(crate) store: WeightStore,
}

/// A job for the network's thread. `Show` and `Open` are replaced by a newer job of the same view; all others are queued and done.
pub(crate) enum Job {
    /// Compute what a view shows. The number identifies the request in the answer.
    Show(u64, Box<FullRequest>),
    /// Find out whether a path is a picture, a figure, a folder, a log or a table. Fields: the number of the request, the path, and for a
    /// table the column that holds the pictures' paths, once it is known.
    Open(u64, PathBuf, Option<String>),
    /// Make a data set of files, in the order given. The number identifies the request in the answer.
    OpenSet(u64, Vec<PathBuf>),
    /// Find again what was open the last time.
    Reopen(Box<LastTime>),
    /// Find the models that a weight file fits.
    Fit(PathBuf, PartChoice),
    /// Find the models that an ONNX file gives if its network ends at this layer.
    EndAt(PathBuf, String),
    /// Make the overview of layers: a small picture and statistics of each. A view's job interrupts it; it is done again afterwards.
    Walk {
        wanted: Box<FullRequest>,
        nodes: Vec<NodeId>,
        /// Cancelled when the window wants another overview.
        stale: CancelToken,
    },
    /// Compute the stages that the run for a view hasn't passed, so that going to them needs no run. A view's job interrupts it, as for
    /// `Walk`.
    Ahead { wanted: Box<FullRequest>, stale: CancelToken },
    /// Make images of pinned channels of one model for one picture. A view's job interrupts it, as for `Walk`.
    Pins { wanted: Box<FullRequest>, pins: Vec<PinnedChannel>, stale: CancelToken },
    /// Write a file.
    Save(Box<SaveRequest>),
    /// Make the image that saving would write, for the clipboard.
    Copy { shown: Arc<Shown>, looks: SaveLooks },
    /// Queued work that the person waits for, under its number: its beginning and its end are reported.
    Errand(u64, Box<Job>),
    /// Write many figures. Any other job interrupts it; it continues afterwards.
    Batch(Box<BatchJob>),
}

/// A running batch, with its progress.
pub(crate) struct BatchJob {
    pub(crate) of: BatchRequest,
    /// What is to be written; none before it has been worked out.
    pub(crate) plan: Option<Arc<BatchPlan>>,
    /// Index of the next run of the plan.
    pub(crate) next: usize,
    /// Whether figures that were made with other settings are made anew.
    pub(crate) renews: bool,
    /// These figures, once they are known.
    pub(crate) renewed: HashSet<PathBuf>,
    pub(crate) called_off: CancelToken,
    /// Pictures of which something failed; a picture with several networks counts once.
    pub(crate) failed: HashSet<PathBuf>,
    pub(crate) written: HashSet<PathBuf>,
    pub(crate) counts: BatchCounts,
    pub(crate) news: RunNews,
}

impl BatchJob {
    /// A batch that has not begun yet.
    pub(crate) fn new(of: BatchRequest, renews: bool, called_off: CancelToken) -> Self {
        Self {
            of,
            plan: None,
            next: 0,
            renews,
            renewed: HashSet::new(),
            called_off,
            failed: HashSet::new(),
            written: HashSet::new(),
            counts: BatchCounts::default(),
            news: RunNews::default(),
        }
    }
}

/// Jobs of the second thread, which never runs a network and so answers soon.
pub(crate) enum SideJob {
    /// Compute the details of one channel.
    Inspect(Arc<Shown>, usize),
    /// Find out which devices can be used.
    Devices,
    /// Find out which models' weights are on this machine.
    Here(WeightStore),
    /// Check whether a view's picture is the one that a figure was made from.
    Check(Arc<Shown>, PictureRecord),
    /// Find out which of these weight files can't be opened.
    LookForWeights(Vec<PathBuf>),
    /// Make the thumbnail of a frame.
    Thumb(ThumbKey),
    /// Read a data set's labels and thin them out for plotting.
    Labels(Arc<dyn Source>),
    /// Find the channels of one view that are most similar to a channel of another.
    Match {
        from: Arc<Shown>,
        channel: usize,
        to: Arc<Shown>,
        /// The number of the view that is searched.
        view: ViewId,
        of: (ViewId, String),
    },
}

//! One view: a picture through a backbone at a layer, and how it is looked at.

use std::sync::Arc;

use crate::app::model::dataset::OpenSource;
use crate::app::model::request::FullRequest;
use crate::app::model::shown::Shown;
use crate::graph::{Graph, NodeId};
use crate::models::ModelSpec;
use crate::mosaic::{MosaicSettings, Paper};
use crate::render::{LayerChoice, ViewRequest};

/// A view's number, stable while others come and go.
pub(crate) type ViewId = u64;

/// Views side by side at most.
pub(crate) const MAX_VIEWS: usize = 4;

/// What a view has to say when there is no mosaic of what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The model's weights aren't here.
    NeedsWeights,
    /// The worker failed.
    Failed(String),
    /// A difference of two views that don't go together (any more).
    NoDifference(String),
}

/// What is done for a view until it shows what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// Nobody knows yet whether its weights are on this machine.
    LookingForWeights,
    /// The network's thread has something else to do first.
    Waiting,
    Opening,
    ReadingPicture,
    LoadingWeights,
    Running,
    Painting,
}

impl Busy {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::LookingForWeights => "Looking which weights are installed…",
            Self::Waiting => "Waiting for the worker…",
            Self::Opening => "Opening…",
            Self::ReadingPicture => "Reading the picture…",
            Self::LoadingWeights => "Loading the weights…",
            Self::Running => "Running the network…",
            Self::Painting => "Painting the mosaic…",
        }
    }
}

/// Channels that answer as a channel of another view does.
#[derive(Clone, Debug)]
pub(crate) struct ClosestChannels {
    /// The view of that channel.
    pub(crate) of_view: ViewId,
    /// The channel and its view, for people.
    pub(crate) of: String,
    /// Channel and correlation, best first.
    pub(crate) found: Vec<(usize, f64)>,
}

/// A view's state.
#[derive(Clone)]
pub(crate) struct ViewState {
    pub(crate) id: ViewId,
    /// What is asked of it.
    pub(crate) request: ViewRequest,
    pub(crate) source: Option<OpenSource>,
    /// The chosen model's graph, for its layer list.
    pub(crate) graph: Arc<Graph>,
    /// The two views whose difference this one shows.
    pub(crate) difference_of: Option<(ViewId, ViewId)>,
    /// Counts what was opened anew.
    pub(crate) generation: u64,
    /// Number of the newest job posted for this view; answers to older ones are stale.
    pub(crate) job: u64,
    /// The finished view on screen; stays while the next is made.
    pub(crate) shown: Option<Arc<Shown>>,
    /// What the worker is doing for it, while it does.
    pub(crate) busy: Option<Busy>,
    pub(crate) trouble: Option<Trouble>,
    /// What was wanted for what is on screen: the way back when the next request fails.
    pub(crate) good: Option<FullRequest>,
    pub(crate) selected: Option<usize>,
    pub(crate) closest: Option<ClosestChannels>,
}

impl ViewState {
    /// The picture the program carries, through a model's last layer; nothing is shown of it yet.
    pub(crate) fn new(id: ViewId, spec: &'static ModelSpec, graph: Arc<Graph>) -> Self {
        Self {
            id,
            request: ViewRequest {
                settings: MosaicSettings { paper: Paper::Dark, ..MosaicSettings::default() },
                ..ViewRequest::new(spec)
            },
            source: None,
            graph,
            difference_of: None,
            generation: 0,
            job: 0,
            shown: None,
            busy: None,
            trouble: None,
            good: None,
            selected: None,
            closest: None,
        }
    }

    /// The chosen layer; the model's last where it hasn't one of that name.
    pub(crate) fn node(&self) -> NodeId {
        match &self.request.layer {
            LayerChoice::Final => self.graph.final_node(),
            LayerChoice::Named(name) => self.graph.find(name).unwrap_or_else(|| self.graph.final_node()),
        }
    }

    /// A layer as it is wanted: the last stays "the last" when the model changes; others go by name.
    pub(crate) fn layer_choice(&self, id: NodeId) -> LayerChoice {
        if id == self.graph.final_node() {
            LayerChoice::Final
        } else {
            LayerChoice::Named(self.graph.node(id).name.clone())
        }
    }

    /// The layers that are walked through: the input, then the stages, or every node.
    pub(crate) fn walk(&self, every_node: bool) -> Vec<NodeId> {
        if every_node {
            return self.graph.ids().collect();
        }
        std::iter::once(NodeId(0)).chain(self.graph.stages().iter().copied()).collect()
    }

    /// Whether the view shows a picture's own answers, not a difference.
    pub(crate) fn is_plain(&self) -> bool {
        self.difference_of.is_none()
    }
}

/// Why two views have no difference, or none if they have.
pub(crate) fn no_difference(a: &ViewState, b: &ViewState) -> Option<String> {
    let name = |view: &ViewState| view.graph.node(view.node()).name.clone();
    if !a.is_plain() || !b.is_plain() {
        Some("a difference is of two pictures' own answers".into())
    } else if a.request.spec.tag != b.request.spec.tag {
        Some(format!(
            "a difference needs one backbone: these are {} and {}",
            a.request.spec.tag, b.request.spec.tag
        ))
    } else if a.node() != b.node() {
        Some(format!("a difference needs one layer: these are {} and {}", name(a), name(b)))
    } else if a.request.input != b.request.input {
        Some("a difference needs one way of preprocessing in both views".into())
    } else if a.request.picture == b.request.picture {
        Some("a difference needs two pictures: unlink pictures and open another in one view".into())
    } else {
        None
    }
}

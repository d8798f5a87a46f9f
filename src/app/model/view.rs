//! One view: a layer of a backbone for a picture, and how it is displayed.

use std::sync::Arc;

use crate::app::model::dataset::OpenSource;
use crate::app::model::request::FullRequest;
use crate::app::model::shown::Shown;
use crate::graph::{Graph, NodeId};
use crate::models::ModelSpec;
use crate::mosaic::{MosaicSettings, Normalisation, Paper};
use crate::render::{LayerChoice, PictureChoice, ViewRequest};

/// A view's number, which stays the same while other views are opened and closed.
pub(crate) type ViewId = u64;

/// Greatest number of views that can be open at once.
pub(crate) const MAX_VIEWS: usize = 4;

/// Why a view can't show what was requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The model's weights aren't here.
    NeedsWeights,
    /// The user stopped it.
    Stopped,
    /// The worker failed.
    Failed(String),
    /// The difference of two views that can't be subtracted (any more), and why.
    NoDifference(String),
}

/// What is being done for a view until it shows what was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// It is not known yet whether its weights are on this machine.
    LookingForWeights,
    /// The request waits in its slot for the network's thread.
    Waiting,
    /// Its result is there, and waits for those of the other views of the same frame.
    InStep,
    Opening,
    ReadingPicture,
    LoadingWeights,
    Running,
    /// It has been running for a while: how many of its nodes are computed.
    RunningAt {
        done: usize,
        total: usize,
    },
    Painting,
}

impl Busy {
    pub(crate) fn words(self) -> String {
        let words = match self {
            Self::LookingForWeights => "Looking which weights are installed…",
            Self::Waiting => "Waiting for the worker…",
            Self::InStep => "Waiting for the other views of this frame…",
            Self::Opening => "Opening…",
            Self::ReadingPicture => "Reading the picture…",
            Self::LoadingWeights => "Loading the weights…",
            Self::Running => "Running the network…",
            Self::RunningAt { done, total } => {
                return format!("Running the network… {done} of {total} nodes");
            }
            Self::Painting => "Painting the mosaic…",
        };
        words.to_owned()
    }

    /// Whether the network's thread works on a view's request, so that it can be stopped.
    pub(crate) const fn can_be_stopped(self) -> bool {
        match self {
            Self::LookingForWeights | Self::InStep | Self::Opening => false,
            Self::Waiting
            | Self::ReadingPicture
            | Self::LoadingWeights
            | Self::Running
            | Self::RunningAt { .. }
            | Self::Painting => true,
        }
    }
}

/// The channels of a view that are most similar to a channel of another view.
#[derive(Clone, Debug)]
pub(crate) struct ClosestChannels {
    /// The number of the view that the channel is from.
    pub(crate) of_view: ViewId,
    /// The channel and its view, in words.
    pub(crate) of: String,
    /// Channel and correlation, best first.
    pub(crate) found: Vec<(usize, f64)>,
}

/// A view's state.
#[derive(Clone)]
pub(crate) struct ViewState {
    pub(crate) id: ViewId,
    /// What was requested of it.
    pub(crate) request: ViewRequest,
    pub(crate) source: Option<OpenSource>,
    /// The chosen model's graph, for its layer list.
    pub(crate) graph: Arc<Graph>,
    /// The two views whose difference this one shows.
    pub(crate) difference_of: Option<(ViewId, ViewId)>,
    /// Changes when its picture or weights are opened again: the same path may hold a different file since.
    pub(crate) generation: u64,
    /// Number of the newest job posted for this view; answers to older ones are stale.
    pub(crate) job: u64,
    /// The finished view on screen; it stays while the next one is computed.
    pub(crate) shown: Option<Arc<Shown>>,
    /// What is being done for it, if anything.
    pub(crate) busy: Option<Busy>,
    pub(crate) trouble: Option<Trouble>,
    /// The request that what is on screen answers: the way back if the next request fails.
    pub(crate) good: Option<FullRequest>,
    /// The data set that the picture of `good` is of.
    pub(crate) good_source: Option<OpenSource>,
    /// A finished view of a data set's frame that waits until the other views of this frame are ready, and the request it answers.
    pub(crate) ready: Option<(Arc<Shown>, Option<FullRequest>)>,
    /// The normalisation before its range was held; it comes back when the range is let go.
    pub(crate) before_hold: Option<Normalisation>,
    pub(crate) selected: Option<usize>,
    /// Whether the person chose the selected channel. One that was chosen for them gives way to the strongest of another layer.
    pub(crate) is_own_choice: bool,
    /// Whether a class map is on screen, and the selected channel before it; a class map has only one map, and the channel comes back.
    pub(crate) is_on_class_map: bool,
    pub(crate) before_class_map: Option<usize>,
    /// Whether the strongest channel of the next result takes the place of the selected one, which is one of another network or layer.
    pub(crate) selects_strongest: bool,
    pub(crate) closest: Option<ClosestChannels>,
}

impl ViewState {
    /// A view of the embedded picture at a model's last layer, not computed yet.
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
            good_source: None,
            ready: None,
            before_hold: None,
            selected: None,
            is_own_choice: false,
            is_on_class_map: false,
            before_class_map: None,
            selects_strongest: false,
            closest: None,
        }
    }

    /// The chosen layer; the model's last if it has none of that name.
    pub(crate) fn node(&self) -> NodeId {
        match &self.request.layer {
            LayerChoice::Final => self.graph.final_node(),
            LayerChoice::Named(name) => self.graph.find(name).unwrap_or_else(|| self.graph.final_node()),
        }
    }

    /// A layer as a request names it: the last layer stays "the last" when the model changes; others are named.
    pub(crate) fn layer_choice(&self, id: NodeId) -> LayerChoice {
        if id == self.graph.final_node() {
            LayerChoice::Final
        } else {
            LayerChoice::Named(self.graph.node(id).name.clone())
        }
    }

    /// Selects a channel, or none, for the person.
    pub(crate) fn choose_channel(&mut self, channel: Option<usize>) {
        (self.selected, self.is_own_choice) = (channel, channel.is_some());
    }

    /// Before another layer is requested: a channel that the person didn't choose means nothing there.
    pub(crate) fn leave_layer(&mut self) {
        self.selects_strongest |= self.selected.is_some() && !self.is_own_choice;
    }

    /// The layers that playback and single steps go through: the input and the stages, or every node.
    pub(crate) fn walk(&self, every_node: bool) -> Vec<NodeId> {
        if every_node {
            return self.graph.ids().collect();
        }
        std::iter::once(NodeId(0)).chain(self.graph.stages().iter().copied()).collect()
    }

    /// Whether its range of colours is a fixed one.
    pub(crate) fn has_fixed_range(&self) -> bool {
        matches!(self.request.settings.normalisation, Normalisation::Fixed { .. })
    }

    /// The range of colours on screen, if the whole layer has one and that is what is asked for: only such a range can be held.
    pub(crate) fn range_to_hold(&self) -> Option<(f32, f32)> {
        let is_of_layer = matches!(
            self.request.settings.normalisation,
            Normalisation::Layer | Normalisation::Percentile { .. } | Normalisation::Symmetric
        );
        let shown = self.shown.as_ref().filter(|shown| is_of_layer && shown.mosaic.range.is_shared())?;
        let range = shown.mosaic.range.outer();
        (range.low < range.high).then_some((range.low, range.high))
    }

    pub(crate) fn can_hold(&self) -> bool {
        self.is_plain() && self.range_to_hold().is_some()
    }

    /// Lets the held range go; returns whether there was one.
    pub(crate) fn end_hold(&mut self) -> bool {
        let before = self.before_hold.take().filter(|_| self.has_fixed_range());
        let Some(before) = before else { return false };
        self.request.settings.normalisation = before;
        true
    }

    /// The frame of a data set in a request for a picture, from 0.
    pub(crate) fn frame_of(picture: &PictureChoice) -> Option<usize> {
        if let PictureChoice::Frame { index, .. } = picture { Some(*index) } else { None }
    }

    /// Whether the network's thread works on its request, so that it can be stopped.
    pub(crate) fn can_be_stopped(&self) -> bool {
        self.busy.is_some_and(Busy::can_be_stopped)
    }

    /// The network and the layer whose channels are on screen; those that are asked for while there is nothing on screen.
    pub(crate) fn layer_on_screen(&self) -> (&'static ModelSpec, &str) {
        match &self.shown {
            Some(shown) => (shown.spec(), &shown.run_by.backbone.graph().node(shown.node).name),
            None => (self.request.spec, &self.graph.node(self.node()).name),
        }
    }

    /// Whether the view shows the activations for one picture, not a difference.
    pub(crate) fn is_plain(&self) -> bool {
        self.difference_of.is_none()
    }
}

/// Why two views can't be subtracted; none if they can.
pub(crate) fn no_difference(a: &ViewState, b: &ViewState) -> Option<String> {
    let name = |view: &ViewState| view.graph.node(view.node()).name.clone();
    if !a.is_plain() || !b.is_plain() {
        Some("a difference is of the values of two pictures or layers, not of another difference".into())
    } else if a.request.spec.tag != b.request.spec.tag {
        Some(format!(
            "a difference needs one network: these are {} and {}",
            a.request.spec.tag, b.request.spec.tag
        ))
    } else if a.request.input != b.request.input {
        Some("a difference needs one way of preprocessing in both views".into())
    } else if a.node() == b.node() {
        let is_same = a.request.picture == b.request.picture;
        is_same.then(|| {
            "a difference needs two pictures or layers: open another picture in one view (unlink pictures first), or walk to another layer".into()
        })
    } else if a.request.picture != b.request.picture {
        Some(format!(
            "a difference needs one layer or one picture: layers here are {} and {}",
            name(a),
            name(b)
        ))
    } else if !a.graph.share_channels(a.node(), b.node()) {
        Some(format!(
            "a difference of two layers needs the same channels in both, as before and after a normalization or an activation: {} and {} have others",
            name(a),
            name(b)
        ))
    } else {
        None
    }
}

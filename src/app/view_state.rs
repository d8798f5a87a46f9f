//! One view: a picture through a backbone at a layer, and how it is looked at.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::shown::Shown;
use super::wanted::{LayerChoice, PictureChoice, ViewId, Wanted};
use crate::graph::{Graph, NodeId};
use crate::input::dataset::{Camera, Source};
use crate::models::Row;
use crate::mosaic::{MosaicSettings, Paper};
use crate::render::InputChoices;
use crate::tensor::Sifting;

/// An open folder or log.
#[derive(Clone)]
pub(super) struct OpenSource {
    pub(super) source: Arc<dyn Source>,
    pub(super) place: PathBuf,
    /// When what is in it was listed.
    pub(super) listed: SystemTime,
    pub(super) index: usize,
    pub(super) camera: Option<Camera>,
}

/// What a view has to say when there is no mosaic of what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The model's weights aren't here.
    NeedsWeights,
    /// The worker failed.
    Failed(String),
    /// A difference of two views that don't go together (any more).
    NoDifference(String),
}

/// Filters that answer as a filter of another view does.
#[derive(Clone, Debug)]
pub(super) struct Closest {
    /// The view of that filter.
    pub(super) of_view: ViewId,
    /// The filter and its view, for people.
    pub(super) of: String,
    /// Channel and correlation, best first.
    pub(super) found: Vec<(usize, f64)>,
}

/// A view's state.
#[derive(Clone)]
pub(super) struct ViewState {
    pub(super) id: ViewId,
    pub(super) picture: PictureChoice,
    pub(super) source: Option<OpenSource>,
    pub(super) row: &'static Row,
    /// The chosen model's graph, for its layer list.
    pub(super) graph: Arc<Graph>,
    pub(super) layer: LayerChoice,
    pub(super) input: InputChoices,
    pub(super) settings: MosaicSettings,
    pub(super) sifting: Sifting,
    /// The two views whose difference this one shows.
    pub(super) difference_of: Option<(ViewId, ViewId)>,
    /// Counts what was opened anew.
    pub(super) generation: u64,
    /// Number of the newest job posted for this view; answers to older ones are stale.
    pub(super) job: u64,
    /// The finished view on screen; stays while the next is made.
    pub(super) shown: Option<Arc<Shown>>,
    /// What the worker is doing for it, while it does.
    pub(super) busy: Option<&'static str>,
    pub(super) trouble: Option<Trouble>,
    /// What was wanted for what is on screen: the way back when the next wish fails.
    pub(super) good: Option<Wanted>,
    pub(super) selected: Option<usize>,
    pub(super) closest: Option<Closest>,
}

impl ViewState {
    /// The picture the program carries, through a model's last layer; nothing is shown of it yet.
    pub(super) fn new(id: ViewId, row: &'static Row, graph: Arc<Graph>) -> Self {
        Self {
            id,
            picture: PictureChoice::Cat,
            source: None,
            row,
            graph,
            layer: LayerChoice::Final,
            input: InputChoices::default(),
            settings: MosaicSettings { paper: Paper::Dark, ..MosaicSettings::default() },
            sifting: Sifting::default(),
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
    pub(super) fn node(&self) -> NodeId {
        match &self.layer {
            LayerChoice::Final => self.graph.final_node(),
            LayerChoice::Named(name) => self.graph.find(name).unwrap_or_else(|| self.graph.final_node()),
        }
    }

    /// A layer as it is wanted: the last stays "the last" when the model changes; others go by name.
    pub(super) fn layer_choice(&self, id: NodeId) -> LayerChoice {
        if id == self.graph.final_node() {
            LayerChoice::Final
        } else {
            LayerChoice::Named(self.graph.node(id).name.clone())
        }
    }

    /// The layers that are walked through: the input, then the stages, or every node.
    pub(super) fn walk(&self, every_node: bool) -> Vec<NodeId> {
        if every_node {
            return self.graph.ids().collect();
        }
        std::iter::once(NodeId(0)).chain(self.graph.stages().iter().copied()).collect()
    }

    /// Whether the view shows a picture's own answers, not a difference.
    pub(super) fn is_plain(&self) -> bool {
        self.difference_of.is_none()
    }
}

/// Why two views have no difference, or none if they have.
pub(super) fn no_difference(a: &ViewState, b: &ViewState) -> Option<String> {
    let name = |view: &ViewState| view.graph.node(view.node()).name.clone();
    if !a.is_plain() || !b.is_plain() {
        Some("a difference is of two pictures' own answers".into())
    } else if a.row.tag != b.row.tag {
        Some(format!("a difference needs one backbone: these are {} and {}", a.row.tag, b.row.tag))
    } else if a.node() != b.node() {
        Some(format!("a difference needs one layer: these are {} and {}", name(a), name(b)))
    } else if a.input != b.input {
        Some("a difference needs one way of preprocessing in both views".into())
    } else if a.picture == b.picture {
        Some("a difference needs two pictures: unlink pictures and open another in one view".into())
    } else {
        None
    }
}

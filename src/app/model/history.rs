//! Undo and redo of what was requested of the views.

use std::mem::Discriminant;
use std::sync::Arc;

use crate::app::model::dataset::OpenSource;
use crate::app::model::links::Links;
use crate::app::model::save::SaveLooks;
use crate::app::model::view::{ViewId, ViewState};
use crate::graph::Graph;
use crate::render::{Change, ViewRequest};
use crate::weights::FilePart;

/// Greatest number of steps that can be undone.
pub(crate) const MAX_STEPS: usize = 100;

/// What was requested of one view.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) id: ViewId,
    pub(crate) request: ViewRequest,
    pub(crate) source: Option<OpenSource>,
    pub(crate) difference_of: Option<(ViewId, ViewId)>,
    /// Kept to restore the view, but not compared: a change of this or of the selected channel alone is no step.
    pub(crate) generation: u64,
    pub(crate) selected: Option<usize>,
}

impl Asked {
    pub(crate) fn of(view: &ViewState) -> Self {
        Self {
            id: view.id,
            request: view.request.clone(),
            source: view.source.clone(),
            difference_of: view.difference_of,
            generation: view.generation,
            selected: view.selected,
        }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.id == other.id && self.request == other.request && self.difference_of == other.difference_of
    }

    /// The view with this request again. `old` is the view as it is now; none if it was closed since, which brings it back under its old
    /// number.
    pub(crate) fn view(&self, old: Option<ViewState>, graph: Arc<Graph>) -> ViewState {
        // A channel's number belongs to its layer; within a layer, the one that is selected now stays.
        let is_other = old.as_ref().is_none_or(|old| {
            old.request.layer != self.request.layer || old.request.spec.tag != self.request.spec.tag
        });
        let old = old.unwrap_or_else(|| ViewState::new(self.id, self.request.spec, Arc::clone(&graph)));
        ViewState {
            request: self.request.clone(),
            source: self.source.clone(),
            graph,
            difference_of: self.difference_of,
            generation: self.generation,
            selected: if is_other { self.selected } else { old.selected },
            ..old
        }
    }
}

/// What was requested of all views at one time, the links between them, and the weight files in use.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) views: Vec<Asked>,
    pub(crate) active: ViewId,
    pub(crate) links: Links,
    pub(crate) weight_files: Vec<(&'static str, FilePart)>,
    /// How figures are saved, where the step changed it: only a restored figure does.
    pub(crate) saved: Option<SaveLooks>,
}

impl Snapshot {
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.links == other.links
            && self.weight_files == other.weight_files
            && self.views.len() == other.views.len()
            && self.views.iter().zip(&other.views).all(|(a, b)| a.is_same(b))
    }
}

/// A setting that a person changes many times in one movement, such as with a slider. All changes of one movement are one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gesture {
    /// Through the frames of a data set.
    Frames,
    /// Of one part of a view's request.
    Change(Discriminant<Change>),
}

/// For how long a movement through frames goes on after the last of them, in seconds: the keys give one frame at a time.
const FRAMES_PAUSE_SECS: f64 = 0.5;

/// A movement that may go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenGesture {
    pub(crate) of: Gesture,
    pub(crate) until_secs: f64,
    /// Whether the pointer's button was up at the last frame. A slider gets its last value in the frame in which the button goes up.
    pub(crate) was_up: bool,
}

impl OpenGesture {
    pub(crate) fn new(of: Gesture, now_secs: f64, is_down: bool) -> Self {
        let until_secs = if of == Gesture::Frames { now_secs + FRAMES_PAUSE_SECS } else { now_secs };
        Self { of, until_secs, was_up: !is_down }
    }

    /// Notes that a frame of the window begins; returns whether the movement goes on.
    pub(crate) fn goes_on(&mut self, now_secs: f64, is_pressed: bool, is_down: bool) -> bool {
        let was_up = std::mem::replace(&mut self.was_up, !is_down);
        !is_pressed && (is_down || !was_up || now_secs < self.until_secs)
    }
}

/// The steps that can be undone, and those that can be redone, the nearest last.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) past: Vec<Snapshot>,
    pub(crate) future: Vec<Snapshot>,
    /// The movement whose step is the last one.
    pub(crate) gesture: Option<OpenGesture>,
}

impl History {
    pub(crate) fn can_go_back(&self) -> bool {
        !self.past.is_empty()
    }

    pub(crate) fn can_go_forward(&self) -> bool {
        !self.future.is_empty()
    }
}

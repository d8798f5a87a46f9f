//! Back and forward through what was asked of the views.

use super::event::{LayerChoice, PictureChoice, ViewId};
use super::view_state::{OpenSource, ViewState};
use super::window::App;
use crate::models::Row;
use crate::mosaic::MosaicSettings;
use crate::render::InputChoices;
use crate::tensor::Sifting;

/// Steps that can be taken back.
const MAX_STEPS: usize = 100;

/// What was asked of one view.
#[derive(Clone)]
struct Asked {
    id: ViewId,
    picture: PictureChoice,
    source: Option<OpenSource>,
    row: &'static Row,
    layer: LayerChoice,
    input: InputChoices,
    settings: MosaicSettings,
    sifting: Sifting,
}

impl Asked {
    fn of(view: &ViewState) -> Self {
        Self {
            id: view.id,
            picture: view.picture.clone(),
            source: view.source.clone(),
            row: view.row,
            layer: view.layer.clone(),
            input: view.input,
            settings: view.settings.clone(),
            sifting: view.sifting,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.id == other.id
            && self.picture == other.picture
            && self.row.tag == other.row.tag
            && self.layer == other.layer
            && self.input == other.input
            && self.settings == other.settings
            && self.sifting == other.sifting
    }
}

/// All views at one time.
#[derive(Clone)]
pub(super) struct Snapshot(Vec<Asked>);

/// What was before, and what was taken back.
#[derive(Default)]
pub(super) struct History {
    past: Vec<Snapshot>,
    future: Vec<Snapshot>,
}

impl History {
    pub(super) fn can_go_back(&self) -> bool {
        !self.past.is_empty()
    }

    pub(super) fn can_go_forward(&self) -> bool {
        !self.future.is_empty()
    }
}

impl App {
    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot(self.state.views.iter().map(Asked::of).collect())
    }

    /// Keeps what was before a change, if it was one. Views that come and go are no change of this kind.
    pub(super) fn keep_step(&mut self, before: Snapshot) {
        let is_changed = before
            .0
            .iter()
            .any(|old| self.state.find(old.id).is_some_and(|view| !Asked::of(view).is_same(old)));
        if is_changed {
            let history = &mut self.state.history;
            history.future.clear();
            history.past.push(before);
            if history.past.len() > MAX_STEPS {
                history.past.remove(0);
            }
        }
    }

    pub(super) fn step_back(&mut self) {
        let Some(to) = self.state.history.past.pop() else { return };
        let now = self.snapshot();
        self.state.history.future.push(now);
        self.take_snapshot(&to);
    }

    pub(super) fn step_forward(&mut self) {
        let Some(to) = self.state.history.future.pop() else { return };
        let now = self.snapshot();
        self.state.history.past.push(now);
        self.take_snapshot(&to);
    }

    /// Views that are closed stay closed.
    fn take_snapshot(&mut self, to: &Snapshot) {
        let mut changed = Vec::new();
        for asked in &to.0 {
            let Some(view) = self.state.views.iter_mut().find(|view| view.id == asked.id) else { continue };
            if Asked::of(view).is_same(asked) {
                continue;
            }
            if view.row.tag != asked.row.tag {
                let Ok(graph) = asked.row.graph() else { continue };
                view.graph = std::sync::Arc::new(graph);
            }
            (view.picture, view.source) = (asked.picture.clone(), asked.source.clone());
            (view.row, view.layer, view.input) = (asked.row, asked.layer.clone(), asked.input);
            (view.settings, view.sifting) = (asked.settings.clone(), asked.sifting);
            changed.push(view.id);
        }
        for id in changed {
            self.show(id);
        }
    }
}

//! Back and forward through what was asked of the views.

use std::sync::Arc;

use super::state::{Links, Tone};
use super::view_state::{OpenSource, ViewState};
use super::wanted::{LayerChoice, PictureChoice, ViewId};
use super::window::App;
use crate::graph::Graph;
use crate::input::dataset::Source;
use crate::models::Row;
use crate::mosaic::MosaicSettings;
use crate::render::InputChoices;
use crate::tensor::Sifting;
use crate::weights::FilePart;

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
    difference_of: Option<(ViewId, ViewId)>,
    /// Not asked for by itself: what was read then, and looked at then, is what comes back.
    generation: u64,
    selected: Option<usize>,
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
            difference_of: view.difference_of,
            generation: view.generation,
            selected: view.selected,
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
            && self.difference_of == other.difference_of
    }

    /// The view as it was: what it was before this change, or one of that number that was closed since.
    fn view(&self, old: Option<ViewState>, graph: Arc<Graph>) -> ViewState {
        let is_closed = old.is_none();
        let old = old.unwrap_or_else(|| ViewState::new(self.id, self.row, Arc::clone(&graph)));
        ViewState {
            picture: self.picture.clone(),
            source: self.source.clone(),
            row: self.row,
            graph,
            layer: self.layer.clone(),
            input: self.input,
            settings: self.settings.clone(),
            sifting: self.sifting,
            difference_of: self.difference_of,
            generation: self.generation,
            selected: if is_closed { self.selected } else { old.selected },
            ..old
        }
    }
}

/// All views at one time, what was linked, and the files that stood for weights.
#[derive(Clone)]
pub(super) struct Snapshot {
    views: Vec<Asked>,
    active: ViewId,
    links: Links,
    weight_files: Vec<(&'static str, FilePart)>,
}

impl Snapshot {
    fn is_same(&self, other: &Self) -> bool {
        self.links == other.links
            && self.weight_files == other.weight_files
            && self.views.len() == other.views.len()
            && self.views.iter().zip(&other.views).all(|(a, b)| a.is_same(b))
    }
}

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
        Snapshot {
            views: self.state.views.iter().map(Asked::of).collect(),
            active: self.state.view().id,
            links: self.state.links,
            weight_files: self.state.weight_files.clone(),
        }
    }

    /// Keeps what was before a change, if it was one.
    pub(super) fn keep_step(&mut self, before: Snapshot) {
        if self.snapshot().is_same(&before) {
            return;
        }
        let history = &mut self.state.history;
        history.future.clear();
        history.past.push(before);
        if history.past.len() > MAX_STEPS {
            history.past.remove(0);
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

    /// Views that were closed since come back under their old numbers, so that differences find them; newer ones go.
    fn take_snapshot(&mut self, to: &Snapshot) {
        let mut views = Vec::with_capacity(to.views.len());
        let mut changed = Vec::new();
        for asked in &to.views {
            let old = self.state.find(asked.id);
            let has_file = |files: &[(&'static str, FilePart)]| {
                files.iter().find(|(tag, _)| *tag == asked.row.tag).map(|(_, path)| path.clone())
            };
            let is_same = old.is_some_and(|view| Asked::of(view).is_same(asked))
                && has_file(&to.weight_files) == has_file(&self.state.weight_files);
            let graph = match old {
                Some(view) if view.row.tag == asked.row.tag => Arc::clone(&view.graph),
                _ => match asked.row.graph() {
                    Ok(graph) => Arc::new(graph),
                    Err(error) => {
                        self.state.say(Tone::Bad, error.to_string());
                        continue;
                    }
                },
            };
            let old = old.cloned();
            if is_same {
                views.extend(old);
            } else {
                changed.push(asked.id);
                views.push(asked.view(old, graph));
            }
        }
        if views.is_empty() {
            return;
        }
        self.expected.clear();
        self.state.links = to.links;
        self.state.weight_files.clone_from(&to.weight_files);
        let active = views.iter().position(|view| view.id == to.active).unwrap_or(0);
        let labelled = self.labelled_source();
        self.set_views(views, active);
        for id in changed {
            self.show(id);
        }
        self.share_scale(true);
        if let Some(source) =
            self.labelled_source().filter(|source| labelled.is_none_or(|old| !Arc::ptr_eq(source, &old)))
        {
            self.ask_for_labels(&source);
        }
    }

    /// The data set whose labels are plotted.
    fn labelled_source(&self) -> Option<Arc<dyn Source>> {
        self.state.view().source.as_ref().map(|open| Arc::clone(&open.source))
    }
}

//! What the person is looking at and what they asked for, as plain data. Panels read it; only `update` changes it.
//!
//! Must not know of threads, channels, files or widgets.

pub(crate) mod cache;
pub(crate) mod dataset;
pub(crate) mod download;
pub(crate) mod history;
pub(crate) mod layers;
pub(crate) mod links;
pub(crate) mod messages;
pub(crate) mod paths;
pub(crate) mod pins;
pub(crate) mod preferences;
pub(crate) mod request;
pub(crate) mod restored;
pub(crate) mod save;
pub(crate) mod shown;
pub(crate) mod task;
pub(crate) mod tiles;
pub(crate) mod view;
pub(crate) mod weights;
pub(crate) mod windows;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::cache::LruCache;
use crate::app::model::dataset::{LabelLines, Playing, ThumbKey};
use crate::app::model::download::Downloads;
use crate::app::model::history::{Asked, History, Snapshot};
use crate::app::model::layers::Walk;
use crate::app::model::links::{Arrangement, Links};
use crate::app::model::messages::{MAX_LOG, MAX_MESSAGES, Notice, Tone};
use crate::app::model::pins::Pin;
use crate::app::model::preferences::Preferences;
use crate::app::model::request::FullRequest;
use crate::app::model::restored::Expected;
use crate::app::model::save::{Export, SaveLooks};
use crate::app::model::shown::{Inspected, Shown};
use crate::app::model::task::Tasks;
use crate::app::model::view::{ViewId, ViewState};
use crate::app::model::weights::WeightsOffer;
use crate::app::model::windows::{LeftTab, OpenWindows};
use crate::engine::{CancelToken, DeviceChoice, EngineChoice, WeightStore};
use crate::graph::Graph;
use crate::models::{ModelSpec, Registry};
use crate::mosaic::{ColourChoice, ColourMap, Normalisation};
use crate::render::ViewRequest;
use crate::weights::FilePart;

/// Bytes of finished views kept, so that stepping back to one takes no work.
const VIEW_BUDGET_BYTES: usize = 256 << 20;
/// Longest side of a texture until the first frame says what the driver takes.
const DEFAULT_TEXTURE_SIDE: usize = 2048;

/// Small pictures asked for and not yet here.
const MAX_THUMBS_ASKED: usize = 24;

/// Numbers of the newest of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Newest {
    /// Request of a view that was posted.
    pub(crate) job: u64,
    /// Picture or file that was opened.
    pub(crate) generation: u64,
    pub(crate) view: ViewId,
    pub(crate) pin: u64,
    /// Picture from the clipboard.
    pub(crate) pasted: u64,
    /// Frame of a stream that was taken.
    pub(crate) frame: u64,
}

/// All that the window knows.
pub(crate) struct Model {
    pub(crate) store: WeightStore,
    /// Tags whose weights are on this machine, as of the last time a model was chosen; the second thread asks the disk.
    pub(crate) here: Vec<&'static str>,
    /// Whether it has answered yet.
    pub(crate) is_here_known: bool,
    /// At least one.
    pub(crate) views: Vec<ViewState>,
    /// Place of the view that the panels are about.
    pub(crate) active: usize,
    pub(crate) links: Links,
    /// The range that all views share while scales are linked.
    pub(crate) shared_range: Option<(f32, f32)>,
    pub(crate) arrangement: Arrangement,
    /// Files given for models, so that switching back and forth keeps them.
    pub(crate) weight_files: Vec<(&'static str, FilePart)>,
    /// What is saved where a name is typed, and how figures are.
    pub(crate) save_what: Export,
    pub(crate) saved: SaveLooks,
    /// Downloads, where the window may make any.
    pub(crate) downloads: Option<Downloads>,
    /// A weight file that waits for a word on which of these models it is for.
    pub(crate) weights_question: Option<(PathBuf, Vec<WeightsOffer>)>,
    /// A table that waits for a word on which of its columns has the pictures' paths.
    pub(crate) column_question: Option<(PathBuf, Vec<String>)>,
    pub(crate) messages: VecDeque<Notice>,
    /// Everything that was said, to be read again.
    pub(crate) log: VecDeque<Notice>,
    pub(crate) tab: LeftTab,
    pub(crate) walk: Walk,
    pub(crate) playing: Option<Playing>,
    pub(crate) tasks: Tasks,
    /// Frames passing by themselves.
    pub(crate) playing_frames: Option<Playing>,
    /// The folder whose news is shown.
    pub(crate) watched: Option<PathBuf>,
    /// The open data set's labels over time, and which of them is plotted.
    pub(crate) labels: Option<LabelLines>,
    pub(crate) plotted_label: Option<usize>,
    pub(crate) pins: Vec<Pin>,
    pub(crate) inspected: Option<Box<Inspected>>,
    pub(crate) open: OpenWindows,
    pub(crate) history: History,
    pub(crate) preferences: Preferences,
    /// Files and folders opened lately, the newest first, and where the last lay.
    pub(crate) recent: Vec<PathBuf>,
    pub(crate) folder: Option<PathBuf>,
    /// Where networks run, and why others can't be had.
    pub(crate) device: DeviceChoice,
    pub(crate) devices: Vec<(DeviceChoice, Result<(), String>)>,
    /// Finished views that may be wanted again.
    pub(crate) kept: LruCache<FullRequest, Arc<Shown>>,
    /// What is still to be looked at of views that a figure brought back.
    pub(crate) expected: Vec<Expected>,
    /// Small pictures that were asked for and are not here yet.
    pub(crate) thumbs_asked: Vec<ThumbKey>,
    /// Cancelled once pins are to be painted for something else.
    pub(crate) pins_asked: CancelToken,
    /// What computes.
    pub(crate) engine: EngineChoice,
    pub(crate) newest: Newest,
    /// Bytes of memory that the program takes, as of about a second ago; none where the system doesn't say.
    pub(crate) memory_bytes: Option<usize>,
    pub(crate) max_texture_side: usize,
}

impl Model {
    /// One view of the picture the program carries, of which nothing is shown yet.
    pub(crate) fn new(store: WeightStore, spec: &'static ModelSpec, graph: Arc<Graph>) -> Self {
        Self {
            here: Registry::specs()
                .filter(|spec| store.embedded(spec).is_some())
                .map(|spec| spec.tag)
                .collect(),
            is_here_known: false,
            store,
            views: vec![ViewState::new(1, spec, graph)],
            active: 0,
            links: Links::default(),
            shared_range: None,
            arrangement: Arrangement::default(),
            weight_files: Vec::new(),
            downloads: None,
            save_what: Export::default(),
            saved: SaveLooks::default(),
            weights_question: None,
            column_question: None,
            messages: VecDeque::new(),
            log: VecDeque::new(),
            tab: LeftTab::default(),
            walk: Walk::default(),
            playing: None,
            tasks: Tasks::of(spec.tag),
            playing_frames: None,
            watched: None,
            labels: None,
            plotted_label: None,
            pins: Vec::new(),
            inspected: None,
            open: OpenWindows::default(),
            kept: LruCache::new(VIEW_BUDGET_BYTES),
            expected: Vec::new(),
            thumbs_asked: Vec::new(),
            pins_asked: CancelToken::new(),
            engine: EngineChoice::default(),
            newest: Newest { view: 1, ..Newest::default() },
            memory_bytes: None,
            history: History::default(),
            preferences: Preferences::default(),
            recent: Vec::new(),
            folder: None,
            device: DeviceChoice::default(),
            devices: Vec::new(),
            max_texture_side: DEFAULT_TEXTURE_SIDE,
        }
    }

    /// The view that the panels are about.
    pub(crate) fn view(&self) -> &ViewState {
        &self.views[self.active.min(self.views.len() - 1)]
    }

    pub(crate) fn view_mut(&mut self) -> &mut ViewState {
        let at = self.active.min(self.views.len() - 1);
        &mut self.views[at]
    }

    pub(crate) fn find(&self, id: ViewId) -> Option<&ViewState> {
        self.views.iter().find(|view| view.id == id)
    }

    /// Place of the view whose newest request has this number; none for requests that have been replaced.
    pub(crate) fn place_of(&self, job: u64) -> Option<usize> {
        self.views.iter().position(|view| view.job == job)
    }

    /// Whether a frame's small picture may be asked for now.
    pub(crate) fn may_ask_for_thumb(&self, key: &ThumbKey) -> bool {
        self.thumbs_asked.len() < MAX_THUMBS_ASKED && !self.thumbs_asked.contains(key)
    }

    /// A number for what is read anew: the same path may hold something else by now.
    pub(crate) const fn next_generation(&mut self) -> u64 {
        self.newest.generation += 1;
        self.newest.generation
    }

    /// A copy of a view under a number of its own, about nothing in particular.
    pub(crate) fn fresh_copy(&mut self, view: &ViewState) -> ViewState {
        self.newest.view += 1;
        ViewState {
            id: self.newest.view,
            closest: None,
            selected: None,
            difference_of: None,
            trouble: None,
            busy: None,
            ..view.clone()
        }
    }

    /// Channels that answer as those of a view did, which now shows something else or is gone.
    pub(crate) fn forget_closest_to(&mut self, id: ViewId) {
        for view in &mut self.views {
            view.closest.take_if(|closest| closest.of_view == id);
        }
    }

    /// What is asked of all views.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            views: self.views.iter().map(Asked::of).collect(),
            active: self.view().id,
            links: self.links,
            weight_files: self.weight_files.clone(),
        }
    }

    /// The pin of a channel of the active view, if it is in the tray.
    pub(crate) fn pin_of(&self, channel: usize) -> Option<u64> {
        let view = self.view();
        let layer = &view.graph.node(view.node()).name;
        let is_it = |pin: &&Pin| {
            pin.spec.tag == view.request.spec.tag
                && pin.pinned.layer == *layer
                && pin.pinned.channel == channel
        };
        self.pins.iter().find(is_it).map(|pin| pin.pinned.id)
    }

    /// A view's number for people, from 1.
    pub(crate) fn number(&self, id: ViewId) -> usize {
        self.views.iter().position(|view| view.id == id).map_or(0, |at| at + 1)
    }

    /// The file that stands for a model's weights, if one was given.
    pub(crate) fn weights_file(&self, spec: &ModelSpec) -> Option<&FilePart> {
        self.weight_files.iter().find(|(tag, _)| *tag == spec.tag).map(|(_, path)| path)
    }

    /// Whether a model can run.
    pub(crate) fn has_weights(&self, spec: &ModelSpec) -> bool {
        self.weights_file(spec).is_some() || self.here.contains(&spec.tag)
    }

    /// Networks that can run: the registry's, then those of opened files.
    pub(crate) fn specs_at_hand(&self) -> Vec<&'static ModelSpec> {
        let all = Registry::specs().chain(Registry::opened());
        all.filter(|spec| self.has_weights(spec)).collect()
    }

    /// All that decides what a view should show, or why it can't be said.
    pub(crate) fn full_request(&self, view: &ViewState) -> Result<FullRequest, String> {
        let mut full = FullRequest {
            of: view.request.clone(),
            minus: None,
            weights_file: self.weights_file(view.request.spec).cloned(),
            device: self.device,
            generation: view.generation,
            max_texture_side: self.max_texture_side,
        };
        match view.difference_of {
            Some((a, b)) => {
                let gone = || "one of the two views of this difference was closed".to_owned();
                let (a, b) = self.find(a).zip(self.find(b)).ok_or_else(gone)?;
                if let Some(reason) = view::no_difference(a, b) {
                    return Err(reason);
                }
                let mut settings = full.of.settings;
                settings.normalisation = Normalisation::Symmetric;
                if !matches!(settings.colour, ColourChoice::Map(map) if map.is_diverging()) {
                    settings.colour = ColourChoice::Map(ColourMap::BlueRed);
                }
                full.of = ViewRequest {
                    settings,
                    selection: full.of.selection,
                    class_map: None,
                    ..a.request.clone()
                };
                full.minus = Some(b.request.picture.clone());
                full.weights_file = self.weights_file(a.request.spec).cloned();
                full.generation = a.generation.max(b.generation);
            }
            None => {
                if let Some((low, high)) = self.shared_range.filter(|_| self.links.scale) {
                    full.of.settings.normalisation = Normalisation::Fixed { low, high };
                }
            }
        }
        Ok(full)
    }

    /// The range that the plain views share, if scales are linked and there is something to share: from the smallest to the largest
    /// value in any, about zero where one has negative values.
    pub(crate) fn range_of_all(&self) -> Option<(f32, f32)> {
        let shown: Vec<&Arc<Shown>> =
            self.views.iter().filter(|v| v.is_plain()).filter_map(|v| v.shown.as_ref()).collect();
        if !self.links.scale || shown.len() < 2 {
            return None;
        }
        let low = shown.iter().map(|s| s.stats.min).fold(f32::INFINITY, f32::min);
        let high = shown.iter().map(|s| s.stats.max).fold(f32::NEG_INFINITY, f32::max);
        let range = if shown.iter().any(|s| s.stats.is_signed()) {
            let reach = low.abs().max(high.abs());
            (-reach, reach)
        } else {
            (low, high)
        };
        (range.0 < range.1).then_some(range)
    }

    /// Tells the person something.
    pub(crate) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        let message = Notice { tone, text: text.into() };
        self.messages.retain(|m| *m != message);
        self.messages.push_back(message.clone());
        while self.messages.len() > MAX_MESSAGES {
            self.messages.pop_front();
        }
        self.log.push_back(message);
        while self.log.len() > MAX_LOG {
            self.log.pop_front();
        }
    }
}

//! The state of the window as plain data: what the user sees and has asked for. Panels read it; only `update` changes it.
//!
//! Must not use threads, message channels, files or widgets.

pub(crate) mod beside;
pub(crate) mod cache;
pub(crate) mod dataset;
pub(crate) mod download;
pub(crate) mod errand;
pub(crate) mod history;
pub(crate) mod layers;
pub(crate) mod links;
pub(crate) mod messages;
pub(crate) mod naming;
pub(crate) mod opening;
pub(crate) mod paths;
pub(crate) mod pins;
pub(crate) mod preferences;
pub(crate) mod request;
pub(crate) mod restored;
pub(crate) mod save;
pub(crate) mod session;
pub(crate) mod shown;
pub(crate) mod studied;
pub(crate) mod task;
pub(crate) mod tiles;
pub(crate) mod trace;
pub(crate) mod view;
pub(crate) mod weights;
pub(crate) mod windows;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::cache::LruCache;
use crate::app::model::dataset::{LabelLines, Playing, ThumbKey};
use crate::app::model::download::Downloads;
use crate::app::model::errand::Errand;
use crate::app::model::history::{Asked, History, Snapshot};
use crate::app::model::layers::Walk;
use crate::app::model::links::{Arrangement, Links};
use crate::app::model::messages::{MAX_LOG, MAX_MESSAGES, Notice, Tone};
use crate::app::model::opening::Opening;
use crate::app::model::pins::Pin;
use crate::app::model::preferences::Preferences;
use crate::app::model::request::FullRequest;
use crate::app::model::restored::Expected;
use crate::app::model::save::{Export, SaveLooks, SaveRequest};
use crate::app::model::shown::{Inspected, Shown};
use crate::app::model::studied::Studied;
use crate::app::model::task::Tasks;
use crate::app::model::trace::Trace;
use crate::app::model::view::{MAX_VIEWS, ViewId, ViewState};
use crate::app::model::weights::{Keeping, RecentWeights, WeightsOffer};
use crate::app::model::windows::OpenWindows;
use crate::engine::{CancelToken, DeviceChoice, EngineChoice, WeightStore};
use crate::graph::Graph;
use crate::models::{ModelSpec, Registry};
use crate::mosaic::{ColourChoice, ColourMap, Normalisation};
use crate::render::ViewRequest;
use crate::study::compared::FeaturesOf;
use crate::weights::FilePart;

/// Memory budget for finished views, in bytes, so that going back to one of them needs no computation.
const VIEW_BUDGET_BYTES: usize = 256 << 20;
/// Longest side of a texture in pixels, and the greatest that is used. Nearly all drivers support it; where one doesn't, the first frame
/// says so, and what was computed before it is computed again.
pub(crate) const TEXTURE_SIDE: usize = 8192;

/// Greatest number of thumbnails that may be on request at the same time.
const MAX_THUMBS_ASKED: usize = 24;

/// The newest number of each kind of thing that is numbered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Newest {
    /// Request that was posted for a view.
    pub(crate) job: u64,
    /// Opening of a picture or file.
    pub(crate) generation: u64,
    pub(crate) view: ViewId,
    pub(crate) pin: u64,
    /// Picture from the clipboard.
    pub(crate) pasted: u64,
    /// Queued work that the person asked for.
    pub(crate) errand: u64,
    /// Frame of a stream that was shown.
    pub(crate) frame: u64,
}

/// The whole state of the window.
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own")]
pub(crate) struct Model {
    pub(crate) store: WeightStore,
    /// Tags of the models whose weights are on this machine, as the second thread last found them on disk.
    pub(crate) here: Vec<&'static str>,
    /// Whether the second thread has reported `here` yet.
    pub(crate) is_here_known: bool,
    /// The open views, at least one.
    pub(crate) views: Vec<ViewState>,
    /// Index of the active view, the one that the panels show.
    pub(crate) active: usize,
    pub(crate) links: Links,
    /// Whether the views share one range only because a difference was added; it is let go when the last difference is closed.
    pub(crate) shares_for_difference: bool,
    /// The range of values that all plain views share while `links.scale` is on.
    pub(crate) shared_range: Option<(f32, f32)>,
    pub(crate) arrangement: Arrangement,
    /// Weight files that the user gave, by model tag, so that they are kept when the model is changed and changed back.
    pub(crate) weight_files: Vec<(&'static str, FilePart)>,
    /// Hashes of the weights that were shown last, by model tag; carried ones are left out.
    pub(crate) weight_hashes: Vec<(&'static str, String)>,
    /// Hashes of the weights that views showed the last time, by model tag, until the model is shown again.
    pub(crate) weights_before: Vec<(&'static str, String)>,
    /// Weight files that were used, the newest first.
    pub(crate) recent_weights: Vec<RecentWeights>,
    /// Those of them that can't be opened, and why, as the second thread last found them.
    pub(crate) gone_weights: Vec<(PathBuf, String)>,
    /// Weights that are being kept, or that would replace others.
    pub(crate) keeping: Option<Keeping>,
    /// What was open the last time, as text, while it is being looked for.
    pub(crate) reopening: Option<String>,
    /// Files that wait to be opened.
    pub(crate) opening: Opening,
    /// Whether the window system tells the window of dropped files.
    pub(crate) takes_drops: bool,
    /// What is saved under a typed file name.
    pub(crate) save_what: Export,
    /// How saved figures look.
    pub(crate) saved: SaveLooks,
    /// Downloads; none if the window may not download.
    pub(crate) downloads: Option<Downloads>,
    /// A weight file, and the models that it fits, while the user is asked which one is meant.
    pub(crate) weights_question: Option<(PathBuf, Vec<WeightsOffer>)>,
    /// A table and its columns, while the user is asked which column holds the paths of the pictures.
    pub(crate) column_question: Option<(PathBuf, Vec<String>)>,
    /// A file that would be replaced, while the user is asked.
    pub(crate) replacing: Option<Box<SaveRequest>>,
    /// Queued work that the person asked for and that isn't finished, in order.
    pub(crate) errands: Vec<Errand>,
    pub(crate) messages: VecDeque<Notice>,
    /// The latest messages, dismissed ones included.
    pub(crate) log: VecDeque<Notice>,
    pub(crate) walk: Walk,
    /// The newest run whose further stages were asked for, and the token that cancels that.
    pub(crate) ahead: Option<(Box<FullRequest>, CancelToken)>,
    /// Playback through the layers.
    pub(crate) playing: Option<Playing>,
    pub(crate) tasks: Tasks,
    /// Results of comparisons and probes, and the head in use.
    pub(crate) studied: Studied,
    /// Views that were opened from a comparison, and the features that they stand for, until they show something.
    pub(crate) pairs_shown: Vec<(ViewId, FeaturesOf)>,
    /// Playback through the data set's frames.
    pub(crate) playing_frames: Option<Playing>,
    /// The watched folder: pictures that are added to it are shown.
    pub(crate) watched: Option<PathBuf>,
    /// The open data set's labels over time, and which of them is plotted.
    pub(crate) labels: Option<LabelLines>,
    pub(crate) plotted_label: Option<usize>,
    /// What channels answered over the frames seen so far.
    pub(crate) trace: Trace,
    pub(crate) pins: Vec<Pin>,
    pub(crate) inspected: Option<Box<Inspected>>,
    pub(crate) open: OpenWindows,
    pub(crate) history: History,
    pub(crate) preferences: Preferences,
    /// Recently opened files and folders, the newest first.
    pub(crate) recent: Vec<PathBuf>,
    /// The folder of what was opened last, in which dialogs start.
    pub(crate) folder: Option<PathBuf>,
    /// The device that networks run on.
    pub(crate) device: DeviceChoice,
    /// The devices, each with the reason if it can't be used; empty until they are known.
    pub(crate) devices: Vec<(DeviceChoice, Result<(), String>)>,
    /// Finished views, kept by the request that they answer.
    pub(crate) kept: LruCache<FullRequest, Arc<Shown>>,
    /// What is still to be checked of views that were restored from a figure.
    pub(crate) expected: Vec<Expected>,
    /// Thumbnails that were requested and have not arrived yet.
    pub(crate) thumbs_asked: Vec<ThumbKey>,
    /// Token of the newest request to paint the pins; cancelled when a newer one is made.
    pub(crate) pins_asked: CancelToken,
    /// The engine that networks run on.
    pub(crate) engine: EngineChoice,
    pub(crate) newest: Newest,
    /// Memory used by the program in bytes, as of about a second ago; none where the system doesn't report it.
    pub(crate) memory_bytes: Option<usize>,
    pub(crate) max_texture_side: usize,
    /// Whether the strongest channel of the first result is selected, so that a new window shows what it can.
    pub(crate) selects_first: bool,
    /// Whether the window is too narrow for the right panel to be always there.
    pub(crate) is_narrow: bool,
}

impl Model {
    /// The state at the start: one view of the embedded picture, not computed yet.
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
            shares_for_difference: false,
            shared_range: None,
            arrangement: Arrangement::default(),
            weight_files: Vec::new(),
            weight_hashes: Vec::new(),
            weights_before: Vec::new(),
            recent_weights: Vec::new(),
            gone_weights: Vec::new(),
            keeping: None,
            reopening: None,
            opening: Opening::default(),
            takes_drops: true,
            downloads: None,
            save_what: Export::default(),
            saved: SaveLooks::default(),
            weights_question: None,
            column_question: None,
            replacing: None,
            errands: Vec::new(),
            messages: VecDeque::new(),
            log: VecDeque::new(),
            walk: Walk::default(),
            ahead: None,
            playing: None,
            tasks: Tasks::of(spec.tag),
            studied: Studied::default(),
            pairs_shown: Vec::new(),
            playing_frames: None,
            watched: None,
            labels: None,
            plotted_label: None,
            trace: Trace::default(),
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
            max_texture_side: TEXTURE_SIDE,
            selects_first: false,
            is_narrow: false,
        }
    }

    /// Whether a question waits for its answer.
    pub(crate) const fn is_asking(&self) -> bool {
        self.column_question.is_some() || self.weights_question.is_some() || self.replacing.is_some()
    }

    /// Whether the right panel is shown.
    pub(crate) const fn shows_right(&self) -> bool {
        if self.is_narrow { self.open.right } else { self.preferences.shows_right }
    }

    /// The active view, the one that the panels show.
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

    /// Index of the view whose newest request has this number; none if the request has been replaced.
    pub(crate) fn place_of(&self, job: u64) -> Option<usize> {
        self.views.iter().position(|view| view.job == job)
    }

    /// Whether a frame's thumbnail may be requested now.
    pub(crate) fn may_ask_for_thumb(&self, key: &ThumbKey) -> bool {
        self.thumbs_asked.len() < MAX_THUMBS_ASKED && !self.thumbs_asked.contains(key)
    }

    /// A new generation number, for something that is read again: its path may hold a different file by now.
    pub(crate) const fn next_generation(&mut self) -> u64 {
        self.newest.generation += 1;
        self.newest.generation
    }

    /// A copy of a view under a new number, with no selected channel, no difference, no error and nothing running.
    pub(crate) fn fresh_copy(&mut self, view: &ViewState) -> ViewState {
        self.newest.view += 1;
        ViewState {
            id: self.newest.view,
            closest: None,
            selected: None,
            is_own_choice: false,
            is_on_class_map: false,
            before_class_map: None,
            selects_strongest: false,
            difference_of: None,
            trouble: None,
            busy: None,
            ready: None,
            ..view.clone()
        }
    }

    /// Whether the views are the cameras of one frame side by side, in their order.
    pub(crate) fn shows_all_cameras(&self) -> bool {
        let Some(open) = &self.view().source else { return false };
        let cameras = open.source.cameras().iter().take(MAX_VIEWS);
        self.views.len() > 1
            && cameras.map(Some).eq(self.views.iter().map(|view| {
                let own = view.source.as_ref().filter(|own| Arc::ptr_eq(&own.source, &open.source));
                own.filter(|own| own.index == open.index).and_then(|own| own.camera.as_ref())
            }))
    }

    /// Drops the closest channels that were found for a channel of this view, which now shows something else or was closed.
    pub(crate) fn forget_closest_to(&mut self, id: ViewId) {
        for view in &mut self.views {
            view.closest.take_if(|closest| closest.of_view == id);
        }
    }

    /// What is requested of all views, for the undo history.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            views: self.views.iter().map(Asked::of).collect(),
            active: self.view().id,
            links: self.links,
            weight_files: self.weight_files.clone(),
            saved: None,
        }
    }

    /// The number of the pin of a channel of the active view, if that channel is pinned.
    pub(crate) fn pin_of(&self, channel: usize) -> Option<u64> {
        let (spec, layer) = self.view().layer_on_screen();
        let is_it = |pin: &&Pin| {
            pin.spec.tag == spec.tag && pin.pinned.layer == layer && pin.pinned.channel == channel
        };
        self.pins.iter().find(is_it).map(|pin| pin.pinned.id)
    }

    /// The pinned channels of the layer that is on screen.
    pub(crate) fn pinned_of(&self, shown: &Shown) -> Vec<usize> {
        let is_of =
            |pin: &&Pin| pin.spec.tag == shown.spec().tag && pin.pinned.layer == shown.activation.name();
        self.pins.iter().filter(is_of).map(|pin| pin.pinned.channel).collect()
    }

    /// A view's number as shown to the user, from 1; 0 if there is no such view.
    pub(crate) fn number(&self, id: ViewId) -> usize {
        self.views.iter().position(|view| view.id == id).map_or(0, |at| at + 1)
    }

    /// The weight file that the user gave for a model, if any.
    pub(crate) fn weights_file(&self, spec: &ModelSpec) -> Option<&FilePart> {
        self.weight_files.iter().find(|(tag, _)| *tag == spec.tag).map(|(_, path)| path)
    }

    /// The hash of a model's weights as they were shown last; none for carried ones, and for those that weren't shown yet.
    pub(crate) fn weights_hash(&self, spec: &ModelSpec) -> Option<&str> {
        self.weight_hashes.iter().find(|(tag, _)| *tag == spec.tag).map(|(_, sha256)| sha256.as_str())
    }

    /// Whether there are weights to run a model with.
    pub(crate) fn has_weights(&self, spec: &ModelSpec) -> bool {
        self.weights_file(spec).is_some() || self.here.contains(&spec.tag)
    }

    /// The carried networks beside the one that the active view asks for, as many as there is room for.
    pub(crate) fn other_carried(&self) -> Vec<&'static ModelSpec> {
        let own = self.view().request.spec.tag;
        let carried = Registry::specs().filter(|spec| self.store.embedded(spec).is_some());
        carried.filter(|spec| spec.tag != own).take(view::MAX_VIEWS - self.views.len()).collect()
    }

    /// Networks that can run: the registry's, then those of opened files.
    pub(crate) fn specs_at_hand(&self) -> Vec<&'static ModelSpec> {
        let all = Registry::specs().chain(Registry::opened());
        all.filter(|spec| self.has_weights(spec)).collect()
    }

    /// Everything that determines what a view should show.
    ///
    /// # Errors
    /// For a view of a difference: the reason, in words, why its two views have none.
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
                full.minus = Some((b.request.picture.clone(), b.request.layer.clone()));
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

    /// The range that the plain views share, if scales are linked and at least two of them show something: from the smallest to the
    /// largest value of all; symmetric about zero if any of them is signed.
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

    /// Shows a message to the user, and keeps it in the log.
    pub(crate) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        let message = Notice { tone, text: text.into(), until_secs: None };
        self.messages.retain(|m| (m.tone, &m.text) != (tone, &message.text));
        self.messages.push_back(message.clone());
        while self.messages.len() > MAX_MESSAGES {
            self.messages.pop_front();
        }
        self.note(message);
    }

    /// Keeps a message in the log alone: what it says is on screen already.
    pub(crate) fn note(&mut self, message: Notice) {
        self.log.push_back(message);
        while self.log.len() > MAX_LOG {
            self.log.pop_front();
        }
    }
}

//! What the person is looking at and what they asked for. Panels read it; only `logic` changes it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use super::command::Export;
use super::download::Downloads;
use super::event::{LabelLines, PinImage, Walked};
use super::frame_times::FrameTimes;
use super::history::History;
use super::job::{BatchNews, ThumbKey};
use super::run_state::{AnimatePreview, AnimateScope, ExtractPreview, ExtractScope, LongRun};
use super::shown::{Inspected, NUM_BINS, Shown};
use super::view_state::ViewState;
use super::viewport::Viewport;
use super::wanted::{PinnedFilter, ViewId, Wanted, WeightsOffer};
use crate::engine::{CancelToken, DeviceChoice, WeightStore};
use crate::graph::NodeId;
use crate::models::{Registry, Row};
use crate::mosaic::{ColourChoice, ColourMap, MosaicValue, Normalisation, Paper};
use crate::render::{BatchModel, BatchPlan, Scale, Share, Surround};
use crate::weights::FilePart;

/// Messages kept in sight; older ones stay in the log.
const MAX_MESSAGES: usize = 6;
/// Messages that can be read again.
const MAX_LOG: usize = 200;
/// Views side by side at most.
pub(super) const MAX_VIEWS: usize = 4;
/// Filters in the tray at most.
pub(super) const MAX_PINS: usize = 24;

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Something worked.
    Good,
    /// Something failed.
    Bad,
}

/// A message to the person, until taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// What goes with what when one view changes.
#[expect(clippy::struct_excessive_bools, reason = "four checkboxes, each by itself")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Links {
    pub(super) pictures: bool,
    /// Zoom and pan.
    pub(super) zoom: bool,
    /// Layout, range and colours.
    pub(super) looks: bool,
    /// One range of values for all.
    pub(super) scale: bool,
}

impl Default for Links {
    fn default() -> Self {
        Self { pictures: true, zoom: true, looks: true, scale: false }
    }
}

/// How views lie beside each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Arrangement {
    /// So that mosaics are largest.
    #[default]
    Automatic,
    /// In one row.
    SideBySide,
    /// One over the other.
    Stacked,
}

/// Layers passing by themselves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Playing {
    /// When the next layer is due, in the window's own time.
    pub(super) next_secs: f64,
}

/// A filter kept in sight, with its last picture.
pub(super) struct Pin {
    pub(super) row: &'static Row,
    pub(super) filter: PinnedFilter,
    pub(super) image: Option<PinImage>,
}

/// Which layers a batch is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BatchLayer {
    Final,
    This,
    AllStages,
}

/// How figures are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SaveLooks {
    /// Caption, colour bar and legend.
    pub(super) surround: Surround,
    /// What the figure is made for.
    pub(super) paper: Paper,
    /// Pixels per value.
    pub(super) scale: Scale,
}

/// What a batch is to be of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BatchScope {
    /// All moments of the open data set, or the picture on screen.
    pub(super) is_whole_source: bool,
    /// The first and the last moment.
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) tags: BTreeSet<String>,
    pub(super) layers: BatchLayer,
    pub(super) folder: String,
    /// Also the values, as `.npy` beside each figure.
    pub(super) has_values: bool,
    /// Writes anew what is there already.
    pub(super) replaces: bool,
}

/// A batch before, while and after it is made.
pub(super) struct Batch {
    pub(super) scope: BatchScope,
    /// What would be written, or why nothing; none while it is worked out.
    pub(super) plan: Option<Result<Arc<BatchPlan>, String>>,
    pub(super) running: Option<(BatchNews, CancelToken)>,
    pub(super) report: Option<BatchNews>,
}

/// What the left side shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LeftTab {
    #[default]
    Setup,
    Layers,
    /// What stands on the right where there is room.
    Details,
}

/// The layers of the model at a glance, and whether they are being made.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) done: Option<Arc<Walked>>,
    /// What the newest walk was asked for, and how to call it off.
    pub(super) asked: Option<(Box<Wanted>, bool, CancelToken)>,
}

/// Windows over the window.
#[expect(clippy::struct_excessive_bools, reason = "each is open or not by itself")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OpenWindows {
    pub(super) help: bool,
    pub(super) table: bool,
    pub(super) log: bool,
    pub(super) batch: bool,
    pub(super) extract: bool,
    pub(super) animate: bool,
}

/// The window's state.
pub(super) struct State {
    pub(super) store: WeightStore,
    /// Tags whose weights are on this machine, as of the last time a model was chosen; the second thread asks the disk.
    pub(super) here: Vec<&'static str>,
    /// Whether it has answered yet.
    pub(super) is_here_known: bool,
    /// At least one.
    pub(super) views: Vec<ViewState>,
    /// Place of the view that the panels are about.
    pub(super) active: usize,
    pub(super) links: Links,
    /// The range that all views share while scales are linked.
    pub(super) shared_range: Option<(f32, f32)>,
    pub(super) arrangement: Arrangement,
    /// Files given for rows, so that switching back and forth keeps them.
    pub(super) weight_files: Vec<(&'static str, FilePart)>,
    /// What is saved where a name is typed, and how figures are.
    pub(super) save_what: Export,
    pub(super) saved: SaveLooks,
    /// Downloads, where the window may make any.
    pub(super) downloads: Option<Downloads>,
    /// A weight file that waits for a word on which of these models it is for.
    pub(super) weights_question: Option<(PathBuf, Vec<WeightsOffer>)>,
    /// A table that waits for a word on which of its columns has the pictures' paths.
    pub(super) column_question: Option<(PathBuf, Vec<String>)>,
    pub(super) messages: VecDeque<Message>,
    /// Everything that was said, to be read again.
    pub(super) log: VecDeque<Message>,
    pub(super) tab: LeftTab,
    pub(super) lists_every_node: bool,
    pub(super) walk: Walk,
    pub(super) playing: Option<Playing>,
    /// Layers a second.
    pub(super) play_speed: f32,
    pub(super) batch: Batch,
    pub(super) extract: LongRun<ExtractScope, Arc<ExtractPreview>>,
    pub(super) animate: LongRun<AnimateScope, AnimatePreview>,
    /// Moments passing by themselves, and how many a second at most.
    pub(super) playing_frames: Option<Playing>,
    pub(super) frame_speed: f32,
    /// The folder whose news is shown.
    pub(super) watched: Option<PathBuf>,
    /// The open data set's labels over time, and which of them is plotted.
    pub(super) labels: Option<LabelLines>,
    pub(super) plotted_label: Option<usize>,
    pub(super) pins: Vec<Pin>,
    /// How much of the filter covers the picture, 0 to 1.
    pub(super) overlay_opacity: f32,
    pub(super) inspected: Option<Box<Inspected>>,
    pub(super) open: OpenWindows,
    /// What frames cost the window's thread, where that is asked for.
    pub(super) frame_times: Option<FrameTimes>,
    pub(super) history: History,
    pub(super) is_dark: bool,
    /// Files and folders opened lately, the newest first, and where the last lay.
    pub(super) recent: Vec<PathBuf>,
    pub(super) folder: Option<PathBuf>,
    /// Where networks run, and why others can't be had.
    pub(super) device: DeviceChoice,
    pub(super) devices: Vec<(DeviceChoice, Result<(), String>)>,
    /// Bytes of finished views that are kept.
    pub(super) kept_bytes: usize,
    /// Bytes of memory that the program takes, as of about a second ago; none where the system doesn't say.
    pub(super) memory_bytes: Option<usize>,
    pub(super) max_texture_side: usize,
}

/// What drawing itself changes: text half typed, where the pointer is, where the mosaics lie.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) typed_path: String,
    pub(super) typed_save: String,
    pub(super) typed_filter: String,
    pub(super) typed_fit: String,
    pub(super) typed_grid: String,
    pub(super) layer_search: String,
    /// Whether the window has no room for the right side.
    pub(super) is_narrow: bool,
    pub(super) tree_search: String,
    pub(super) model_search: String,
    /// The layer that the tree last brought into sight.
    pub(super) tree_at: Option<NodeId>,
    pub(super) views: HashMap<ViewId, ViewScratch>,
    /// The view that was zoomed or moved while drawing.
    pub(super) leader: Option<ViewId>,
    /// The place of the picture under the pointer, and the view it is pointed at in.
    pub(super) pointed: Option<Pointed>,
    /// Small pictures of moments that are in sight and not here; those that were asked for.
    pub(super) thumbs_wanted: Vec<ThumbKey>,
    pub(super) thumbs_asked: Vec<ThumbKey>,
    /// The histogram last drawn of one filter: of which view and channel, and its bars.
    pub(super) filter_bars: Option<(Weak<Shown>, usize, [u32; NUM_BINS])>,
}

/// What drawing changes of one view.
#[derive(Default)]
pub(super) struct ViewScratch {
    pub(super) viewport: Viewport,
    /// Where the mosaic was last drawn.
    pub(super) panel: Option<egui::Rect>,
    /// The value under the pointer.
    pub(super) hovered: Option<MosaicValue>,
    /// Row and column under the pointer in the map of the filter that is looked into.
    pub(super) at_map: Option<(usize, usize)>,
}

/// A place that one view points at in the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pointed {
    pub(super) view: ViewId,
    /// What the value under the pointer sees of the picture, and the part it stands for.
    pub(super) field: Share,
    pub(super) cell: Share,
}

impl State {
    /// The view that the panels are about.
    pub(super) fn view(&self) -> &ViewState {
        &self.views[self.active.min(self.views.len() - 1)]
    }

    pub(super) fn view_mut(&mut self) -> &mut ViewState {
        let at = self.active.min(self.views.len() - 1);
        &mut self.views[at]
    }

    pub(super) fn find(&self, id: ViewId) -> Option<&ViewState> {
        self.views.iter().find(|view| view.id == id)
    }

    /// The pin of a filter of the active view, if it is in the tray.
    pub(super) fn pin_of(&self, channel: usize) -> Option<u64> {
        let view = self.view();
        let layer = &view.graph.node(view.node()).name;
        let is_it = |pin: &&Pin| {
            pin.row.tag == view.row.tag && pin.filter.layer == *layer && pin.filter.channel == channel
        };
        self.pins.iter().find(is_it).map(|pin| pin.filter.id)
    }

    /// A view's number for people, from 1.
    pub(super) fn number(&self, id: ViewId) -> usize {
        self.views.iter().position(|view| view.id == id).map_or(0, |at| at + 1)
    }

    /// The file that stands for a row's weights, if one was given.
    pub(super) fn weights_file(&self, row: &Row) -> Option<&FilePart> {
        self.weight_files.iter().find(|(tag, _)| *tag == row.tag).map(|(_, path)| path)
    }

    /// Whether a model can run.
    pub(super) fn has_weights(&self, row: &Row) -> bool {
        self.weights_file(row).is_some() || self.here.contains(&row.tag)
    }

    /// Networks that can run: the registry's, then those of opened files.
    pub(super) fn rows_at_hand(&self) -> Vec<&'static Row> {
        let all = Registry::rows().chain(Registry::opened());
        all.filter(|row| self.has_weights(row)).collect()
    }

    /// Networks by their tags, each with the file that stands for its weights.
    pub(super) fn models_of(&self, tags: &BTreeSet<String>) -> Vec<BatchModel> {
        let all = Registry::rows().chain(Registry::opened());
        all.filter(|row| tags.contains(row.tag))
            .map(|row| BatchModel { row, weights_file: self.weights_file(row).cloned() })
            .collect()
    }

    /// All that decides what a view should show, or why it can't be said.
    pub(super) fn wanted(&self, view: &ViewState) -> Result<Wanted, String> {
        let mut wanted = Wanted {
            picture: view.picture.clone(),
            minus: None,
            row: view.row,
            weights_file: self.weights_file(view.row).cloned(),
            device: self.device,
            layer: view.layer.clone(),
            input: view.input,
            settings: view.settings.clone(),
            sifting: view.sifting,
            generation: view.generation,
            max_texture_side: self.max_texture_side,
        };
        match view.difference_of {
            Some((a, b)) => {
                let gone = || "one of the two views of this difference was closed".to_owned();
                let (a, b) = self.find(a).zip(self.find(b)).ok_or_else(gone)?;
                if let Some(reason) = super::view_state::no_difference(a, b) {
                    return Err(reason);
                }
                wanted.picture = a.picture.clone();
                wanted.minus = Some(b.picture.clone());
                (wanted.row, wanted.layer, wanted.input) = (a.row, a.layer.clone(), a.input);
                wanted.weights_file = self.weights_file(a.row).cloned();
                wanted.generation = a.generation.max(b.generation);
                wanted.settings.normalisation = Normalisation::Symmetric;
                if !matches!(wanted.settings.colour, ColourChoice::Map(map) if map.is_diverging()) {
                    wanted.settings.colour = ColourChoice::Map(ColourMap::BlueRed);
                }
            }
            None => {
                if let Some((low, high)) = self.shared_range.filter(|_| self.links.scale) {
                    wanted.settings.normalisation = Normalisation::Fixed { low, high };
                }
            }
        }
        Ok(wanted)
    }

    /// The range that the plain views share, if scales are linked and there is something to share: from the smallest to the largest
    /// value in any, about zero where one has negative values.
    pub(super) fn range_of_all(&self) -> Option<(f32, f32)> {
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
    pub(super) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        let message = Message { tone, text: text.into() };
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

//! What the person is looking at and what they asked for. Panels read it; only `logic` changes it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use super::event::{LayerChoice, PictureChoice, Wanted};
use super::shown::{NUM_BINS, Shown};
use super::viewport::Viewport;
use crate::engine::{WeightState, WeightStore};
use crate::graph::Graph;
use crate::input::dataset::{Camera, Source};
use crate::models::Row;
use crate::mosaic::{MosaicSettings, MosaicValue, Paper};
use crate::render::InputChoices;

/// Messages kept; older ones go.
const MAX_MESSAGES: usize = 6;

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

/// An open folder or log.
#[derive(Clone)]
pub(super) struct OpenSource {
    pub(super) source: Arc<dyn Source>,
    pub(super) place: PathBuf,
    pub(super) index: usize,
    pub(super) camera: Option<Camera>,
}

/// What the middle of the window has to say when there is no mosaic of what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The model's weights aren't here.
    NeedsWeights,
    /// The worker failed.
    Failed(String),
}

/// The window's state.
pub(super) struct State {
    pub(super) store: WeightStore,
    pub(super) picture: PictureChoice,
    pub(super) source: Option<OpenSource>,
    pub(super) row: &'static Row,
    /// The chosen model's graph, for its layer list.
    pub(super) graph: Arc<Graph>,
    /// Files given for rows, so that switching back and forth keeps them.
    pub(super) weight_files: Vec<(&'static str, PathBuf)>,
    pub(super) layer: LayerChoice,
    pub(super) input: InputChoices,
    pub(super) settings: MosaicSettings,
    /// With caption, colour bar and legend when saved.
    pub(super) has_caption: bool,
    /// What a saved figure is made for.
    pub(super) saved_paper: Paper,
    /// The finished view on screen; stays while the next is made.
    pub(super) shown: Option<Arc<Shown>>,
    /// What the worker is doing, while it does.
    pub(super) busy: Option<&'static str>,
    pub(super) trouble: Option<Trouble>,
    /// What was wanted for the view on screen: the way back when the next wish fails.
    pub(super) good: Option<Wanted>,
    /// A weight file that waits for a word on which of these models it is for.
    pub(super) weights_question: Option<(PathBuf, Vec<&'static Row>)>,
    pub(super) messages: VecDeque<Message>,
    pub(super) selected: Option<usize>,
    pub(super) is_help_open: bool,
    pub(super) max_texture_side: usize,
}

/// What drawing itself changes: text half typed, where the pointer is, where the mosaic lies.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) typed_path: String,
    pub(super) typed_save: String,
    pub(super) typed_filter: String,
    pub(super) typed_fit: String,
    pub(super) layer_search: String,
    pub(super) model_search: String,
    pub(super) lists_every_node: bool,
    pub(super) viewport: Viewport,
    /// The panel the mosaic was last drawn in.
    pub(super) mosaic_panel: Option<egui::Rect>,
    /// The value under the pointer.
    pub(super) hovered: Option<MosaicValue>,
    /// The histogram last drawn of one filter: of which view and channel, and its bars.
    pub(super) filter_bars: Option<(Weak<Shown>, usize, [u32; NUM_BINS])>,
}

impl State {
    /// The file that stands for a row's weights, if one was given.
    pub(super) fn weights_file(&self) -> Option<&PathBuf> {
        self.weight_files.iter().find(|(tag, _)| *tag == self.row.tag).map(|(_, path)| path)
    }

    /// Whether the chosen model can run.
    pub(super) fn has_weights(&self) -> bool {
        self.weights_file().is_some() || self.store.state(self.row) == WeightState::Embedded
    }

    /// All that decides what should be on screen.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            picture: self.picture.clone(),
            row: self.row,
            weights_file: self.weights_file().cloned(),
            layer: self.layer.clone(),
            input: self.input,
            settings: self.settings.clone(),
            max_texture_side: self.max_texture_side,
        }
    }

    /// Tells the person something.
    pub(super) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        let message = Message { tone, text: text.into() };
        self.messages.retain(|m| *m != message);
        self.messages.push_back(message);
        while self.messages.len() > MAX_MESSAGES {
            self.messages.pop_front();
        }
    }
}

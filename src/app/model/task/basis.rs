//! What a task is made from, and what each kind of one says of itself.
//!
//! Owns what all kinds share. Must not know which kinds there are.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::KeyboardShortcut;

use crate::app::model::dataset::OpenSource;
use crate::app::model::save::SaveLooks;
use crate::app::model::shown::Shown;
use crate::engine::{DeviceChoice, EngineChoice, WeightStore};
use crate::render::{BatchLayers, BatchModel, ViewRequest};

/// What the window has at the moment a task is planned or begun.
pub(crate) struct Basis {
    /// What is asked of the active view.
    pub(crate) request: ViewRequest,
    /// The name of its layer.
    pub(crate) layer: String,
    /// Its data set.
    pub(crate) source: Option<OpenSource>,
    /// What it shows.
    pub(crate) shown: Option<Arc<Shown>>,
    /// All networks, each with the file that stands for its weights.
    pub(crate) models: Vec<BatchModel>,
    /// How figures are saved.
    pub(crate) looks: SaveLooks,
    pub(crate) device: DeviceChoice,
    pub(crate) engine: EngineChoice,
    pub(crate) store: WeightStore,
}

/// Which layers a task is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskLayers {
    Final,
    This,
    AllStages,
}

/// Where a task writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Folder,
    /// A GIF or an animated PNG.
    Animation,
}

/// What a kind of task is called, and where it stands.
pub(crate) struct TaskAbout {
    /// Its item in menu and command palette, and what that does.
    pub(crate) label: &'static str,
    pub(crate) help: &'static str,
    /// Its place in the File menu.
    pub(crate) menu_place: u8,
    pub(crate) keys: &'static [KeyboardShortcut],
    /// Whether it is of what the active view shows, so that it waits for that.
    pub(crate) needs_mosaic: bool,
    /// Title and size in points of its window.
    pub(crate) title: &'static str,
    pub(crate) size: [f32; 2],
    /// What its progress counts, and how it is stopped.
    pub(crate) things: &'static str,
    pub(crate) stop: &'static str,
    pub(crate) place: Place,
}

/// What a task is to be of, as a person chooses it.
pub(crate) trait Scope: Clone {
    /// All it takes to do it.
    type Request;
    const ABOUT: TaskAbout;

    /// As it is offered first; `tag` is the network on screen.
    fn first(tag: &str) -> Self;

    /// Where it is to write.
    fn place(&mut self) -> &mut String;

    /// The networks that it is of, where they are chosen.
    fn tags(&mut self) -> Option<&mut BTreeSet<String>>;

    /// The request for it, or what is missing.
    fn request(&self, basis: &Basis) -> Result<Self::Request, String>;
}

impl Basis {
    /// Networks by their tags.
    pub(crate) fn models_of(&self, tags: &BTreeSet<String>) -> Vec<BatchModel> {
        self.models.iter().filter(|model| tags.contains(model.spec.tag)).cloned().collect()
    }

    /// The network of the active view.
    pub(crate) fn model(&self) -> Option<BatchModel> {
        self.models.iter().find(|model| model.spec.tag == self.request.spec.tag).cloned()
    }

    pub(crate) fn layers(&self, chosen: TaskLayers) -> BatchLayers {
        match chosen {
            TaskLayers::Final => BatchLayers::Final,
            TaskLayers::AllStages => BatchLayers::AllStages,
            TaskLayers::This => BatchLayers::Named(self.layer.clone()),
        }
    }
}

//! What a task is planned from, and how each kind of task describes itself.
//!
//! Owns what all kinds share. Must not know which kinds exist.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::KeyboardShortcut;

use crate::app::model::dataset::OpenSource;
use crate::app::model::save::SaveLooks;
use crate::app::model::shown::Shown;
use crate::engine::{DeviceChoice, EngineChoice, WeightStore};
use crate::render::{BatchLayers, BatchModel, ViewRequest};

/// The window's state that a task is planned or started from.
pub(crate) struct Basis {
    /// The request of the active view.
    pub(crate) request: ViewRequest,
    /// The name of the active view's layer.
    pub(crate) layer: String,
    /// The active view's data set.
    pub(crate) source: Option<OpenSource>,
    /// The finished view that the active view shows.
    pub(crate) shown: Option<Arc<Shown>>,
    /// All networks, each with the weight file that the user gave for it, if any.
    pub(crate) models: Vec<BatchModel>,
    /// How saved figures look.
    pub(crate) looks: SaveLooks,
    pub(crate) device: DeviceChoice,
    pub(crate) engine: EngineChoice,
    pub(crate) store: WeightStore,
}

/// The network and the layer of the active view, which a dialog starts from.
pub(crate) struct InView<'a> {
    pub(crate) tag: &'a str,
    pub(crate) layer: &'a str,
    /// Whether the layer is the network's last.
    pub(crate) is_final: bool,
}

/// The layers that a task uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskLayers {
    Final,
    This,
    AllStages,
}

/// What kind of path a task writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Folder,
    /// A GIF or an animated PNG.
    Animation,
}

/// A kind of task: its name and texts, its place in the menu, its window.
pub(crate) struct TaskAbout {
    /// Its label in menu and command palette, and the help text for it.
    pub(crate) label: &'static str,
    pub(crate) help: &'static str,
    /// Its position in the File menu.
    pub(crate) menu_place: u8,
    pub(crate) keys: &'static [KeyboardShortcut],
    /// Whether it uses what the active view shows, and so can only begin once something is shown.
    pub(crate) needs_mosaic: bool,
    /// Title of its window, and the window's size in points.
    pub(crate) title: &'static str,
    pub(crate) size: [f32; 2],
    /// What its progress counts, and the label of the button that stops it.
    pub(crate) things: &'static str,
    /// What the status bar calls it while it runs.
    pub(crate) doing: &'static str,
    pub(crate) stop: &'static str,
    pub(crate) place: Place,
}

/// The user's choices for a kind of task.
pub(crate) trait Scope: Clone {
    /// Everything needed to do the task.
    type Request;
    const ABOUT: TaskAbout;

    /// The choices that are offered first; `tag` is the network on screen.
    fn first(tag: &str) -> Self;

    /// Chooses the layer in view, unless the user has chosen another since the dialog was last opened.
    fn start_from(&mut self, _seen: &InView<'_>) {}

    /// The path that it writes to.
    fn place(&mut self) -> &mut String;

    /// Takes a path that was chosen in a dialog.
    fn put(&mut self, place: String) {
        *self.place() = place;
    }

    /// Whether the plan of these other choices is that of these.
    fn is_planned_as(&self, _other: &Self) -> bool {
        false
    }

    /// The tags of the chosen networks; none for a kind of task that always uses the active view's network.
    fn tags(&mut self) -> Option<&mut BTreeSet<String>>;

    /// The request for the task, or a message that says what is missing.
    fn request(&self, basis: &Basis) -> Result<Self::Request, String>;
}

impl Basis {
    /// The networks that have these tags.
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

//! What is kept from one day to the next, and how it is forgotten when it can't be read.

use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::app::model::links::Arrangement;
use crate::render::KeptLooks;

/// The key in the desktop's storage.
pub(crate) const KEY: &str = "filterscope";

/// Written with what is kept. A later version's may mean something else, so it is not taken.
pub(crate) const VERSION: u32 = 1;

/// Files remembered.
pub(crate) const MAX_RECENT: usize = 12;

/// Longest text that is read.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// What a person prefers of the window, whatever it shows. Kept from one day to the next under these names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Preferences {
    pub(crate) is_dark: bool,
    /// Whether lists of layers have every node, or stages only.
    pub(crate) lists_every_node: bool,
    /// Layers that pass a second at most.
    pub(crate) layers_a_second: f32,
    /// Frames of a data set that pass a second at most.
    #[serde(alias = "moments_a_second")]
    pub(crate) frames_a_second: f32,
    /// How much of the channel's map covers the picture, 0 to 1.
    pub(crate) overlay_opacity: f32,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            is_dark: true,
            lists_every_node: false,
            layers_a_second: 2.0,
            frames_a_second: 5.0,
            overlay_opacity: 0.6,
        }
    }
}

/// One of them, with its new value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Preference {
    ListsEveryNode(bool),
    LayersASecond(f32),
    FramesASecond(f32),
    OverlayOpacity(f32),
}

impl Preferences {
    /// Changes one of them. What lies beyond its bounds comes to them, and what is no number is as it usually is.
    pub(crate) fn set(&mut self, preference: Preference) {
        let usual = Self::default();
        let within = |value: f32, low: f32, high: f32, usual: f32| {
            if value.is_finite() { value.clamp(low, high) } else { usual }
        };
        match preference {
            Preference::ListsEveryNode(all) => self.lists_every_node = all,
            Preference::LayersASecond(speed) => {
                self.layers_a_second = within(speed, 0.2, 20.0, usual.layers_a_second);
            }
            Preference::FramesASecond(speed) => {
                self.frames_a_second = within(speed, 0.2, 60.0, usual.frames_a_second);
            }
            Preference::OverlayOpacity(opacity) => {
                self.overlay_opacity = within(opacity, 0.0, 1.0, usual.overlay_opacity);
            }
        }
    }

    /// Those of a file, which may hold anything, within their bounds.
    #[must_use]
    pub(crate) fn checked(mut self) -> Self {
        self.set(Preference::LayersASecond(self.layers_a_second));
        self.set(Preference::FramesASecond(self.frames_a_second));
        self.set(Preference::OverlayOpacity(self.overlay_opacity));
        self
    }
}

/// Settings as text, each in the program's own spelling. Fields that an older version didn't write are as at the first start.
#[derive(Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting by itself")]
pub(crate) struct Remembered {
    pub(crate) version: u32,
    #[serde(flatten)]
    pub(crate) preferences: Preferences,
    pub(crate) link_pictures: bool,
    pub(crate) link_zoom: bool,
    pub(crate) link_looks: bool,
    pub(crate) same_scale: bool,
    pub(crate) arrangement: String,
    pub(crate) shows_layers: bool,
    pub(crate) has_caption: bool,
    pub(crate) has_scale: bool,
    pub(crate) paper: String,
    pub(crate) scale: String,
    #[serde(flatten)]
    pub(crate) looks: KeptLooks,
    pub(crate) recent: Vec<PathBuf>,
    pub(crate) folder: Option<PathBuf>,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            version: VERSION,
            preferences: Preferences::default(),
            link_pictures: true,
            link_zoom: true,
            link_looks: true,
            same_scale: false,
            arrangement: "automatic".into(),
            shows_layers: false,
            has_caption: true,
            has_scale: true,
            paper: "light".into(),
            scale: "auto".into(),
            looks: KeptLooks::default(),
            recent: Vec::new(),
            folder: None,
        }
    }
}

pub(crate) const ARRANGEMENTS: [(Arrangement, &str); 3] = [
    (Arrangement::Automatic, "automatic"),
    (Arrangement::SideBySide, "side by side"),
    (Arrangement::Stacked, "stacked"),
];

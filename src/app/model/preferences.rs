//! Settings that are kept between sessions, as they are written and read.

use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::app::model::links::Arrangement;
use crate::app::model::weights::RecentWeights;
use crate::render::KeptLooks;

/// The key under which eframe stores the settings.
pub(crate) const KEY: &str = "filterscope";

/// The version of the format, written with the settings. Settings of a later version are not taken, as they may mean something else.
pub(crate) const VERSION: u32 = 1;

/// Greatest number of recently opened files that are remembered.
pub(crate) const MAX_RECENT: usize = 12;

/// Longest text that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// The most settings that are tried one by one, where the text as a whole can't be read.
pub(crate) const MAX_FIELDS: usize = 200;

/// The user's preferences for the window, whatever it shows. Kept between sessions under these names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a preference by itself")]
pub(crate) struct Preferences {
    pub(crate) is_dark: bool,
    /// Whether lists of layers show every node, or stages only.
    pub(crate) lists_every_node: bool,
    /// Speed of playback through layers: at most this many a second.
    pub(crate) layers_a_second: f32,
    /// Speed of playback through a data set: at most this many frames a second.
    #[serde(alias = "moments_a_second")]
    pub(crate) frames_a_second: f32,
    /// Opacity of a channel's map over the picture, 0 to 1.
    pub(crate) overlay_opacity: f32,
    /// Whether the left panel is shown, and the right one.
    pub(crate) shows_left: bool,
    pub(crate) shows_right: bool,
    /// Whether the line of first steps is shown; it goes with use.
    pub(crate) shows_first_steps: bool,
    /// Whether channels are plotted over frames by their maximum, or by their mean.
    pub(crate) plots_max: bool,
    /// Whether the next start opens what was open last.
    pub(crate) opens_last: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            is_dark: true,
            lists_every_node: false,
            layers_a_second: 2.0,
            frames_a_second: 5.0,
            overlay_opacity: 0.6,
            shows_left: true,
            shows_right: true,
            shows_first_steps: true,
            plots_max: false,
            opens_last: true,
        }
    }
}

/// One of the [`Preferences`], with its new value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Preference {
    ListsEveryNode(bool),
    LayersASecond(f32),
    FramesASecond(f32),
    OverlayOpacity(f32),
    ShowsLeft(bool),
    ShowsRight(bool),
    ShowsFirstSteps(bool),
    PlotsMax(bool),
    OpensLast(bool),
}

impl Preferences {
    /// Changes one preference. A value out of bounds is clamped; one that isn't finite becomes the default.
    pub(crate) fn set(&mut self, preference: Preference) {
        let usual = Self::default();
        let within = |value: f32, low: f32, high: f32, usual: f32| {
            if value.is_finite() { value.clamp(low, high) } else { usual }
        };
        match preference {
            Preference::ListsEveryNode(all) => self.lists_every_node = all,
            Preference::OpensLast(opens) => self.opens_last = opens,
            Preference::LayersASecond(speed) => {
                self.layers_a_second = within(speed, 0.2, 20.0, usual.layers_a_second);
            }
            Preference::FramesASecond(speed) => {
                self.frames_a_second = within(speed, 0.2, 60.0, usual.frames_a_second);
            }
            Preference::OverlayOpacity(opacity) => {
                self.overlay_opacity = within(opacity, 0.0, 1.0, usual.overlay_opacity);
            }
            Preference::ShowsLeft(is_shown) => self.shows_left = is_shown,
            Preference::ShowsRight(is_shown) => self.shows_right = is_shown,
            Preference::ShowsFirstSteps(is_shown) => self.shows_first_steps = is_shown,
            Preference::PlotsMax(is_max) => self.plots_max = is_max,
        }
    }

    /// The preferences with every number within its bounds, for those read from storage, which may hold anything.
    #[must_use]
    pub(crate) fn checked(mut self) -> Self {
        self.set(Preference::LayersASecond(self.layers_a_second));
        self.set(Preference::FramesASecond(self.frames_a_second));
        self.set(Preference::OverlayOpacity(self.overlay_opacity));
        self
    }
}

/// All settings that are kept between sessions, in the form in which they are stored. Fields that an older version didn't write have
/// their default values.
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
    pub(crate) has_caption: bool,
    pub(crate) has_scale: bool,
    pub(crate) paper: String,
    pub(crate) scale: String,
    #[serde(flatten)]
    pub(crate) looks: KeptLooks,
    pub(crate) recent: Vec<PathBuf>,
    pub(crate) recent_weights: Vec<RecentWeights>,
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
            has_caption: true,
            has_scale: true,
            paper: "light".into(),
            scale: "auto".into(),
            looks: KeptLooks::default(),
            recent: Vec::new(),
            recent_weights: Vec::new(),
            folder: None,
        }
    }
}

pub(crate) const ARRANGEMENTS: [(Arrangement, &str); 3] = [
    (Arrangement::Automatic, "automatic"),
    (Arrangement::SideBySide, "side by side"),
    (Arrangement::Stacked, "stacked"),
];

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

/// Settings as text, each in the program's own spelling. Fields that an older version didn't write are as at the first start.
#[derive(Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting by itself")]
pub(crate) struct Remembered {
    pub(crate) version: u32,
    pub(crate) is_dark: bool,
    pub(crate) link_pictures: bool,
    pub(crate) link_zoom: bool,
    pub(crate) link_looks: bool,
    pub(crate) same_scale: bool,
    pub(crate) arrangement: String,
    pub(crate) shows_layers: bool,
    pub(crate) lists_every_node: bool,
    pub(crate) layers_a_second: f32,
    #[serde(alias = "moments_a_second")]
    pub(crate) frames_a_second: f32,
    pub(crate) overlay_opacity: f32,
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
            is_dark: true,
            link_pictures: true,
            link_zoom: true,
            link_looks: true,
            same_scale: false,
            arrangement: "automatic".into(),
            shows_layers: false,
            lists_every_node: false,
            layers_a_second: 2.0,
            frames_a_second: 5.0,
            overlay_opacity: 0.6,
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

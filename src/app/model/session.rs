//! What was open when the window was closed, as it is written and read: views, weight files, pins.
//!
//! Holds paths and names only. What they stand for may have changed or gone since: the network's thread looks (`runtime/network/reopen`).

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::model::dataset::OpenSource;
use crate::graph::Graph;
use crate::models::ModelSpec;
use crate::render::{KeptLooks, ViewRequest};
use crate::weights::{FilePart, PartChoice};

/// The key under which eframe stores it.
pub(crate) const KEY: &str = "filterscope.open";

/// The version of the format. What a later version wrote is not taken, as it may mean something else.
pub(crate) const VERSION: u32 = 1;

/// Longest text that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// What was open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastTime {
    pub(crate) version: u32,
    pub(crate) views: Vec<KeptView>,
    /// Index of the active view.
    pub(crate) active: usize,
    pub(crate) weights: Vec<KeptWeights>,
    pub(crate) pins: Vec<KeptPin>,
}

/// One view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptView {
    pub(crate) picture: KeptPicture,
    /// Tag of the model.
    pub(crate) model: String,
    /// Name of the layer; none for the model's last.
    pub(crate) layer: Option<String>,
    pub(crate) fit: String,
    pub(crate) values: String,
    pub(crate) looks: KeptLooks,
    pub(crate) grid: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) selected: Option<usize>,
    /// Indices of the two views whose difference it shows.
    pub(crate) difference_of: Option<(usize, usize)>,
    /// Hash of the weights that it showed; none if it showed nothing yet.
    pub(crate) sha256: Option<String>,
}

/// A view's picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum KeptPicture {
    Cat,
    File(PathBuf),
    Frame {
        /// The folder, log or table; for a set of files, the folder that they are in.
        place: PathBuf,
        /// For a table, the column with the pictures' paths.
        column: Option<String>,
        /// For a set of files, the files.
        files: Vec<PathBuf>,
        row: usize,
        /// The name of the row, as rows get other numbers when pictures are added to a folder.
        id: String,
        camera: Option<String>,
    },
    /// A picture that isn't kept, and why.
    Gone(String),
}

/// A weight file that was given for a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptWeights {
    pub(crate) tag: String,
    pub(crate) path: PathBuf,
    pub(crate) prefix: Option<String>,
    pub(crate) ema: bool,
    /// Hash of the file when it was last used, if it was.
    pub(crate) sha256: Option<String>,
    /// Whether it is an ONNX file, which is a model of its own; and its final layer, if one was chosen.
    pub(crate) is_onnx: bool,
    pub(crate) final_layer: Option<String>,
}

impl KeptWeights {
    pub(crate) fn part(&self) -> FilePart {
        let choice = PartChoice { prefix: self.prefix.clone(), ema: self.ema };
        FilePart { path: self.path.clone(), choice }
    }
}

/// A pinned channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptPin {
    pub(crate) model: String,
    pub(crate) layer: String,
    pub(crate) channel: usize,
}

/// What of a session was found again.
#[derive(Default)]
pub(crate) struct Reopened {
    /// The views, each with its index in the session.
    pub(crate) views: Vec<(usize, ReopenedView)>,
    /// Index of the active view in the session.
    pub(crate) active: usize,
    pub(crate) weights: Vec<(&'static str, FilePart)>,
    pub(crate) pins: Vec<(&'static ModelSpec, String, usize)>,
    /// What could not come back, and why, a sentence each.
    pub(crate) lost: Vec<String>,
}

/// A view that was found again.
pub(crate) struct ReopenedView {
    pub(crate) request: ViewRequest,
    pub(crate) graph: Arc<Graph>,
    pub(crate) source: Option<OpenSource>,
    pub(crate) selected: Option<usize>,
    pub(crate) difference_of: Option<(usize, usize)>,
    pub(crate) sha256: Option<String>,
}

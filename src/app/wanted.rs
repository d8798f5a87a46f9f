//! What is asked of a view: picture, model, layer, looks. Equal wishes have equal answers.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::DeviceChoice;
use crate::input::dataset::{Camera, Source};
use crate::input::live::Frame;
use crate::models::Row;
use crate::mosaic::MosaicSettings;
use crate::render::InputChoices;
use crate::tensor::Sifting;
use crate::weights::{FilePart, PartChoice};

/// A view's number, stable while others come and go.
pub(super) type ViewId = u64;

/// A picture, before it is read.
#[derive(Clone)]
pub(super) enum PictureChoice {
    /// The one the program carries.
    Cat,
    /// A file.
    File(PathBuf),
    /// A moment of an open data set.
    Frame {
        /// The data set.
        source: Arc<dyn Source>,
        /// Where it was opened.
        place: PathBuf,
        /// The moment, from 0.
        index: usize,
        /// Whose picture of that moment.
        camera: Option<Camera>,
    },
    /// A frame of a stream.
    Live(Frame),
    /// A picture from the clipboard.
    Pasted(Frame),
}

impl PartialEq for PictureChoice {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cat, Self::Cat) => true,
            (Self::File(a), Self::File(b)) => a == b,
            (
                Self::Frame { source: a, index: i, camera: c, .. },
                Self::Frame { source: b, index: j, camera: d, .. },
            ) => Arc::ptr_eq(a, b) && (i, c) == (j, d),
            (Self::Live(a), Self::Live(b)) | (Self::Pasted(a), Self::Pasted(b)) => a.number == b.number,
            _ => false,
        }
    }
}

/// A model that a weight file fits, and what of the file is it then.
#[derive(Clone, Debug)]
pub(super) struct WeightsOffer {
    pub(super) row: &'static Row,
    pub(super) choice: PartChoice,
    /// Which of several it is, in words; empty where there is one.
    pub(super) words: String,
}

/// Which layer is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LayerChoice {
    /// The model's last.
    Final,
    /// One by name.
    Named(String),
}

/// All that decides what a view shows. The worker works out what of it is new.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) picture: PictureChoice,
    /// The picture whose answers are subtracted, in a view of a difference.
    pub(super) minus: Option<PictureChoice>,
    pub(super) row: &'static Row,
    pub(super) weights_file: Option<FilePart>,
    pub(super) device: DeviceChoice,
    pub(super) layer: LayerChoice,
    pub(super) input: InputChoices,
    pub(super) settings: MosaicSettings,
    pub(super) sifting: Sifting,
    /// Counts what a person opened anew: the same path may hold another file since.
    pub(super) generation: u64,
    /// Longest side of a texture here.
    pub(super) max_texture_side: usize,
}

impl Wanted {
    /// Whether two wishes are of one model, run on one picture, whatever is looked at of it.
    pub(super) fn is_same_run(&self, other: &Self) -> bool {
        self.row.tag == other.row.tag
            && self.picture == other.picture
            && self.minus == other.minus
            && self.weights_file == other.weights_file
            && self.device == other.device
            && self.input == other.input
            && self.generation == other.generation
    }
}

impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_run(other)
            && self.layer == other.layer
            && self.settings == other.settings
            && self.sifting == other.sifting
            && self.max_texture_side == other.max_texture_side
    }
}

/// A filter that a person keeps in sight.
#[derive(Clone, Debug)]
pub(super) struct PinnedFilter {
    pub(super) id: u64,
    pub(super) layer: String,
    pub(super) channel: usize,
}

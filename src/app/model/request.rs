//! What is asked of a view: picture, model, layer, looks. Equal wishes have equal answers.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::DeviceChoice;
use crate::input::dataset::{Camera, PictureRef, Source};
use crate::input::decode::Picture;
use crate::input::live::Frame;
use crate::models::Row;
use crate::mosaic::MosaicSettings;
use crate::render::InputChoices;
use crate::tensor::Sifting;
use crate::weights::FilePart;

/// A picture, before it is read.
#[derive(Clone)]
pub(crate) enum PictureChoice {
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

/// Which layer is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LayerChoice {
    /// The model's last.
    Final,
    /// One by name.
    Named(String),
}

/// All that decides what a view shows. The worker works out what of it is new.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) picture: PictureChoice,
    /// The picture whose answers are subtracted, in a view of a difference.
    pub(crate) minus: Option<PictureChoice>,
    pub(crate) row: &'static Row,
    pub(crate) weights_file: Option<FilePart>,
    pub(crate) device: DeviceChoice,
    pub(crate) layer: LayerChoice,
    pub(crate) input: InputChoices,
    pub(crate) settings: MosaicSettings,
    pub(crate) sifting: Sifting,
    /// Counts what a person opened anew: the same path may hold another file since.
    pub(crate) generation: u64,
    /// Longest side of a texture here.
    pub(crate) max_texture_side: usize,
}

impl Wanted {
    /// Whether two wishes are of one model, run on one picture, whatever is looked at of it.
    pub(crate) fn is_same_run(&self, other: &Self) -> bool {
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

impl PictureChoice {
    /// For titles and captions, as the command line says it.
    pub(crate) fn label(&self, picture: &Picture) -> String {
        self.frame().map_or_else(|| picture.name.clone(), |frame| frame.label)
    }

    /// Beginning of file names, as the command line makes them.
    pub(crate) fn stem(&self, picture: &Picture) -> String {
        let of_file = || std::path::Path::new(&picture.name).with_extension("").display().to_string();
        self.frame().map_or_else(of_file, |frame| frame.stem)
    }

    fn frame(&self) -> Option<PictureRef> {
        let Self::Frame { source, place, index, camera } = self else { return None };
        PictureRef::of_sample(place, &source.sample(*index)?, *camera)
    }
}

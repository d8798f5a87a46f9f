//! What is asked of a view: picture, model, layer, input, looks. Equal requests have equal answers.
//!
//! The one spelling of a request, which the window and the command line share. Must not know who asks, or how it is answered.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::class_map::ClassChoice;
use super::view::InputChoices;
use crate::input::dataset::{Camera, PictureRef, Source};
use crate::input::decode::Picture;
use crate::input::live::Frame;
use crate::input::{FitChoice, ValueChoice};
use crate::models::ModelSpec;
use crate::mosaic::{MosaicSetting, MosaicSettings};
use crate::tensor::{Activation, ChannelSelection, Interrupted, LayerStats};

/// A picture, before it is read.
#[derive(Clone)]
pub enum PictureChoice {
    /// The one the program carries.
    Cat,
    /// A file.
    File(PathBuf),
    /// A frame of an open data set.
    Frame {
        /// The data set.
        source: Arc<dyn Source>,
        /// Where it was opened.
        place: PathBuf,
        /// The frame, from 0.
        index: usize,
        /// Whose picture of that frame.
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
pub enum LayerChoice {
    /// The model's last.
    Final,
    /// One by name.
    Named(String),
}

/// What is asked of a view.
#[derive(Clone)]
pub struct ViewRequest {
    /// The picture.
    pub picture: PictureChoice,
    /// The network.
    pub spec: &'static ModelSpec,
    /// Its layer.
    pub layer: LayerChoice,
    /// The picture's way to the network.
    pub input: InputChoices,
    /// How the layer's maps are laid out and coloured; scale and order of channels are worked out when it is painted.
    pub settings: MosaicSettings,
    /// Which channels, in what order.
    pub selection: ChannelSelection,
    /// The class whose map is shown in place of the last layer's channels.
    pub class_map: Option<ClassChoice>,
}

impl PartialEq for ViewRequest {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_run(other)
            && self.layer == other.layer
            && self.settings == other.settings
            && self.selection == other.selection
            && self.class_map == other.class_map
    }
}

/// Something else of a request.
#[derive(Clone, Debug)]
pub enum Change {
    /// Another layer.
    Layer(LayerChoice),
    /// Another setting of the mosaic.
    Mosaic(MosaicSetting),
    /// Another way to the network's size.
    Fit(FitChoice),
    /// Other values for the network.
    Values(ValueChoice),
    /// Other channels, or another order of them.
    Selection(ChannelSelection),
    /// The map of a class in place of the last layer's channels; none for the channels.
    ClassMap(Option<ClassChoice>),
}

impl Change {
    /// Whether it is a setting of the mosaic, which linked views share.
    #[must_use]
    pub const fn is_look(&self) -> bool {
        match self {
            Self::Mosaic(_) => true,
            Self::Layer(_) | Self::Fit(_) | Self::Values(_) | Self::Selection(_) | Self::ClassMap(_) => false,
        }
    }
}

impl ViewRequest {
    /// The picture that the program carries, through a network's last layer, as the weights ask.
    #[must_use]
    pub fn new(spec: &'static ModelSpec) -> Self {
        Self {
            picture: PictureChoice::Cat,
            spec,
            layer: LayerChoice::Final,
            input: InputChoices::default(),
            settings: MosaicSettings::default(),
            selection: ChannelSelection::default(),
            class_map: None,
        }
    }

    /// Whether two requests are of one network, run on one picture, whatever is looked at of it.
    #[must_use]
    pub fn is_same_run(&self, other: &Self) -> bool {
        self.spec.tag == other.spec.tag && self.picture == other.picture && self.input == other.input
    }

    /// How values are painted: as asked for, with the channels that are shown in their order. `go_on` is asked during long work.
    ///
    /// # Errors
    /// `go_on` said no.
    pub fn settings_for(
        &self,
        activation: &Activation,
        stats: &LayerStats,
        go_on: &dyn Fn() -> bool,
    ) -> Result<MosaicSettings, Interrupted> {
        let order = self.selection.channels(activation, stats, go_on)?;
        Ok(MosaicSettings { order, ..self.settings.clone() })
    }

    /// Asks for another network. Its classes are others.
    pub fn set_network(&mut self, spec: &'static ModelSpec) {
        if self.spec.tag != spec.tag {
            self.class_map = None;
        }
        self.spec = spec;
    }

    /// Changes one thing of it.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Layer(layer) => {
                self.layer = layer.clone();
                // A class map is one of the last layer.
                if self.layer != LayerChoice::Final {
                    self.class_map = None;
                }
            }
            Change::Mosaic(setting) => self.settings.set(*setting),
            Change::Fit(fit) => self.input.fit = *fit,
            Change::Values(values) => self.input.values = *values,
            Change::Selection(selection) => self.selection = *selection,
            Change::ClassMap(class) => {
                self.class_map.clone_from(class);
                if class.is_some() {
                    self.layer = LayerChoice::Final;
                }
            }
        }
    }
}

impl PictureChoice {
    /// For titles and captions, as the command line says it.
    pub fn label(&self, picture: &Picture) -> String {
        self.frame().map_or_else(|| picture.name.clone(), |frame| frame.label)
    }

    /// Beginning of file names, as the command line makes them.
    pub fn stem(&self, picture: &Picture) -> String {
        let of_file = || Path::new(&picture.name).with_extension("").display().to_string();
        self.frame().map_or_else(of_file, |frame| frame.stem)
    }

    fn frame(&self) -> Option<PictureRef> {
        let Self::Frame { source, place, index, camera } = self else { return None };
        PictureRef::of_sample(place, &source.sample(*index)?, *camera)
    }
}

//! A request for a view: picture, model, layer, preprocessing and look. Equal requests give equal results.
//!
//! The window and the command line share this form of a request. Must not know where a request comes from, or how it is carried out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::class_map::ClassChoice;
use super::place::{Placement, Share};
use super::view::InputChoices;
use crate::input::dataset::{Camera, PictureRef, Source};
use crate::input::decode::Picture;
use crate::input::live::Frame;
use crate::input::{FitChoice, ValueChoice};
use crate::models::ModelSpec;
use crate::mosaic::{MosaicSetting, MosaicSettings};
use crate::tensor::{Activation, ChannelSelection, LayerStats, SelectionError};

/// A picture, before it is read.
#[derive(Clone)]
pub enum PictureChoice {
    /// The example picture embedded in the program.
    Cat,
    /// A file.
    File(PathBuf),
    /// A frame of an open data set.
    Frame {
        /// The data set.
        source: Arc<dyn Source>,
        /// The path from which it was opened.
        place: PathBuf,
        /// The frame, from 0.
        index: usize,
        /// The camera whose picture of this frame is meant.
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
    /// The model's last layer.
    Final,
    /// The layer of this name.
    Named(String),
}

/// A request for a view of one layer.
#[derive(Clone)]
pub struct ViewRequest {
    /// The picture.
    pub picture: PictureChoice,
    /// The network.
    pub spec: &'static ModelSpec,
    /// Its layer.
    pub layer: LayerChoice,
    /// How the picture is preprocessed.
    pub input: InputChoices,
    /// How the layer's maps are laid out and coloured; scale and order of channels are determined when the mosaic is painted.
    pub settings: MosaicSettings,
    /// Which channels are shown, in what order.
    pub selection: ChannelSelection,
    /// The class whose map is shown instead of the last layer's channels.
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

/// A change of one part of a request.
#[derive(Clone, Debug)]
pub enum Change {
    /// Another layer.
    Layer(LayerChoice),
    /// Another setting of the mosaic.
    Mosaic(MosaicSetting),
    /// Another way to bring the picture to the network's size.
    Fit(FitChoice),
    /// Another mapping of samples to the network's input values.
    Values(ValueChoice),
    /// Other channels, or another order of them.
    Selection(ChannelSelection),
    /// The map of a class instead of the last layer's channels; `None` for the channels.
    ClassMap(Option<ClassChoice>),
}

impl Change {
    /// Whether the change is one of the mosaic's settings, which linked views share.
    #[must_use]
    pub const fn is_look(&self) -> bool {
        match self {
            Self::Mosaic(_) => true,
            Self::Layer(_) | Self::Fit(_) | Self::Values(_) | Self::Selection(_) | Self::ClassMap(_) => false,
        }
    }
}

impl ViewRequest {
    /// The default request for a network: the embedded picture, the last layer, and the preprocessing that the weights need.
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

    /// Whether two requests need the same run: same network, picture and preprocessing. Layer and look may differ.
    #[must_use]
    pub fn is_same_run(&self, other: &Self) -> bool {
        self.spec.tag == other.spec.tag && self.picture == other.picture && self.input == other.input
    }

    /// The settings to paint a layer's values with: those of the request, with the channels that `selection` gives. `place` is where the
    /// layer's maps are on the picture. `go_on` is called during long work; as soon as it returns false, the work stops.
    ///
    /// # Errors
    /// If `go_on` returned false, and for an order by a box of which the network saw nothing.
    pub fn settings_for(
        &self,
        activation: &Activation,
        stats: &LayerStats,
        place: &Placement,
        go_on: &dyn Fn() -> bool,
    ) -> Result<MosaicSettings, SelectionError> {
        let cells_in = |part| place.positions_in(Share::of_box(part));
        let order = self.selection.channels(activation, stats, &cells_in, go_on)?;
        Ok(MosaicSettings { order, ..self.settings.clone() })
    }

    /// Changes the network. A class map is dropped, because another network has other classes.
    pub fn set_network(&mut self, spec: &'static ModelSpec) {
        if self.spec.tag != spec.tag {
            self.class_map = None;
        }
        self.spec = spec;
    }

    /// Applies a change. Where it makes them inconsistent, layer and class map are changed too.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Layer(layer) => {
                self.layer = layer.clone();
                // Only the last layer has class maps.
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
    /// The picture's name for titles and captions, the same as on the command line.
    pub fn label(&self, picture: &Picture) -> String {
        self.frame().map_or_else(|| picture.name.clone(), |frame| frame.label)
    }

    /// Beginning of the names of files made from the picture, the same as on the command line.
    pub fn stem(&self, picture: &Picture) -> String {
        let of_file = || Path::new(&picture.name).with_extension("").display().to_string();
        self.frame().map_or_else(of_file, |frame| frame.stem)
    }

    /// The picture's name as far as it is known before the picture is read.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Cat => "cat.png".to_owned(),
            Self::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            Self::Frame { index, .. } => {
                self.frame().map_or_else(|| format!("frame {index}"), |frame| frame.label)
            }
            Self::Live(frame) => format!("frame {}", frame.number),
            Self::Pasted(frame) => format!("pasted picture {}", frame.number),
        }
    }

    fn frame(&self) -> Option<PictureRef> {
        let Self::Frame { source, place, index, camera } = self else { return None };
        PictureRef::of_sample(place, *index, &source.sample(*index)?, *camera)
    }
}

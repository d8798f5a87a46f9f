//! From a picture and a backbone to figures. Shared by the command line and the window.
//!
//! Owns the choice of model and layer by name, how a figure is made of a layer, and what the figure records about the run that computed
//! it. Must not know command-line arguments, widgets or threads.

mod animate;
mod animation;
mod animation_error;
mod batch;
mod choice;
mod class_map;
mod draw;
mod figure_names;
mod import_weights;
mod kept_looks;
mod look;
mod place;
mod record;
mod request;
mod resources;
mod view;
mod window_request;

pub use animate::AnimationLook;
pub use animation::{
    AnimatedPicture, Animation, AnimationChoices, AnimationEvent, AnimationExtent, AnimationMode,
    UnknownMode, animated_layers, animation_extent, animation_format,
};
pub use animation_error::AnimationError;
pub use batch::{BatchError, BatchFigure, BatchLayers, BatchModel, BatchPlan, BatchRun};
pub use choice::{
    ChoiceError, DEFAULT_TAG, check_values, choose_layers, choose_spec, choose_spec_for_file,
    choose_spec_up_to, fits_none, is_weights_path,
};
pub use class_map::{ClassChoice, ClassMapError, TopClass, class_words, top_classes};
pub use draw::{
    Contents, Drawing, FigureKind, FigureSpec, LayerValues, Panel, PanelSpec, PartSeen, Surround, draw,
};
pub use figure_names::unique_suffixes;
pub use import_weights::{ImportError, Imported, import_weights};
pub use kept_looks::KeptLooks;
pub use look::{Look, Scale, UnknownScale};
pub use place::{Placement, Share, closest_channels};
pub use record::{LAYER_NOT_TAKEN, recorded_shape, subtracted_layer};
pub use request::{Change, LayerChoice, PictureChoice, ViewRequest};
pub use resources::Resources;
pub use view::{InputChoices, View};
pub use window_request::WindowRequest;

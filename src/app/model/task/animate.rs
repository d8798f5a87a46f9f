//! A task that makes a moving picture, as plain data: what was chosen, and a preview of the result.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::dataset::OpenSource;
use crate::app::model::task::basis::{Basis, InView, Place, Scope, TaskAbout};
use crate::engine::{DeviceChoice, EngineChoice, WeightStore};
use crate::input::decode::Picture;
use crate::mosaic::Normalisation;
use crate::render::{AnimationChoices, AnimationExtent, AnimationLook, AnimationMode, BatchModel};
use crate::tensor::PixelSize;

/// The user's choices for a moving picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnimateScope {
    pub(crate) mode: AnimationMode,
    /// Names of layers, separated by commas, as on the command line; empty for the mode's default.
    pub(crate) layers: String,
    /// The layer that was in view when the dialog was opened.
    pub(crate) in_view: String,
    pub(crate) fps: f64,
    pub(crate) side: u32,
    /// A `.gif`, a `.png`, or a folder.
    pub(crate) output: String,
}

impl AnimateScope {
    /// The layers that a mode starts with: the one in view, or all stages where the animation goes through layers.
    fn first_layers(&self, mode: AnimationMode) -> String {
        if mode == AnimationMode::Depth { String::new() } else { self.in_view.clone() }
    }

    /// Changes the mode, with its usual size and, unless the user has typed others, the layers that it starts with.
    pub(crate) fn set_mode(&mut self, mode: AnimationMode) {
        if self.layers == self.first_layers(self.mode) {
            self.layers = self.first_layers(mode);
        }
        (self.mode, self.side) = (mode, mode.usual_side());
    }
}

/// Everything needed to make a moving picture.
pub(crate) struct AnimateRequest {
    pub(crate) picture: Option<(String, Arc<Picture>)>,
    /// The open data set, which a drive needs.
    pub(crate) source: Option<OpenSource>,
    pub(crate) model: BatchModel,
    pub(crate) choices: AnimationChoices,
    /// Size of the network's input in the view; none if the view doesn't show this network yet.
    pub(crate) input_size: Option<PixelSize>,
    pub(crate) device: DeviceChoice,
    pub(crate) engine: EngineChoice,
    pub(crate) store: WeightStore,
    pub(crate) output: PathBuf,
}

/// A preview of a moving picture: its size, and whether it would replace something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnimatePreview {
    pub(crate) extent: AnimationExtent,
    /// Whether a file, or a folder that isn't empty, exists at the output path.
    pub(crate) is_there: bool,
}

impl Scope for AnimateScope {
    type Request = AnimateRequest;
    const ABOUT: TaskAbout = TaskAbout {
        label: "Animate…",
        help: "make a moving picture",
        menu_place: 37,
        keys: &[],
        needs_mosaic: true,
        title: "Animate",
        size: [460.0, 360.0],
        things: "frames",
        doing: "Animating",
        stop: "Stop animating",
        place: Place::Animation,
    };

    fn first(_: &str) -> Self {
        let mode = AnimationMode::Channels;
        Self {
            mode,
            layers: String::new(),
            in_view: String::new(),
            fps: 12.0,
            side: mode.usual_side(),
            output: String::new(),
        }
    }

    fn start_from(&mut self, seen: &InView<'_>) {
        let is_untouched = self.layers == self.first_layers(self.mode);
        seen.layer.clone_into(&mut self.in_view);
        if is_untouched {
            self.layers = self.first_layers(self.mode);
        }
    }

    fn place(&mut self) -> &mut String {
        &mut self.output
    }

    /// None: it uses the active view's network.
    fn tags(&mut self) -> Option<&mut BTreeSet<String>> {
        None
    }

    fn request(&self, basis: &Basis) -> Result<AnimateRequest, String> {
        let missing = "nothing to animate: the view shows no picture's own answers";
        let shown = basis.shown.as_ref().filter(|shown| shown.minus.is_none()).ok_or(missing)?;
        let request = &basis.request;
        let words = self.layers.split(',').map(str::trim).filter(|word| !word.is_empty());
        let normalisation = request.settings.normalisation.for_one_channel();
        let batch = &shown.view.preprocessed.batch;
        Ok(AnimateRequest {
            picture: Some((shown.label.clone(), Arc::clone(&shown.picture))),
            source: basis.source.clone(),
            model: basis.model().ok_or(missing)?,
            choices: AnimationChoices {
                mode: self.mode,
                layers: words.map(str::to_owned).collect(),
                fps: self.fps.clamp(0.1, 50.0),
                look: AnimationLook {
                    side: self.side.clamp(16, 4096),
                    colour: request.settings.colour,
                    paper: request.settings.paper,
                    normalisation,
                },
                has_own_scale: matches!(normalisation, Normalisation::Fixed { .. }),
                input: request.input,
            },
            input_size: (shown.spec().tag == request.spec.tag)
                .then(|| PixelSize::new(batch.width(), batch.height())),
            device: basis.device,
            engine: basis.engine,
            store: basis.store.clone(),
            output: PathBuf::from(self.output.trim()),
        })
    }
}

//! A moving picture, as plain data: what is asked for, what it would be.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::dataset::OpenSource;
use crate::app::model::task::basis::{Basis, Place, Scope, TaskAbout};
use crate::engine::{DeviceChoice, EngineChoice, WeightStore};
use crate::input::decode::Picture;
use crate::mosaic::Normalisation;
use crate::render::{AnimationChoices, AnimationExtent, AnimationLook, AnimationMode, BatchModel};
use crate::tensor::PixelSize;

/// A moving picture that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnimateScope {
    pub(crate) mode: AnimationMode,
    /// As on the command line; empty for the mode's usual ones.
    pub(crate) layers: String,
    pub(crate) fps: f64,
    pub(crate) side: u32,
    /// A `.gif`, a `.png`, or a folder.
    pub(crate) output: String,
}

/// A moving picture that is to be made, with all it takes to make it.
pub(crate) struct AnimateRequest {
    pub(crate) picture: Option<(String, Arc<Picture>)>,
    /// The data set, for a drive.
    pub(crate) source: Option<OpenSource>,
    pub(crate) model: BatchModel,
    pub(crate) choices: AnimationChoices,
    /// The network's input, as the view has it.
    pub(crate) input_size: Option<PixelSize>,
    pub(crate) device: DeviceChoice,
    pub(crate) engine: EngineChoice,
    pub(crate) store: WeightStore,
    pub(crate) output: PathBuf,
}

/// What a moving picture would be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnimatePreview {
    pub(crate) extent: AnimationExtent,
    /// Whether something lies where it would go.
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
        stop: "Stop animating",
        place: Place::Animation,
    };

    fn first(_: &str) -> Self {
        let mode = AnimationMode::Channels;
        Self { mode, layers: String::new(), fps: 12.0, side: mode.usual_side(), output: String::new() }
    }

    fn place(&mut self) -> &mut String {
        &mut self.output
    }

    /// It is of the active view's.
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

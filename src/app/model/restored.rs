//! Figures of this program that are opened again: the model, layer, settings and pictures they were made with, as far as available.
//!
//! A record may come from anywhere. Its contents are looked up by name and checked; what is unknown here is reported, never guessed.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::save::SaveLooks;
use crate::app::model::view::{ViewId, ViewState};
use crate::formats::{FigureRecord, LookRecord, PanelRecord, PictureRecord};
use crate::graph::Graph;
use crate::models::{ModelSpec, Registry, Retired, UnknownModel};
use crate::mosaic::{ColourChoice, Grid, MosaicSettings, Paper, SeenPart};
use crate::render::{
    DEFAULT_TAG, LAYER_NOT_TAKEN, LayerChoice, Look, PictureChoice, Scale, Surround, ViewRequest,
    recorded_shape, subtracted_layer,
};
use crate::tensor::MapShape;

/// What a record says of the run: weights, engine and device. Values are equal only if all of these are.
#[derive(Clone)]
pub(crate) struct MadeBy {
    pub(crate) weights_sha256: String,
    pub(crate) weights_source_sha256: Option<String>,
    pub(crate) weights_part: Option<String>,
    pub(crate) engine: String,
    pub(crate) device: String,
}

/// What is still to be checked of a view that was restored from a figure.
pub(crate) struct Expected {
    pub(crate) view: ViewId,
    /// The recorded picture, if it wasn't found, and the picture that is shown instead.
    pub(crate) picture: Option<(PictureRecord, PictureChoice)>,
    /// The recorded weights, engine and device. None for a difference, which has no run of its own.
    pub(crate) made_by: Option<MadeBy>,
    /// The part of the mosaic that was visible.
    pub(crate) part: Option<SeenPart>,
    /// The recorded colour map, which may be the one that the layer's values ask for.
    pub(crate) colour: ColourChoice,
}

/// One mosaic of a record, as a view can show it.
pub(crate) struct Restored {
    /// The view's request, except for the picture.
    pub(crate) request: ViewRequest,
    pub(crate) graph: Arc<Graph>,
    pub(crate) selected: Option<usize>,
    pub(crate) part: Option<SeenPart>,
    pub(crate) saved: Option<SaveLooks>,
    /// What made the figure, to be checked. None if another model is shown instead of a retired one.
    pub(crate) made_by: Option<MadeBy>,
    pub(crate) not_taken: Vec<String>,
    /// The layer that was subtracted, in a difference of two layers of one picture.
    pub(crate) minus_layer: Option<LayerChoice>,
    /// The retired model that the figure was made with, if another is shown instead.
    pub(crate) in_place_of: Option<Retired>,
}

impl Restored {
    pub(crate) fn of(panel: &PanelRecord, kind: &str) -> Result<Self, String> {
        match Registry::find(&panel.run.tag) {
            Ok(spec) => Self::with_spec(spec, panel, kind),
            Err(UnknownModel::Retired(retired)) => Self::in_place_of(retired, panel, kind),
            Err(error) => Err(format!("the figure's network is not known here: {error}")),
        }
    }

    /// What can be restored without the figure's model, which the program no longer carries: picture, input and looks, with the last
    /// layer of the default model.
    fn in_place_of(retired: Retired, panel: &PanelRecord, kind: &str) -> Result<Self, String> {
        let spec = Registry::find(DEFAULT_TAG).map_err(|error| error.to_string())?;
        let one = Self::with_spec(spec, panel, kind)?;
        let mut not_taken = one.not_taken;
        not_taken.retain(|what| !what.starts_with(LAYER_NOT_TAKEN));
        Ok(Self {
            request: ViewRequest {
                layer: LayerChoice::Final,
                // A grid, a selected channel and a visible part belong to the other layer's size.
                settings: MosaicSettings { grid: None, ..one.request.settings },
                ..one.request
            },
            selected: None,
            part: None,
            made_by: None,
            not_taken,
            minus_layer: None,
            in_place_of: Some(retired),
            ..one
        })
    }

    fn with_spec(spec: &'static ModelSpec, panel: &PanelRecord, kind: &str) -> Result<Self, String> {
        let graph = spec.graph().map_err(|error| error.to_string())?;
        let look = &panel.look;
        let (mut request, mut not_taken) = ViewRequest::of_record(spec, &graph, panel);
        request.settings.paper = Paper::Dark;
        let part = look
            .part
            .as_ref()
            .and_then(|text| text.parse().map_err(|_| not_taken.push(format!("part {text}"))).ok());
        let saved = saved_looks(look, kind, &request.settings, &mut not_taken);
        if look.paper.parse::<Paper>().is_err() {
            not_taken.push(format!("paper {}", look.paper));
        }
        if let Some(channel) = look
            .shown_channel
            .filter(|channel| graph.find(&look.layer).is_some_and(|node| *channel >= graph.channels(node)))
        {
            not_taken.push(format!("channel {channel}"));
        }
        let minus_layer = subtracted_layer(look, &graph).and_then(|layer| {
            let is_there = graph.find(layer).is_some();
            if !is_there {
                not_taken.push(format!("{LAYER_NOT_TAKEN}{layer}"));
            }
            is_there.then(|| LayerChoice::Named(layer.to_owned()))
        });
        Ok(Self {
            request,
            minus_layer,
            graph: Arc::new(graph),
            selected: look.shown_channel,
            part,
            saved,
            made_by: Some(MadeBy {
                weights_sha256: panel.run.weights_sha256.clone(),
                weights_source_sha256: panel.run.weights_source_sha256.clone(),
                weights_part: panel.run.weights_part.clone(),
                engine: panel.run.engine.clone(),
                device: panel.run.device.clone(),
            }),
            not_taken,
            in_place_of: None,
        })
    }

    pub(crate) fn into_view(self, view: &mut ViewState, picture: Option<&PictureChoice>, generation: u64) {
        let kept = std::mem::replace(&mut view.request, self.request).picture;
        view.request.picture = picture.cloned().unwrap_or(kept);
        view.graph = self.graph;
        (view.difference_of, view.closest, view.selected) = (None, None, self.selected);
        view.generation = generation;
        // A picture of the data set that is open stays one of its frames.
        let frame = picture.and_then(|picture| match picture {
            PictureChoice::Frame { source, index, camera, .. } => Some((source, *index, *camera)),
            PictureChoice::Cat
            | PictureChoice::File(_)
            | PictureChoice::Pasted(_)
            | PictureChoice::Live(_) => None,
        });
        match (&mut view.source, frame) {
            (Some(open), Some((source, index, camera))) if Arc::ptr_eq(&open.source, source) => {
                (open.index, open.camera) = (index, camera);
            }
            _ if picture.is_some() => view.source = None,
            _ => {}
        }
    }
}

/// How the figure was saved. A scale that equals the automatic one is restored as automatic.
pub(crate) fn saved_looks(
    look: &LookRecord,
    kind: &str,
    settings: &MosaicSettings,
    not_taken: &mut Vec<String>,
) -> Option<SaveLooks> {
    let surround = Surround::named(kind)?;
    let paper = look.paper.parse::<Paper>().ok()?;
    let grid = look.grid.parse::<Grid>().ok()?;
    let by_itself =
        Look { settings: MosaicSettings { grid: Some(grid), ..settings.clone() }, scale: Scale::Auto };
    let shown = |shape: MapShape| MapShape { channels: shape.channels.min(grid.capacity()), ..shape };
    let usual =
        recorded_shape(&look.shape).and_then(|shape| by_itself.for_shape(shown(shape)).ok()).map(|s| s.scale);
    let scale = if usual == Some(look.scale) {
        Scale::Auto
    } else {
        let text = look.scale.to_string();
        text.parse().unwrap_or_else(|_| {
            not_taken.push(format!("scale {text}"));
            Scale::Auto
        })
    };
    Some(SaveLooks { surround, paper, scale })
}

/// The first characters of a text from a record, which may be anything.
pub(crate) fn short(text: &str, num_chars: usize) -> String {
    text.chars().take(num_chars).collect()
}

/// A figure of this program that was opened, and the pictures that were found for it.
pub(crate) struct RestoredFigure {
    pub(crate) path: PathBuf,
    pub(crate) record: FigureRecord,
    /// The figure's picture, if one with the recorded hash was found.
    pub(crate) picture: Option<PictureChoice>,
    /// The picture that was subtracted, if it was found.
    pub(crate) minus: Option<PictureChoice>,
    /// For each panel with a picture of its own: that picture, if it was found.
    pub(crate) pictures: Vec<Option<PictureChoice>>,
}

impl RestoredFigure {
    /// The picture of a panel: what the record says of it, and where it was found.
    pub(crate) fn picture_of(&self, panel: usize) -> (&PictureRecord, Option<&PictureChoice>) {
        match self.record.panels.get(panel).and_then(|panel| panel.picture.as_ref()) {
            Some(own) => (own, self.pictures.get(panel).and_then(Option::as_ref)),
            None => (&self.record.picture, self.picture.as_ref()),
        }
    }
}

//! Figures of this program that come back: model, layer, settings and pictures they were made with, as far as they are here.
//!
//! A record may come from anywhere. What it says is taken by name and checked; what means nothing here is told, never guessed.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use crate::app::model::request::{LayerChoice, PictureChoice};
use crate::app::model::save::SaveLooks;
use crate::app::model::view::{ViewId, ViewState};
use crate::formats::{FigureRecord, LookRecord, PanelRecord, PictureRecord};
use crate::graph::Graph;
use crate::models::{Registry, Retired, Row, UnknownModel};
use crate::mosaic::{ColourChoice, Grid, MosaicLayout, MosaicSettings, Normalisation, Paper, SeenPart};
use crate::render::{DEFAULT_TAG, InputChoices, Look, Scale, Surround};
use crate::tensor::{MapShape, Sifting};

/// What a layer that isn't taken is told with.
const LAYER: &str = "layer ";

/// Widest gap that is taken from a record.
const MAX_GAP: u32 = 64;

/// What a record says of the run. Values are the same only where all of it is.
#[derive(Clone)]
pub(crate) struct MadeBy {
    pub(crate) weights_sha256: String,
    pub(crate) weights_source_sha256: Option<String>,
    pub(crate) weights_part: Option<String>,
    pub(crate) engine: String,
    pub(crate) device: String,
}

/// What is still to be looked at of a view that a figure brought back.
pub(crate) struct Expected {
    pub(crate) view: ViewId,
    /// Its picture, where that wasn't found, and what is shown in its place.
    pub(crate) picture: Option<(PictureRecord, PictureChoice)>,
    /// What computed it: weights, engine, device. A difference has none of its own.
    pub(crate) made_by: Option<MadeBy>,
    /// What was in sight of it.
    pub(crate) part: Option<SeenPart>,
}

/// What a record says of one mosaic.
pub(crate) struct Restored {
    pub(crate) row: &'static Row,
    pub(crate) graph: Arc<Graph>,
    pub(crate) layer: LayerChoice,
    pub(crate) input: InputChoices,
    pub(crate) settings: MosaicSettings,
    pub(crate) sifting: Sifting,
    pub(crate) selected: Option<usize>,
    pub(crate) part: Option<SeenPart>,
    pub(crate) saved: Option<SaveLooks>,
    /// Nothing is expected of what is shown in the place of a model that is no longer carried.
    pub(crate) made_by: Option<MadeBy>,
    pub(crate) not_taken: Vec<String>,
    /// The model that the program no longer carries, where this stands in its place.
    pub(crate) in_place_of: Option<Retired>,
}

impl Restored {
    pub(crate) fn of(panel: &PanelRecord, kind: &str) -> Result<Self, String> {
        match Registry::find(&panel.run.tag) {
            Ok(row) => Self::with_row(row, panel, kind),
            Err(UnknownModel::Retired(retired)) => Self::in_place_of(retired, panel, kind),
            Err(error) => Err(format!("the figure's network is not known here: {error}")),
        }
    }

    /// What holds without the figure's model, which is no longer carried: picture, input and looks, with the usual model's last layer.
    fn in_place_of(retired: Retired, panel: &PanelRecord, kind: &str) -> Result<Self, String> {
        let row = Registry::find(DEFAULT_TAG).map_err(|error| error.to_string())?;
        let one = Self::with_row(row, panel, kind)?;
        let mut not_taken = one.not_taken;
        not_taken.retain(|what| !what.starts_with(LAYER));
        Ok(Self {
            layer: LayerChoice::Final,
            // A grid, a filter and a part in sight are of the other layer's extent.
            settings: MosaicSettings { grid: None, ..one.settings },
            selected: None,
            part: None,
            made_by: None,
            not_taken,
            in_place_of: Some(retired),
            ..one
        })
    }

    fn with_row(row: &'static Row, panel: &PanelRecord, kind: &str) -> Result<Self, String> {
        let graph = row.graph().map_err(|error| error.to_string())?;
        let look = &panel.look;
        let mut not_taken = Vec::new();
        let layer = match graph.find(&look.layer) {
            Some(node) if node == graph.final_node() => LayerChoice::Final,
            Some(_) => LayerChoice::Named(look.layer.clone()),
            None => {
                not_taken.push(format!("{LAYER}{}", look.layer));
                LayerChoice::Final
            }
        };
        let mut input = InputChoices::default();
        take(&panel.run.fit, &mut input.fit, "fit", &mut not_taken);
        take(&panel.run.preprocess, &mut input.values, "values", &mut not_taken);
        let mut layout = MosaicLayout::default();
        take(&look.layout, &mut layout, "layout", &mut not_taken);
        let mut normalisation = Normalisation::usual_for(layout);
        take(&look.normalisation, &mut normalisation, "range", &mut not_taken);
        let mut colour = ColourChoice::Auto;
        take(&look.colour_map, &mut colour, "colours", &mut not_taken);
        let mut sifting = Sifting::default();
        if let Some(text) = &look.sifting {
            take(text, &mut sifting, "order", &mut not_taken);
        }
        let mut settings = MosaicSettings {
            layout,
            normalisation,
            colour,
            paper: Paper::Dark,
            grid: chosen_grid(look, &mut not_taken),
            ..MosaicSettings::default()
        };
        if look.gap <= MAX_GAP {
            settings.gap = look.gap;
        } else {
            not_taken.push(format!("gap {}", look.gap));
        }
        let part = look
            .part
            .as_ref()
            .and_then(|text| text.parse().map_err(|_| not_taken.push(format!("part {text}"))).ok());
        let saved = saved_looks(look, kind, &settings);
        Ok(Self {
            row,
            graph: Arc::new(graph),
            layer,
            input,
            settings,
            sifting,
            selected: look.shown_filter,
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
        (view.row, view.graph, view.layer) = (self.row, self.graph, self.layer);
        (view.input, view.settings, view.sifting) = (self.input, self.settings, self.sifting);
        (view.difference_of, view.closest, view.selected) = (None, None, self.selected);
        view.generation = generation;
        if let Some(picture) = picture {
            (view.picture, view.source) = (picture.clone(), None);
        }
    }
}

/// The grid that was asked for. Figures of one filter have theirs by themselves; older ones don't say who chose.
fn chosen_grid(look: &LookRecord, not_taken: &mut Vec<String>) -> Option<Grid> {
    let Ok(grid) = look.grid.parse::<Grid>() else {
        not_taken.push(format!("grid {}", look.grid));
        return None;
    };
    let is_unusual = look.sifting.is_none()
        && look.shown_filter.is_none()
        && shape(&look.shape).is_some_and(|shape| Grid::for_filters(shape.channels) != grid);
    (look.is_grid_chosen || is_unusual).then_some(grid)
}

/// How the figure was saved; an enlargement that comes by itself stays one that does.
fn saved_looks(look: &LookRecord, kind: &str, settings: &MosaicSettings) -> Option<SaveLooks> {
    let surround = Surround::named(kind)?;
    let paper = look.paper.parse::<Paper>().ok()?;
    let grid = look.grid.parse::<Grid>().ok()?;
    let by_itself =
        Look { settings: MosaicSettings { grid: Some(grid), ..settings.clone() }, scale: Scale::Auto };
    let shown = |shape: MapShape| MapShape { channels: shape.channels.min(grid.capacity()), ..shape };
    let usual = shape(&look.shape).and_then(|shape| by_itself.for_shape(shown(shape)).ok()).map(|s| s.scale);
    let scale = if usual == Some(look.scale) {
        Scale::Auto
    } else {
        look.scale.to_string().parse().unwrap_or(Scale::Auto)
    };
    Some(SaveLooks { surround, paper, scale })
}

/// `2048×8×8`.
fn shape(text: &str) -> Option<MapShape> {
    let sides: Vec<usize> = text.split('×').map_while(|side| side.parse().ok()).collect();
    let [channels, height, width] = sides[..] else { return None };
    // What no layer has is no layer's.
    sides.iter().all(|side| (1..1 << 24).contains(side)).then(|| MapShape::new(channels, height, width))
}

/// The beginning of a text that may be anything.
pub(crate) fn short(text: &str, num_chars: usize) -> String {
    text.chars().take(num_chars).collect()
}

/// A setting by its name; one that this version doesn't know is told, not guessed.
pub(crate) fn take<T: FromStr>(text: &str, into: &mut T, what: &str, not_taken: &mut Vec<String>) {
    match text.parse() {
        Ok(value) => *into = value,
        Err(_) => not_taken.push(format!("{what} {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_are_read_and_nonsense_is_none() {
        assert_eq!(shape("2048×8×8"), Some(MapShape::new(2048, 8, 8)));
        for bad in ["", "2048×8", "0×8×8", "2048×8×8×1", "99999999999×1×1", "a×b×c", "-1×2×3"] {
            assert_eq!(shape(bad), None, "{bad}");
        }
    }
}

/// A figure of this program that was opened.
pub(crate) struct RestoredFigure {
    pub(crate) path: PathBuf,
    pub(crate) record: FigureRecord,
    /// Its picture, where one with that hash was found.
    pub(crate) picture: Option<PictureChoice>,
    /// The same of the one that was subtracted.
    pub(crate) minus: Option<PictureChoice>,
}

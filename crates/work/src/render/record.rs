//! The record of a figure about the run that computed it: written, and read back as a request.

use std::str::FromStr;

use super::class_map::ClassChoice;
use super::kept_looks::{KeptLooks, ORDER};
use super::request::{LayerChoice, ViewRequest};
use super::view::View;
use crate::engine::{Backbone, Provenance, RunBy};
use crate::formats::{CARRIED, DOWNLOADED, LookRecord, PanelRecord, PartRecord, RunRecord, UNVERIFIED};
use crate::graph::Graph;
use crate::input::ValueChoice;
use crate::models::ModelSpec;
use crate::mosaic::{Grid, Mosaic};
use crate::tensor::{MapShape, layers_of_difference};

/// The record of what a Keras file holds in addition to the network; `None` where it holds nothing else.
fn part_record(backbone: &Backbone) -> Option<PartRecord> {
    let part = backbone.weights().keras()?;
    Some(PartRecord { model: part.model.clone(), head: part.if_more()? })
}

/// The record of one mosaic.
pub(super) fn panel_record(run_by: &RunBy, view: &View, mosaic: &Mosaic) -> PanelRecord {
    let backbone = &run_by.backbone;
    let input = &view.preprocessed;
    let opened = backbone.spec().opened();
    let run = RunRecord {
        tag: backbone.spec().tag.to_owned(),
        weights: match backbone.provenance() {
            Provenance::Carried => CARRIED,
            Provenance::Downloaded => DOWNLOADED,
            Provenance::File => UNVERIFIED,
        }
        .to_owned(),
        weights_sha256: backbone.origin().sha256().to_owned(),
        weights_source_sha256: backbone.origin().source_sha256().map(str::to_owned),
        weights_part: backbone.origin().part().map(str::to_owned),
        fit: view.choices.fit.to_string(),
        preprocess: view.choices.values.to_string(),
        fitted: input.fit.clone(),
        input_size: format!("{}x{}", input.batch.width(), input.batch.height()),
        filter: backbone.preprocessing().spec().filter.name().to_owned(),
        value_scale: input.scale.to_string(),
        preprocessing_from: match view.choices.values {
            ValueChoice::Model => {
                backbone.preprocessing().from_file().map(|from| format!("the file: {from}"))
            }
            ValueChoice::Named { .. } => None,
        },
        engine: run_by.engine.clone(),
        device: run_by.device.clone(),
        final_layer: opened.map(|opened| opened.final_layer.clone()),
        why_final: opened.and_then(|opened| opened.why_final.clone()),
        in_file: part_record(backbone),
    };
    PanelRecord { picture: None, run, look: LookRecord::of(mosaic) }
}

/// Separates the layer's name from the number of the class in the name of a class map.
const CLASS: &str = ", class ";
/// Prefix of the message about a layer that can't be taken over from a record.
pub const LAYER_NOT_TAKEN: &str = "layer ";
/// Widest gap that is taken over from a record.
const MAX_GAP: u32 = 64;

/// Parses a choice from a record. One that this version doesn't know is added to `not_taken` and never guessed.
fn taken<T: FromStr>(text: &str, what: &str, not_taken: &mut Vec<String>) -> Option<T> {
    let found = text.parse().ok();
    if found.is_none() {
        not_taken.push(format!("{what} {text}"));
    }
    found
}

impl ViewRequest {
    /// The request that a figure's record describes, without the picture, and the settings in it that can't be used here. A record may come
    /// from anywhere: its settings are taken over by name, and nothing is guessed.
    #[must_use]
    pub fn of_record(spec: &'static ModelSpec, graph: &Graph, panel: &PanelRecord) -> (Self, Vec<String>) {
        let look = &panel.look;
        let mut not_taken = Vec::new();
        let mut request = Self::new(spec);
        let class = class_of(look, graph);
        request.class_map = class.as_ref().map(|(_, class)| class.clone());
        if let (Some(text), None) = (&look.class_map, &class) {
            not_taken.push(format!("class map {text}"));
        }
        let of_difference = difference_of(look, graph).map(|(layer, _)| layer);
        let layer = class.map(|(layer, _)| layer).or(of_difference).unwrap_or(&look.layer);
        request.layer = match graph.find(layer) {
            Some(node) if node == graph.final_node() => LayerChoice::Final,
            Some(_) => LayerChoice::Named(layer.to_owned()),
            None => {
                not_taken.push(format!("{LAYER_NOT_TAKEN}{layer}"));
                LayerChoice::Final
            }
        };
        if let Some(fit) = taken(&panel.run.fit, "fit", &mut not_taken) {
            request.input.fit = fit;
        }
        if let Some(values) = taken(&panel.run.preprocess, "preprocessing", &mut not_taken) {
            request.input.values = values;
        }
        let order = look.selection.as_deref().map(|order| (ORDER, order));
        let looks: KeptLooks =
            look.setting_texts().chain(order).map(|(name, text)| (name, text.to_owned())).collect();
        not_taken.extend(looks.apply(&mut request));
        let settings = &mut request.settings;
        settings.grid = chosen_grid(look, &mut not_taken);
        if look.gap <= MAX_GAP {
            settings.gap = look.gap;
        } else {
            not_taken.push(format!("gap {}", look.gap));
        }
        (request, not_taken)
    }
}

/// The layers of a difference of two layers.
fn difference_of<'a>(look: &'a LookRecord, graph: &Graph) -> Option<(&'a str, &'a str)> {
    // A layer's own name may contain the sign.
    layers_of_difference(&look.layer).filter(|_| graph.find(&look.layer).is_none())
}

/// The layer that was subtracted in a figure of a difference of two layers of a network; none for other figures.
#[must_use]
pub fn subtracted_layer<'a>(look: &'a LookRecord, graph: &Graph) -> Option<&'a str> {
    difference_of(look, graph).map(|(_, layer)| layer)
}

/// The layer and the class of a class map, from its name such as `act4, class 282 (tiger cat)`. Figures of earlier versions record only
/// this name; newer ones also record the user's choice of the class.
fn class_of<'a>(look: &'a LookRecord, graph: &Graph) -> Option<(&'a str, ClassChoice)> {
    let (layer, class) = look.layer.split_once(CLASS)?;
    let number: usize = class.split(' ').next()?.parse().ok()?;
    // A layer's own name may contain the separator.
    if graph.find(&look.layer).is_some() {
        return None;
    }
    let asked = look.class_map.as_deref().map(ClassChoice::of);
    Some((layer, asked.unwrap_or_else(|| ClassChoice::Named(number.to_string()))))
}

/// The grid, if the user chose one. Older figures don't record whether the grid was chosen; there, a grid other than the default one of
/// all channels counts as chosen, except in figures of a selection or of one channel.
fn chosen_grid(look: &LookRecord, not_taken: &mut Vec<String>) -> Option<Grid> {
    let Ok(grid) = look.grid.parse::<Grid>() else {
        not_taken.push(format!("grid {}", look.grid));
        return None;
    };
    let is_unusual = look.selection.is_none()
        && look.shown_channel.is_none()
        && recorded_shape(&look.shape).is_some_and(|shape| Grid::for_channels(shape.channels) != grid);
    (look.is_grid_chosen || is_unusual).then_some(grid)
}

/// Reads a layer's shape as records write it, `2048×8×8`; `None` for text that can't be the shape of a layer.
#[must_use]
pub fn recorded_shape(text: &str) -> Option<MapShape> {
    let sides: Vec<usize> = text.split('×').map_while(|side| side.parse().ok()).collect();
    let [channels, height, width] = sides[..] else { return None };
    sides.iter().all(|side| (1..1 << 24).contains(side)).then(|| MapShape::new(channels, height, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_are_read_and_nonsense_is_none() {
        assert_eq!(recorded_shape("2048×8×8"), Some(MapShape::new(2048, 8, 8)));
        for bad in ["", "2048×8", "0×8×8", "2048×8×8×1", "99999999999×1×1", "a×b×c", "-1×2×3"] {
            assert_eq!(recorded_shape(bad), None, "{bad}");
        }
    }
}

//! A finished view, ready to draw: made by the worker, read by the panels, never changed.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use egui::ColorImage;

use crate::app::model::tiles::TileImage;
use crate::engine::RunBy;
use crate::graph::{NodeId, NodeInfo};
use crate::input::decode::Picture;
use crate::models::ModelSpec;
use crate::mosaic::{Mosaic, MosaicSettings};
use crate::render::{ClassChoice, Placement, TopClass, View};
use crate::tensor::{Activation, ChannelSelection, LayerStats, layers_of_difference};

/// Number of bins of a histogram.
pub(crate) const NUM_BINS: usize = 48;

/// How many of the strongest channels are kept.
pub(crate) const NUM_STRONGEST: usize = 40;

/// Everything about one layer of one backbone for one picture.
pub(crate) struct Shown {
    /// The picture's name for titles: the file's name, or log, frame and camera.
    pub(crate) label: String,
    /// The picture as decoded.
    pub(crate) picture: Arc<Picture>,
    /// What was subtracted, in a difference.
    pub(crate) minus: Option<Subtracted>,
    /// The beginning of proposed file names.
    pub(crate) stem: String,
    /// Paths of the pictures, which no figure may overwrite.
    pub(crate) picture_paths: Vec<PathBuf>,
    /// The model with its weights, and the engine and device that ran it.
    pub(crate) run_by: RunBy,
    /// The preprocessed picture, as the network received it.
    pub(crate) view: Arc<View>,
    /// Wall time of the run.
    pub(crate) elapsed: Duration,
    /// Shapes and receptive fields of every node at this input size.
    pub(crate) infos: Arc<[NodeInfo]>,
    /// How the layer's feature maps are placed on the picture.
    pub(crate) placement: Placement,
    /// The layer's node.
    pub(crate) node: NodeId,
    /// Its values.
    pub(crate) activation: Activation,
    /// Its statistics.
    pub(crate) stats: Arc<LayerStats>,
    /// The settings that the mosaic was requested with.
    pub(crate) settings: MosaicSettings,
    /// Which channels were requested, in what order.
    pub(crate) selection: ChannelSelection,
    /// The class whose class map the values are, if they are not the layer's own.
    pub(crate) class_map: Option<ClassChoice>,
    /// The most likely classes for this picture, as text, or why there are none. Only for the last layer of a network with a classifier.
    pub(crate) classes: Option<String>,
    /// The same classes, best first.
    pub(crate) top_classes: Vec<TopClass>,
    /// The mosaic: pixels, geometry, ranges.
    pub(crate) mosaic: Arc<Mosaic>,
    /// The mosaic, cut into pieces that fit into textures.
    pub(crate) tiles: Vec<TileImage>,
    /// Texture pixels per mosaic pixel.
    pub(crate) enlargement: u32,
    /// The network's input as an 8-bit picture.
    pub(crate) seen: Arc<ColorImage>,
    /// The thumbnail of the whole picture.
    pub(crate) thumbnail: Arc<ColorImage>,
    /// Histogram of the layer's values: counts in [`NUM_BINS`] equal bins from the layer's smallest value to its largest.
    pub(crate) histogram: [u32; NUM_BINS],
    /// The statistic that channels are ordered by (the mean, if the order uses none) of each channel, sorted from the largest.
    pub(crate) profile: Vec<f32>,
    /// The channels with the largest statistic, alike ones left out, strongest first; no more than [`NUM_STRONGEST`].
    pub(crate) strongest: Vec<usize>,
}

/// What was subtracted in a difference of one network's values.
pub(crate) enum Subtracted {
    /// The same layer's values for this picture.
    Picture(Arc<Picture>),
    /// Another layer's values for the same picture.
    Layer,
}

impl Shown {
    /// The spec of the model.
    pub(crate) fn spec(&self) -> &'static ModelSpec {
        self.run_by.backbone.spec()
    }

    /// Bytes it takes in memory, including the values, which may be shared with the worker's caches.
    pub(crate) fn num_bytes(&self) -> usize {
        let pixels: usize = self.tiles.iter().map(|tile| tile.image.pixels.len() * 4).sum();
        let small = (self.seen.pixels.len() + self.thumbnail.pixels.len()) * 4;
        pixels + small + self.mosaic.pixels.rgba().len() + size_of_val(self.activation.values())
    }

    /// The file name that a save dialog proposes.
    pub(crate) fn file_name(&self) -> String {
        let layer = match layers_of_difference(self.activation.name()) {
            Some((a, b)) if matches!(self.minus, Some(Subtracted::Layer)) => format!("{a}__minus__{b}"),
            _ => self.activation.name().to_owned(),
        };
        let plain: String = format!("{}__{}__{layer}", self.stem, self.spec().tag)
            .chars()
            .map(|c| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' })
            .collect();
        format!("{plain}.png")
    }
}

/// Details of one channel, computed by the second thread from a view.
pub(crate) struct Inspected {
    /// The finished view that the channel is from.
    pub(crate) of: Weak<Shown>,
    pub(crate) channel: usize,
    /// Its feature map, one pixel per value, in the mosaic's colours.
    pub(crate) map: Arc<ColorImage>,
    /// Histogram of its values over the layer's range.
    pub(crate) bins: [u32; NUM_BINS],
    /// Its rank among all channels, from 1: by mean, and by largest value.
    pub(crate) ranks: (usize, usize),
    /// Rows and columns of its strongest places, strongest first.
    pub(crate) peaks: Vec<(usize, usize)>,
    /// The channels of the layer with the most similar maps, best first: channel, correlation, map.
    pub(crate) nearest: Vec<(usize, f64, Arc<ColorImage>)>,
}

/// Counts the finite values in equal bins of a range; values above it count in the last bin, those below it in the first.
pub(crate) fn histogram(values: &[f32], low: f32, high: f32) -> [u32; NUM_BINS] {
    let mut bins = [0; NUM_BINS];
    let width = f64::from(high) - f64::from(low);
    for value in values.iter().filter(|v| v.is_finite()) {
        let place = if width > 0.0 { (f64::from(*value) - f64::from(low)) / width } else { 0.0 };
        bins[((place * NUM_BINS as f64) as usize).min(NUM_BINS - 1)] += 1;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_counts_both_ends_and_survives_a_flat_layer() {
        let bins = histogram(&[0.0, 0.0, 1.0, 0.5, f32::NAN], 0.0, 1.0);
        assert_eq!((bins[0], bins[NUM_BINS / 2], bins[NUM_BINS - 1]), (2, 1, 1));
        assert_eq!(histogram(&[3.0, 3.0], 3.0, 3.0)[0], 2);
    }
}

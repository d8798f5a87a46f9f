//! A finished view, ready to draw: made by the worker, read by the panels, never changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::ColorImage;

use super::textures::TileImage;
use crate::engine::RunBy;
use crate::graph::{NodeId, NodeInfo};
use crate::input::decode::Picture;
use crate::models::Row;
use crate::mosaic::{Mosaic, MosaicSettings};
use crate::render::View;
use crate::tensor::{Activation, LayerStats};

/// Bars of a histogram.
pub(super) const NUM_BINS: usize = 48;

/// Everything about one picture through one backbone at one layer.
pub(super) struct Shown {
    /// For titles: the file's name, or log, moment and camera.
    pub(super) label: String,
    /// The picture as decoded.
    pub(super) picture: Arc<Picture>,
    /// Beginning of file names.
    pub(super) stem: String,
    /// The picture's file, which no figure may overwrite.
    pub(super) picture_path: Option<PathBuf>,
    /// The model, and what ran it.
    pub(super) run_by: RunBy,
    /// The picture as the network got it.
    pub(super) view: Arc<View>,
    /// Wall time of the run.
    pub(super) elapsed: Duration,
    /// Shapes and receptive fields of every node at this input size.
    pub(super) infos: Arc<[NodeInfo]>,
    /// The layer.
    pub(super) node: NodeId,
    /// Its values.
    pub(super) activation: Activation,
    /// Its statistics.
    pub(super) stats: Arc<LayerStats>,
    /// How the mosaic was asked for.
    pub(super) settings: MosaicSettings,
    /// The mosaic: pixels, geometry, ranges.
    pub(super) mosaic: Arc<Mosaic>,
    /// The mosaic as textures will take it.
    pub(super) tiles: Vec<TileImage>,
    /// Texture pixels per mosaic pixel.
    pub(super) enlargement: u32,
    /// The 8-bit picture the network saw.
    pub(super) seen: Arc<ColorImage>,
    /// The whole picture, small.
    pub(super) thumbnail: Arc<ColorImage>,
    /// Values of the layer by size: counts over [`NUM_BINS`] equal steps from the layer's smallest value to its largest.
    pub(super) histogram: [u32; NUM_BINS],
}

impl Shown {
    /// The model's row.
    pub(super) fn row(&self) -> &'static Row {
        self.run_by.backbone.row()
    }

    /// What a save dialog proposes.
    pub(super) fn file_name(&self) -> String {
        let plain: String = format!("{}__{}__{}", self.stem, self.row().tag, self.activation.name())
            .chars()
            .map(|c| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' })
            .collect();
        format!("{plain}.png")
    }
}

/// Counts of finite values over equal steps of a range.
pub(super) fn histogram(values: &[f32], low: f32, high: f32) -> [u32; NUM_BINS] {
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

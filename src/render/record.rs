//! What a figure says of the run behind it.

use super::view::View;
use crate::engine::RunBy;
use crate::formats::PanelRecord;
use crate::mosaic::Mosaic;

/// The record of one mosaic of a view.
pub fn panel_record(run_by: &RunBy, view: &View, mosaic: &Mosaic) -> PanelRecord {
    let backbone = &run_by.backbone;
    let input = &view.preprocessed;
    PanelRecord {
        tag: backbone.row().tag.to_owned(),
        weights_sha256: backbone.weights_sha256().to_owned(),
        input_size: format!("{}x{}", input.batch.width(), input.batch.height()),
        fit: input.fit.clone(),
        filter: backbone.row().preprocess.filter.name().to_owned(),
        value_scale: input.scale.to_string(),
        engine: run_by.engine.to_owned(),
        device: run_by.device.clone(),
        layer: String::new(),
        shape: String::new(),
        layout: String::new(),
        grid: String::new(),
        scale: 0,
        gap: 0,
        normalisation: String::new(),
        range: String::new(),
        colour_map: String::new(),
    }
    .with_mosaic(mosaic)
}

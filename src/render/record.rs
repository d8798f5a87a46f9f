//! What a figure says of the run behind it.

use super::view::View;
use crate::engine::{Provenance, RunBy};
use crate::formats::{CARRIED, DOWNLOADED, LookRecord, PanelRecord, RunRecord, UNVERIFIED};
use crate::input::ValueChoice;
use crate::mosaic::Mosaic;

/// The record of one mosaic of a view.
pub(super) fn panel_record(run_by: &RunBy, view: &View, mosaic: &Mosaic) -> PanelRecord {
    let backbone = &run_by.backbone;
    let input = &view.preprocessed;
    let run = RunRecord {
        tag: backbone.row().tag.to_owned(),
        weights: match backbone.provenance() {
            Provenance::Carried => CARRIED,
            Provenance::Downloaded => DOWNLOADED,
            Provenance::File => UNVERIFIED,
        }
        .to_owned(),
        weights_sha256: backbone.origin().sha256().to_owned(),
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
    };
    PanelRecord { run, look: LookRecord::of(mosaic) }
}

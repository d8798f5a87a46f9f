//! What a figure says of the run behind it.

use super::view::View;
use crate::engine::{Backbone, Provenance, RunBy};
use crate::formats::{CARRIED, DOWNLOADED, LookRecord, PanelRecord, PartRecord, RunRecord, UNVERIFIED};
use crate::input::ValueChoice;
use crate::mosaic::Mosaic;

/// What the weights' file holds beside the network.
fn part_record(backbone: &Backbone) -> Option<PartRecord> {
    let part = backbone.weights().keras()?;
    Some(PartRecord { model: part.model.clone(), head: part.if_more()? })
}

/// The record of one mosaic of a view.
pub(super) fn panel_record(run_by: &RunBy, view: &View, mosaic: &Mosaic) -> PanelRecord {
    let backbone = &run_by.backbone;
    let input = &view.preprocessed;
    let opened = backbone.row().opened();
    let run = RunRecord {
        tag: backbone.row().tag.to_owned(),
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
    PanelRecord { run, look: LookRecord::of(mosaic) }
}

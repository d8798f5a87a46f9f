//! Fits the best head on all rows, to be kept.

use super::design::Design;
use super::sets::OpenSet;
use super::settings::ProbeWords;
use crate::probe::{FitWatch, Interval, ProbeHead, Values, fit_on_all};
use crate::study::head_file::{AboutHead, StoredHead};

/// Fits the head on all rows of a set. `score` is that of rows it was not fitted on.
pub(super) fn kept_head(
    head: ProbeHead,
    set: &mut OpenSet,
    design: &Design,
    score: (f64, Interval),
    words: &ProbeWords,
    watch: FitWatch<'_>,
) -> anyhow::Result<StoredHead> {
    let values = set.read(words, head.num_bytes(1), watch.go_on)?;
    let (target, folds) = (&design.target, &design.folds);
    let (fitted, strength) = fit_on_all(head, &values, set.width(), target, folds, design.seed, watch)?;
    let recipe = set.recipe();
    let classes = match &design.target.values {
        Values::Numbers(_) => None,
        Values::Classes { names, .. } => Some(names.clone()),
    };
    let about = AboutHead {
        schema: 0,
        program: recipe.program.clone(),
        head: head.name().to_owned(),
        strength,
        target: design.target.name.clone(),
        classes,
        num_rows: set.num_rows(),
        score: score.0,
        interval: [score.1.low, score.1.high],
        split: design.split.to_string(),
        tag: recipe.tag.clone(),
        weights_sha256: recipe.weights_sha256.clone(),
        layer: recipe.layer.clone(),
        pool: set.pool(),
        order: recipe.stored.order.name().to_owned(),
        fit: recipe.fit.clone(),
        preprocess: recipe.preprocess.clone(),
        input_size: recipe.input_size.clone(),
        filter: recipe.filter.clone(),
        value_scale: recipe.value_scale.clone(),
        numbers_sha256: String::new(),
    };
    Ok(StoredHead { head: fitted, about })
}

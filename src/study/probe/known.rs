//! What a network's own classifier says of the pictures, for LEEP.

use super::sets::OpenSet;
use crate::engine::Backbone;
use crate::tensor::{Activation, MapShape};

/// How far from 1 the sum of a row's probabilities may be. That of sigmoids, which aren't of one choice, is anything.
const ROUNDING: f32 = 1e-3;

/// The probabilities of all classes that a network knows (rows × classes), and how many classes these are. Nothing where the features are not
/// the means of the network's last layer, or where it has no classifier that takes these.
pub(super) fn probabilities(
    backbone: &Backbone,
    set: &OpenSet,
    values: &[f32],
) -> anyhow::Result<Option<(Vec<f32>, usize)>> {
    let graph = backbone.graph();
    let is_last = graph.find(&set.recipe().layer) == Some(graph.final_node());
    let head = backbone.weights().head().filter(|head| is_last && set.pool() == "avg" && head.takes_means());
    let Some(head) = head else { return Ok(None) };
    let num = head.num_classes();
    let mut all = Vec::with_capacity(set.num_rows() * num);
    for row in values.chunks_exact(set.width()) {
        let means = Activation::new("means".to_owned(), MapShape::new(set.width(), 1, 1), row.to_vec())?;
        let mut shares = vec![0.0; num];
        for share in head.top(&means, num) {
            shares[share.class] = share.probability;
        }
        if (shares.iter().sum::<f32>() - 1.0).abs() > ROUNDING {
            return Ok(None);
        }
        all.extend(shares);
    }
    Ok(Some((all, num)))
}

//! Top-1 accuracies on ImageNet-1k (validation), as the weights' publishers measured them.
//!
//! The table is `accuracy.csv`: timm's `results-imagenet.csv` (at timm's own test size), Keras' table of applications, and torchvision's
//! `acc@1` of the first weights. Nothing here was measured by this program. Self-supervised weights have no such number.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::ModelSpec;

/// A published top-1 accuracy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Top1 {
    /// Share of right answers, in percent.
    pub percent: f32,
    /// Who published it: `timm`, `keras` or `torchvision`.
    pub source: &'static str,
}

static TABLE: LazyLock<HashMap<&'static str, Top1>> =
    LazyLock::new(|| include_str!("accuracy.csv").lines().filter_map(row).collect());

/// A row of the table; `None` for its header.
fn row(line: &'static str) -> Option<(&'static str, Top1)> {
    let mut cells = line.split(',');
    let (tag, percent, source) = (cells.next()?, cells.next()?, cells.next()?);
    Some((tag, Top1 { percent: percent.parse().ok()?, source }))
}

impl ModelSpec {
    /// The top-1 accuracy on ImageNet-1k that was published for these weights, if one was.
    pub fn top1(&self) -> Option<Top1> {
        TABLE.get(self.tag).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Registry;

    #[test]
    fn every_row_is_of_a_model_and_all_supervised_models_have_one() {
        assert_eq!(TABLE.len(), include_str!("accuracy.csv").lines().count() - 1, "a header, no row twice");
        for (tag, top1) in &*TABLE {
            assert_eq!(Registry::find(tag).unwrap().tag, *tag);
            assert!((50.0..90.0).contains(&top1.percent), "{tag}");
            assert!(["timm", "keras", "torchvision"].contains(&top1.source), "{tag}");
        }
        let without: Vec<_> =
            Registry::specs().filter(|spec| spec.top1().is_none()).map(|spec| spec.tag).collect();
        let rest: Vec<_> = without.iter().filter(|tag| !tag.contains("dinov2")).collect();
        assert_eq!(rest, [&"resnet50.keras_2016_in1k"], "Keras' first weights have no number of their own");
        assert_eq!(Registry::find("Xception").unwrap().top1().map(|top1| top1.percent), Some(79.0));
    }
}

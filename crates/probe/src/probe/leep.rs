//! LEEP (Nguyen, Hassner, Seeger, Archambeau 2020, "LEEP: A New Measure to Evaluate Transferability of Learned Representations"): how well
//! the classes that a network already knows tell the target's, without a head being fitted. The largest value is 0; no split.

use super::error::ProbeError;
use super::folds::check_extent;
use super::target::{Target, Values};

/// The mean over rows of log Σ P(class | z) θ(z), where θ are the network's own probabilities (rows × `num_known`, row-major) and
/// P(class | z) is counted by them over all rows. Nothing for a target of numbers.
///
/// # Errors
/// Probabilities that are not rows × `num_known`.
pub fn leep(known: &[f32], num_known: usize, target: &Target) -> Result<Option<f64>, ProbeError> {
    let Values::Classes { labels, names } = &target.values else { return Ok(None) };
    check_extent("probabilities", known.len(), labels.len() * num_known)?;
    check_extent("rows without probabilities", usize::from(num_known == 0), 0)?;
    // Of each known class: its share in all rows, and in the rows of each class of the target.
    let (mut all, mut joint) = (vec![0.0; num_known], vec![vec![0.0; num_known]; names.len()]);
    for (row, label) in known.chunks_exact(num_known).zip(labels) {
        for ((all, joint), share) in all.iter_mut().zip(&mut joint[*label]).zip(row) {
            *all += f64::from(*share);
            *joint += f64::from(*share);
        }
    }
    let one = |(row, label): (&[f32], &usize)| {
        let shares = row.iter().zip(&joint[*label]).zip(&all).filter(|(_, all)| **all > 0.0);
        shares.map(|((share, joint), all)| joint / all * f64::from(*share)).sum::<f64>().ln()
    };
    let sum: f64 = known.chunks_exact(num_known).zip(labels).map(one).sum();
    Ok(Some(sum / labels.len().max(1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_counted_by_hand() {
        let of = |known: &[f32], labels: &[usize]| {
            let names = vec!["a".into(), "b".into()];
            let target =
                Target { name: "t".into(), values: Values::Classes { labels: labels.to_vec(), names } };
            leep(known, 2, &target).unwrap().unwrap()
        };
        // Each known class is one of the target's; and says nothing about them.
        let sure = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
        assert_eq!(of(&sure, &[0, 0, 1, 1]), 0.0);
        assert_eq!(of(&sure, &[0, 1, 0, 1]), 0.5f64.ln());
        // P(a, z) = (3/8, 1/8) and P(b, z) = (1/8, 3/8), so P(a | z) = (3/4, 1/4): 3/4 · 3/4 + 1/4 · 1/4 = 5/8 for either row.
        assert!((of(&[0.75, 0.25, 0.25, 0.75], &[0, 1]) - 0.625f64.ln()).abs() < 1e-15);
        // A known class that no row has is not divided by.
        assert_eq!(of(&[1.0, 0.0, 1.0, 0.0], &[0, 1]), 0.5f64.ln());
        let numbers = Target { name: "t".into(), values: Values::Numbers(vec![1.0, 2.0]) };
        assert_eq!(leep(&[1.0, 0.0], 1, &numbers), Ok(None));
    }
}

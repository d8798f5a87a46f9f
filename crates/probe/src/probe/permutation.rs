//! Targets that have lost their rows, to see which scores mean nothing.

use super::target::{Target, Values};
use crate::tensor::Random;

/// The target with its values moved to other rows. Rows in time (`order`) are moved round by a tenth of all at least, so that what
/// neighbours have in common stays; others are put into random order.
pub(super) fn permuted(target: &Target, order: &[usize], are_in_time: bool, seed: u64) -> Target {
    let mut random = Random::new(seed);
    let num = order.len();
    let mut from: Vec<usize> = order.to_vec();
    if are_in_time {
        let least = (num / 10).max(1);
        let shift = least + random.below((num - 2 * least).max(1));
        from.rotate_left(shift % num.max(1));
    } else {
        random.shuffle(&mut from);
    }
    let mut source = vec![0; num];
    for (to, from) in order.iter().zip(from) {
        source[*to] = from;
    }
    let values = match &target.values {
        Values::Numbers(numbers) => Values::Numbers(source.iter().map(|row| numbers[*row]).collect()),
        Values::Classes { labels, names } => {
            Values::Classes { labels: source.iter().map(|row| labels[*row]).collect(), names: names.clone() }
        }
    };
    Target { name: target.name.clone(), values }
}

/// The share of permuted scores that are as good as the true one, which counts as one of them.
pub fn permutation_p(score: f64, permuted: &[f64]) -> f64 {
    let as_good = permuted.iter().filter(|other| **other >= score).count();
    (1 + as_good) as f64 / (1 + permuted.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_move_and_stay_neighbours() {
        let values = Values::Numbers((0..100).map(f64::from).collect());
        let target = Target { name: "t".into(), values };
        let order: Vec<usize> = (0..100).rev().collect();
        for seed in 0..50 {
            let Values::Numbers(moved) = permuted(&target, &order, true, seed).values else { unreachable!() };
            let shift = (100.0 + moved[0]) as usize % 100;
            assert!((10..=90).contains(&shift), "{shift}");
            assert!((0..100).all(|row| moved[row] as usize == (row + shift) % 100));
        }
        let Values::Numbers(mut moved) = permuted(&target, &order, false, 1).values else { unreachable!() };
        moved.sort_by(f64::total_cmp);
        assert!(moved.iter().enumerate().all(|(at, value)| at as f64 == *value));
        assert_eq!(permutation_p(0.5, &[0.1, 0.5, 0.7]), 0.75);
    }
}

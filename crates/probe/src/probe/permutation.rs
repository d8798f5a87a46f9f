//! Targets that have lost their rows, to see which scores mean nothing.

use super::folds::Folds;
use super::nested::Predictions;
use super::target::{Target, Values};
use crate::tensor::Random;

/// Permutations to score beside the true target.
#[derive(Clone, Copy, Debug)]
pub struct Permuted<'a> {
    /// How many.
    pub count: usize,
    /// The rows in time.
    pub order: &'a [usize],
    /// Whether neighbours in that order have something in common.
    pub are_in_time: bool,
    /// For the random choices.
    pub seed: u64,
}

impl Permuted<'_> {
    /// The true target, and the permuted ones.
    pub(super) fn targets(&self, target: &Target, folds: &Folds) -> Vec<Target> {
        let moved = |are_in_time: bool| -> Vec<Target> {
            let one = |at| permuted(target, self.order, folds, are_in_time, self.seed.wrapping_add(at));
            (0..self.count as u64).map(one).collect()
        };
        let mut all = moved(self.are_in_time);
        // Classes that come again and again in the same order, as the cameras of each moment do, are only renamed by moving them round.
        let num_renamed = all.iter().filter(|moved| is_renamed(target, moved)).count();
        if self.are_in_time && 2 * num_renamed > all.len() {
            all = moved(false);
        }
        all.insert(0, target.clone());
        all
    }
}

/// A share of rows whose class another one tells, from which on the one is the other by another name.
const RENAMED: f64 = 0.9;

/// Whether moved classes tell the true ones row by row.
fn is_renamed(target: &Target, moved: &Target) -> bool {
    let (Values::Classes { labels, names }, Values::Classes { labels: moved, .. }) =
        (&target.values, &moved.values)
    else {
        return false;
    };
    let mut counts = vec![vec![0_usize; names.len()]; names.len()];
    labels.iter().zip(moved).for_each(|(label, moved)| counts[*moved][*label] += 1);
    let told: usize = counts.iter().filter_map(|of| of.iter().max()).sum();
    let most = counts.iter().fold(vec![0_usize; names.len()], |sums, of| {
        sums.iter().zip(of).map(|(sum, count)| sum + count).collect()
    });
    // Where one class is nearly all rows, anything tells it.
    let least = most.into_iter().max().unwrap_or(0) as f64;
    let num = labels.len() as f64;
    told as f64 - least >= RENAMED * (num - least) && least < num
}

/// The score of what was told of a target, over these rows.
pub(super) fn score(told: &Predictions, target: &Target, scored: &[usize]) -> f64 {
    told.measure(target).map_or(f64::NAN, |measure| measure.scores(scored).main())
}

/// The target with its values moved to other rows. Rows in time (`order`) are moved round by a tenth of all at least, so that what
/// neighbours have in common stays; others are put into random order within their folds. Folds that have their share of each class would
/// otherwise be told better than those of a moved target, which haven't.
pub(super) fn permuted(
    target: &Target,
    order: &[usize],
    folds: &Folds,
    are_in_time: bool,
    seed: u64,
) -> Target {
    let mut random = Random::new(seed);
    let num = order.len();
    let mut from: Vec<usize> = order.to_vec();
    if are_in_time {
        let least = (num / 10).max(1);
        let shift = least + random.below((num - 2 * least).max(1));
        from.rotate_left(shift % num.max(1));
    } else {
        for fold in 0..folds.num {
            let places: Vec<usize> =
                (0..num).filter(|at| folds.of_row.get(order[*at]) == Some(&fold)).collect();
            let mut rows: Vec<usize> = places.iter().map(|at| order[*at]).collect();
            random.shuffle(&mut rows);
            places.into_iter().zip(rows).for_each(|(at, row)| from[at] = row);
        }
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

    fn folds(num: usize) -> Folds {
        Folds { of_row: (0..num).map(|row| row % 2).collect(), num: 2, scored: vec![0, 1], inner: vec![0, 1] }
    }

    #[test]
    fn values_move_and_stay_neighbours() {
        let values = Values::Numbers((0..100).map(f64::from).collect());
        let target = Target { name: "t".into(), values };
        let order: Vec<usize> = (0..100).rev().collect();
        for seed in 0..50 {
            let Values::Numbers(moved) = permuted(&target, &order, &folds(100), true, seed).values else {
                unreachable!()
            };
            let shift = (100.0 + moved[0]) as usize % 100;
            assert!((10..=90).contains(&shift), "{shift}");
            assert!((0..100).all(|row| moved[row] as usize == (row + shift) % 100));
        }
        let Values::Numbers(mut moved) = permuted(&target, &order, &folds(100), false, 1).values else {
            unreachable!()
        };
        moved.sort_by(f64::total_cmp);
        assert!(moved.iter().enumerate().all(|(at, value)| at as f64 == *value));
        assert_eq!(permutation_p(0.5, &[0.1, 0.5, 0.7]), 0.75);
    }

    /// The cameras of each moment, moved round, are cameras all the same: a perfect score would be as good with all of them.
    #[test]
    fn what_repeats_is_shuffled_and_what_is_sorted_is_moved_round() {
        let order: Vec<usize> = (0..120).collect();
        let of = |label: &dyn Fn(usize) -> usize| {
            let labels = order.iter().map(|row| label(*row)).collect();
            let names = ["a", "b", "c"].map(str::to_owned).to_vec();
            let target = Target { name: "t".into(), values: Values::Classes { labels, names } };
            let permutations = Permuted { count: 19, order: &order, are_in_time: true, seed: 1 };
            let all = permutations.targets(&target, &folds(120));
            assert_eq!((all.len(), &all[0]), (20, &target));
            all[1..].iter().filter(|moved| is_renamed(&target, moved)).count()
        };
        assert_eq!(of(&|row| row % 3), 0);
        // What is sorted keeps its neighbours.
        let labels = order.iter().map(|row| row / 40).collect();
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        let target = Target { name: "t".into(), values: Values::Classes { labels, names } };
        for moved in &(Permuted { count: 19, order: &order, are_in_time: true, seed: 1 })
            .targets(&target, &folds(120))[1..]
        {
            let Values::Classes { labels, .. } = &moved.values else { unreachable!() };
            assert!(labels.windows(2).filter(|pair| pair[0] != pair[1]).count() <= 3);
        }
    }
}

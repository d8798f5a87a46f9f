//! Ranks of dissimilarities, with equal ones sharing theirs, where each pair of pictures may count several times or not at all.

use rayon::prelude::*;

/// The dissimilarities of all pairs of pictures as levels: equal ones have one level, larger ones a higher one.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    /// The level of each pair.
    of_pair: Vec<u32>,
    num_levels: usize,
}

impl Levels {
    /// Finds the levels. All dissimilarities must be finite.
    pub(super) fn of(dissimilarities: &[f64]) -> Self {
        let mut order: Vec<u32> = (0..dissimilarities.len() as u32).collect();
        // Ties may come in any order: they get one level.
        order.par_sort_unstable_by(|a, b| {
            dissimilarities[*a as usize].total_cmp(&dissimilarities[*b as usize])
        });
        let mut of_pair = vec![0; dissimilarities.len()];
        let (mut level, mut before) = (0, None);
        for pair in order {
            let value = dissimilarities[pair as usize];
            if before.is_some_and(|before: f64| before != value) {
                level += 1;
            }
            before = Some(value);
            of_pair[pair as usize] = level;
        }
        let num_levels = if dissimilarities.is_empty() { 0 } else { level as usize + 1 };
        Self { of_pair, num_levels }
    }

    /// Whether there is no order among the pairs.
    pub(super) fn are_equal(&self) -> bool {
        self.num_levels < 2
    }

    /// Ranks of `pairs`, each given by its number and how often it counts: as if it stood in the list that often. Ties share the mean of
    /// their ranks.
    pub(super) fn ranks(&self, pairs: &[(usize, f64)]) -> Vec<f64> {
        let mut counts = vec![0.0; self.num_levels];
        for (pair, count) in pairs {
            counts[self.of_pair[*pair] as usize] += count;
        }
        let mut below = 0.0;
        for count in &mut counts {
            let here = *count;
            *count = below + f64::midpoint(here, 1.0);
            below += here;
        }
        pairs.iter().map(|(pair, _)| counts[self.of_pair[*pair] as usize]).collect()
    }
}

/// Ranks around their mean, ready to be correlated.
pub(super) struct CentredRanks {
    values: Vec<f64>,
    /// The root of the sum of their squares.
    length: f64,
}

impl CentredRanks {
    /// Centres ranks of pairs that count this often; `None` if all ranks are equal.
    pub(super) fn new(mut ranks: Vec<f64>, pairs: &[(usize, f64)]) -> Option<Self> {
        let total: f64 = pairs.iter().map(|(_, count)| count).sum();
        let mean = ranks.iter().zip(pairs).map(|(rank, (_, count))| rank * count).sum::<f64>() / total;
        let mut squares = 0.0;
        for (rank, (_, count)) in ranks.iter_mut().zip(pairs) {
            *rank -= mean;
            squares += *rank * *rank * count;
            // Each product with another's ranks needs the count once.
            *rank *= count.sqrt();
        }
        let is_flat = squares.is_nan() || squares <= 1e-9;
        (!is_flat).then(|| Self { values: ranks, length: squares.sqrt() })
    }

    /// Spearman's correlation.
    pub(super) fn correlation(&self, other: &Self) -> f64 {
        (super::hsic::dot(&self.values, &other.values) / (self.length * other.length)).clamp(-1.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        let levels = Levels::of(&[3.0, 1.0, 2.0, 2.0]);
        let each: Vec<(usize, f64)> = (0..4).map(|pair| (pair, 1.0)).collect();
        // scipy.stats.rankdata([3, 1, 2, 2]).
        assert_eq!(levels.ranks(&each), [4.0, 1.0, 2.5, 2.5]);
        // As rankdata([3, 3, 2, 2, 2]) has them.
        assert_eq!(levels.ranks(&[(0, 2.0), (2, 3.0)]), [4.5, 2.0]);
        assert!(Levels::of(&[2.0; 3]).are_equal() && Levels::of(&[]).are_equal());
    }
}

//! Intervals by drawing rows again (Künsch 1989: moving blocks, so that neighbours stay together).
//!
//! An interval says how much a score depends on which rows were scored. The heads are not fitted again, so what depends on the rows
//! they were fitted on is not in it.

use super::scores::ScoreMeasure;
use crate::tensor::Random;

/// How often rows are drawn.
const NUM_DRAWS: usize = 1000;

/// The middle 95 % of a score over all draws.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// The 2.5th percentile.
    pub low: f64,
    /// The 97.5th percentile.
    pub high: f64,
}

/// Rows drawn with replacement, many times. The same draws serve all heads, so that their differences can be compared.
#[derive(Clone, Debug)]
pub struct Resamples {
    draws: Vec<Vec<usize>>,
    block: usize,
}

impl Resamples {
    /// Draws blocks of consecutive rows. `units` are the scored rows in time, those of one moment or group together; about √n of
    /// them are drawn at once where `are_in_time`, otherwise each by itself.
    pub fn new(units: &[Vec<usize>], are_in_time: bool, seed: u64) -> Self {
        let num = units.len().max(1);
        let block = if are_in_time { ((num as f64).sqrt().round() as usize).max(1) } else { 1 };
        let mut random = Random::new(seed);
        let draws = (0..NUM_DRAWS)
            .map(|_| {
                let mut rows = Vec::new();
                let mut taken = 0;
                while taken < units.len() {
                    let first = random.below(num - block + 1);
                    for unit in units.iter().skip(first).take(block.min(units.len() - taken)) {
                        rows.extend_from_slice(unit);
                    }
                    taken += block;
                }
                rows
            })
            .collect();
        Self { draws, block }
    }

    /// How many units are drawn together.
    pub fn block(&self) -> usize {
        self.block
    }

    /// The score of each draw.
    pub fn scores(&self, measure: ScoreMeasure<'_>) -> Vec<f64> {
        use rayon::prelude::*;
        self.draws.par_iter().map(|rows| measure.scores(rows).main()).collect()
    }

    /// The middle 95 % of values.
    pub fn interval(values: &[f64]) -> Interval {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Interval { low: percentile(&sorted, 0.025), high: percentile(&sorted, 0.975) }
    }

    /// The interval of the difference between two lists of scores over the same draws.
    pub fn difference(a: &[f64], b: &[f64]) -> Interval {
        Self::interval(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
    }
}

/// A percentile of sorted values, between neighbours in proportion, as numpy does by default.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let at =
        |place: usize| sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN);
    at(below) + part * (at(below + 1) - at(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_numpys() {
        // numpy.percentile([1, 2, 4, 8], [2.5, 97.5])
        let interval = Resamples::interval(&[8.0, 1.0, 4.0, 2.0]);
        assert!((interval.low - 1.075).abs() < 1e-12 && (interval.high - 7.7).abs() < 1e-12, "{interval:?}");
    }

    #[test]
    fn blocks_keep_neighbours_together() {
        let units: Vec<Vec<usize>> = (0..100).map(|at| vec![2 * at, 2 * at + 1]).collect();
        let draws = Resamples::new(&units, true, 7);
        assert_eq!(draws.block(), 10);
        for rows in &draws.draws {
            assert_eq!(rows.len(), 200);
            assert!(rows.chunks(20).all(|block| (1..20).all(|at| block[at] == block[0] + at)));
        }
    }
}

//! k nearest neighbours by Euclidean distance of standardised features, each neighbour counted alike. Of two equally near rows the
//! earlier one is taken; of two classes with the same count the one that comes first in order.

use faer::Mat;

use super::error::ProbeError;
use super::folds::Folds;
use super::matrix::{Parts, Standard, product};
use super::nested::{GoOn, Predictions, choose, for_all, of_target};
use super::permutation::{Permuted, score};
use super::target::{Target, Values};

/// The numbers of neighbours that are compared.
const NEIGHBOURS: [usize; 5] = [1, 3, 5, 10, 20];

/// Predictions for the scored rows, the number of neighbours for each scored fold, and the scores of permutations.
pub(super) fn knn(
    parts: &Parts,
    target: &Target,
    folds: &Folds,
    permutations: Permuted<'_>,
    go_on: GoOn<'_>,
) -> Result<(Predictions, Vec<f64>, Vec<f64>), ProbeError> {
    let targets = permutations.targets(target, folds);
    // The same neighbours serve all targets.
    let losses = for_all(folds, go_on, |out| {
        let Some(second) = out.1 else { return Ok(vec![]) };
        let losses = |fold: usize| {
            let near = neighbours(parts, out, fold);
            targets.iter().flat_map(|target| loss(&near, &parts.folds[fold].rows, target)).collect()
        };
        Ok(vec![(out.0, losses(out.0)), (second, losses(second))])
    })?;
    let mut predictions: Vec<Predictions> = targets.iter().map(Predictions::empty).collect();
    let mut chosen = Vec::new();
    for fold in &folds.scored {
        let near = neighbours(parts, (*fold, None), *fold);
        for (which, (target, predictions)) in targets.iter().zip(&mut predictions).enumerate() {
            let losses = of_target(&losses, which, NEIGHBOURS.len());
            let best = choose(&losses, folds, *fold, NEIGHBOURS.len());
            for (row, near) in parts.folds[*fold].rows.iter().zip(&near) {
                predictions.set(*row, told(near, target)[best]);
            }
            if which == 0 {
                chosen.push(NEIGHBOURS[best] as f64);
            }
        }
    }
    let scored = folds.scored_rows();
    let permuted = predictions.iter().zip(&targets).skip(1);
    let permuted = permuted.map(|(told, target)| score(told, target, &scored)).collect();
    Ok((predictions.swap_remove(0), chosen, permuted))
}

/// The sum of losses of rows for each number of neighbours: squared errors, or wrong classes.
fn loss(near: &[Vec<usize>], rows: &[usize], target: &Target) -> [f64; NEIGHBOURS.len()] {
    let mut sums = [0.0; NEIGHBOURS.len()];
    for (row, near) in rows.iter().zip(near) {
        for (sum, told) in sums.iter_mut().zip(told(near, target)) {
            *sum += match &target.values {
                Values::Numbers(truth) => (truth[*row] - told).powi(2),
                Values::Classes { labels, .. } => f64::from(u8::from(labels[*row] != told as usize)),
            };
        }
    }
    sums
}

/// For each row of a fold, its nearest rows among those fitted on, the nearest first.
fn neighbours(parts: &Parts, out: (usize, Option<usize>), fold: usize) -> Vec<Vec<usize>> {
    let standard = Standard::of(parts, out);
    let asked = standard.apply(parts.folds[fold].x.as_ref());
    let squares = |x: &Mat<f64>, row: usize| x.row(row).iter().map(|value| value * value).sum::<f64>();
    // For each row asked, its distances to all rows fitted on. What is the same for all of them is left out.
    let mut distances: Vec<Vec<(f64, usize)>> = vec![Vec::new(); asked.nrows()];
    for (_, kept) in parts.kept(out) {
        let known = standard.apply(kept.x.as_ref());
        let products = product(asked.as_ref(), known.transpose());
        for (place, row) in kept.rows.iter().enumerate() {
            let square = squares(&known, place);
            for (at, list) in distances.iter_mut().enumerate() {
                list.push((2.0f64.mul_add(-products[(at, place)], square), *row));
            }
        }
    }
    distances.into_iter().map(nearest).collect()
}

/// The rows of the smallest distances, as many as any number of neighbours needs.
fn nearest(mut list: Vec<(f64, usize)>) -> Vec<usize> {
    let most = NEIGHBOURS[NEIGHBOURS.len() - 1].min(list.len());
    let by_distance = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if most < list.len() {
        list.select_nth_unstable_by(most, by_distance);
        list.truncate(most);
    }
    list.sort_by(by_distance);
    list.into_iter().map(|(_, row)| row).collect()
}

/// What is told with each number of neighbours.
fn told(near: &[usize], target: &Target) -> [f64; NEIGHBOURS.len()] {
    NEIGHBOURS.map(|k| {
        let nearest = &near[..k.min(near.len())];
        match &target.values {
            Values::Numbers(truth) => {
                nearest.iter().map(|row| truth[*row]).sum::<f64>() / nearest.len() as f64
            }
            Values::Classes { labels, names } => {
                let mut counts = vec![0usize; names.len()];
                for row in nearest {
                    counts[labels[*row]] += 1;
                }
                let most = counts.iter().max().copied().unwrap_or(0);
                counts.iter().position(|count| *count == most).unwrap_or(0) as f64
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_distances_and_equal_counts_go_by_order() {
        let numbers = Target { name: "t".into(), values: Values::Numbers(vec![10.0, 20.0, 30.0, 40.0]) };
        // Rows 3 and 1 are equally near: row 1 is the nearest.
        let list = vec![(1.0, 3), (1.0, 1), (2.0, 0), (0.5f64.mul_add(5.0, 0.0), 2)];
        let near = nearest(list);
        let got = told(&near, &numbers);
        assert_eq!(got, [20.0, (20.0 + 40.0 + 10.0) / 3.0, 25.0, 25.0, 25.0]);
        let values = Values::Classes { labels: vec![1, 1, 0, 0], names: vec!["a".into(), "b".into()] };
        let got = told(&near, &Target { name: "t".into(), values });
        assert_eq!(got, [1.0, 1.0, 0.0, 0.0, 0.0], "two of each: the first class");
    }
}

//! k nearest neighbours by Euclidean distance of standardised features, each neighbour counted alike. Of two equally near rows the
//! earlier one is taken; of two classes with the same count the one that comes first in order.

use faer::Mat;

use super::error::ProbeError;
use super::folds::Folds;
use super::matrix::{Parts, Standard, product};
use super::nested::{GoOn, Predictions, choose, for_all};
use super::target::{Target, Values};

/// The numbers of neighbours that are compared.
const NEIGHBOURS: [usize; 5] = [1, 3, 5, 10, 20];

/// Predictions for the scored rows, and the number of neighbours for each scored fold.
pub(super) fn knn(
    parts: &Parts,
    target: &Target,
    folds: &Folds,
    go_on: GoOn<'_>,
) -> Result<(Predictions, Vec<f64>), ProbeError> {
    let losses = for_all(folds, go_on, |out| {
        let Some(second) = out.1 else { return Ok(vec![]) };
        [out.0, second].into_iter().map(|fold| Ok((fold, loss(parts, out, fold, target)))).collect()
    })?;
    let mut predictions = Predictions::empty(target);
    let mut chosen = Vec::new();
    for fold in &folds.scored {
        let best = choose(&losses, folds, *fold, NEIGHBOURS.len());
        let told = neighbours(parts, (*fold, None), *fold, target);
        for (row, told) in parts.folds[*fold].rows.iter().zip(told) {
            predictions.set(*row, told[best]);
        }
        chosen.push(NEIGHBOURS[best] as f64);
    }
    Ok((predictions, chosen))
}

/// The sum of losses of a fold for each number of neighbours: squared errors, or wrong classes.
fn loss(parts: &Parts, out: (usize, Option<usize>), fold: usize, target: &Target) -> Vec<f64> {
    let mut sums = vec![0.0; NEIGHBOURS.len()];
    let told = neighbours(parts, out, fold, target);
    for (row, told) in parts.folds[fold].rows.iter().zip(told) {
        for (sum, told) in sums.iter_mut().zip(told) {
            *sum += match &target.values {
                Values::Numbers(truth) => (truth[*row] - told).powi(2),
                Values::Classes { labels, .. } => f64::from(u8::from(labels[*row] != told as usize)),
            };
        }
    }
    sums
}

/// For each row of a fold, what is told with each number of neighbours.
fn neighbours(
    parts: &Parts,
    out: (usize, Option<usize>),
    fold: usize,
    target: &Target,
) -> Vec<[f64; NEIGHBOURS.len()]> {
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
    distances.into_iter().map(|list| told(list, target)).collect()
}

fn told(mut list: Vec<(f64, usize)>, target: &Target) -> [f64; NEIGHBOURS.len()] {
    let most = NEIGHBOURS[NEIGHBOURS.len() - 1].min(list.len());
    let by_distance = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if most < list.len() {
        list.select_nth_unstable_by(most, by_distance);
        list.truncate(most);
    }
    list.sort_by(by_distance);
    NEIGHBOURS.map(|k| {
        let nearest = &list[..k.min(list.len())];
        match &target.values {
            Values::Numbers(truth) => {
                nearest.iter().map(|(_, row)| truth[*row]).sum::<f64>() / nearest.len() as f64
            }
            Values::Classes { labels, names } => {
                let mut counts = vec![0usize; names.len()];
                for (_, row) in nearest {
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
        let got = told(list.clone(), &numbers);
        assert_eq!(got, [20.0, (20.0 + 40.0 + 10.0) / 3.0, 25.0, 25.0, 25.0]);
        let values = Values::Classes { labels: vec![1, 1, 0, 0], names: vec!["a".into(), "b".into()] };
        let got = told(list, &Target { name: "t".into(), values });
        assert_eq!(got, [1.0, 1.0, 0.0, 0.0, 0.0], "two of each: the first class");
    }
}

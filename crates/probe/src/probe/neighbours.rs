//! Whether the order of rows means something: where neighbouring rows look more alike than others of their class, they were taken one after
//! the other, and a random split puts neighbours on both sides.

use super::error::ProbeError;
use super::folds::check_extent;
use super::target::{Target, Values};
use crate::tensor::Random;

/// How often rows are shuffled within their classes.
const NUM_SHUFFLES: u64 = 99;
/// A difference of mean cosines from which on it matters.
const MATTERS: f64 = 0.05;
/// Rows that are looked at: the first ones of each class.
const MOST_OF_A_CLASS: usize = 200;

/// By how much the mean cosine of neighbouring rows of one class is above that of any rows of one class, where this is no accident (above
/// all of 99 shuffles) and matters. Rows are width numbers, row-major; numbers count as one class.
///
/// # Errors
/// Numbers that are not rows × width.
pub fn order_matters(values: &[f32], width: usize, target: &Target) -> Result<Option<f64>, ProbeError> {
    check_extent("numbers", values.len(), target.num_rows() * width)?;
    let num_rows = target.num_rows();
    let mut means = vec![0.0f64; width];
    for row in values.chunks_exact(width.max(1)) {
        means.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value) / num_rows as f64);
    }
    let unit = |row: usize| -> Vec<f32> {
        let centred = values[row * width..][..width].iter().zip(&means);
        let centred: Vec<f64> = centred.map(|(value, mean)| f64::from(*value) - mean).collect();
        let length = centred.iter().map(|value| value * value).sum::<f64>().sqrt();
        centred.iter().map(|value| if length > 0.0 { (value / length) as f32 } else { 0.0 }).collect()
    };
    let mut classes: Vec<Vec<usize>> = match &target.values {
        Values::Numbers(_) => vec![(0..num_rows).collect()],
        Values::Classes { labels, names } => (0..names.len())
            .map(|class| (0..num_rows).filter(|row| labels[*row] == class).collect())
            .collect(),
    };
    for rows in &mut classes {
        rows.truncate(MOST_OF_A_CLASS);
    }
    let mut rows: Vec<Vec<Vec<f32>>> =
        classes.iter().map(|class| class.iter().map(|row| unit(*row)).collect()).collect();
    let mean_of = |rows: &[Vec<Vec<f32>>]| {
        let pairs = rows.iter().flat_map(|class| class.windows(2));
        let (sum, num) = pairs.fold((0.0, 0usize), |(sum, num), pair| {
            let cosine: f32 = pair[0].iter().zip(&pair[1]).map(|(a, b)| a * b).sum();
            (sum + f64::from(cosine), num + 1)
        });
        sum / num.max(1) as f64
    };
    let here = mean_of(&rows);
    let (mut most, mut sum) = (f64::NEG_INFINITY, 0.0);
    for seed in 0..NUM_SHUFFLES {
        let mut random = Random::new(seed);
        for class in &mut rows {
            random.shuffle(class);
        }
        let mean = mean_of(&rows);
        (most, sum) = (most.max(mean), sum + mean);
    }
    let difference = here - sum / NUM_SHUFFLES as f64;
    Ok((here > most && difference > MATTERS).then_some(difference))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_go_on_are_told_from_rows_in_any_order() {
        let mut random = Random::new(1);
        let labels: Vec<usize> = (0..90).map(|row| row / 45).collect();
        let names = vec!["a".into(), "b".into()];
        let target = Target { name: "t".into(), values: Values::Classes { labels, names } };
        let free: Vec<f32> = (0..90 * 8).map(|_| random.normal() as f32).collect();
        assert_eq!(order_matters(&free, 8, &target), Ok(None));
        // A walk: each row is the one before and a little more.
        let mut walk = free.clone();
        (8..walk.len()).for_each(|at| walk[at] = 0.9 * walk[at - 8] + 0.4 * walk[at]);
        assert!(order_matters(&walk, 8, &target).unwrap().unwrap() > 0.3);
        // Classes that look alike within themselves are no order.
        let sorted: Vec<f32> =
            free.iter().enumerate().map(|(at, it)| it + if at < 360 { 3.0 } else { -3.0 }).collect();
        assert_eq!(order_matters(&sorted, 8, &target), Ok(None));
    }
}

//! Marks and labels of plots' axes: always at least two, so that a scale can be read off. Arithmetic only, no widgets.

use std::ops::RangeInclusive;

use egui_plot::{GridInput, GridMark};

/// Least number of steps that a range is divided into. With these steps there are at most twice as many.
const MIN_STEPS: f64 = 2.0;

/// Steps within a power of ten, the largest first. Each is at most twice the next.
const STEPS: [f64; 4] = [5.0, 2.5, 2.0, 1.0];

/// Greatest number of labels of a logarithmic axis.
const MAX_POWERS: u32 = 4;

/// Marks of a linear axis, at round numbers.
pub(crate) fn marks(input: &GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    let span = high - low;
    let Some(step) = step(span) else { return Vec::new() };
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    // All marks have the same weight: egui hides labels of steps that it takes for small.
    (first..=last).map(|n| GridMark { value: n as f64 * step, step_size: span }).collect()
}

/// The label of a mark of a linear axis.
pub(crate) fn label(mark: GridMark, range: &RangeInclusive<f64>) -> String {
    let Some(step) = step(range.end() - range.start()) else { return String::new() };
    // A step of 2.5 has one digit more than its power of ten.
    let digits = (1.0 - step.log10().floor()).clamp(0.0, 12.0) as usize;
    let text = format!("{:.digits$}", mark.value);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let text = if text == "-0" { "0" } else { text };
    text.replace('-', "−")
}

fn step(span: f64) -> Option<f64> {
    if !(span.is_finite() && span > 0.0) {
        return None;
    }
    let most = span / MIN_STEPS;
    let power = 10f64.powf(most.log10().floor());
    STEPS.iter().map(|step| step * power).find(|step| *step <= most)
}

/// Greatest power of ten of a count.
const MAX_POWER: f64 = 15.0;

/// Marks of an axis of counts on a logarithmic scale, where a count `n` is at `log10(n + 1)`: zero and powers of ten, or, where there is
/// only one of these, smaller steps.
pub(crate) fn count_marks(input: &GridInput) -> Vec<GridMark> {
    let high = input.bounds.1;
    if !(high.is_finite() && high > 0.0) {
        return Vec::new();
    }
    // Bounds of an axis without bars may be anything.
    let most = 10f64.powf(high.min(MAX_POWER)) - 1.0;
    let powers = most.max(1.0).log10().floor() as u32 + 1;
    let counts: Vec<f64> = if powers > 1 {
        // One stands too near to zero for both to be labelled.
        (0..powers)
            .step_by(powers.div_ceil(MAX_POWERS) as usize)
            .skip(1)
            .map(|power| 10f64.powi(power as i32))
            .collect()
    } else {
        [1.0, 2.0, 5.0].into_iter().filter(|count| *count <= most).collect()
    };
    let at = |count: f64| GridMark { value: (count + 1.0).log10(), step_size: high };
    std::iter::once(0.0).chain(counts).map(at).collect()
}

/// The label of a mark of [`count_marks`].
pub(crate) fn count_label(mark: GridMark) -> String {
    let count = (10f64.powf(mark.value) - 1.0).round();
    match count {
        1e6.. => format!("{}M", count / 1e6),
        1e3.. => format!("{}k", count / 1e3),
        _ => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_of_any_bounds_has_marks_or_none() {
        for high in [0.0, 1.0, 30.0, 1e9, f64::MAX, f64::INFINITY, f64::NAN] {
            assert!(count_marks(&input(0.0, high)).len() < 12, "{high}");
        }
    }

    fn input(low: f64, high: f64) -> GridInput {
        GridInput { bounds: (low, high), base_step_size: 0.01 }
    }

    #[test]
    fn every_linear_axis_has_at_least_two_labels_and_not_too_many() {
        for (low, high) in
            [(0.0, 0.9), (-0.05, 1.04), (0.0, 7.3), (0.37, 0.39), (-3e4, 1e5), (0.0, 1e-7), (2.0, 51.0)]
        {
            let labels: Vec<String> =
                marks(&input(low, high)).into_iter().map(|m| label(m, &(low..=high))).collect();
            assert!((2..=5).contains(&labels.len()), "{low} to {high}: {labels:?}");
            let mut distinct = labels.clone();
            distinct.dedup();
            assert_eq!(distinct, labels, "{low} to {high}");
        }
        let of = |low: f64, high: f64| {
            marks(&input(low, high)).into_iter().map(|m| label(m, &(low..=high))).collect::<Vec<_>>()
        };
        assert_eq!(of(0.0, 0.9), ["0", "0.25", "0.5", "0.75"]);
        assert_eq!(of(-0.6, 1.1), ["−0.5", "0", "0.5", "1"]);
        assert_eq!(of(0.0, 51.0), ["0", "25", "50"]);
        assert!(marks(&input(1.0, 1.0)).is_empty() && marks(&input(0.0, f64::NAN)).is_empty());
    }

    #[test]
    fn counts_are_labelled_where_they_are() {
        let of = |most: f64| {
            count_marks(&input(0.0, (most + 1.0f64).log10())).into_iter().map(count_label).collect::<Vec<_>>()
        };
        assert_eq!(of(1.0), ["0", "1"]);
        assert_eq!(of(7.0), ["0", "1", "2", "5"]);
        assert_eq!(of(30.0), ["0", "10"]);
        assert_eq!(of(204_800.0), ["0", "100", "10k"]);
        assert_eq!(of(3e7), ["0", "100", "10k", "1M"]);
    }
}

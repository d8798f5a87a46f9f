//! An axis of a plot: which values it goes over, where a value lies, and which values are written.

/// The most values that are written along an axis.
const MOST_TICKS: f64 = 7.0;
/// What is free on each side of the values, as a share of their extent.
const FREE: f64 = 0.05;

/// How values are laid out along an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum PlotScale {
    /// In proportion.
    Linear,
    /// By their logarithm; values must be above 0.
    Log,
    /// A place for each name, from 0.
    Names(Vec<String>),
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotAxis {
    /// What its values are.
    pub title: String,
    /// How they are laid out.
    pub scale: PlotScale,
}

/// An axis with its values and its place in a figure.
#[derive(Clone, Debug)]
pub(super) struct PlacedAxis {
    scale: PlotScale,
    /// In logarithms, if it is of these.
    low: f64,
    high: f64,
    /// Pixels of the lowest and the highest value.
    from: f32,
    to: f32,
}

impl PlacedAxis {
    /// Over finite values, of which there must be one.
    pub(super) fn new(scale: &PlotScale, values: &[f64], from: f32, to: f32) -> Option<Self> {
        let scaled = |value: &f64| if *scale == PlotScale::Log { value.log10() } else { *value };
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.iter().map(scaled).filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            return None;
        }
        match scale {
            PlotScale::Names(names) => (low, high) = (-0.5, names.len() as f64 - 0.5),
            PlotScale::Linear | PlotScale::Log => {
                let free = if high > low { FREE * (high - low) } else { (0.1 * low.abs()).max(0.1) };
                (low, high) = (low - free, high + free);
            }
        }
        Some(Self { scale: scale.clone(), low, high, from, to })
    }

    pub(super) fn low(&self) -> f64 {
        self.low
    }

    pub(super) fn high(&self) -> f64 {
        self.high
    }

    /// The pixel of a value.
    pub(super) fn place(&self, value: f64) -> f32 {
        let value = if self.scale == PlotScale::Log { value.log10() } else { value };
        let share = (value - self.low) / (self.high - self.low);
        self.from + share as f32 * (self.to - self.from)
    }

    /// Pixels and words of what is written along it.
    pub(super) fn ticks(&self) -> Vec<(f32, String)> {
        match &self.scale {
            PlotScale::Names(names) => {
                names.iter().enumerate().map(|(at, name)| (self.place(at as f64), name.clone())).collect()
            }
            PlotScale::Linear => {
                let step = round_step((self.high - self.low) / MOST_TICKS);
                let (first, last) = ((self.low / step).ceil() as i64, (self.high / step).floor() as i64);
                let value = |at: i64| at as f64 * step;
                (first..=last).map(|at| (self.place(value(at)), tick_words(value(at), step))).collect()
            }
            PlotScale::Log => {
                // 1, 2 and 5 of each power of ten, or only 1 where these would be many.
                let factors: &[f64] = if self.high - self.low > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
                let powers = self.low.floor() as i32..=self.high.ceil() as i32;
                let all = powers.flat_map(|power| factors.iter().map(move |it| it * 10f64.powi(power)));
                let shown = all.filter(|value| (self.low..=self.high).contains(&value.log10()));
                shown.map(|value| (self.place(value), tick_words(value, value))).collect()
            }
        }
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that isn't below a step.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let found = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    found.unwrap_or(10.0) * power
}

/// A value with as many decimals as a step has, and a true minus sign.
pub(super) fn tick_words(value: f64, step: f64) -> String {
    let decimals = (-step.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    let words = format!("{value:.decimals$}");
    match words.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(scale: &PlotScale, values: &[f64]) -> Vec<String> {
        PlacedAxis::new(scale, values, 0.0, 100.0).unwrap().ticks().into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn ticks_are_round_and_lie_where_their_values_do() {
        assert_eq!(words(&PlotScale::Linear, &[-0.31, 0.42]), ["−0.2", "0.0", "0.2", "0.4"]);
        assert_eq!(
            words(&PlotScale::Linear, &[1000.0, 4000.0]),
            ["1000", "1500", "2000", "2500", "3000", "3500", "4000"]
        );
        assert_eq!(words(&PlotScale::Log, &[3.0, 300.0]), ["5", "10", "20", "50", "100", "200"]);
        let axis = PlacedAxis::new(&PlotScale::Log, &[1.0, 100.0], 0.0, 100.0).unwrap();
        assert!((axis.place(10.0) - 50.0).abs() < 1e-4);
        assert!(PlacedAxis::new(&PlotScale::Linear, &[f64::NAN], 0.0, 1.0).is_none());
        assert_eq!(words(&PlotScale::Names(vec!["a".into(), "b".into()]), &[0.0, 1.0]), ["a", "b"]);
        assert!(!words(&PlotScale::Linear, &[5.0]).is_empty(), "one value has an axis too");
    }
}

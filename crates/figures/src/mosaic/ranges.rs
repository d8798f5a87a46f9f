//! Computes the ranges of values that the colours span, from a normalisation and a layer.
//!
//! Where all values of a group (a channel, a location or the layer) are zero or equal, to within the thresholds of `tensor`, the group
//! has no range: it is dead or constant. So rounding residue is never stretched over the whole colour map.

use super::Normalisation;
use crate::tensor::{Activation, CONSTANT_SHARE, ChannelKind, ChannelStats, DEAD_SHARE, LayerStats};

/// The values at the two ends of a colour map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueRange {
    /// The value of the lowest colour.
    pub low: f32,
    /// The value of the highest colour.
    pub high: f32,
}

impl ValueRange {
    fn symmetric(self) -> Self {
        let reach = self.low.abs().max(self.high.abs());
        Self { low: -reach, high: reach }
    }

    fn with(self, value: f32) -> Self {
        Self { low: self.low.min(value), high: self.high.max(value) }
    }
}

impl std::fmt::Display for ValueRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} … {}", format_value(self.low), format_value(self.high))
    }
}

/// The ranges a mosaic was made with, to be shown and recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RangeUsed {
    /// One range for every value.
    Shared(ValueRange),
    /// A range for each channel; this is the range that contains them all.
    PerChannel(ValueRange),
    /// A range for each location; this is the range that contains them all.
    PerLocation(ValueRange),
}

impl RangeUsed {
    /// The shared range, or the one that contains all the others.
    pub const fn outer(self) -> ValueRange {
        match self {
            Self::Shared(range) | Self::PerChannel(range) | Self::PerLocation(range) => range,
        }
    }

    /// Whether a colour means the same value everywhere in the mosaic.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Shared(_))
    }
}

impl std::fmt::Display for RangeUsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Shared(range) => range.fmt(f),
            Self::PerChannel(range) => write!(f, "per channel, within {range}"),
            Self::PerLocation(range) => write!(f, "per location, within {range}"),
        }
    }
}

/// How a group of values is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Span {
    Range(ValueRange),
    Dead,
    Constant,
    /// No finite value.
    Broken,
}

/// The span of each group of values.
#[derive(Debug)]
pub(super) enum Ranges {
    Shared(Span),
    /// One per channel.
    PerChannel(Vec<Span>),
    /// One per location in the map, row-major.
    PerLocation(Vec<Span>),
}

impl Ranges {
    /// The ranges of a layer. `centred` widens every range except a fixed one to be symmetric about zero.
    pub(super) fn of(
        activation: &Activation,
        stats: &LayerStats,
        normalisation: Normalisation,
        centred: bool,
    ) -> Self {
        let whole = ValueRange { low: stats.min, high: stats.max };
        let largest = stats.min.abs().max(stats.max.abs());
        let span = |range: Option<ValueRange>| match range {
            None => Span::Broken,
            Some(range) if range.low.abs().max(range.high.abs()) <= DEAD_SHARE * largest => Span::Dead,
            Some(range) if range.high - range.low <= CONSTANT_SHARE * largest => Span::Constant,
            Some(range) if centred => Span::Range(range.symmetric()),
            Some(range) => Span::Range(range),
        };
        match normalisation {
            Normalisation::Channel => {
                let of_channel = |(channel, own): (usize, &ChannelStats)| {
                    // Only a channel with NaN or infinities can lack a finite value.
                    let broken = matches!(own.kind, ChannelKind::Nan | ChannelKind::Infinite)
                        && !activation.channel(channel).iter().any(|value| value.is_finite());
                    span((!broken).then_some(ValueRange { low: own.min, high: own.max }))
                };
                Self::PerChannel(stats.channels.iter().enumerate().map(of_channel).collect())
            }
            Normalisation::Location => {
                Self::PerLocation(location_ranges(activation).into_iter().map(span).collect())
            }
            Normalisation::Layer => Self::Shared(span(Some(whole))),
            Normalisation::Percentile { low, high } => {
                let inner = percentiles(activation.values(), low, high);
                Self::Shared(match span(inner) {
                    Span::Range(range) => Span::Range(range),
                    Span::Dead | Span::Constant | Span::Broken => span(Some(whole)),
                })
            }
            Normalisation::Fixed { low, high } => Self::Shared(Span::Range(ValueRange { low, high })),
            Normalisation::Symmetric => Self::Shared(match span(Some(whole)) {
                Span::Range(range) => Span::Range(range.symmetric()),
                flat @ (Span::Dead | Span::Constant | Span::Broken) => flat,
            }),
        }
    }

    /// Index of the span that a value belongs to, in [`spans`](Self::spans).
    pub(super) const fn at(&self, channel: usize, cell: usize) -> usize {
        match self {
            Self::Shared(_) => 0,
            Self::PerChannel(_) => channel,
            Self::PerLocation(_) => cell,
        }
    }

    /// All spans: one, or one per channel or location.
    pub(super) fn spans(&self) -> &[Span] {
        match self {
            Self::Shared(span) => std::slice::from_ref(span),
            Self::PerChannel(spans) | Self::PerLocation(spans) => spans,
        }
    }

    /// These ranges in their public form. Where no group has a range, it is the layer's smallest to its largest value.
    pub(super) fn used(&self, stats: &LayerStats) -> RangeUsed {
        let outer = self
            .spans()
            .iter()
            .filter_map(|span| match span {
                Span::Range(range) => Some(*range),
                Span::Dead | Span::Constant | Span::Broken => None,
            })
            .reduce(|all, range| all.with(range.low).with(range.high))
            .unwrap_or(ValueRange { low: stats.min, high: stats.max });
        match self {
            Self::Shared(_) => RangeUsed::Shared(outer),
            Self::PerChannel(_) => RangeUsed::PerChannel(outer),
            Self::PerLocation(_) => RangeUsed::PerLocation(outer),
        }
    }
}

/// The range of the finite values at each location, over all channels.
fn location_ranges(activation: &Activation) -> Vec<Option<ValueRange>> {
    let shape = activation.shape();
    let mut ranges = vec![None; shape.plane()];
    for channel in 0..shape.channels {
        for (range, &value) in ranges.iter_mut().zip(activation.channel(channel)) {
            if value.is_finite() {
                let lone = ValueRange { low: value, high: value };
                *range = Some(range.map_or(lone, |r: ValueRange| r.with(value)));
            }
        }
    }
    ranges
}

/// Two percentiles of the finite values, linearly interpolated between ranks (numpy's default).
fn percentiles(values: &[f32], low: f64, high: f64) -> Option<ValueRange> {
    let mut finite: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let last = finite.len().checked_sub(1)?;
    let mut at = |percent: f64| {
        let rank = percent / 100.0 * last as f64;
        let below = (rank.floor() as usize).min(last);
        let (_, &mut lower, above) = finite.select_nth_unstable_by(below, f32::total_cmp);
        let upper = above.iter().copied().reduce(f32::min).unwrap_or(lower);
        (f64::from(lower) + (f64::from(upper) - f64::from(lower)) * (rank - below as f64)) as f32
    };
    Some(ValueRange { low: at(low), high: at(high) })
}

/// A value as text to show: four significant digits without trailing zeros (all digits before the decimal point), or a power of ten
/// for a very small or large value; with a true minus sign.
pub fn format_value(value: f32) -> String {
    let magnitude = value.abs();
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN".into()
        } else if value > 0.0 {
            "∞".into()
        } else {
            "−∞".into()
        };
    }
    let text = if magnitude == 0.0 {
        "0".into()
    } else if (1e-3..1e5).contains(&magnitude) {
        let decimals = (3 - magnitude.log10().floor() as i32).max(0) as usize;
        let fixed = format!("{magnitude:.decimals$}");
        if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.').to_owned() } else { fixed }
    } else {
        format!("{magnitude:.2e}")
    };
    if value < 0.0 { format!("−{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::MapShape;

    fn ranges(values: &[f32], channels: usize, normalisation: Normalisation, centred: bool) -> Ranges {
        let shape = MapShape::new(channels, 1, values.len() / channels);
        let activation = Activation::new("t", shape, values.to_vec()).unwrap();
        Ranges::of(&activation, &LayerStats::of(&activation), normalisation, centred)
    }

    fn range(low: f32, high: f32) -> Span {
        Span::Range(ValueRange { low, high })
    }

    #[test]
    fn each_normalisation_spans_its_own_group() {
        let values = [0.0, 2.0, -4.0, 8.0, f32::NAN, f32::INFINITY];
        let spans = |normalisation, centred| ranges(&values, 3, normalisation, centred).spans().to_vec();
        assert_eq!(spans(Normalisation::Channel, false)[..2], [range(0.0, 2.0), range(-4.0, 8.0)]);
        assert_eq!(spans(Normalisation::Channel, true)[..2], [range(-2.0, 2.0), range(-8.0, 8.0)]);
        assert_eq!(spans(Normalisation::Location, false), [range(-4.0, 0.0), range(2.0, 8.0)]);
        assert_eq!(spans(Normalisation::Layer, false), [range(-4.0, 8.0)]);
        assert_eq!(spans(Normalisation::Layer, true), [range(-8.0, 8.0)]);
        assert_eq!(spans(Normalisation::Symmetric, false), [range(-8.0, 8.0)]);
        let fixed = Normalisation::Fixed { low: 0.0, high: 6.0 };
        assert_eq!(spans(fixed, true), [range(0.0, 6.0)], "a fixed range stays as it was given");
        let percentile = Normalisation::Percentile { low: 50.0, high: 100.0 };
        assert_eq!(spans(percentile, false), [range(1.0, 8.0)]);
    }

    #[test]
    fn percentiles_that_fall_on_one_value_give_the_global_range() {
        let mut sparse = vec![0.0; 1000];
        sparse[7] = 3.0;
        assert_eq!(ranges(&sparse, 1, Normalisation::DEFAULT_PERCENTILES, false).spans(), [range(0.0, 3.0)]);
    }

    #[test]
    fn groups_without_a_range_are_told_apart() {
        let values = [5.0, 5.0, 1e-9, -1e-9, f32::NAN, f32::NAN, 0.0, 5.0 + 1e-7];
        let spans = ranges(&values, 4, Normalisation::Channel, true);
        assert_eq!(spans.spans(), [Span::Constant, Span::Dead, Span::Broken, range(-5.0, 5.0)]);
        let broken = ranges(&[f32::NAN, 1.0, f32::NAN, 2.0], 2, Normalisation::Location, false);
        assert_eq!(broken.spans(), [Span::Broken, range(1.0, 2.0)]);
        let zeros = ranges(&[0.0; 6], 2, Normalisation::Symmetric, false);
        assert_eq!(zeros.spans(), [Span::Dead]);
    }

    #[test]
    fn values_are_printed_for_people() {
        let table = [
            (0.0, "0"),
            (-0.0, "0"),
            (3.108_121_4, "3.108"),
            (-30.156_946, "−30.16"),
            (6.0, "6"),
            (1234.5, "1234"),
            (100.0, "100"),
            (0.001_5, "0.0015"),
            (1.5e-9, "1.50e-9"),
            (-2e7, "−2.00e7"),
            (f32::NEG_INFINITY, "−∞"),
        ];
        for (value, text) in table {
            assert_eq!(format_value(value), text);
        }
    }
}

//! Ways to choose the range of values that a colour map spans. `ranges` computes the ranges of a layer from them.

use std::{fmt, str::FromStr};

use super::MosaicLayout;

/// Which values share a range. Ranges are computed from finite values only. With a diverging colour map, every range except a fixed one
/// is widened to be symmetric about zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Normalisation {
    /// Each channel from its own smallest to its own largest value.
    #[default]
    Channel,
    /// Each location from its smallest to its largest value over all channels.
    Location,
    /// All values from the layer's smallest to its largest value.
    Layer,
    /// All values between two percentiles of the layer's values, linearly interpolated between ranks; 0 ≤ low < high ≤ 100. Where both
    /// percentiles are the same value (most values of a sparse layer are zero), the range of the whole layer is used instead.
    Percentile {
        /// The lower percentile.
        low: f64,
        /// The upper percentile.
        high: f64,
    },
    /// The given range, unchanged, so that several pictures can have the same colour scale. Values outside it get the end colours.
    Fixed {
        /// Lower end.
        low: f32,
        /// Upper end.
        high: f32,
    },
    /// All values from minus to plus the layer's largest magnitude.
    Symmetric,
}

impl Normalisation {
    /// The normalisation to use for one channel by itself: a range per location would need the other channels, so it becomes a range
    /// per channel.
    #[must_use]
    pub fn for_one_channel(self) -> Self {
        if self == Self::Location { Self::Channel } else { self }
    }

    /// The normalisation to use for other pictures as well: a fixed range, which was chosen for one picture, becomes the usual
    /// normalisation of the layout.
    #[must_use]
    pub fn for_any_picture(self, layout: MosaicLayout) -> Self {
        if matches!(self, Self::Fixed { .. }) { Self::usual_for(layout) } else { self }
    }

    /// The percentiles used where `percentile` is given without numbers.
    pub const DEFAULT_PERCENTILES: Self = Self::Percentile { low: 1.0, high: 99.0 };

    /// The default normalisation of a layout: each tile has its own range, whether a tile is a channel or a location. So the locations
    /// layout reproduces the figure of the 2017 article, which scaled the patch of each location by itself.
    pub const fn usual_for(layout: MosaicLayout) -> Self {
        match layout {
            MosaicLayout::Channels => Self::Channel,
            MosaicLayout::Locations => Self::Location,
        }
    }

    /// The normalisation in words, for a caption.
    pub fn describe(self) -> String {
        match self {
            Self::Channel => "each channel by its own range".into(),
            Self::Location => "each location by its own range".into(),
            Self::Layer => "one range for the whole layer".into(),
            Self::Percentile { low, high } => format!("percentiles {low} to {high}"),
            Self::Fixed { .. } => "fixed range".into(),
            Self::Symmetric => "symmetric range".into(),
        }
    }
}

impl fmt::Display for Normalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel => f.pad("channel"),
            Self::Location => f.pad("location"),
            Self::Layer => f.pad("layer"),
            Self::Percentile { low, high } => write!(f, "percentile:{low},{high}"),
            Self::Fixed { low, high } => write!(f, "fixed:{low},{high}"),
            Self::Symmetric => f.pad("symmetric"),
        }
    }
}

/// Text that names no normalisation, or whose numbers are not a valid range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownNormalisation {
    /// No such name.
    #[error(
        "unknown normalization `{0}`; expected channel, location, layer, percentile[:LOW,HIGH], fixed:LOW,HIGH or symmetric"
    )]
    Name(String),
    /// Two numbers are needed.
    #[error("normalization `{0}`: expected two numbers after the colon, such as `{1}`")]
    Numbers(String, &'static str),
    /// Numbers that are not percentiles in ascending order.
    #[error("normalization `{0}`: expected 0 ≤ LOW < HIGH ≤ 100")]
    Percentiles(String),
    /// A fixed range that is empty or not finite.
    #[error("normalization `{0}`: expected finite numbers with LOW < HIGH")]
    Fixed(String),
}

impl FromStr for Normalisation {
    type Err = UnknownNormalisation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, numbers) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let owned = || text.to_owned();
        match (name, numbers) {
            // The second name is the one used by earlier versions, in commands and records.
            ("channel" | "filter", None) => Ok(Self::Channel),
            ("location" | "cell", None) => Ok(Self::Location),
            ("layer" | "global", None) => Ok(Self::Layer),
            ("symmetric", None) => Ok(Self::Symmetric),
            ("percentile", None) => Ok(Self::DEFAULT_PERCENTILES),
            ("percentile", Some(numbers)) => {
                let (low, high) = pair::<f64>(numbers)
                    .ok_or_else(|| UnknownNormalisation::Numbers(owned(), "percentile:1,99"))?;
                if 0.0 <= low && low < high && high <= 100.0 {
                    Ok(Self::Percentile { low, high })
                } else {
                    Err(UnknownNormalisation::Percentiles(owned()))
                }
            }
            ("fixed", numbers) => {
                let (low, high) = numbers
                    .and_then(pair::<f32>)
                    .ok_or_else(|| UnknownNormalisation::Numbers(owned(), "fixed:0,6"))?;
                if low.is_finite() && high.is_finite() && low < high {
                    Ok(Self::Fixed { low, high })
                } else {
                    Err(UnknownNormalisation::Fixed(owned()))
                }
            }
            _ => Err(UnknownNormalisation::Name(owned())),
        }
    }
}

fn pair<T: FromStr>(text: &str) -> Option<(T, T)> {
    let (low, high) = text.split_once(',')?;
    Some((low.trim().parse().ok()?, high.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_earlier_versions_are_read() {
        for (before, now) in [
            ("filter", Normalisation::Channel),
            ("cell", Normalisation::Location),
            ("global", Normalisation::Layer),
        ] {
            assert_eq!(before.parse(), Ok(now));
        }
    }

    #[test]
    fn every_normalisation_is_read_as_it_is_printed() {
        let all = [
            ("channel", Normalisation::Channel),
            ("location", Normalisation::Location),
            ("layer", Normalisation::Layer),
            ("percentile:1,99", Normalisation::DEFAULT_PERCENTILES),
            ("percentile:0.5,100", Normalisation::Percentile { low: 0.5, high: 100.0 }),
            ("fixed:-1.5,6", Normalisation::Fixed { low: -1.5, high: 6.0 }),
            ("symmetric", Normalisation::Symmetric),
        ];
        for (text, normalisation) in all {
            assert_eq!(text.parse(), Ok(normalisation));
            assert_eq!(normalisation.to_string(), text);
        }
        assert_eq!("percentile".parse(), Ok(Normalisation::DEFAULT_PERCENTILES));
        assert_eq!("fixed: 0, 1".parse(), Ok(Normalisation::Fixed { low: 0.0, high: 1.0 }));
    }

    #[test]
    fn bad_normalisations_say_what_was_expected() {
        let table = [
            (
                "channels",
                "unknown normalization `channels`; expected channel, location, layer, percentile[:LOW,HIGH], fixed:LOW,HIGH or symmetric",
            ),
            (
                "layer:0,1",
                "unknown normalization `layer:0,1`; expected channel, location, layer, percentile[:LOW,HIGH], fixed:LOW,HIGH or symmetric",
            ),
            ("fixed", "normalization `fixed`: expected two numbers after the colon, such as `fixed:0,6`"),
            ("fixed:1", "normalization `fixed:1`: expected two numbers after the colon, such as `fixed:0,6`"),
            (
                "percentile:a,b",
                "normalization `percentile:a,b`: expected two numbers after the colon, such as `percentile:1,99`",
            ),
            ("percentile:99,1", "normalization `percentile:99,1`: expected 0 ≤ LOW < HIGH ≤ 100"),
            ("percentile:nan,1", "normalization `percentile:nan,1`: expected 0 ≤ LOW < HIGH ≤ 100"),
            ("percentile:0,101", "normalization `percentile:0,101`: expected 0 ≤ LOW < HIGH ≤ 100"),
            ("fixed:2,2", "normalization `fixed:2,2`: expected finite numbers with LOW < HIGH"),
            ("fixed:0,inf", "normalization `fixed:0,inf`: expected finite numbers with LOW < HIGH"),
        ];
        for (text, message) in table {
            assert_eq!(text.parse::<Normalisation>().unwrap_err().to_string(), message);
        }
    }
}

//! Colour maps: from a place in a range of values to a colour.
//!
//! Sequential maps have the 256 steps of the published tables. Diverging ones have 257, so that zero falls on the middle step and not
//! between two. The tables come from the crate `colorous`: matplotlib's magma, inferno, plasma and viridis (to within one 8-bit step),
//! d3's polynomials for cividis and turbo, `ColorBrewer`'s eleven classes for the diverging maps.

use std::{fmt, str::FromStr};

use crate::tensor::{LayerStats, nearest_names};

/// A colour map. The name of a diverging one names the colours of its ends, low end first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColourMap {
    /// Black through purple and orange to pale yellow.
    Magma,
    /// Black through red and orange to yellow.
    Inferno,
    /// Blue through magenta to yellow.
    Plasma,
    /// Purple through green to yellow.
    Viridis,
    /// Blue through grey to yellow; looks the same to colour-blind people.
    Cividis,
    /// A rainbow with even steps.
    Turbo,
    /// Black to white.
    Greys,
    /// Diverging: blue, near-white at zero, red (`ColorBrewer`'s `RdBu` reversed).
    BlueRed,
    /// Diverging: purple, near-white at zero, green (`PRGn`).
    PurpleGreen,
    /// Diverging: brown, near-white at zero, teal (`BrBG`).
    BrownTeal,
}

impl ColourMap {
    /// All of them, in the order they are listed to users.
    pub const ALL: [Self; 10] = [
        Self::Magma,
        Self::Inferno,
        Self::Plasma,
        Self::Viridis,
        Self::Cividis,
        Self::Turbo,
        Self::Greys,
        Self::BlueRed,
        Self::PurpleGreen,
        Self::BrownTeal,
    ];

    /// The name to type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Magma => "magma",
            Self::Inferno => "inferno",
            Self::Plasma => "plasma",
            Self::Viridis => "viridis",
            Self::Cividis => "cividis",
            Self::Turbo => "turbo",
            Self::Greys => "greys",
            Self::BlueRed => "blue-red",
            Self::PurpleGreen => "purple-green",
            Self::BrownTeal => "brown-teal",
        }
    }

    /// Whether the map has a neutral middle; the middle always means zero, except with a fixed range.
    pub const fn is_diverging(self) -> bool {
        matches!(self, Self::BlueRed | Self::PurpleGreen | Self::BrownTeal)
    }

    /// Every step of the map as opaque RGBA, low to high: 256 steps, 257 for a diverging map.
    pub fn table(self) -> Vec<[u8; 4]> {
        match self {
            Self::Magma => sequential(colorous::MAGMA),
            Self::Inferno => sequential(colorous::INFERNO),
            Self::Plasma => sequential(colorous::PLASMA),
            Self::Viridis => sequential(colorous::VIRIDIS),
            Self::Cividis => sequential(colorous::CIVIDIS),
            Self::Turbo => sequential(colorous::TURBO),
            Self::Greys => (0..=u8::MAX).map(|level| [level, level, level, u8::MAX]).collect(),
            Self::BlueRed => diverging(colorous::RED_BLUE, true),
            Self::PurpleGreen => diverging(colorous::PURPLE_GREEN, false),
            Self::BrownTeal => diverging(colorous::BROWN_GREEN, false),
        }
    }
}

impl fmt::Display for ColourMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

fn sequential(gradient: colorous::Gradient) -> Vec<[u8; 4]> {
    (0..256).map(|step| opaque(gradient.eval_rational(step, 256))).collect()
}

/// Interpolates the eleven classes linearly, as matplotlib does. d3's spline, which `colorous` would use, doesn't pass exactly through
/// the middle class and so would tint zero.
fn diverging(gradient: colorous::Gradient, reversed: bool) -> Vec<[u8; 4]> {
    const STEPS: usize = 256;
    let class = |i: usize| opaque(gradient.eval_rational(if reversed { 10 - i } else { i }, 11));
    (0..=STEPS)
        .map(|step| {
            // In units of 1/256 of a class, so that the arithmetic is exact.
            let along = step * 10;
            let (below, share) = ((along / STEPS).min(9), along - (along / STEPS).min(9) * STEPS);
            let (low, high) = (class(below), class(below + 1));
            std::array::from_fn(|i| {
                let mixed = usize::from(low[i]) * (STEPS - share) + usize::from(high[i]) * share;
                ((mixed + STEPS / 2) / STEPS) as u8
            })
        })
        .collect()
}

fn opaque(colour: colorous::Color) -> [u8; 4] {
    [colour.r, colour.g, colour.b, u8::MAX]
}

/// Which colour map to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColourChoice {
    /// [`ColourMap::BlueRed`] for a layer with negative values, otherwise [`ColourMap::Magma`], which shows zero as black and so sparse
    /// maps as light on dark.
    #[default]
    Auto,
    /// The given map.
    Map(ColourMap),
}

impl ColourChoice {
    /// The colour map to use for a layer with these statistics.
    pub fn resolve(self, stats: &LayerStats) -> ColourMap {
        match self {
            Self::Map(map) => map,
            Self::Auto if stats.is_signed() => ColourMap::BlueRed,
            Self::Auto => ColourMap::Magma,
        }
    }
}

impl fmt::Display for ColourChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Map(map) => map.fmt(f),
        }
    }
}

/// Text that is not the name of a colour map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown colour map `{asked}`; {}", self.hint())]
pub struct UnknownColourMap {
    /// What was typed.
    pub asked: String,
}

impl UnknownColourMap {
    fn hint(&self) -> String {
        let quoted = |names: &[&str]| names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        let names: Vec<&str> = std::iter::once("auto").chain(ColourMap::ALL.map(ColourMap::name)).collect();
        match nearest_names(&self.asked, names.iter().copied(), 2)[..] {
            [] => format!("expected one of {}", quoted(&names)),
            ref near => format!("did you mean {}?", quoted(near)),
        }
    }
}

impl FromStr for ColourMap {
    type Err = UnknownColourMap;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let asked = text.to_lowercase();
        // Other common spellings of "greys".
        if ["grey", "gray", "grays"].contains(&asked.as_str()) {
            return Ok(Self::Greys);
        }
        Self::ALL
            .into_iter()
            .find(|map| map.name() == asked)
            .ok_or_else(|| UnknownColourMap { asked: text.to_owned() })
    }
}

impl FromStr for ColourChoice {
    type Err = UnknownColourMap;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::Map) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First, middle (step 128) and last colour as matplotlib publishes them in `_cm_listed.py`, to 8 bits.
    #[test]
    fn listed_maps_agree_with_the_published_tables() {
        let table = [
            (ColourMap::Magma, [0x00_0004, 0xb7_3779, 0xfc_fdbf]),
            (ColourMap::Inferno, [0x00_0004, 0xbc_3754, 0xfc_ffa4]),
            (ColourMap::Plasma, [0x0d_0887, 0xcc_4778, 0xf0_f921]),
            (ColourMap::Viridis, [0x44_0154, 0x21_918c, 0xfd_e725]),
        ];
        for (map, anchors) in table {
            let steps = map.table();
            assert_eq!(steps.len(), 256);
            for (step, anchor) in [0, 128, 255].into_iter().zip(anchors) {
                let expected = rgb(anchor);
                for i in 0..3 {
                    let off = steps[step][i].abs_diff(expected[i]);
                    assert!(off <= 1, "{map} step {step}: {:?}, published {expected:?}", steps[step]);
                }
            }
        }
    }

    /// d3 fits polynomials to these two; matplotlib's ends are the anchors, with the fit's distance as tolerance.
    #[test]
    fn fitted_maps_lie_near_the_published_ends() {
        for (map, low, high, tolerance) in
            [(ColourMap::Cividis, 0x00_224e, 0xfe_e838, 20), (ColourMap::Turbo, 0x30_123b, 0x7a_0403, 40)]
        {
            let steps = map.table();
            for (got, anchor) in [(steps[0], low), (steps[255], high)] {
                let expected = rgb(anchor);
                for i in 0..3 {
                    assert!(
                        got[i].abs_diff(expected[i]) <= tolerance,
                        "{map}: {got:?}, published {expected:?}"
                    );
                }
            }
        }
    }

    /// `ColorBrewer`'s eleven classes: ends and neighbours of the middle (class 4 lies at 102.4 of 256 steps).
    #[test]
    fn diverging_maps_pass_through_the_published_classes() {
        let table = [
            (ColourMap::BlueRed, [0x05_3061, 0xf7_f7f7, 0x67_001f]),
            (ColourMap::PurpleGreen, [0x40_004b, 0xf7_f7f7, 0x00_441b]),
            (ColourMap::BrownTeal, [0x54_3005, 0xf5_f5f5, 0x00_3c30]),
        ];
        for (map, anchors) in table {
            let steps = map.table();
            assert_eq!(steps.len(), 257);
            for (step, anchor) in [0, 128, 256].into_iter().zip(anchors) {
                assert_eq!(steps[step][..3], rgb(anchor), "{map} step {step}");
            }
        }
        // Step 64 lies halfway between 0x4393c3 and 0x92c5de.
        assert_eq!(ColourMap::BlueRed.table()[64][..3], [0x6b, 0xac, 0xd1]);
    }

    #[test]
    fn names_are_read_and_the_unknown_gets_the_nearest() {
        for map in ColourMap::ALL {
            assert_eq!(map.to_string().parse(), Ok(map));
            assert!(map.table().iter().all(|colour| colour[3] == 255));
        }
        assert_eq!("Gray".parse(), Ok(ColourMap::Greys));
        assert_eq!("auto".parse(), Ok(ColourChoice::Auto));
        assert_eq!("VIRIDIS".parse(), Ok(ColourChoice::Map(ColourMap::Viridis)));
        let message = |text: &str| text.parse::<ColourMap>().unwrap_err().to_string();
        assert_eq!(message("magam"), "unknown colour map `magam`; did you mean `magma`?");
        assert_eq!(
            message("zzz"),
            "unknown colour map `zzz`; expected one of `auto`, `magma`, `inferno`, `plasma`, `viridis`, `cividis`, `turbo`, `greys`, \
             `blue-red`, `purple-green`, `brown-teal`"
        );
    }

    fn rgb(hex: u32) -> [u8; 3] {
        [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]
    }
}

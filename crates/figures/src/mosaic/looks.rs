//! Looks outside the colour maps: dead, constant, broken and missing channels, and the paper (background) of a figure.

use std::{fmt, str::FromStr};

/// The background that a figure is drawn on, with the colours of text and lines that go with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Paper {
    /// Dark text on white, for print.
    #[default]
    Light,
    /// Light text on near-black, for slides and screens.
    Dark,
}

impl Paper {
    /// Both, in the order they are listed to users.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// The name to type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Background colour.
    pub const fn ground(self) -> [u8; 4] {
        match self {
            Self::Light => [255, 255, 255, 255],
            Self::Dark => [22, 22, 26, 255],
        }
    }

    /// Colour of the gaps between tiles. It is not an end of any colour map, so that a bright value at a tile's edge doesn't merge with
    /// the gap.
    pub const fn gap(self) -> [u8; 4] {
        match self {
            Self::Light => [186, 190, 200, 255],
            Self::Dark => [22, 22, 26, 255],
        }
    }

    /// Text colour of titles.
    pub const fn ink(self) -> [u8; 4] {
        match self {
            Self::Light => [16, 16, 20, 255],
            Self::Dark => [240, 240, 244, 255],
        }
    }

    /// Text colour of everything less prominent than a title.
    pub const fn quiet_ink(self) -> [u8; 4] {
        match self {
            Self::Light => [72, 72, 80, 255],
            Self::Dark => [178, 178, 188, 255],
        }
    }

    /// Colour of frames and tick marks.
    pub const fn line(self) -> [u8; 4] {
        match self {
            Self::Light => [140, 140, 148, 255],
            Self::Dark => [112, 112, 122, 255],
        }
    }

    /// Colour of a place of the grid without a channel.
    pub const fn blank(self) -> [u8; 4] {
        match self {
            Self::Light => [232, 232, 226, 255],
            Self::Dark => [58, 48, 34, 255],
        }
    }
}

impl fmt::Display for Paper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Text that is not the name of a paper.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown paper `{0}`; expected `light` or `dark`")]
pub struct UnknownPaper(pub String);

impl FromStr for Paper {
    type Err = UnknownPaper;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|p| p.name() == text).ok_or_else(|| UnknownPaper(text.to_owned()))
    }
}

/// Whether the tiles of dead channels are hatched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeadLook {
    /// Hatched on light paper, which is for print; flat on dark paper, where the flat colour is told apart from a map's black without a
    /// pattern that competes with the maps.
    #[default]
    Auto,
    /// Always hatched.
    Hatched,
    /// Never hatched.
    Flat,
}

impl DeadLook {
    /// All, in the order they are listed to users.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Hatched, Self::Flat];

    /// The name to type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Hatched => "hatched",
            Self::Flat => "flat",
        }
    }

    /// Whether dead tiles are hatched on this paper.
    const fn is_hatched(self, paper: Paper) -> bool {
        match self {
            Self::Auto => matches!(paper, Paper::Light),
            Self::Hatched => true,
            Self::Flat => false,
        }
    }
}

impl fmt::Display for DeadLook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Text that is not the name of a look of dead channels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown look of dead channels `{0}`; expected `auto`, `hatched` or `flat`")]
pub struct UnknownDeadLook(pub String);

impl FromStr for DeadLook {
    type Err = UnknownDeadLook;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|look| look.name() == text).ok_or_else(|| UnknownDeadLook(text.to_owned()))
    }
}

/// A look that means something other than a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpecialLook {
    /// Zeros only, apart from rounding residue: dark slate, hatched as [`DeadLook`] says where it fills a tile.
    Dead,
    /// One value everywhere, where a range of values was needed: a slightly warm mid grey.
    Constant,
    /// NaN: magenta.
    Nan,
    /// Plus or minus infinity: cyan.
    Infinite,
    /// A place of the grid without a channel: a shade close to the paper's, with a diagonal line where it fills a tile.
    Blank,
}

impl SpecialLook {
    /// The label in a legend.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Constant => "constant",
            Self::Nan => "NaN",
            Self::Infinite => "infinite",
            Self::Blank => "no channel",
        }
    }

    /// The flat colour.
    pub const fn colour(self, paper: Paper) -> [u8; 4] {
        match self {
            Self::Dead => [17, 21, 28, 255],
            Self::Constant => [134, 128, 122, 255],
            Self::Nan => [255, 0, 255, 255],
            Self::Infinite => [0, 255, 255, 255],
            Self::Blank => paper.blank(),
        }
    }

    /// The colour of the pixel at (x, y) of a whole tile that has this look.
    pub const fn tile_colour(self, paper: Paper, dead: DeadLook, x: u32, y: u32) -> [u8; 4] {
        match self {
            Self::Dead if dead.is_hatched(paper) && (x + y) % 4 == 3 => [32, 39, 51, 255],
            Self::Blank if x == y => paper.line(),
            Self::Dead | Self::Constant | Self::Nan | Self::Infinite | Self::Blank => self.colour(paper),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::ColourMap;

    const ALL: [SpecialLook; 5] = [
        SpecialLook::Dead,
        SpecialLook::Constant,
        SpecialLook::Nan,
        SpecialLook::Infinite,
        SpecialLook::Blank,
    ];

    #[test]
    fn no_look_is_a_colour_of_any_map_or_of_another_look() {
        for paper in Paper::ALL {
            for (i, look) in ALL.into_iter().enumerate() {
                let colour = look.colour(paper);
                for other in &ALL[i + 1..] {
                    assert!(distance(colour, other.colour(paper)) > 40, "{look:?} and {other:?}");
                }
                for map in ColourMap::ALL {
                    for step in map.table() {
                        assert_ne!(step, colour, "{look:?} is a colour of {map}");
                    }
                }
            }
        }
    }

    #[test]
    fn dead_tiles_are_hatched_for_print_or_as_chosen() {
        let is_hatched = |paper, dead| {
            let colours: Vec<_> = (0..4).map(|x| SpecialLook::Dead.tile_colour(paper, dead, x, 0)).collect();
            colours.iter().any(|colour| *colour != colours[0])
        };
        let of = |dead| Paper::ALL.map(|paper| is_hatched(paper, dead));
        assert_eq!(of(DeadLook::Auto), [true, false], "light, dark");
        assert_eq!((of(DeadLook::Hatched), of(DeadLook::Flat)), ([true, true], [false, false]));
        for look in DeadLook::ALL {
            assert_eq!(look.to_string().parse(), Ok(look));
        }
    }

    #[test]
    fn papers_are_read_as_they_are_printed() {
        for paper in Paper::ALL {
            assert_eq!(paper.to_string().parse(), Ok(paper));
        }
        let message = "unknown paper `white`; expected `light` or `dark`";
        assert_eq!("white".parse::<Paper>().unwrap_err().to_string(), message);
    }

    fn distance(a: [u8; 4], b: [u8; 4]) -> u32 {
        a.iter().zip(b).map(|(x, y)| u32::from(x.abs_diff(y))).sum()
    }
}

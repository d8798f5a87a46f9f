//! The two ways to lay out a layer, and the grid they share.

use std::{fmt, str::FromStr};

/// How a layer's values are arranged in the mosaic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MosaicLayout {
    /// One tile per channel, which shows its feature map.
    #[default]
    Channels,
    /// One tile per location of the map, which shows all channels as a grid: each value in it is one channel's value at that location.
    /// The tiles are arranged as the locations are in the map.
    Locations,
}

impl MosaicLayout {
    /// Both, in the order they are listed to users.
    pub const ALL: [Self; 2] = [Self::Channels, Self::Locations];

    /// The name to type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Channels => "channels",
            Self::Locations => "locations",
        }
    }
}

impl fmt::Display for MosaicLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Text that is not the name of a layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown layout `{0}`; expected `channels` or `locations`")]
pub struct UnknownLayout(pub String);

impl FromStr for MosaicLayout {
    type Err = UnknownLayout;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            // The second name is the one used by earlier versions, in commands and records.
            "channels" | "filters" => Ok(Self::Channels),
            "locations" | "cells" => Ok(Self::Locations),
            _ => Err(UnknownLayout(text.to_owned())),
        }
    }
}

/// Rows × columns of channels. The positions of channels count in reading order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grid {
    /// Rows; at least 1 in a parsed grid.
    pub rows: usize,
    /// Columns; at least 1 in a parsed grid.
    pub columns: usize,
}

impl Grid {
    /// The default grid: the one nearest to a square that has no blanks, if it has at most twice as many columns as rows. So 2048 channels
    /// are 32×64 and 728 are 26×28. Otherwise `2^⌊log2(n)/2⌋` rows, with the logarithm rounded down as well, and as many columns as needed:
    /// 727 channels, a prime, are 16×46 with 9 blanks.
    pub fn for_channels(num_channels: usize) -> Self {
        let full = (1..=num_channels.isqrt()).rev().find(|rows| num_channels.is_multiple_of(*rows));
        if let Some(rows) = full.filter(|rows| num_channels / rows <= 2 * rows) {
            return Self { rows, columns: num_channels / rows };
        }
        let rows = 1 << (num_channels.max(1).ilog2() / 2);
        Self { rows, columns: num_channels.div_ceil(rows).max(1) }
    }

    /// Tiles the grid holds.
    pub const fn capacity(&self) -> usize {
        self.rows.saturating_mul(self.columns)
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.rows, self.columns)
    }
}

/// Text that isn't a grid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("grid `{0}`: expected ROWSxCOLUMNS, both at least 1, such as 32x64")]
pub struct UnknownGrid(pub String);

impl FromStr for Grid {
    type Err = UnknownGrid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let side = |part: &str| part.parse().ok().filter(|n: &usize| *n > 0);
        text.split_once(['x', 'X', '×'])
            .and_then(|(rows, columns)| Some(Self { rows: side(rows)?, columns: side(columns)? }))
            .ok_or_else(|| UnknownGrid(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_earlier_versions_are_read() {
        assert_eq!("filters".parse(), Ok(MosaicLayout::Channels));
        assert_eq!("cells".parse(), Ok(MosaicLayout::Locations));
    }

    #[test]
    fn grid_of_a_number_of_channels() {
        let table = [
            (1, 1, 1),
            (2, 1, 2),
            (3, 1, 3),
            (4, 2, 2),
            (5, 2, 3),
            (24, 4, 6),
            (32, 4, 8),
            (64, 8, 8),
            (96, 8, 12),
            (192, 12, 16),
            (288, 16, 18),
            (512, 16, 32),
            (727, 16, 46),
            (728, 26, 28),
            (768, 24, 32),
            (960, 30, 32),
            (1024, 32, 32),
            (1280, 32, 40),
            (1536, 32, 48),
            (2048, 32, 64),
            (4096, 64, 64),
        ];
        for (num_channels, rows, columns) in table {
            assert_eq!(Grid::for_channels(num_channels), Grid { rows, columns }, "{num_channels} channels");
        }
    }

    #[test]
    fn every_grid_holds_its_channels_and_wastes_less_than_a_column() {
        for num_channels in 1..5000 {
            let grid = Grid::for_channels(num_channels);
            assert!(grid.capacity() >= num_channels);
            assert!(grid.capacity() - num_channels < grid.rows, "{num_channels}: {grid}");
            assert!(grid.rows <= grid.columns);
        }
    }

    #[test]
    fn grids_and_layouts_are_read_and_printed() {
        assert_eq!("32x64".parse(), Ok(Grid { rows: 32, columns: 64 }));
        assert_eq!("4×6".parse::<Grid>().unwrap().to_string(), "4x6");
        for bad in ["", "32", "0x4", "4x0", "-1x3", "4x", "x4", "4x5x6", "99999999999999999999x1"] {
            let message = format!("grid `{bad}`: expected ROWSxCOLUMNS, both at least 1, such as 32x64");
            assert_eq!(bad.parse::<Grid>().unwrap_err().to_string(), message);
        }
        for layout in MosaicLayout::ALL {
            assert_eq!(layout.to_string().parse(), Ok(layout));
        }
        let message = "unknown layout `rows`; expected `channels` or `locations`";
        assert_eq!("rows".parse::<MosaicLayout>().unwrap_err().to_string(), message);
    }
}

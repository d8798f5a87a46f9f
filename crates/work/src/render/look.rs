//! The look of a layer's mosaic, and the scale in pixels per value.

use std::str::FromStr;

use crate::mosaic::{Geometry, MosaicError, MosaicSettings};
use crate::tensor::MapShape;

/// Length of the longer side, in pixels, that a mosaic with automatic scale has at least.
const AUTO_SIDE: u32 = 1024;
/// The largest scale: each value is a square with sides of 256 pixels.
const MAX_SCALE: u32 = 256;

/// Pixels per value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// The smallest scale at which the longer side of the mosaic is at least 1024 pixels.
    Auto,
    /// This many pixels per value.
    Times(u32),
}

/// Text that is not a scale.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("scale `{0}`: expected auto, or a whole number from 1 to {MAX_SCALE}")]
pub struct UnknownScale(pub String);

impl FromStr for Scale {
    type Err = UnknownScale;

    fn from_str(text: &str) -> Result<Self, UnknownScale> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let times = text.parse().ok().filter(|n| (1..=MAX_SCALE).contains(n));
        times.map(Self::Times).ok_or_else(|| UnknownScale(text.to_owned()))
    }
}

impl std::fmt::Display for Scale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Times(times) => times.fmt(f),
        }
    }
}

/// The settings of a layer's mosaic; an automatic scale depends on the layer's shape.
#[derive(Clone, Debug)]
pub struct Look {
    /// Everything but the scale.
    pub settings: MosaicSettings,
    /// The scale.
    pub scale: Scale,
}

impl Look {
    /// The settings for a layer of this shape.
    ///
    /// # Errors
    /// A grid that doesn't hold the channels, a mosaic over the size limit.
    pub fn for_shape(&self, shape: MapShape) -> Result<MosaicSettings, MosaicError> {
        // Only the channels that are shown take room.
        let num_shown = self.settings.order.as_ref().map_or(shape.channels, |order| order.len());
        let shape = MapShape { channels: num_shown, ..shape };
        let geometry = |scale| {
            let MosaicSettings { layout, grid, gap, .. } = self.settings;
            Geometry::new(layout, shape, grid, scale, gap)
        };
        let scale = match self.scale {
            Scale::Times(scale) => scale,
            Scale::Auto => auto_scale(&geometry(1)?),
        };
        geometry(scale)?;
        Ok(MosaicSettings { scale, ..self.settings.clone() })
    }
}

/// The automatic scale, from the geometry at scale 1.
fn auto_scale(unscaled: &Geometry) -> u32 {
    let is_wide = unscaled.width() >= unscaled.height();
    let (side, num_tiles) = if is_wide {
        (unscaled.width(), unscaled.tiles().columns)
    } else {
        (unscaled.height(), unscaled.tiles().rows)
    };
    let gaps = (num_tiles as u32 - 1) * unscaled.gap();
    let values = (side - gaps).max(1);
    AUTO_SIDE.saturating_sub(gaps).div_ceil(values).clamp(1, MAX_SCALE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_mosaics_are_enlarged_and_large_ones_are_left() {
        let look = Look { settings: MosaicSettings::default(), scale: Scale::Auto };
        let scale = |c, h, w| look.for_shape(MapShape::new(c, h, w)).unwrap().scale;
        assert_eq!(scale(2048, 8, 8), 2, "64 tiles of 8 and their gaps are 575 wide");
        assert_eq!(scale(32, 149, 149), 1);
        assert_eq!(scale(1, 1, 1), 256);
        let gappy = MosaicSettings { gap: 1024, ..MosaicSettings::default() };
        assert_eq!(
            Look { settings: gappy, scale: Scale::Auto }.for_shape(MapShape::new(64, 8, 8)).unwrap().scale,
            1
        );
    }

    #[test]
    fn scales_are_read() {
        assert_eq!("auto".parse(), Ok(Scale::Auto));
        assert_eq!("3".parse(), Ok(Scale::Times(3)));
        assert_eq!(
            (Scale::Auto.to_string(), Scale::Times(3).to_string()),
            ("auto".to_owned(), "3".to_owned())
        );
        for bad in ["0", "257", "-1", "two", ""] {
            let words = format!("scale `{bad}`: expected auto, or a whole number from 1 to 256");
            assert_eq!(bad.parse::<Scale>().unwrap_err().to_string(), words);
        }
    }
}

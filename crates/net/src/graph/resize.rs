//! Resizing of maps: which old positions each new position is computed from.
//!
//! Coordinates follow ONNX' `Resize` as ONNX Runtime computes it, in f32, because rounding decides which position is the nearest.

use serde::Serialize;

use crate::tensor::MapShape;

/// The most rows or columns that a map may be resized to. No picture has that many.
pub const MAX_SIDE: usize = 1 << 14;

/// How a new position is mapped to a place among the old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Coordinates {
    /// The index of the new position divided by the scale.
    Asymmetric,
    /// The centre of the new position is scaled (torch's `align_corners=False`).
    HalfPixel,
    /// Like [`Self::HalfPixel`], but if there is only one new position, it lies at the first old one.
    PytorchHalfPixel,
    /// The first and the last new position lie at the first and the last old one (torch's `align_corners=True`).
    AlignCorners,
    /// Like [`Self::HalfPixel`], but half an old position further on (nearest neighbour in `TensorFlow` 1).
    TfHalfPixel,
    /// Like [`Self::HalfPixel`], but centred on the map: if the new size was rounded down to whole positions, the remainder is
    /// cut from both ends.
    HalfPixelSymmetric,
}

/// Which old position is the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// The position at or before the place.
    Floor,
    /// The position at or after the place.
    Ceil,
    /// The nearer position; the one before if both are equally near.
    HalfDown,
    /// The nearer position; the one after if both are equally near.
    HalfUp,
    /// The position at or before the place if maps grow, at or after it if they shrink (ONNX' `Upsample`, and `Resize` before
    /// version 11).
    Outward,
}

/// How the value of a new position is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mixing {
    /// The value of the nearest old position.
    Nearest(Rounding),
    /// Linear interpolation between the two old positions around it.
    Linear,
}

/// The size that maps are resized to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent2d {
    /// Factors for the present rows and columns. The results are rounded down to whole numbers.
    Times([f32; 2]),
    /// Rows, columns.
    Size([usize; 2]),
}

/// A change of the number of rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Resize {
    /// The new size.
    pub to: Extent2d,
    /// How new positions are mapped to old ones.
    pub coordinates: Coordinates,
    /// How the value of a new position is computed.
    pub mixing: Mixing,
}

/// How one new row or column is computed from two old ones: `low · (1 − share) + high · share`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interpolation {
    /// Index of the old row or column at or before the place.
    pub low: usize,
    /// Index of the one after it, or `low` again if that has no share.
    pub high: usize,
    /// Share of `high`.
    pub share: f32,
}

/// How close to a half a place must be to count as the middle between two positions. Found from the results of ONNX Runtime 1.32:
/// a place one f32 step away from a half counts as the middle up to 16, where the step is 9.5e-7, and not beyond, where it is
/// 1.9e-6.
const HALF_TOLERANCE: f32 = 1e-6;

impl Rounding {
    /// Rounds a place, which must not be negative.
    fn of(self, place: f32, shrinks: bool) -> f32 {
        let is_half = (place - place.floor() - 0.5).abs() < HALF_TOLERANCE;
        match self {
            Self::Ceil => place.ceil(),
            Self::Outward if shrinks => place.ceil(),
            Self::Floor | Self::Outward => place.floor(),
            Self::HalfDown if is_half => place.floor(),
            Self::HalfUp if is_half => place.floor() + 1.0,
            Self::HalfDown | Self::HalfUp => place.round(),
        }
    }
}

impl Resize {
    /// Whether new positions are interpolated between old ones.
    pub fn is_linear(&self) -> bool {
        self.mixing == Mixing::Linear
    }

    /// The new shape of a map; `None` if a side would be 0 or more than [`MAX_SIDE`].
    pub(super) fn shape(&self, from: MapShape) -> Option<MapShape> {
        let [height, width] = match self.to {
            Extent2d::Size(size) => size,
            Extent2d::Times([rows, columns]) => [from.height as f32 * rows, from.width as f32 * columns]
                .map(|side| if side.is_finite() { side as usize } else { usize::MAX }),
        };
        let is_size = |side: usize| (1..=MAX_SIDE).contains(&side);
        (is_size(height) && is_size(width)).then(|| MapShape::new(from.channels, height, width))
    }

    /// For each of `to` new rows (`axis` 0) or columns (`axis` 1): which of the `from` old ones it is computed from.
    pub fn samples(&self, axis: usize, from: usize, to: usize) -> Vec<Interpolation> {
        let scale = match self.to {
            Extent2d::Times(scales) => scales[axis],
            Extent2d::Size(_) => to as f32 / from as f32,
        };
        let last = from.saturating_sub(1);
        let sample = |at: usize| {
            let at = at as f32;
            let place = match self.coordinates {
                _ if scale == 1.0 => at,
                Coordinates::Asymmetric => at / scale,
                Coordinates::PytorchHalfPixel | Coordinates::AlignCorners if to <= 1 => 0.0,
                Coordinates::HalfPixel | Coordinates::PytorchHalfPixel => (at + 0.5) / scale - 0.5,
                Coordinates::AlignCorners => at * last as f32 / (to - 1) as f32,
                Coordinates::TfHalfPixel => (at + 0.5) / scale,
                Coordinates::HalfPixelSymmetric => {
                    let kept = to as f32 / (scale * from as f32);
                    let before = f64::from(from as f32 / 2.0 * (1.0 - kept));
                    (before + (f64::from(at) + 0.5) / f64::from(scale) - 0.5) as f32
                }
            };
            let place = place.clamp(0.0, last as f32);
            if let Mixing::Nearest(rounding) = self.mixing {
                let low = (rounding.of(place, scale < 1.0) as usize).min(last);
                return Interpolation { low, high: low, share: 0.0 };
            }
            let low = (place as usize).min(last);
            let share = place - low as f32;
            // If the share is 0, the next position isn't read at all, so that an infinity there isn't multiplied by zero.
            let high = if share > 0.0 { (low + 1).min(last) } else { low };
            Interpolation { low, high, share: if high == low { 0.0 } else { share } }
        };
        (0..to).map(sample).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAREST: Mixing = Mixing::Nearest(Rounding::Floor);

    fn places(coordinates: Coordinates, mixing: Mixing, from: usize, to: usize) -> Vec<f32> {
        let resize = Resize { to: Extent2d::Size([to, to]), coordinates, mixing };
        resize.samples(0, from, to).iter().map(|s| s.low as f32 + s.share).collect()
    }

    #[test]
    fn positions_are_those_of_torch() {
        // The values that torch's `interpolate(arange, size, mode)` gives.
        assert_eq!(places(Coordinates::Asymmetric, NEAREST, 3, 6), [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
        assert_eq!(places(Coordinates::Asymmetric, NEAREST, 3, 5), [0.0, 0.0, 1.0, 1.0, 2.0]);
        assert_eq!(places(Coordinates::Asymmetric, NEAREST, 5, 2), [0.0, 2.0]);
        assert_eq!(places(Coordinates::HalfPixel, Mixing::Linear, 2, 4), [0.0, 0.25, 0.75, 1.0]);
        assert_eq!(places(Coordinates::AlignCorners, Mixing::Linear, 3, 5), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(places(Coordinates::HalfPixel, Mixing::Linear, 4, 1), [1.5]);
        assert_eq!(places(Coordinates::PytorchHalfPixel, Mixing::Linear, 4, 1), [0.0]);
        assert_eq!(places(Coordinates::AlignCorners, Mixing::Linear, 1, 3), [0.0, 0.0, 0.0]);
    }

    #[test]
    fn the_nearest_is_the_one_that_is_asked_for() {
        let nearest = |rounding, coordinates, from, to| -> Vec<usize> {
            let places = places(coordinates, Mixing::Nearest(rounding), from, to);
            places.into_iter().map(|place| place as usize).collect()
        };
        // The five new positions lie at 0, 0.5, 1, 1.5, 2.
        let of = |rounding| nearest(rounding, Coordinates::AlignCorners, 3, 5);
        assert_eq!(of(Rounding::Floor), [0, 0, 1, 1, 2]);
        assert_eq!(of(Rounding::Ceil), [0, 1, 1, 2, 2]);
        assert_eq!(of(Rounding::HalfDown), [0, 0, 1, 1, 2]);
        assert_eq!(of(Rounding::HalfUp), [0, 1, 1, 2, 2]);
        assert_eq!(nearest(Rounding::Outward, Coordinates::Asymmetric, 5, 2), [0, 3]);
        assert_eq!(nearest(Rounding::Outward, Coordinates::Asymmetric, 2, 5), [0, 0, 0, 1, 1]);
        assert_eq!(nearest(Rounding::Floor, Coordinates::TfHalfPixel, 4, 2), [1, 3]);
    }

    #[test]
    fn sizes_are_cut_down_and_bounded() {
        let to = |to: Extent2d| {
            let resize = Resize { to, coordinates: Coordinates::Asymmetric, mixing: NEAREST };
            resize.shape(MapShape::new(5, 7, 9)).map(|shape| (shape.height, shape.width))
        };
        assert_eq!(to(Extent2d::Times([1.5, 0.5])), Some((10, 4)));
        assert_eq!(to(Extent2d::Times([0.1, 1.0])), None);
        assert_eq!(to(Extent2d::Times([1e30, 1.0])), None);
        assert_eq!(to(Extent2d::Times([f32::NAN, 1.0])), None);
        assert_eq!(to(Extent2d::Size([MAX_SIDE, 1])), Some((MAX_SIDE, 1)));
        assert_eq!(to(Extent2d::Size([0, 4])), None);
    }
}

//! Which input pixels a position of a layer can see.
//!
//! Follows Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019). A field is kept
//! as an interval per axis, so that asymmetric borders and branches with different fields are handled correctly.

use serde::Serialize;

use super::padding::Sides;
use super::resize::{Coordinates, Interpolation, Resize};
use crate::tensor::MapShape;

/// A receptive field along one axis, in input pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Axis {
    /// Input pixels from one position of the layer to the next.
    pub stride: usize,
    /// First input pixel that position 0 sees; negative where the field begins in the border.
    pub offset: isize,
    /// Input pixels that a position sees (border cells counted).
    pub size: usize,
}

/// Upper limit for strides, offsets and sizes, in pixels. It is larger than any picture.
const FAR: usize = 1 << 40;

impl Axis {
    const PIXEL: Self = Self { stride: 1, offset: 0, size: 1 };

    /// First and one-past-last input pixel that position `at` sees, not cut at the picture's edge.
    pub fn span(&self, at: usize) -> (isize, isize) {
        let start = self.offset + (at * self.stride) as isize;
        (start, start + self.size as isize)
    }

    fn window(self, kernel: usize, stride: usize, dilation: usize, before: usize) -> Self {
        // A model file may state any number, so everything is limited to `FAR`.
        let within = |n: usize| n.min(FAR);
        let before = within(before.saturating_mul(self.stride));
        let reach = within(dilation.saturating_mul(kernel - 1).saturating_mul(self.stride));
        Self {
            stride: within(self.stride.saturating_mul(stride)),
            offset: (self.offset - before.cast_signed()).max(-FAR.cast_signed()),
            size: within(self.size + reach),
        }
    }

    fn resized(self, samples: &[Interpolation], coordinates: Coordinates, from: usize) -> Option<Self> {
        let (old, new) = match coordinates {
            Coordinates::AlignCorners => (from.saturating_sub(1), samples.len().saturating_sub(1)),
            Coordinates::Asymmetric
            | Coordinates::HalfPixel
            | Coordinates::PytorchHalfPixel
            | Coordinates::TfHalfPixel
            | Coordinates::HalfPixelSymmetric => (from, samples.len()),
        };
        let stride =
            (self.stride * old).checked_div(new).filter(|stride| stride * new == self.stride * old)?;
        let seen = |position: usize| self.span(position);
        // First and end of what each new position sees, relative to the position's index times the stride.
        let ends = samples.iter().enumerate().map(|(at, sample)| {
            let step = (at * stride) as isize;
            (seen(sample.low).0 - step, seen(sample.high).1 - step)
        });
        let (offset, end) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        (stride > 0).then(|| Self { stride, offset, size: (end - offset) as usize })
    }

    fn union(self, other: Self) -> Self {
        let offset = self.offset.min(other.offset);
        let end = (self.offset + self.size as isize).max(other.offset + other.size as isize);
        Self { stride: self.stride.max(other.stride), offset, size: (end - offset) as usize }
    }
}

/// Receptive field of a node: rows and columns, or the whole picture after a global pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceptiveField {
    /// A window per position.
    Window {
        /// Along the rows of the picture (vertical).
        rows: Axis,
        /// Along the columns (horizontal).
        columns: Axis,
    },
    /// Every position sees the whole picture.
    Whole,
}

impl ReceptiveField {
    /// The field of a position of the picture itself: one pixel.
    pub(super) const PIXEL: Self = Self::Window { rows: Axis::PIXEL, columns: Axis::PIXEL };

    /// The field after a change of size: a window large enough for what any new position sees. [`Self::Whole`] if the stride
    /// would not be a whole number of pixels.
    pub(super) fn resized(self, resize: &Resize, from: MapShape, to: MapShape) -> Self {
        let Self::Window { rows, columns } = self else { return Self::Whole };
        let rows = rows.resized(&resize.samples(0, from.height, to.height), resize.coordinates, from.height);
        let columns =
            columns.resized(&resize.samples(1, from.width, to.width), resize.coordinates, from.width);
        match (rows, columns) {
            (Some(rows), Some(columns)) => Self::Window { rows, columns },
            _ => Self::Whole,
        }
    }

    /// The field after a window operation. `s` is the width of its border.
    pub(super) fn window(
        self,
        kernel: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
        s: Sides,
    ) -> Self {
        match self {
            Self::Whole => Self::Whole,
            Self::Window { rows, columns } => Self::Window {
                rows: rows.window(kernel[0], stride[0], dilation[0], s.top),
                columns: columns.window(kernel[1], stride[1], dilation[1], s.left),
            },
        }
    }

    /// A field that contains both.
    pub(super) fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Window { rows, columns }, Self::Window { rows: r, columns: c }) => {
                Self::Window { rows: rows.union(r), columns: columns.union(c) }
            }
            _ => Self::Whole,
        }
    }
}

impl std::fmt::Display for ReceptiveField {
    /// `rows×columns /stride @offset`, short where both axes agree.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole => write!(f, "whole picture"),
            Self::Window { rows, columns } if rows == columns => {
                write!(f, "{} /{} @{}", rows.size, rows.stride, rows.offset)
            }
            Self::Window { rows, columns } => write!(
                f,
                "{}×{} /{}×{} @{},{}",
                rows.size, columns.size, rows.stride, columns.stride, rows.offset, columns.offset
            ),
        }
    }
}

//! Borders of window operations.

use serde::Serialize;

/// Border cells added around a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sides {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns at the left.
    pub left: usize,
    /// Columns at the right.
    pub right: usize,
}

impl Sides {
    /// Whether nothing is added.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// How a window operation treats the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Only whole windows inside the map (TensorFlow's VALID).
    Valid,
    /// TensorFlow's SAME: `ceil(n / stride)` outputs. If the total width of the border is odd, the extra cell goes after the map
    /// (below, right).
    Same,
    /// As wide as [`Self::Same`], but an extra cell goes before the map (above, left): ONNX' `SAME_LOWER`.
    SameLower,
    /// Fixed widths per side.
    Explicit(Sides),
    /// At least these widths on each side (torch's `ceil_mode`, for pools). Below and to the right the border is wider if the
    /// last window, which must begin in the map or in the border before it, reaches further.
    Ceil(Sides),
}

impl Padding {
    /// `rows` above and below, `columns` left and right (torch's `padding=(rows, columns)`).
    pub const fn symmetric(rows: usize, columns: usize) -> Self {
        Self::Explicit(Sides { top: rows, bottom: rows, left: columns, right: columns })
    }

    /// The border widths for an input of this many rows and columns. `kernel`, `stride` and `dilation` are `[rows, columns]`.
    pub fn resolve(
        self,
        (height, width): (usize, usize),
        kernel: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
    ) -> Sides {
        match self {
            Self::Valid => Sides::default(),
            Self::Explicit(sides) => sides,
            Self::Ceil(sides) => {
                // The last window must begin inside the map or in the border before it; otherwise there is no such window.
                let after = |n: usize, before: usize, after: usize, axis: usize| {
                    let reach = dilation[axis] * (kernel[axis] - 1) + 1;
                    let mut last = (n + before + after).saturating_sub(reach).div_ceil(stride[axis]);
                    if last * stride[axis] >= n + before {
                        last = last.saturating_sub(1);
                    }
                    after.max((last * stride[axis] + reach).saturating_sub(n + before))
                };
                Sides {
                    bottom: after(height, sides.top, sides.bottom, 0),
                    right: after(width, sides.left, sides.right, 1),
                    ..sides
                }
            }
            Self::SameLower => {
                let Sides { top, bottom, left, right } =
                    Self::Same.resolve((height, width), kernel, stride, dilation);
                Sides { top: bottom, bottom: top, left: right, right: left }
            }
            Self::Same => {
                let total = |n: usize, axis: usize| {
                    let reach = dilation[axis] * (kernel[axis] - 1) + 1;
                    ((n.div_ceil(stride[axis]).max(1) - 1) * stride[axis] + reach).saturating_sub(n)
                };
                let (rows, columns) = (total(height, 0), total(width, 1));
                Sides {
                    top: rows / 2,
                    bottom: rows - rows / 2,
                    left: columns / 2,
                    right: columns - columns / 2,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_puts_the_odd_cell_after() {
        let sides = |n, k, s| {
            let p = Padding::Same.resolve((n, n), [k, k], [s, s], [1, 1]);
            (p.top, p.bottom)
        };
        assert_eq!(sides(224, 3, 2), (0, 1));
        assert_eq!(sides(112, 5, 2), (1, 2));
        assert_eq!(sides(299, 3, 2), (1, 1));
        assert_eq!(sides(7, 3, 1), (1, 1));
        assert_eq!(sides(5, 1, 2), (0, 0));
    }

    /// The expected numbers are the output sizes of torch's `max_pool2d(ceil_mode=True)`.
    #[test]
    fn the_last_window_of_ceil_mode_begins_inside() {
        let positions = |n: usize, k: usize, s: usize, p: usize| {
            let sides = Sides { top: p, bottom: p, left: p, right: p };
            let p = Padding::Ceil(sides).resolve((n, n), [k, k], [s, s], [1, 1]);
            (n + p.top + p.bottom - k) / s + 1
        };
        assert_eq!(positions(112, 3, 2, 0), 56, "GoogLeNet's first");
        assert_eq!(positions(14, 2, 2, 0), 7);
        assert_eq!(positions(15, 2, 2, 0), 8);
        assert_eq!(positions(7, 3, 2, 1), 4);
        assert_eq!(positions(8, 3, 2, 1), 5);
        assert_eq!(positions(2, 3, 2, 0), 1, "a window larger than the map");
        assert_eq!(positions(7, 2, 3, 0), 3);
        assert_eq!(positions(6, 2, 3, 0), 2, "a third window would begin behind the map's end");
    }
}

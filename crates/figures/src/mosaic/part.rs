//! A part of a mosaic, enlarged or reduced to any size, as a window shows it.

use std::{fmt, str::FromStr};

use super::{MosaicError, PixelRect, Pixels};

/// About how many of the mosaic's pixels, along each side, are averaged into one pixel of a reduced part at most. Where it covers more,
/// they are sampled at regular steps.
const MAX_SAMPLES: u32 = 16;
/// Thickness of an outline, in pixels.
const OUTLINE: f32 = 2.0;
/// Largest coordinate or size, in pixels, that is accepted when a part is parsed.
const MAX_REACH: f32 = 1e6;

/// A rectangle in pixels of a mosaic. It may extend beyond the mosaic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenPart {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Columns, more than 0.
    pub width: f32,
    /// Rows, more than 0.
    pub height: f32,
}

/// Text that doesn't describe a part of a mosaic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("part `{0}`: expected X,Y WIDTHxHEIGHT in pixels of the mosaic, such as -3.5,10 120x80")]
pub struct UnknownPart(pub String);

impl fmt::Display for SeenPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { x, y, width, height } = self;
        write!(f, "{x},{y} {width}x{height}")
    }
}

impl FromStr for SeenPart {
    type Err = UnknownPart;

    fn from_str(text: &str) -> Result<Self, UnknownPart> {
        let number = |text: &str| text.parse::<f32>().ok().filter(|n| n.is_finite() && n.abs() <= MAX_REACH);
        let pair = |text: &str, joint: char| {
            let (a, b) = text.split_once(joint)?;
            Some((number(a)?, number(b)?))
        };
        text.split_once(' ')
            .and_then(|(place, size)| Some((pair(place, ',')?, pair(size, 'x')?)))
            .filter(|(_, (width, height))| *width > 0.0 && *height > 0.0)
            .map(|((x, y), (width, height))| Self { x, y, width, height })
            .ok_or_else(|| UnknownPart(text.to_owned()))
    }
}

/// A part of a picture, resized to `width`×`height` pixels. When enlarged, each pixel becomes a sharp square; when reduced, neighbouring
/// pixels are averaged. Outside the picture the result has the colour `ground`.
pub fn seen_part(
    pixels: &Pixels,
    part: SeenPart,
    (width, height): (u32, u32),
    ground: [u8; 4],
) -> Result<Pixels, MosaicError> {
    let mut out = Pixels::filled("the view", width.into(), height.into(), ground)?;
    let step = (part.width / width.max(1) as f32, part.height / height.max(1) as f32);
    let columns: Vec<Span> = (0..width).map(|x| Span::new(part.x, step.0, x, pixels.width())).collect();
    for (y, line) in out.rgba_mut().chunks_exact_mut(width.max(1) as usize * 4).enumerate() {
        let rows = Span::new(part.y, step.1, y as u32, pixels.height());
        for (columns, pixel) in columns.iter().zip(line.as_chunks_mut::<4>().0) {
            if let Some(colour) = mean(pixels, *columns, rows) {
                *pixel = colour;
            }
        }
    }
    Ok(out)
}

/// Draws a line around a rectangle of the mosaic. `pixels` is the picture of `part` that [`seen_part`] made; `rect` is in pixels of the
/// whole mosaic.
pub fn outline_part(pixels: &mut Pixels, part: SeenPart, rect: PixelRect, colour: [u8; 4]) {
    let (width, height) = (pixels.width(), pixels.height());
    let along = |at: u32, from: f32, seen: f32, len: u32| ((at as f32 - from) * len as f32 / seen).round();
    let x = |at: u32| along(at, part.x, part.width, width);
    let y = |at: u32| along(at, part.y, part.height, height);
    let (left, right) = (x(rect.x), x(rect.x + rect.width));
    let (top, bottom) = (y(rect.y), y(rect.y + rect.height));
    let line = width as usize * 4;
    for (y, row) in pixels.rgba_mut().chunks_exact_mut(line.max(4)).enumerate() {
        let y = y as f32;
        if y < top - OUTLINE || y >= bottom + OUTLINE {
            continue;
        }
        for (x, pixel) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let x = x as f32;
            let is_near = x >= left - OUTLINE && x < right + OUTLINE;
            let is_inside = x >= left && x < right && y >= top && y < bottom;
            if is_near && !is_inside {
                *pixel = colour;
            }
        }
    }
}

/// A range of pixels of the mosaic along one axis; the end is not included.
#[derive(Clone, Copy)]
struct Span(u32, u32);

impl Span {
    fn new(start: f32, step: f32, at: u32, len: u32) -> Self {
        let place = |at: f32| start + step * at;
        let inside = |at: f32| at.clamp(0.0, len as f32) as u32;
        if step <= 1.0 {
            let middle = place(at as f32 + 0.5);
            let first = inside(middle.floor());
            return if middle >= 0.0 { Self(first, (first + 1).min(len)) } else { Self(0, 0) };
        }
        Self(inside(place(at as f32).round()), inside(place(at as f32 + 1.0).round()))
    }
}

fn mean(pixels: &Pixels, columns: Span, rows: Span) -> Option<[u8; 4]> {
    let every = |span: Span| ((span.1.saturating_sub(span.0)) / MAX_SAMPLES).max(1) as usize;
    let (mut sum, mut num) = ([0u32; 4], 0u32);
    for y in (rows.0..rows.1).step_by(every(rows)) {
        for x in (columns.0..columns.1).step_by(every(columns)) {
            let colour = pixels.pixel(x, y)?;
            sum.iter_mut().zip(colour).for_each(|(sum, sample)| *sum += u32::from(sample));
            num += 1;
        }
    }
    (num > 0).then(|| sum.map(|sum| ((sum + num / 2) / num) as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four() -> Pixels {
        Pixels::from_rgba(2, 2, [10, 20, 30, 40].iter().flat_map(|v| [*v, 0, 0, 255]).collect()).unwrap()
    }

    fn reds(pixels: &Pixels) -> Vec<u8> {
        pixels.rgba().chunks_exact(4).map(|p| p[0]).collect()
    }

    #[test]
    fn a_part_is_enlarged_by_squares_and_has_ground_around_it() {
        let whole = SeenPart { x: 0.0, y: 0.0, width: 2.0, height: 2.0 };
        assert_eq!(seen_part(&four(), whole, (2, 2), [0; 4]).unwrap(), four());
        let large = seen_part(&four(), whole, (4, 4), [0; 4]).unwrap();
        assert_eq!(reds(&large), [10, 10, 20, 20, 10, 10, 20, 20, 30, 30, 40, 40, 30, 30, 40, 40]);
        let beyond = SeenPart { x: -1.0, y: 1.0, width: 3.0, height: 2.0 };
        assert_eq!(reds(&seen_part(&four(), beyond, (3, 2), [7, 7, 7, 255]).unwrap()), [7, 30, 40, 7, 7, 7]);
        let small = seen_part(&four(), whole, (1, 1), [0; 4]).unwrap();
        assert_eq!(reds(&small), [25]);
    }

    #[test]
    fn an_outline_lies_around_its_rectangle() {
        let mut pixels = Pixels::filled("test", 6, 6, [0; 4]).unwrap();
        let part = SeenPart { x: 0.0, y: 0.0, width: 3.0, height: 3.0 };
        outline_part(&mut pixels, part, PixelRect { x: 1, y: 1, width: 1, height: 1 }, [9; 4]);
        let inside: Vec<bool> = (0..36).map(|at| pixels.pixel(at % 6, at / 6) == Some([0; 4])).collect();
        assert_eq!(inside.iter().filter(|i| **i).count(), 4, "a pixel of the mosaic is 2×2 here");
        assert!(inside[14] && inside[15] && inside[20] && inside[21]);
    }

    #[test]
    fn parts_are_read_and_printed() {
        let part = SeenPart { x: -3.5, y: 10.0, width: 120.25, height: 80.0 };
        assert_eq!(part.to_string(), "-3.5,10 120.25x80");
        assert_eq!(part.to_string().parse(), Ok(part));
        for bad in ["", "1,2", "1,2 0x3", "NaN,1 2x2", "1,2 3x-4", "1e9,0 1x1", "1,2 infx3"] {
            assert_eq!(
                bad.parse::<SeenPart>().unwrap_err().to_string(),
                format!(
                    "part `{bad}`: expected X,Y WIDTHxHEIGHT in pixels of the mosaic, such as -3.5,10 120x80"
                )
            );
        }
    }
}

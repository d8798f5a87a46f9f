//! A picture as plain bytes, and the few drawing operations that figures need. Drawing outside the picture is clipped, never an error.

use super::limits::within_limits;
use super::{MosaicError, PixelRect};

/// An RGBA picture, 8 bits a sample, row-major, not premultiplied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

impl Pixels {
    /// A picture of one colour. `what` names it in the error when it would be empty or too large.
    pub fn filled(what: &str, width: u64, height: u64, colour: [u8; 4]) -> Result<Self, MosaicError> {
        if width == 0 || height == 0 {
            return Err(MosaicError::Empty { what: what.to_owned() });
        }
        if !within_limits(width, height) {
            return Err(MosaicError::TooLarge { what: what.to_owned(), width, height });
        }
        let rgba = colour.repeat((width * height) as usize);
        Ok(Self { width: width as u32, height: height as u32, rgba })
    }

    /// A picture from its bytes, four per pixel.
    pub fn from_rgba(width: u32, height: u32, rgba: Vec<u8>) -> Result<Self, MosaicError> {
        let what = "RGBA picture".to_owned();
        if !within_limits(width.into(), height.into()) {
            return Err(MosaicError::TooLarge { what, width: width.into(), height: height.into() });
        }
        let expected = width as usize * height as usize * 4;
        if rgba.len() != expected || expected == 0 {
            let got = rgba.len();
            return Err(MosaicError::ByteCount { what, width, height, expected, got });
        }
        Ok(Self { width, height, rgba })
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All bytes, `height · width · 4`.
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }

    /// Returns the bytes without copying them.
    pub fn into_rgba(self) -> Vec<u8> {
        self.rgba
    }

    /// One pixel; `None` outside the picture.
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 4]> {
        let at = self.offset(x, y)?;
        self.rgba.get(at..at + 4)?.try_into().ok()
    }

    /// All bytes, mutable.
    pub(super) fn rgba_mut(&mut self) -> &mut [u8] {
        &mut self.rgba
    }

    /// Sets one pixel.
    pub(super) fn set(&mut self, x: u32, y: u32, colour: [u8; 4]) {
        self.blend(x, y, colour, 1.0);
    }

    /// Blends a colour into one pixel. `coverage`, in 0..=1, is the share of the new colour. An opaque picture and colour stay opaque.
    pub(super) fn blend(&mut self, x: u32, y: u32, colour: [u8; 4], coverage: f32) {
        let Some(at) = self.offset(x, y) else { return };
        let Some(under) = self.rgba.get_mut(at..at + 4) else { return };
        for (below, above) in under.iter_mut().zip(colour) {
            let mixed = f32::from(*below) + (f32::from(above) - f32::from(*below)) * coverage;
            *below = (mixed + 0.5) as u8;
        }
    }

    /// Fills a rectangle.
    pub(super) fn fill(&mut self, rect: PixelRect, colour: [u8; 4]) {
        let right = rect.x.saturating_add(rect.width).min(self.width);
        for y in rect.y..rect.y.saturating_add(rect.height).min(self.height) {
            for x in rect.x..right {
                self.set(x, y, colour);
            }
        }
    }

    /// Draws a one-pixel frame just inside a rectangle.
    pub(super) fn frame(&mut self, rect: PixelRect, colour: [u8; 4]) {
        let PixelRect { x, y, width, height } = rect;
        let (right, bottom) = (x + width.saturating_sub(1), y + height.saturating_sub(1));
        self.fill(PixelRect { x, y, width, height: 1 }, colour);
        self.fill(PixelRect { x, y: bottom, width, height: 1 }, colour);
        self.fill(PixelRect { x, y, width: 1, height }, colour);
        self.fill(PixelRect { x: right, y, width: 1, height }, colour);
    }

    /// Copies a whole picture with its top left corner at (x, y).
    pub(super) fn paste(&mut self, x: u32, y: u32, other: &Self) {
        let columns = other.width.min(self.width.saturating_sub(x)) as usize * 4;
        let line = other.width as usize * 4;
        for (row, source) in (y..self.height).zip(other.rgba.chunks_exact(line)) {
            let Some(at) = self.offset(x, row) else { return };
            if let (Some(to), Some(from)) = (self.rgba.get_mut(at..at + columns), source.get(..columns)) {
                to.copy_from_slice(from);
            }
        }
    }

    fn offset(&self, x: u32, y: u32) -> Option<usize> {
        (x < self.width && y < self.height).then(|| (y as usize * self.width as usize + x as usize) * 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_outside_is_cut_off() {
        let white = [255; 4];
        let mut pixels = Pixels::filled("t", 4, 3, [0; 4]).unwrap();
        let patch = Pixels::filled("t", 3, 3, [9; 4]).unwrap();
        pixels.paste(2, 2, &patch);
        pixels.paste(4, 0, &patch);
        pixels.fill(PixelRect { x: 3, y: 0, width: u32::MAX, height: 1 }, white);
        pixels.set(9, 9, white);
        assert_eq!(pixels.pixel(2, 2), Some([9; 4]));
        assert_eq!(pixels.pixel(1, 2), Some([0; 4]));
        assert_eq!(pixels.pixel(3, 0), Some(white));
        assert_eq!((pixels.pixel(4, 0), pixels.pixel(0, 3)), (None, None));
    }

    #[test]
    fn impossible_pictures_are_refused() {
        let message = |width, height, num_bytes| {
            Pixels::from_rgba(width, height, vec![0; num_bytes]).unwrap_err().to_string()
        };
        assert_eq!(message(2, 2, 15), "RGBA picture of 2×2 pixels: expected 16 bytes, got 15");
        assert_eq!(message(0, 2, 0), "RGBA picture of 0×2 pixels: expected 0 bytes, got 0");
        let limit = "the limit is 65535 a side and 2 GiB in all, so lower the scale or the gap";
        let huge = u32::MAX;
        assert_eq!(message(huge, huge, 0), format!("RGBA picture would be {huge}×{huge} pixels; {limit}"));
        assert_eq!(message(40_000, 40_000, 0), format!("RGBA picture would be 40000×40000 pixels; {limit}"));
        let empty = Pixels::filled("the sheet", 0, 5, [0; 4]).unwrap_err().to_string();
        assert_eq!(empty, "nothing to show: the sheet is empty");
    }
}

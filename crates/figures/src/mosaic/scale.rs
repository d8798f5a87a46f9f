//! Enlarging pictures without interpolation.

use super::{MosaicError, Pixels};

/// Enlarges a picture: every pixel becomes a square of `factor`×`factor` (nearest neighbour). A factor of 0 counts as 1.
pub fn enlarge(pixels: &Pixels, factor: u32) -> Result<Pixels, MosaicError> {
    if factor <= 1 {
        return Ok(pixels.clone());
    }
    let (width, height) = (u64::from(pixels.width()), u64::from(pixels.height()));
    let factor_wide = u64::from(factor);
    let mut out = Pixels::filled("the enlarged mosaic", width * factor_wide, height * factor_wide, [0; 4])?;
    let (line, factor) = (out.width() as usize * 4, factor as usize);
    let rows = pixels.rgba().chunks_exact(pixels.width() as usize * 4);
    for (band, row) in out.rgba_mut().chunks_exact_mut(line * factor).zip(rows) {
        let (first, _) = band.split_at_mut(line);
        for (square, pixel) in first.chunks_exact_mut(4 * factor).zip(row.chunks_exact(4)) {
            square.chunks_exact_mut(4).for_each(|p| p.copy_from_slice(pixel));
        }
        for copy in 1..factor {
            band.copy_within(..line, copy * line);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_becomes_a_square() {
        let small = Pixels::from_rgba(2, 3, (0..24).collect()).unwrap();
        assert_eq!(enlarge(&small, 1).unwrap(), small);
        let large = enlarge(&small, 3).unwrap();
        assert_eq!((large.width(), large.height()), (6, 9));
        for y in 0..9 {
            for x in 0..6 {
                assert_eq!(large.pixel(x, y), small.pixel(x / 3, y / 3));
            }
        }
        assert!(matches!(enlarge(&small, u32::MAX), Err(MosaicError::TooLarge { .. })));
    }
}

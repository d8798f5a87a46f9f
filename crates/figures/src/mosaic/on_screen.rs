//! A mosaic at the size of a screen: every pixel is the average of the area of its tile that it covers, so that nothing appears that isn't
//! in the values, and every separator is one pixel wide, whatever the zoom.

use super::{Geometry, MosaicError, Pixels};

/// Where a mosaic is on a screen, in the screen's pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScreenPlace {
    /// The mosaic's left and top edge, from the left and top edge of the picture that is drawn; may be negative.
    pub origin: (f64, f64),
    /// Screen pixels for each pixel of the mosaic.
    pub scale: f64,
    /// Width and height of the picture.
    pub size: (u32, u32),
}

/// A tile narrower than this on the screen has no separators.
const MIN_TILE: i64 = 4;

/// The pixels of a tile that one pixel of the screen covers, along one axis: the first one, and the share of each.
struct Covered {
    first: usize,
    shares: Vec<f32>,
}

/// What one axis of the screen shows: for each of its pixels, the pixels of the mosaic, or none where it is beside the mosaic or a
/// separator.
struct ScreenAxis {
    spans: Vec<Option<Covered>>,
}

impl ScreenPlace {
    /// The screen's pixels from the first to before the last of a tile along one axis, the separator after it left out. `start` and
    /// `length` are the tile's, in pixels of the mosaic.
    fn tile(&self, origin: f64, start: u32, length: u32, gap: u32, is_last: bool) -> (i64, i64) {
        let at = |pixel: u32| (origin + f64::from(pixel) * self.scale).round() as i64;
        let first = at(start);
        if is_last || gap == 0 {
            return (first, at(start + length).max(first + 1));
        }
        let next = at(start + length + gap);
        let separator = i64::from(next - first > MIN_TILE);
        (first, (next - separator).max(first + 1))
    }
}

impl ScreenAxis {
    /// `tiles` are the starts of the tiles, `length` their length, in pixels of the mosaic.
    fn new(
        place: &ScreenPlace,
        origin: f64,
        num_pixels: u32,
        tiles: impl ExactSizeIterator<Item = u32>,
        length: u32,
        gap: u32,
    ) -> Self {
        let mut spans: Vec<Option<Covered>> = (0..num_pixels).map(|_| None).collect();
        let num_tiles = tiles.len();
        for (at, start) in tiles.enumerate() {
            let (first, end) = place.tile(origin, start, length, gap, at + 1 == num_tiles);
            let per_pixel = f64::from(length) / (end - first) as f64;
            for pixel in first.max(0)..end.min(i64::from(num_pixels)) {
                let low = (pixel - first) as f64 * per_pixel;
                let high = ((pixel - first + 1) as f64 * per_pixel).min(f64::from(length));
                let whole = low.floor() as u32..(high.ceil() as u32).clamp(low.floor() as u32 + 1, length);
                let share = |at: u32| {
                    let covered = (f64::from(at) + 1.0).min(high) - f64::from(at).max(low);
                    (covered.max(0.0) / (high - low)) as f32
                };
                let shares = whole.clone().map(share).collect();
                if let Some(slot) = spans.get_mut(pixel as usize) {
                    *slot = Some(Covered { first: (start + whole.start) as usize, shares });
                }
            }
        }
        Self { spans }
    }
}

/// Draws a mosaic at a place of a screen. Separators and what is beside the mosaic have the colour `ground`.
///
/// # Errors
/// A size of no pixels, or one that is too large.
pub fn on_screen(
    pixels: &Pixels,
    geometry: &Geometry,
    place: ScreenPlace,
    ground: [u8; 4],
) -> Result<Pixels, MosaicError> {
    let (width, height) = place.size;
    let tiles = geometry.tiles();
    let (tile_width, tile_height) =
        geometry.tile_rect(0, 0).map_or((pixels.width(), pixels.height()), |tile| (tile.width, tile.height));
    let gap = geometry.gap();
    let starts = |num: usize, length: u32| (0..num).map(move |at| at as u32 * (length + gap));
    let columns =
        ScreenAxis::new(&place, place.origin.0, width, starts(tiles.columns, tile_width), tile_width, gap);
    let rows =
        ScreenAxis::new(&place, place.origin.1, height, starts(tiles.rows, tile_height), tile_height, gap);
    let (stride, source) = (pixels.width() as usize * 4, pixels.rgba());
    let mut out: Vec<u8> =
        ground.iter().copied().cycle().take(width as usize * height as usize * 4).collect();
    // The rows of the mosaic reduced to the screen's columns: a row that two rows of the screen share is reduced once.
    let mut reduced: (usize, Vec<f32>) = (usize::MAX, vec![0.0; width as usize * 3]);
    let mut sums = vec![0.0f32; width as usize * 3];
    for (row, out) in rows.spans.iter().zip(out.chunks_exact_mut((width as usize * 4).max(4))) {
        let Some(row) = row else { continue };
        sums.fill(0.0);
        for (at, share) in row.shares.iter().enumerate() {
            let line = row.first + at;
            if reduced.0 != line {
                let source = source.get(line * stride..(line + 1) * stride).unwrap_or_default();
                reduce(source, &columns.spans, &mut reduced.1);
                reduced.0 = line;
            }
            for (sum, value) in sums.iter_mut().zip(&reduced.1) {
                *sum += share * value;
            }
        }
        for ((span, sum), out) in
            columns.spans.iter().zip(sums.as_chunks::<3>().0).zip(out.as_chunks_mut::<4>().0)
        {
            if span.is_some() {
                *out = [(sum[0] + 0.5) as u8, (sum[1] + 0.5) as u8, (sum[2] + 0.5) as u8, u8::MAX];
            }
        }
    }
    Pixels::from_rgba(width, height, out)
}

/// Averages a row of the mosaic over the columns of the screen.
fn reduce(source: &[u8], spans: &[Option<Covered>], to: &mut [f32]) {
    let (source, to) = (source.as_chunks::<4>().0, to.as_chunks_mut::<3>().0);
    for (span, to) in spans.iter().zip(to) {
        let Some(span) = span else { continue };
        let mut sum = [0.0f32; 3];
        for (pixel, share) in source.iter().skip(span.first).zip(&span.shares) {
            for (sum, value) in sum.iter_mut().zip(pixel) {
                *sum += share * f32::from(*value);
            }
        }
        *to = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::{MosaicSettings, compose};
    use crate::tensor::{Activation, LayerStats, MapShape};

    fn mosaic(channels: usize, side: usize) -> crate::mosaic::Mosaic {
        let shape = MapShape { channels, height: side, width: side };
        let values: Vec<f32> = (0..channels * side * side).map(|at| ((at * 7919) % 251) as f32).collect();
        let layer = Activation::new("layer", shape, values).unwrap();
        compose(&layer, &LayerStats::of(&layer), &MosaicSettings::default()).unwrap()
    }

    /// The average of a tile's area, by brute force over sixteenths of a mosaic pixel.
    fn reference(mosaic: &crate::mosaic::Mosaic, place: &ScreenPlace, x: i64, y: i64) -> Option<[f64; 3]> {
        let tile = mosaic.geometry.tile_rect(0, 0)?;
        let (tiles, gap) = (mosaic.geometry.tiles(), mosaic.geometry.gap());
        let along = |at: i64, origin: f64, length: u32, num: usize| {
            (0..num).find_map(|tile| {
                let start = tile as u32 * (length + gap);
                let (first, end) = place.tile(origin, start, length, gap, tile + 1 == num);
                let low = (at - first) as f64 / (end - first) as f64 * f64::from(length);
                let high = (at + 1 - first) as f64 / (end - first) as f64 * f64::from(length);
                (first..end).contains(&at).then_some((f64::from(start) + low, f64::from(start) + high))
            })
        };
        let (left, right) = along(x, place.origin.0, tile.width, tiles.columns)?;
        let (top, bottom) = along(y, place.origin.1, tile.height, tiles.rows)?;
        let (mut sum, steps) = ([0.0; 3], 64);
        for (i, j) in (0..steps).flat_map(|i| (0..steps).map(move |j| (i, j))) {
            let at = |low: f64, high: f64, step: i32| {
                low + (high - low) * (f64::from(step) + 0.5) / f64::from(steps)
            };
            let (x, y) = (at(left, right, i) as usize, at(top, bottom, j) as usize);
            let pixel = &mosaic.pixels.rgba()[(y * mosaic.pixels.width() as usize + x) * 4..][..3];
            for (sum, value) in sum.iter_mut().zip(pixel) {
                *sum += f64::from(*value) / f64::from(steps * steps);
            }
        }
        Some(sum)
    }

    #[test]
    fn every_pixel_is_the_average_of_the_area_that_it_covers() {
        let mosaic = mosaic(12, 9);
        for scale in [0.21, 0.5, 0.73, 1.0, 1.37, 2.6] {
            let place = ScreenPlace { origin: (-3.4, 2.2), scale, size: (40, 30) };
            let drawn = on_screen(&mosaic.pixels, &mosaic.geometry, place, [1, 2, 3, 255]).unwrap();
            for (at, pixel) in drawn.rgba().as_chunks::<4>().0.iter().enumerate() {
                let (x, y) = ((at % 40) as i64, (at / 40) as i64);
                match reference(&mosaic, &place, x, y) {
                    Some(expected) => {
                        for (got, expected) in pixel.iter().zip(expected) {
                            let off = (f64::from(*got) - expected).abs();
                            assert!(off < 4.0, "×{scale} at {x}, {y}: {pixel:?} for {expected}");
                        }
                    }
                    None => assert_eq!(*pixel, [1, 2, 3, 255], "×{scale} at {x}, {y}"),
                }
            }
        }
    }

    #[test]
    fn separators_are_one_pixel_wide_and_as_many_in_every_row_and_column() {
        let mosaic = mosaic(2048, 10);
        for scale in [0.6, 0.97, 1.11, 1.5, 3.3] {
            let size = (
                (f64::from(mosaic.pixels.width()) * scale) as u32,
                (f64::from(mosaic.pixels.height()) * scale) as u32,
            );
            let place = ScreenPlace { origin: (0.0, 0.0), scale, size };
            let ground = [200, 0, 255, 255];
            let drawn = on_screen(&mosaic.pixels, &mosaic.geometry, place, ground).unwrap();
            let width = size.0 as usize;
            let is_ground = |x: usize, y: usize| drawn.rgba()[(y * width + x) * 4..][..4] == ground;
            let columns: Vec<usize> = (0..width).filter(|x| is_ground(*x, 0)).collect();
            assert_eq!(columns.len(), mosaic.geometry.tiles().columns - 1, "×{scale}");
            assert!(columns.windows(2).all(|pair| pair[1] > pair[0] + 1), "×{scale}: {columns:?}");
            assert!((0..size.1 as usize).all(|y| columns.iter().all(|x| is_ground(*x, y))), "×{scale}");
        }
    }
}

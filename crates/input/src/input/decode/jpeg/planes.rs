//! Combines the samples of JPEGs whose components are sampled in a way that the decoder refuses or decodes wrongly (version 0.9
//! doesn't enlarge a coarser black). They are read as planes, enlarged and converted as in libjpeg-turbo.
//!
//! Must know nothing of files: planes come in, RGB goes out. The formulas are those of libjpeg-turbo 3's `jdsample.c` and
//! `jdcolor.c`, and Pillow's for four inks.

use libjpeg_turbo_rs::{ColorSpace, RawImage};

use super::markers::FrameHeader;

/// One component's samples.
#[derive(Clone, Debug)]
struct Plane {
    samples: Vec<u8>,
    /// Samples from the beginning of a row to that of the next.
    stride: usize,
    /// Width and height of the part that belongs to the picture.
    width: usize,
    height: usize,
}

impl Plane {
    fn row(&self, y: usize) -> &[u8] {
        let start = y.min(self.height.saturating_sub(1)) * self.stride;
        self.samples.get(start..start + self.width).unwrap_or(&[])
    }

    /// Enlarges a plane by these factors, to at least the picture's size. A factor of two interpolates with weights of 3 to 1 unless
    /// there are too few columns; other factors repeat the samples.
    fn enlarged(self, across: usize, down: usize) -> Self {
        let is_wide = self.width > 2;
        let (width, height) = (self.width * across, self.height * down);
        let mut samples = Vec::with_capacity(width * height);
        for y in 0..height {
            let row = self.row(y / down);
            // The nearer of the rows above and below. At the picture's first and last row it is the row itself.
            let beside = if y.is_multiple_of(2) { (y / 2).saturating_sub(1) } else { y / 2 + 1 };
            match (across, down) {
                (2, 1) if is_wide => widen(row.iter().map(|&v| u32::from(v)), 1, [1, 2], &mut samples),
                (1, 2) => {
                    let bias = if y.is_multiple_of(2) { 1 } else { 2 };
                    samples.extend(
                        row.iter()
                            .zip(self.row(beside))
                            .map(|(&near, &far)| ((3 * u32::from(near) + u32::from(far) + bias) >> 2) as u8),
                    );
                }
                (2, 2) if is_wide => {
                    let sums = row.iter().zip(self.row(beside));
                    let sums = sums.map(|(&near, &far)| 3 * u32::from(near) + u32::from(far));
                    widen(sums, 4, [8, 7], &mut samples);
                }
                _ => samples.extend(row.iter().flat_map(|&v| std::iter::repeat_n(v, across))),
            }
        }
        Self { samples, stride: width, width, height }
    }
}

/// Doubles the width of a row of sums, each of which has the weight of `scale` samples. Each output is three parts of its sum and one
/// part of the nearer neighbour, with one bias on the left and another on the right. At the borders a sum is its own neighbour.
fn widen(sums: impl Iterator<Item = u32>, scale: u32, bias: [u32; 2], out: &mut Vec<u8>) {
    let shift = 2 * u32::from(scale == 4) + 2;
    let sums: Vec<u32> = sums.collect();
    for (x, &here) in sums.iter().enumerate() {
        let left = x.checked_sub(1).and_then(|x| sums.get(x)).copied().unwrap_or(here);
        let right = sums.get(x + 1).copied().unwrap_or(here);
        out.extend(
            [(3 * here + left + bias[0]) >> shift, (3 * here + right + bias[1]) >> shift].map(|v| v as u8),
        );
    }
}

/// RGB, row by row; `None` if the planes contradict the frame header.
pub(super) fn to_rgb(frame: &FrameHeader, raw: RawImage, colours: ColorSpace) -> Option<Vec<u8>> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let (across, down) = frame.factors();
    let mut planes = Vec::new();
    for ((component, samples), stride) in frame.components.iter().zip(raw.planes).zip(raw.plane_widths) {
        let plane = Plane {
            samples,
            stride,
            width: (width * component.across).div_ceil(across),
            height: (height * component.down).div_ceil(down),
        };
        planes.push(plane.enlarged(across / component.across, down / component.down));
    }
    let mut rgb = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        let rows: Vec<&[u8]> = planes.iter().map(|plane| plane.row(y)).collect();
        match rows[..] {
            [a, b, c] if colours == ColorSpace::Rgb => {
                rgb.extend(a.iter().zip(b).zip(c).take(width).flat_map(|((&r, &g), &b)| [r, g, b]));
            }
            [a, b, c] => {
                rgb.extend(
                    a.iter().zip(b).zip(c).take(width).flat_map(|((&y, &cb), &cr)| from_ycc(y, cb, cr)),
                );
            }
            [a, b, c, black] => {
                for (((&a, &b), &c), &black) in a.iter().zip(b).zip(c).zip(black).take(width) {
                    // Pillow takes all four inks as inverted, whatever the markers say: 255 is no ink.
                    let inks = if colours == ColorSpace::Ycck {
                        from_ycc(a, b, c).map(|v| 255 - v)
                    } else {
                        [a, b, c]
                    };
                    rgb.extend(inks.map(|ink| ((u32::from(ink) * u32::from(black) + 127) / 255) as u8));
                }
            }
            _ => return None,
        }
    }
    (rgb.len() == 3 * width * height).then_some(rgb)
}

/// JFIF's conversion in fixed point, with 16 fractional bits.
fn from_ycc(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    [
        y + ((91_881 * cr + HALF) >> 16),
        y + ((-22_554 * cb - 46_802 * cr + HALF) >> 16),
        y + ((116_130 * cb + HALF) >> 16),
    ]
    .map(|v| v.clamp(0, 255) as u8)
}

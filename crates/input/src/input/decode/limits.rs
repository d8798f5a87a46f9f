//! Limits for picture files, checked before a pixel is decoded.

use super::error::DecodeProblem;

/// Limits for a picture file. They are checked from its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// The longest side in pixels.
    pub max_side: u32,
    /// The most pixels, width × height.
    pub max_pixels: u64,
    /// The most bytes that the decoder may allocate; also the size of the largest file that is read.
    pub max_bytes: u64,
}

impl Default for DecodeLimits {
    /// 32,768 pixels a side are enough for stitched panoramas. 128 Mi pixels are enough for the largest single-shot cameras (102 MP)
    /// and stop a decompression bomb of 20,000 × 20,000. 1 GiB is what 128 Mi pixels of the largest kind (16-bit RGBA) need.
    fn default() -> Self {
        Self { max_side: 32_768, max_pixels: 128 << 20, max_bytes: 1 << 30 }
    }
}

impl DecodeLimits {
    /// An error if a picture of this size may not be decoded.
    pub(super) fn check(&self, width: u32, height: u32) -> Result<(), DecodeProblem> {
        if width == 0 || height == 0 {
            return Err(DecodeProblem::NoPixels { width, height });
        }
        if width.max(height) > self.max_side {
            return Err(DecodeProblem::SideTooLong { width, height, limit: self.max_side });
        }
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(DecodeProblem::TooManyPixels { width, height, limit: self.max_pixels });
        }
        Ok(())
    }
}

//! How much a picture file may ask for, checked before a pixel is decoded.

use super::error::DecodeProblem;

/// How much a file may ask for. Checked from its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Longest side in pixels.
    pub max_side: u32,
    /// Width × height.
    pub max_pixels: u64,
    /// Bytes the decoder may allocate; also the largest file that is read.
    pub max_bytes: u64,
}

impl Default for DecodeLimits {
    /// 32,768 a side fits stitched panoramas; 128 Mi pixels fit the largest single-shot cameras (102 MP) and stop a
    /// 20,000 × 20,000 bomb; 1 GiB is what 128 Mi pixels of the deepest kind (16-bit RGBA) take.
    fn default() -> Self {
        Self { max_side: 32_768, max_pixels: 128 << 20, max_bytes: 1 << 30 }
    }
}

impl DecodeLimits {
    /// Whether a picture of this size may be decoded.
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

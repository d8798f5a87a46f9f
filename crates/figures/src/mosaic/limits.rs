//! How large a picture may be made.

/// The longest side a picture may have, in pixels.
pub const MAX_SIDE: u32 = 65_535;
/// The most bytes a picture may have.
pub const MAX_BYTES: u64 = 1 << 31;

/// Whether a picture of this size may be made.
pub(super) fn within_limits(width: u64, height: u64) -> bool {
    let side = u64::from(MAX_SIDE);
    width <= side && height <= side && width * height * 4 <= MAX_BYTES
}

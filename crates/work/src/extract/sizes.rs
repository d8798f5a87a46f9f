//! Sizes in bytes as text.

/// A number of bytes as text, in KiB, MiB or GiB.
pub(super) fn gib(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{:.0} KiB", bytes as f64 / 1024.0),
        0x10_0000..0x4000_0000 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

//! How much more memory the program may allocate where the system sets a limit (`ulimit -v`, or the limit of a batch system).
//!
//! A failed allocation ends the program without a message, so a large allocation is first compared with the limit. Owns this check and
//! its error message. Where there is no limit, or it can't be read, every size is allowed: the limit is read on Linux only.

use std::fs::read_to_string;
use std::sync::OnceLock;

/// Bytes kept free for everything that isn't counted: threads, small values, rounding by the system.
const RESERVE: u64 = 32 << 20;

/// More memory is needed than the system lets the program have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this takes about {} more memory, and the system lets the program have {} more",
    size_words(*.needed),
    size_words(*.left)
)]
pub struct NoRoom {
    /// Bytes that are needed.
    pub needed: u64,
    /// Bytes that may still be allocated.
    pub left: u64,
}

/// A size in kB or MB, so that a small size isn't printed as 0.
fn size_words(bytes: u64) -> String {
    if bytes < 1_000_000 {
        format!("{} kB", bytes.div_ceil(1000))
    } else {
        format!("{:.0} MB", bytes as f64 / 1e6)
    }
}

/// Checks that `bytes` more can be allocated.
///
/// # Errors
/// If the system's limit doesn't allow it.
pub fn check_room(bytes: u64) -> Result<(), NoRoom> {
    match left() {
        Some(left) if bytes > left => Err(NoRoom { needed: bytes, left }),
        _ => Ok(()),
    }
}

/// Bytes that may still be allocated, less the reserve; `None` where there is no limit.
fn left() -> Option<u64> {
    static LIMIT: OnceLock<Option<u64>> = OnceLock::new();
    let limit = (*LIMIT.get_or_init(|| limit_in(&read_to_string("/proc/self/limits").ok()?)))?;
    let taken = taken_in(&read_to_string("/proc/self/status").ok()?)?;
    Some(limit.saturating_sub(taken).saturating_sub(RESERVE))
}

/// The soft limit on address space, from the text of `/proc/self/limits`.
fn limit_in(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The address space in use, in bytes, from the text of `/proc/self/status`.
fn taken_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::{NoRoom, limit_in, taken_in};

    #[test]
    fn limits_are_read_as_linux_writes_them() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max stack size            8388608              unlimited            bytes     \n\
                      Max address space         524288000            524288000            bytes     \n";
        assert_eq!(limit_in(limits), Some(524_288_000));
        assert_eq!(
            limit_in("Max address space         unlimited            unlimited            bytes\n"),
            None
        );
        assert_eq!(taken_in("Name:\tx\nVmPeak:\t  310 kB\nVmSize:\t  300 kB\n"), Some(307_200));
        assert_eq!(
            NoRoom { needed: 400_000_000, left: 12_300_000 }.to_string(),
            "this takes about 400 MB more memory, and the system lets the program have 12 MB more"
        );
        assert_eq!(
            NoRoom { needed: 49_152, left: 0 }.to_string(),
            "this takes about 50 kB more memory, and the system lets the program have 0 kB more"
        );
    }
}

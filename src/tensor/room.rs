//! The memory that the system still lets the program have, where it sets a limit on it (`ulimit -v`, a batch system's).
//!
//! An allocation that fails ends the program without a word, so what is about to take much is held against the limit first. Owns the
//! question and the sentence. Where there is no limit, or the system doesn't say, everything has room: only Linux is asked.

use std::fs::read_to_string;
use std::sync::OnceLock;

/// What is left for all that isn't counted: threads, small values, what the system rounds up.
const RESERVE: u64 = 32 << 20;

/// More memory than the system lets the program have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this takes about {} more memory, and the system lets the program have {} more",
    size_words(*.needed),
    size_words(*.left)
)]
pub struct NoRoom {
    /// Bytes that are wanted.
    pub needed: u64,
    /// Bytes that may be had.
    pub left: u64,
}

/// In a unit in which a small size isn't 0.
fn size_words(bytes: u64) -> String {
    if bytes < 1_000_000 {
        format!("{} kB", bytes.div_ceil(1000))
    } else {
        format!("{:.0} MB", bytes as f64 / 1e6)
    }
}

/// An error where so many bytes more can't be had.
pub fn check_room(bytes: u64) -> Result<(), NoRoom> {
    match left() {
        Some(left) if bytes > left => Err(NoRoom { needed: bytes, left }),
        _ => Ok(()),
    }
}

/// Bytes that may still be had, less the reserve; nothing where there is no limit.
fn left() -> Option<u64> {
    static LIMIT: OnceLock<Option<u64>> = OnceLock::new();
    let limit = (*LIMIT.get_or_init(|| limit_in(&read_to_string("/proc/self/limits").ok()?)))?;
    let taken = taken_in(&read_to_string("/proc/self/status").ok()?)?;
    Some(limit.saturating_sub(taken).saturating_sub(RESERVE))
}

/// The soft limit on address space in what Linux says of a process's limits.
fn limit_in(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The address space that a process has taken, in what Linux says of its state.
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

//! How much more memory the program may allocate where the system sets a limit (`ulimit -v`, or the limit of a batch system).
//!
//! A failed allocation ends the program without a message, so a large allocation is first compared with the limit. Owns this check and
//! its error message. Where there is no limit, or it can't be read, every size is allowed: the limit is read on Linux only.
//!
//! A machine without a limit swaps, or kills a program, when its memory is full. So a run is also compared with the memory that is
//! available, of which it may take half.

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

/// A run takes more than half of the memory that is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this takes about {} of memory, more than half of the {} that are available",
    memory_words(*.needed),
    memory_words(*.available)
)]
pub struct TooMuch {
    /// Bytes that are needed.
    pub needed: u64,
    /// Bytes that are available.
    pub available: u64,
}

/// Checks that a run takes no more than half of the available bytes; if these aren't known, every size is allowed.
///
/// # Errors
/// If it takes more.
pub fn check_half(needed: u64, available: Option<u64>) -> Result<(), TooMuch> {
    match available {
        Some(available) if needed > available / 2 => Err(TooMuch { needed, available }),
        _ => Ok(()),
    }
}

/// Bytes of memory that programs on this machine, and in its group of processes, can still get without swapping. The variable
/// `FILTERSCOPE_MEMORY`, a number of bytes, overrides it. Known on Linux only.
pub fn available_memory() -> Option<u64> {
    let stated = std::env::var("FILTERSCOPE_MEMORY").ok().and_then(|bytes| bytes.trim().parse().ok());
    if stated.is_some() {
        return stated;
    }
    let machine = available_in(&read_to_string("/proc/meminfo").ok()?)?;
    let number =
        |name: &str| read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse::<u64>().ok();
    // Without a limit, `memory.max` holds no number. What the group holds of files, the system gives back when it is needed.
    let group = number("memory.max").zip(number("memory.current")).map(|(most, taken)| {
        let stat = read_to_string("/sys/fs/cgroup/memory.stat").unwrap_or_default();
        most.saturating_sub(taken.saturating_sub(inactive_file_in(&stat)))
    });
    Some(group.map_or(machine, |group| group.min(machine)))
}

/// The available memory, in bytes, from the text of `/proc/meminfo`.
fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Bytes of files that the group holds and doesn't use, from the text of `memory.stat`; 0 if it isn't stated.
fn inactive_file_in(stat: &str) -> u64 {
    let line = stat.lines().find_map(|line| line.strip_prefix("inactive_file "));
    line.and_then(|bytes| bytes.trim().parse().ok()).unwrap_or(0)
}

/// An amount of memory in MB or GB, for a person to compare.
pub fn memory_words(bytes: u64) -> String {
    if bytes < 1_000_000_000 {
        format!("{} MB", bytes.div_ceil(1_000_000))
    } else {
        format!("{:.1} GB", bytes as f64 / 1e9)
    }
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
    use super::{NoRoom, available_in, check_half, inactive_file_in, limit_in, taken_in};

    #[test]
    fn a_run_may_take_half_of_what_is_available() {
        let meminfo = "MemTotal:       24000000 kB\nMemFree:  10 kB\nMemAvailable:    4000000 kB\n";
        assert_eq!(available_in(meminfo), Some(4_096_000_000));
        assert_eq!(inactive_file_in("anon 5\ninactive_file 4096\n"), 4096);
        assert_eq!(check_half(2_048_000_000, Some(4_096_000_000)), Ok(()));
        assert_eq!(check_half(u64::MAX, None), Ok(()));
        assert_eq!(
            check_half(2_900_000_000, Some(4_096_000_000)).unwrap_err().to_string(),
            "this takes about 2.9 GB of memory, more than half of the 4.1 GB that are available"
        );
        assert_eq!(
            check_half(600_000, Some(1_000_000)).unwrap_err().to_string(),
            "this takes about 1 MB of memory, more than half of the 1 MB that are available"
        );
    }

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

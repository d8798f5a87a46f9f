//! The single pool of threads for all parallel work, and how it shares the processor with a window.

use crate::tensor::{Remedied, Remedy};
use std::str::FromStr;

use rayon::ThreadPoolBuilder;
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// More threads than any processor here has cores; a larger number must be a typing mistake.
const MAX_THREADS: usize = 1024;

/// The number of threads that `--threads` sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumThreads(usize);

impl FromStr for NumThreads {
    type Err = ThreadsError;

    fn from_str(text: &str) -> Result<Self, ThreadsError> {
        let number = text.parse().ok().filter(|n| (1..=MAX_THREADS).contains(n));
        number.map(Self).ok_or_else(|| ThreadsError::NoNumber(text.to_owned()))
    }
}

/// What else needs the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Nothing in particular.
    Normal,
    /// A window with a user in front of it: the window's thread goes first.
    BehindWindow,
}

/// Why the pool can't be started.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThreadsError {
    /// The text is not a valid number of threads.
    #[error("threads `{0}`: expected a whole number from 1 to {MAX_THREADS}")]
    NoNumber(String),
    /// The operating system refused to start the threads.
    #[error("can't start the threads that compute: {0}")]
    Refused(String),
}

impl Remedied for ThreadsError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Refused(_) => Some(Remedy::FewerThreads),
            Self::NoNumber(_) => None,
        }
    }
}

/// Starts the global pool; to be called once, before anything is computed. Without a number it has one thread per core, or as
/// many as `RAYON_NUM_THREADS` says. Results don't depend on the number.
pub fn start_threads(number: Option<NumThreads>, priority: Priority) -> Result<(), ThreadsError> {
    builder(number, priority).build_global().map_err(|error| ThreadsError::Refused(error.to_string()))?;
    tracing::debug!("computing with {} threads", rayon::current_num_threads());
    Ok(())
}

fn builder(number: Option<NumThreads>, priority: Priority) -> ThreadPoolBuilder {
    ThreadPoolBuilder::new()
        .num_threads(number.map_or(0, |n| n.0))
        .thread_name(|at| format!("compute-{at}"))
        .start_handler(move |_| {
            if priority == Priority::BehindWindow {
                lower_priority();
            }
        })
}

/// Lowers the priority of the calling thread. A quarter of the scale is a niceness of about 10 on Linux. A window then draws its
/// frames in nearly the time that it takes alone, and there is still time left to compute when other programs run.
pub(super) fn lower_priority() {
    let Ok(quarter) = ThreadPriorityValue::try_from(25) else { return };
    if let Err(error) = set_current_thread_priority(ThreadPriority::Crossplatform(quarter)) {
        // Without it the window is only less smooth. A thread that already has a lower priority can't be raised, which is fine.
        tracing::debug!("priority left as it is: {error:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        assert_eq!("3".parse(), Ok(NumThreads(3)));
        for bad in ["0", "-1", "1025", "two", "", "1.5"] {
            let words = format!("threads `{bad}`: expected a whole number from 1 to 1024");
            assert_eq!(bad.parse::<NumThreads>().unwrap_err().to_string(), words);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pool_has_as_many_threads_as_were_asked_for_and_stands_back_behind_a_window() {
        let niceness = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            // The name in brackets may contain blanks; the niceness is the 17th field after it.
            stat.rsplit_once(')').unwrap().1.split_whitespace().nth(16).unwrap().parse::<i32>().unwrap()
        };
        let own = niceness();
        for (priority, least) in [(Priority::Normal, own), (Priority::BehindWindow, 9)] {
            let pool = builder(Some(NumThreads(3)), priority).build().unwrap();
            let found = pool.broadcast(|_| niceness());
            assert_eq!(found.len(), 3);
            assert!(found.iter().all(|nice| *nice >= least), "{priority:?}: {found:?}, here {own}");
        }
    }
}

//! The one pool of threads that everything parallel runs on, and how it shares the processor with a window.

use crate::tensor::{Remedied, Remedy};
use std::str::FromStr;

use rayon::ThreadPoolBuilder;
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// More threads than any processor here has cores; beyond it is a slip of the finger.
const MAX_THREADS: usize = 1024;

/// What `--threads` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumThreads(usize);

impl FromStr for NumThreads {
    type Err = ThreadsError;

    fn from_str(text: &str) -> Result<Self, ThreadsError> {
        let number = text.parse().ok().filter(|n| (1..=MAX_THREADS).contains(n));
        number.map(Self).ok_or_else(|| ThreadsError::NoNumber(text.to_owned()))
    }
}

/// Who else needs the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Nobody in particular.
    Normal,
    /// A person at a window: its thread goes first.
    BehindWindow,
}

/// Why there is no pool.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ThreadsError {
    /// Not a number of threads.
    #[error("threads `{0}`: expected a whole number from 1 to {MAX_THREADS}")]
    NoNumber(String),
    /// The system refuses.
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

/// Starts the pool, once, before anything is computed. Without a number it has a thread per core, or as many as
/// `RAYON_NUM_THREADS` says. Results don't depend on the number.
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

/// Lets others go before the calling thread. A quarter of the scale is a niceness of about 10 on Linux: a window gets its frames
/// in nearly the time it would take alone, and beside other programs there is still a share left to compute with.
pub(super) fn lower_priority() {
    let Ok(quarter) = ThreadPriorityValue::try_from(25) else { return };
    if let Err(error) = set_current_thread_priority(ThreadPriority::Crossplatform(quarter)) {
        // Only less smooth; a thread that already stands further back isn't let forward, which is as well.
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
            // The name in brackets may hold blanks; niceness is the 17th field after it.
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

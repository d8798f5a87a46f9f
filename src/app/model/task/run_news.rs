//! What a long run reports while it goes on, and how it ends, as plain data.

use std::time::Duration;

/// Greatest number of failures that are kept for display; the files of an extraction list all of them.
const MAX_FAILURES: usize = 200;

/// How a run ended, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunEnd {
    Done(String),
    /// It was stopped; the words say what is kept and how to continue.
    Stopped(String),
    Failed(String),
}

/// The progress of a run, and how it ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunNews {
    pub(crate) total: u64,
    /// The part of `done` that an earlier run did.
    pub(crate) first: u64,
    pub(crate) done: u64,
    pub(crate) num_failed: u64,
    /// Picture and reason of the first failures.
    pub(crate) failures: Vec<(String, String)>,
    /// A remark on the progress, in words; may be empty.
    pub(crate) what: String,
    pub(crate) elapsed: Duration,
    /// Folders of features that the run made.
    pub(crate) made: Vec<String>,
    pub(crate) end: Option<RunEnd>,
}

impl RunNews {
    /// Stores why a picture failed.
    pub(crate) fn fail(&mut self, picture: String, reason: String) {
        let failure = (picture, reason);
        if self.failures.len() < MAX_FAILURES && !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }

    /// Number of things done per second by this run alone; none before it has done anything.
    pub(crate) fn per_second(&self) -> Option<f64> {
        let (num, seconds) = (self.done.saturating_sub(self.first), self.elapsed.as_secs_f64());
        (num > 0 && seconds > 0.0).then(|| num as f64 / seconds)
    }

    pub(crate) fn time_left(&self) -> Option<Duration> {
        let left = self.total.saturating_sub(self.done) as f64;
        self.per_second().and_then(|rate| Duration::try_from_secs_f64(left / rate).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_run_did_is_no_speed_of_this_one() {
        let news = RunNews {
            total: 100,
            first: 40,
            done: 60,
            elapsed: Duration::from_secs(10),
            ..RunNews::default()
        };
        assert_eq!((news.per_second(), news.time_left()), (Some(2.0), Some(Duration::from_secs(20))));
        assert_eq!(RunNews { first: 60, ..news }.time_left(), None);
    }
}

//! Messages to the user: shown over the window for as long as it takes to read them, and kept in a log.

/// Greatest number of messages shown at once; older ones are in the log only.
pub(crate) const MAX_MESSAGES: usize = 6;

/// Greatest number of messages kept in the log.
pub(crate) const MAX_LOG: usize = 200;

/// The least time for which a message is shown, in seconds.
const SHORTEST_SECS: f64 = 5.0;

/// Time to read one character, in seconds: slow reading, because a message comes while one looks at something else.
const CHARACTER_SECS: f64 = 0.07;

/// Time for which a message stays after the pointer has left the messages, in seconds.
const AFTER_POINTER_SECS: f64 = 2.0;

/// Whether a message is good or bad news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something worked.
    Good,
    /// Nothing failed, but something is otherwise than one may think, or can't be done as asked.
    Warning,
    /// Something failed.
    Bad,
}

/// A message to the user.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    pub(crate) text: String,
    /// When it has been read, in seconds of the window's own time; none before it was first drawn. It is taken away then; an error only
    /// when it is dismissed, or when new work begins afterwards.
    pub(crate) until_secs: Option<f64>,
}

impl Notice {
    /// Notes that it is on screen now; returns whether it stays.
    pub(crate) fn stays(&mut self, now_secs: f64, is_pointed_at: bool) -> bool {
        let reading = SHORTEST_SECS.max(self.text.chars().count() as f64 * CHARACTER_SECS);
        let until = self.until_secs.get_or_insert(now_secs + reading);
        if is_pointed_at {
            *until = until.max(now_secs + AFTER_POINTER_SECS);
        }
        self.tone == Tone::Bad || now_secs < *until
    }

    /// Whether it stays when new work begins: only an error does that can't have been read yet.
    pub(crate) fn outlasts_work(&self, now_secs: f64) -> bool {
        self.tone == Tone::Bad && self.until_secs.is_none_or(|until| now_secs < until)
    }

    /// When it goes by itself, in seconds of the window's own time.
    pub(crate) fn goes_at_secs(&self) -> Option<f64> {
        self.until_secs.filter(|_| self.tone != Tone::Bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_as_long_as_it_takes_to_read_and_an_error_until_new_work() {
        let notice = |tone, text: &str| Notice { tone, text: text.to_owned(), until_secs: None };
        let mut short = notice(Tone::Good, "saved");
        assert!(short.stays(100.0, false) && short.stays(104.9, false) && !short.stays(105.1, false));
        let mut long = notice(Tone::Warning, &"a word ".repeat(20));
        assert!(long.stays(0.0, false) && long.stays(9.7, false) && !long.stays(9.9, false));
        let mut pointed = notice(Tone::Good, "saved");
        assert!(pointed.stays(0.0, false) && pointed.stays(4.9, true) && pointed.stays(6.8, false));
        assert!(!pointed.stays(7.0, false));
        let mut error = notice(Tone::Bad, "the disk is full");
        assert!(error.outlasts_work(0.0));
        assert!(error.stays(0.0, false) && error.stays(1e6, false));
        assert!(error.outlasts_work(4.9) && !error.outlasts_work(5.1));
        assert!(!short.outlasts_work(0.0));
    }
}

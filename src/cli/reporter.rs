//! The only place that prints. Results go to stdout; notes, problems and progress go to stderr.
//!
//! A closed pipe is not an error: it ends the output, not the run.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::exit::Exit;
use crate::tensor::steers;

/// Prints, with or without a progress bar below.
#[derive(Debug)]
pub(super) struct Reporter {
    is_quiet: bool,
    is_verbose: bool,
}

impl Reporter {
    /// `is_quiet` leaves out notes, progress and summaries. `is_verbose` leaves out progress, because log lines would break the bar.
    pub(super) fn new(is_quiet: bool, is_verbose: bool) -> Self {
        Self { is_quiet, is_verbose }
    }

    /// Prints a result to stdout. A closed pipe is not an error.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the reporter")]
    pub(super) fn result(&self, text: &str) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(in_json_too(text).as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(anyhow::Error::new(error).context("can't write to stdout"))
            }
            _ => Ok(()),
        }
    }

    /// Prints a note: something the user should know.
    pub(super) fn note(&self, text: &str) {
        if !self.is_quiet {
            line(&format!("note: {text}"));
        }
    }

    /// Prints the summary at the end of a command.
    pub(super) fn summary(&self, text: &str) {
        if !self.is_quiet {
            line(text);
        }
    }

    /// Reports a picture or another item that was skipped; printed even when quiet.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the reporter")]
    pub(super) fn skipped(&self, text: &str) {
        line(&format!("skipped: {text}"));
    }

    /// Prints text to stderr that the user asked for but that isn't the result, such as timings.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the reporter")]
    pub(super) fn aside(&self, text: &str) {
        line(text.trim_end());
    }

    /// Prints the error that ends the command, with its causes, on one line; the remedy, if there is one, on the next line.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the reporter")]
    pub(super) fn fail(&self, error: &anyhow::Error) -> Exit {
        line(&format!("error: {error:#}"));
        if let Some(remedy) = super::remedy::of(error) {
            line(&format!("help: {}", super::remedy::words(&remedy)));
        }
        Exit::Failed
    }

    /// Asks the user a question at the terminal; any answer but yes means no.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the reporter")]
    pub(super) fn asks(&self, question: &str) -> bool {
        let mut stderr = io::stderr().lock();
        let mut answer = String::new();
        let is_asked = write!(stderr, "{} [y/N] ", harmless(question)).and_then(|()| stderr.flush()).is_ok();
        is_asked
            && io::stdin().read_line(&mut answer).is_ok()
            && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
    }

    /// A progress bar for the bytes of a download; hidden where stderr is not a terminal.
    pub(super) fn download(&self, total: Option<u64>) -> DownloadBar {
        let is_hidden = self.is_quiet || self.is_verbose;
        let target = if is_hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let template = if total.is_some() {
            "{bar:28} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left"
        } else {
            "{spinner} {decimal_bytes}, {decimal_bytes_per_sec}"
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(total, target).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(500));
        DownloadBar { bar }
    }

    /// A progress bar of this many steps; hidden where stderr is not a terminal and where there is only one step.
    pub(super) fn progress(&self, num_steps: usize) -> RunProgress {
        let is_hidden = self.is_quiet || self.is_verbose || num_steps < 2;
        let target = if is_hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template("{bar:28} {pos}/{len} {wide_msg} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(num_steps as u64), target).with_style(style);
        // Without ticks the estimated time would not be updated during a long step.
        bar.enable_steady_tick(Duration::from_millis(500));
        RunProgress { bar }
    }

    /// A progress bar for a long run of pictures, of which `num_done` are done already, with the rate and the time left.
    pub(super) fn long_progress(&self, num_steps: u64, num_done: u64) -> RunProgress {
        let is_hidden = self.is_quiet || self.is_verbose;
        let target = if is_hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let template = "{bar:28} {human_pos}/{human_len} {per_sec}, {eta} left {wide_msg}";
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("per_sec", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // If drawing fails, the next update draws the line again.
                let _ = write!(out, "{:.1} pictures/s", state.per_sec());
            });
        let bar = ProgressBar::with_draw_target(Some(num_steps), target).with_style(style);
        bar.set_position(num_done);
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(500));
        RunProgress { bar }
    }
}

/// A progress bar that counts the bytes of a download.
#[derive(Debug)]
pub(super) struct DownloadBar {
    bar: ProgressBar,
}

impl DownloadBar {
    /// Sets the number of bytes received so far.
    pub(super) fn at(&self, num_bytes: u64) {
        self.bar.set_position(num_bytes);
    }
}

impl Drop for DownloadBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A progress bar that makes room for printed text.
#[derive(Debug)]
pub(super) struct RunProgress {
    bar: ProgressBar,
}

impl RunProgress {
    /// Shows what is being worked on.
    pub(super) fn begin(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// Adds finished steps.
    pub(super) fn step(&self, num_steps: usize) {
        self.bar.inc(num_steps as u64);
    }

    /// Sets the number of steps, where it becomes known only later.
    pub(super) fn set_length(&self, num_steps: u64) {
        self.bar.set_length(num_steps);
    }

    /// Sets the number of steps done so far.
    pub(super) fn reach(&self, num_done: u64) {
        self.bar.set_position(num_done);
    }

    /// Hides the bar while `print` prints.
    pub(super) fn above(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }
}

impl Drop for RunProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Prints one line to stderr; an error is ignored, because there is nowhere to report it.
fn line(text: &str) {
    drop(writeln!(io::stderr().lock(), "{}", harmless(text)));
}

/// Escapes characters that would control the terminal; text from files and arguments may contain them. Line breaks stay, for tables.
fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.escape_default().to_string())
}

/// Escapes characters of a result that would control the terminal, in the form that is valid in JSON. Line breaks and tabs stay.
fn in_json_too(text: &str) -> Cow<'_, str> {
    escaped(text, |c| if c == '\t' { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    let must = |c: char| steers(c) && c != '\n';
    if !text.contains(must) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if must(c) { escape(c) } else { c.to_string() }).collect())
}

#[cfg(test)]
mod tests {
    use super::{harmless, in_json_too};

    #[test]
    fn what_steers_a_terminal_is_shown() {
        assert_eq!(harmless("a\u{1b}[31mb\tc\nd"), "a\\u{1b}[31mb\\tc\nd");
        assert_eq!(harmless("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
        assert_eq!(in_json_too("{\"file\": \"a\u{9b}31m\"}\n"), "{\"file\": \"a\\u009b31m\"}\n");
    }
}

//! The one place that prints. Stdout carries results; stderr carries notes, problems and progress.
//!
//! Nobody reading is no error: a closed pipe ends the output, not the run.

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
    /// Quiet leaves out notes, progress and summaries; verbose leaves out progress, for log lines would tear it.
    pub(super) fn new(is_quiet: bool, is_verbose: bool) -> Self {
        Self { is_quiet, is_verbose }
    }

    /// A result, to stdout. A reader that has gone is fine.
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

    /// Something a person should know.
    pub(super) fn note(&self, text: &str) {
        if !self.is_quiet {
            line(&format!("note: {text}"));
        }
    }

    /// A closing line.
    pub(super) fn summary(&self, text: &str) {
        if !self.is_quiet {
            line(text);
        }
    }

    /// A picture that gave nothing; said even when quiet.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the reporter")]
    pub(super) fn skipped(&self, text: &str) {
        line(&format!("skipped: {text}"));
    }

    /// Text that was asked for and isn't the result.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the reporter")]
    pub(super) fn aside(&self, text: &str) {
        line(text.trim_end());
    }

    /// The error that ends the command, with its causes, on one line; on the next what to do, where the error knows that as data.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the reporter")]
    pub(super) fn fail(&self, error: &anyhow::Error) -> Exit {
        line(&format!("error: {error:#}"));
        if let Some(remedy) = super::remedy::of(error) {
            line(&format!("help: {}", super::remedy::words(&remedy)));
        }
        Exit::Failed
    }

    /// Asks a person at the terminal; anything but a yes is a no.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through the reporter")]
    pub(super) fn asks(&self, question: &str) -> bool {
        let mut stderr = io::stderr().lock();
        let mut answer = String::new();
        let is_asked = write!(stderr, "{} [y/N] ", harmless(question)).and_then(|()| stderr.flush()).is_ok();
        is_asked
            && io::stdin().read_line(&mut answer).is_ok()
            && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
    }

    /// A bar that counts a download's bytes; hidden where stderr is no terminal.
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

    /// A progress bar of that many steps; hidden where stderr is no terminal and where one step is all there is.
    pub(super) fn progress(&self, num_steps: usize) -> RunProgress {
        let is_hidden = self.is_quiet || self.is_verbose || num_steps < 2;
        let target = if is_hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template("{bar:28} {pos}/{len} {wide_msg} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(num_steps as u64), target).with_style(style);
        // Without ticks the estimate stands still during a long step.
        bar.enable_steady_tick(Duration::from_millis(500));
        RunProgress { bar }
    }

    /// A progress bar of a long run of pictures, of which some are done already: with their rate and the time that is left.
    pub(super) fn long_progress(&self, num_steps: u64, num_done: u64) -> RunProgress {
        let is_hidden = self.is_quiet || self.is_verbose;
        let target = if is_hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let template = "{bar:28} {human_pos}/{human_len} {per_sec}, {eta} left {wide_msg}";
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("per_sec", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // A line that can't be drawn is drawn again.
                let _ = write!(out, "{:.1} pictures/s", state.per_sec());
            });
        let bar = ProgressBar::with_draw_target(Some(num_steps), target).with_style(style);
        bar.set_position(num_done);
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(500));
        RunProgress { bar }
    }
}

/// A bar that counts bytes.
#[derive(Debug)]
pub(super) struct DownloadBar {
    bar: ProgressBar,
}

impl DownloadBar {
    /// Bytes that are there by now.
    pub(super) fn at(&self, num_bytes: u64) {
        self.bar.set_position(num_bytes);
    }
}

impl Drop for DownloadBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A progress bar that steps aside for text.
#[derive(Debug)]
pub(super) struct RunProgress {
    bar: ProgressBar,
}

impl RunProgress {
    /// Says what is being worked on.
    pub(super) fn begin(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// One step done.
    pub(super) fn step(&self, num_steps: usize) {
        self.bar.inc(num_steps as u64);
    }

    /// How many there are, where that is known only now.
    pub(super) fn set_length(&self, num_steps: u64) {
        self.bar.set_length(num_steps);
    }

    /// So many done in all.
    pub(super) fn reach(&self, num_done: u64) {
        self.bar.set_position(num_done);
    }

    /// Prints without the bar in the way.
    pub(super) fn above(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }
}

impl Drop for RunProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// One line to stderr; if nobody reads it, there is nobody to tell.
fn line(text: &str) {
    drop(writeln!(io::stderr().lock(), "{}", harmless(text)));
}

/// Words of files and arguments may hold what steers a terminal; it is shown, not obeyed. Line ends of our own tables stay.
fn harmless(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.escape_default().to_string())
}

/// Text of a result without what a terminal obeys, in the way that is right inside JSON and can be read elsewhere; tabs part columns.
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

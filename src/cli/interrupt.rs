//! Signals. Ctrl-C: the first asks the run to stop after what it is at, a second ends the program at once. A file that may not grow
//! (`ulimit -f`): an error where it is written.

use anyhow::Context as _;

use super::exit::Exit;
use crate::engine::CancelToken;

/// A token that Ctrl-C cancels.
pub(super) fn cancelled_by_ctrl_c() -> anyhow::Result<CancelToken> {
    let token = CancelToken::new();
    cancel_at_ctrl_c(&token)?;
    Ok(token)
}

/// Has Ctrl-C cancel a token. Called once, when files are about to be written; before that Ctrl-C simply ends the program.
pub(super) fn cancel_at_ctrl_c(token: &CancelToken) -> anyhow::Result<()> {
    let theirs = token.clone();
    ctrlc::set_handler(move || {
        if theirs.is_cancelled() {
            std::process::exit(Exit::Interrupted.code().into());
        }
        theirs.cancel();
    })
    .context("can't listen for Ctrl-C")
}

/// Makes a write beyond the limit on files fail instead of ending the program, which would leave what it was writing.
#[cfg(unix)]
pub(super) fn outlive_file_limits() {
    // Whoever catches the signal is given the error by the write itself; nobody looks at the flag. Where the system refuses, it is as
    // it was without.
    let caught = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    drop(signal_hook::flag::register(signal_hook::consts::SIGXFSZ, caught));
}

/// Only Unix has such a signal.
#[cfg(not(unix))]
pub(super) fn outlive_file_limits() {}

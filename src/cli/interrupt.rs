//! Signals. The first Ctrl-C asks the run to stop after its current step, a second one ends the program at once. A file that reaches the
//! size limit (`ulimit -f`) causes an error where it is written.

use anyhow::Context as _;

use super::exit::Exit;
use crate::engine::CancelToken;

/// A new token that Ctrl-C cancels.
pub(super) fn cancelled_by_ctrl_c() -> anyhow::Result<CancelToken> {
    let token = CancelToken::new();
    cancel_at_ctrl_c(&token)?;
    Ok(token)
}

/// Makes Ctrl-C cancel a token. Called once, just before files are written; until then Ctrl-C simply ends the program.
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

/// Makes a write beyond the file size limit fail instead of ending the program, which would leave an unfinished file.
#[cfg(unix)]
pub(super) fn outlive_file_limits() {
    // Once the signal is caught, the write itself returns the error; nothing reads the flag. If the handler can't be registered, the
    // signal ends the program as it would without it.
    let caught = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    drop(signal_hook::flag::register(signal_hook::consts::SIGXFSZ, caught));
}

/// Does nothing: only Unix has this signal.
#[cfg(not(unix))]
pub(super) fn outlive_file_limits() {}

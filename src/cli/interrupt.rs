//! Ctrl-C: the first asks the run to stop after what it is at, a second ends the program at once.

use anyhow::Context as _;

use super::Exit;
use crate::engine::CancelToken;

/// A token that Ctrl-C cancels. Called once, when files are about to be written; before that Ctrl-C simply ends the program.
pub(super) fn cancelled_by_ctrl_c() -> anyhow::Result<CancelToken> {
    let token = CancelToken::new();
    let theirs = token.clone();
    ctrlc::set_handler(move || {
        if theirs.is_cancelled() {
            std::process::exit(Exit::Interrupted.code().into());
        }
        theirs.cancel();
    })
    .context("can't listen for Ctrl-C")?;
    Ok(token)
}

//! How a command ends, and its exit code.

use std::process::ExitCode;

#[cfg(feature = "gui")]
use crate::render::WindowRequest;

/// What `main` must do after the command line has been processed.
#[derive(Debug)]
pub enum Next {
    /// Exit with this code.
    Exit(ExitCode),
    /// Open the window, then exit with the code of [`window_closed`](super::window_closed).
    #[cfg(feature = "gui")]
    OpenWindow(Box<WindowRequest>),
}

/// How a command ended. `--help` documents the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything asked for was done.
    Done,
    /// Some pictures failed; the others' figures were written.
    SomeFailed,
    /// Nothing could be done.
    Failed,
    /// Ended by Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The exit code.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::SomeFailed => 1,
            Self::Failed => 2,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

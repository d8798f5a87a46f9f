//! How a command ends.

use std::process::ExitCode;

#[cfg(feature = "gui")]
use crate::render::WindowRequest;

/// What `main` does once the command line is worked off.
#[derive(Debug)]
pub enum Next {
    /// End with this code.
    Exit(ExitCode),
    /// Open the window, then end with what [`window_closed`](super::window_closed) says.
    #[cfg(feature = "gui")]
    OpenWindow(Box<WindowRequest>),
}

/// How a command ended. `--help` documents the numbers.
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
    /// What the system is told.
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

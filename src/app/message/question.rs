//! What a person is asked for with the system's dialogs.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::save::Export;
use crate::app::model::shown::Shown;
use crate::app::model::task::Task;

/// A path that is asked for, and what it is for. The answer comes back with it.
pub(crate) enum Question {
    /// A picture or a log to open; begins in this folder.
    Picture(Option<PathBuf>),
    /// A folder to open; begins in this one.
    Folder(Option<PathBuf>),
    /// A weight file.
    Weights,
    /// Where to save what was on screen when the question was asked.
    Save(Arc<Shown>),
    /// Where to export to; the name is proposed.
    Export(Export, String),
    /// Where a task is to write; the name of a file is proposed.
    TaskPlace(Task, String),
}

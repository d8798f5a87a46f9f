//! Questions that the user is asked with the system's dialogs.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::save::Export;
use crate::app::model::shown::Shown;
use crate::app::model::task::Task;

/// A path that the user is asked for, and its purpose. The answer comes back together with the question.
pub(crate) enum Question {
    /// A picture or a log to open; the dialog starts in this folder.
    Picture(Option<PathBuf>),
    /// A folder to open; the dialog starts in this one.
    Folder(Option<PathBuf>),
    /// A weight file.
    Weights,
    /// A file to save a view's mosaic to: the one that was on screen when the question was asked.
    Save(Arc<Shown>),
    /// A file to export to; the text is the proposed name.
    Export(Export, String),
    /// A path for a task to write to; the text is the proposed name, if it is a file.
    TaskPlace(Task, String),
    /// A file for the result of a task; the text is the proposed name.
    ResultPlace(Task, String),
    /// The file of a head.
    Head,
}

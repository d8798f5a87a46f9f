//! The system's file dialogs, off the UI thread.
//!
//! On a system with neither a desktop portal nor zenity, a dialog returns at once without an answer, as if it had been cancelled.
//! Typing a path works on every system.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::app::message::event::Event;
use crate::app::message::question::Question;
use crate::app::model::task::basis::Place;
use crate::app::runtime::tell::Tell;

/// Asks the user for paths. Each method is called on a thread of its own, so it may block, and returns none if it is cancelled.
pub trait Dialogs: Send + Sync {
    /// A picture, or a data set's log, to open; the dialog starts in `from`.
    fn open_picture(&self, from: Option<&Path>) -> Option<PathBuf>;
    /// A folder to open; the dialog starts in `from`.
    fn open_folder(&self, from: Option<&Path>) -> Option<PathBuf>;
    /// A weight file to open.
    fn open_weights(&self) -> Option<PathBuf>;
    /// A file to save to; `name` is proposed.
    fn save_png(&self, name: &str) -> Option<PathBuf>;
    /// A file to save a moving picture to; `name` is proposed.
    fn save_animation(&self, name: &str) -> Option<PathBuf>;
    /// A file to save the result of a comparison or a probe to; `name` is proposed.
    fn save_result(&self, name: &str) -> Option<PathBuf>;
    /// The file of a head to open.
    fn open_head(&self) -> Option<PathBuf>;
}

/// The desktop's own dialogs.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDialogs;

const PICTURES: [&str; 14] =
    ["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "ico", "qoi", "ppm", "pgm", "pnm", "csv"];

impl Dialogs for SystemDialogs {
    fn open_picture(&self, from: Option<&Path>) -> Option<PathBuf> {
        in_folder(from)
            .set_title("Open a picture or a driving log")
            .add_filter("Pictures and logs", &PICTURES)
            .add_filter("All files", &["*"])
            .pick_file()
    }

    fn open_folder(&self, from: Option<&Path>) -> Option<PathBuf> {
        in_folder(from).set_title("Choose a folder").pick_folder()
    }

    fn open_weights(&self) -> Option<PathBuf> {
        rfd::FileDialog::new()
            .set_title("Load weights or an ONNX model")
            .add_filter(
                "Weights and ONNX models",
                &["safetensors", "pth", "pt", "ckpt", "h5", "keras", "onnx"],
            )
            .add_filter("All files", &["*"])
            .pick_file()
    }

    fn save_png(&self, name: &str) -> Option<PathBuf> {
        rfd::FileDialog::new()
            .set_title("Save")
            .add_filter("PNG", &["png"])
            .add_filter("All files", &["*"])
            .set_file_name(name)
            .save_file()
    }

    fn save_animation(&self, name: &str) -> Option<PathBuf> {
        rfd::FileDialog::new()
            .set_title("Animate")
            .add_filter("GIF or animated PNG", &["gif", "png", "apng"])
            .set_file_name(name)
            .save_file()
    }

    fn save_result(&self, name: &str) -> Option<PathBuf> {
        rfd::FileDialog::new().set_title("Save the result").set_file_name(name).save_file()
    }

    fn open_head(&self) -> Option<PathBuf> {
        rfd::FileDialog::new()
            .set_title("Use a head")
            .add_filter("Heads", &["safetensors"])
            .add_filter("All files", &["*"])
            .pick_file()
    }
}

fn in_folder(folder: Option<&Path>) -> rfd::FileDialog {
    let dialog = rfd::FileDialog::new();
    match folder.filter(|folder| folder.is_dir()) {
        Some(folder) => dialog.set_directory(folder),
        None => dialog,
    }
}

/// If a dialog returns sooner than this without an answer, nobody can have seen it: the system has no dialogs.
const QUICKEST_PERSON: Duration = Duration::from_millis(400);

/// Asks the user on a thread of its own; the answer comes as an event.
///
/// # Errors
/// No thread can be started, in words.
pub(crate) fn ask(dialogs: &Arc<dyn Dialogs>, question: Question, tell: Tell) -> Result<(), String> {
    let dialogs = Arc::clone(dialogs);
    let work = move || {
        let asked = Instant::now();
        let answer = match &question {
            Question::Picture(from) => dialogs.open_picture(from.as_deref()),
            Question::Folder(from) => dialogs.open_folder(from.as_deref()),
            Question::Weights => dialogs.open_weights(),
            Question::Save(shown) => dialogs.save_png(&shown.file_name()),
            Question::Export(_, name) => dialogs.save_png(name),
            Question::ResultPlace(_, name) => dialogs.save_result(name),
            Question::Head => dialogs.open_head(),
            Question::TaskPlace(task, name) => match task.about().place {
                Place::Folder => dialogs.open_folder(None),
                Place::Animation => dialogs.save_animation(name),
            },
        };
        tell.event(if answer.is_none() && asked.elapsed() < QUICKEST_PERSON {
            Event::NoDialog(question)
        } else {
            Event::Picked(question, answer)
        });
    };
    match std::thread::Builder::new().name("dialog".into()).spawn(work) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("can't open a dialog ({error}); type the path")),
    }
}

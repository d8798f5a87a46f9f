//! What a path is: a picture, a data set, a weight file of some model.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::event::Event;
use crate::engine::Backbone;
use crate::input::dataset::{is_log, open_source};
use crate::weights::TensorFile;

/// What a path is.
pub(super) fn open(id: u64, path: PathBuf) -> Event {
    if !(path.is_dir() || is_log(&path)) {
        return if path.exists() {
            Event::Picture(id, path)
        } else {
            Event::OpenFailed(id, format!("there is no such file: \"{}\"", path.display()))
        };
    }
    match open_source(&path) {
        Ok(source) => Event::Source(id, path, Arc::from(source)),
        Err(error) => Event::OpenFailed(id, error.to_string()),
    }
}

/// The models that a weight file is for, as far as it shows.
pub(super) fn fits(path: PathBuf) -> Event {
    let file = match TensorFile::read(&path) {
        Ok(file) => file,
        Err(error) => return Event::ErrandFailed(error.to_string()),
    };
    let rows = Backbone::rows_for(&file);
    if rows.is_empty() {
        let num_tensors = file.names().count();
        return Event::ErrandFailed(format!(
            "this weight file fits no model here: its {num_tensors} tensors have other names or shapes; `filterscope render --model TAG \
             --weights FILE` says which: \"{}\"",
            path.display()
        ));
    }
    Event::Fits(path, rows)
}

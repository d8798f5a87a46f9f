//! Finds out what a path is: a picture, a figure of this program, a data set, or a weight file and the models it fits.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::message::event::{Event, ViewEvent};
use crate::app::message::remedy::told;
use crate::app::model::dataset::OpenedFrom;
use crate::app::model::restored::RestoredFigure;
use crate::app::model::weights::WeightsOffer;
use crate::engine::{Backbone, Fitting, has_own_end, is_onnx_path, open_onnx_up_to};
use crate::formats::{FigureRecord, PictureRecord, ReadRecordError, pixels_sha256, read_record};
use crate::input::dataset::{
    FileSetSource, Source, SourceOptions, has_no_header, is_log, is_table_path, names_no_pictures,
    open_source_as, table_columns,
};
use crate::input::decode::{Picture, decode_bytes, decode_file};
use crate::models::{ModelSpec, Registry};
use crate::render::{PictureChoice, fits_none};
use crate::tensor::shown;
use crate::weights::{PartChoice, TensorFile};

/// Why a path can't be read without waiting for another program, perhaps for ever: a pipe, a socket or a device is there.
pub(crate) fn no_file(path: &Path) -> Option<String> {
    let is_special = std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    is_special.then(|| format!("this is a pipe or a device, no file: \"{}\"", path.display()))
}

/// Opens a path: finds out whether it is a picture, a figure, a data set or a table. `path_column` is the column of a table that holds
/// the pictures' paths, once the user has chosen it.
pub(crate) fn open(path: PathBuf, path_column: Option<String>, cat: &[u8]) -> ViewEvent {
    if let Some(reason) = no_file(&path) {
        return ViewEvent::OpenFailed(reason);
    }
    if path_column.is_none() && !path.is_dir() && !is_log(&path) && is_table_path(&path) {
        let columns = table_columns(&path);
        if let Ok(columns) = &columns
            && columns.is_empty()
        {
            return ViewEvent::OpenFailed(format!("this table is empty: \"{}\"", path.display()));
        }
        return match columns {
            Ok(columns) if names_no_pictures(&path).is_ok_and(|names_none| names_none) => {
                ViewEvent::OpenFailed(format!(
                    "no column of this table names pictures: \"{}\" has {}",
                    path.display(),
                    shown(&columns.join(", "))
                ))
            }
            Ok(columns) => ViewEvent::WhichColumn(path, columns),
            Err(error) => ViewEvent::OpenFailed(told(&error)),
        };
    }
    if path_column.is_none() && !(path.is_dir() || is_log(&path)) {
        match read_record(&path) {
            Ok(record) => {
                open_recorded(&record);
                let picture = picture_of(&path, &record.picture, cat);
                let minus = record.minus.as_ref().and_then(|minus| picture_of(&path, minus, cat));
                let of_panel = |own: &PictureRecord| picture_of(&path, own, cat);
                let pictures =
                    record.panels.iter().map(|panel| panel.picture.as_ref().and_then(of_panel)).collect();
                return ViewEvent::Figure(Box::new(RestoredFigure {
                    path,
                    record,
                    picture,
                    minus,
                    pictures,
                }));
            }
            // A figure whose record is damaged is opened as an ordinary picture, with a note.
            Err(ReadRecordError::Bad { reason, .. }) => {
                return ViewEvent::Picture(
                    path,
                    Some(format!("{reason}; the figure is opened as a picture")),
                );
            }
            Err(_) => {}
        }
        return if path.exists() {
            // What is no picture at all doesn't take the place of one in the views.
            match no_picture(&path) {
                Some(reason) => ViewEvent::OpenFailed(reason),
                None => ViewEvent::Picture(path, None),
            }
        } else {
            ViewEvent::OpenFailed(format!("there is no such file: \"{}\"", path.display()))
        };
    }
    match open_source_from(&path, path_column.clone()) {
        Ok(source) => ViewEvent::Source(path, OpenedFrom { path_column, files: Vec::new() }, source),
        Err(reason) => ViewEvent::OpenFailed(reason),
    }
}

/// Why a file is no picture, from its first bytes; none if it begins like one.
fn no_picture(path: &Path) -> Option<String> {
    let mut first = [0; 64];
    let begins = std::fs::File::open(path).and_then(|mut file| file.read(&mut first)).unwrap_or(0);
    if image::guess_format(&first[..begins]).is_ok() {
        return None;
    }
    decode_file(path).err().map(|error| told(&error))
}

/// Opens a data set; `path_column` is the column of a table that holds the pictures' paths.
pub(crate) fn open_source_from(path: &Path, path_column: Option<String>) -> Result<Arc<dyn Source>, String> {
    // If the table has no header, the user chose its column by number.
    let has_no_header = path_column.is_some() && has_no_header(path);
    match open_source_as(path, &SourceOptions { kind: None, path_column, has_no_header }) {
        Ok(source) => Ok(Arc::from(source)),
        Err(error) => Err(told(&error)),
    }
}

/// Makes a data set of files that were given together.
pub(crate) fn set(files: Vec<PathBuf>) -> ViewEvent {
    match open_set(&files) {
        Ok(source) => {
            let place = source.root().to_owned();
            ViewEvent::Source(place, OpenedFrom { path_column: None, files }, source)
        }
        Err(reason) => ViewEvent::OpenFailed(reason),
    }
}

/// A data set of these files, in the order given.
pub(crate) fn open_set(files: &[PathBuf]) -> Result<Arc<dyn Source>, String> {
    match FileSetSource::open(files) {
        Ok(source) => Ok(Arc::new(source)),
        Err(error) => Err(told(&error)),
    }
}

/// The picture that a figure was made from, if a picture with the recorded hash is found: the embedded one, or a file of the recorded
/// name in the figure's folder or in the folder above.
fn picture_of(figure: &Path, record: &PictureRecord, cat: &[u8]) -> Option<PictureChoice> {
    let is_it = |picture: &Picture| {
        let rgb = &picture.rgb;
        pixels_sha256(rgb.width(), rgb.height(), rgb.as_raw()) == record.pixels_sha256
    };
    if decode_bytes("cat.png", cat).is_ok_and(|cat| is_it(&cat)) {
        return Some(PictureChoice::Cat);
    }
    let folder = std::path::absolute(figure).ok()?.parent()?.to_owned();
    let folders = [Some(folder.as_path()), folder.parent()];
    // A record holds a plain file name, never a path; this is checked when the record is read.
    folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join(&record.file_name))
        .find(|path| path.is_file() && decode_file(path).is_ok_and(|picture| is_it(&picture)))
        .map(PictureChoice::File)
}

/// The networks of an ONNX file, ending at `final_layer` if one is given, as offers to the user.
pub(crate) fn network(path: PathBuf, final_layer: Option<&str>) -> Event {
    let offer = |spec: &&'static ModelSpec| WeightsOffer {
        spec,
        choice: PartChoice::default(),
        words: String::new(),
    };
    match open_onnx_up_to(&path, final_layer) {
        Ok(specs) if specs.len() > 1 => Event::Fits(path, specs[1..].iter().map(offer).collect()),
        Ok(specs) => Event::Fits(path, specs.iter().map(offer).collect()),
        Err(error) => Event::NoFit(told(&error)),
    }
}

/// Opens a figure's networks that are not registered, if they come from ONNX files that are already open with another final layer.
fn open_recorded(record: &FigureRecord) {
    for run in record.panels.iter().map(|panel| &panel.run) {
        if Registry::find(&run.tag).is_ok() {
            continue;
        }
        let of_file = Registry::opened().into_iter().filter_map(ModelSpec::opened);
        let Some(path) =
            of_file.filter(|opened| opened.sha256 == run.weights_sha256).map(|opened| &opened.path).next()
        else {
            continue;
        };
        // An error here is reported later, when the figure's network isn't found.
        let final_layer = run.final_layer.as_deref().filter(|_| has_own_end(&run.tag));
        let _ = open_onnx_up_to(path, final_layer);
    }
}

/// The models that a weight file fits, and for each the part of the file to use.
pub(crate) fn fits(path: PathBuf, choice: &PartChoice) -> Event {
    if let Some(reason) = no_file(&path) {
        return Event::NoFit(reason);
    }
    // An ONNX file is a model of its own. If it doesn't say how samples become values, there is one model for each way.
    if is_onnx_path(&path) {
        return network(path, None);
    }
    match offers(&path, choice) {
        Ok(offers) => Event::Fits(path, offers),
        Err(reason) => Event::NoFit(reason),
    }
}

/// The offers of a file, at least one. If it holds both EMA weights and others, and the user hasn't chosen, both are offered.
pub(crate) fn offers(path: &Path, choice: &PartChoice) -> Result<Vec<WeightsOffer>, String> {
    let file = TensorFile::read_part(path, choice).map_err(|error| told(&error))?;
    file.check_choice().map_err(|error| told(&error))?;
    let fits = Backbone::fits(&file);
    if fits.is_empty() {
        return Err(told(&fits_none(&file)));
    }
    let mut all = offers_of(&fits, choice, "");
    if !choice.ema && fits.iter().any(|fit| fit.has_other_average) {
        all = offers_of(&fits, choice, "not averaged");
        let averaged = PartChoice { ema: true, ..choice.clone() };
        let file = TensorFile::read_part(path, &averaged).map_err(|error| told(&error))?;
        all.extend(offers_of(&Backbone::fits(&file), &averaged, "EMA weights"));
    }
    Ok(all)
}

fn offers_of(fits: &[Fitting], choice: &PartChoice, words: &str) -> Vec<WeightsOffer> {
    let places: BTreeSet<&String> = fits.iter().flat_map(|fit| &fit.prefixes).collect();
    let has_several = places.len() > 1;
    let of = |fit: &Fitting, prefix: &String| {
        let place = if prefix.is_empty() { "at its top".to_owned() } else { format!("`{prefix}`") };
        let choice = if has_several {
            PartChoice { prefix: Some(prefix.clone()), ema: choice.ema }
        } else {
            choice.clone()
        };
        let words = match (has_several, words) {
            (false, words) => words.to_owned(),
            (true, "") => place,
            (true, words) => format!("{place}, {words}"),
        };
        WeightsOffer { spec: fit.spec, choice, words }
    };
    fits.iter().flat_map(|fit| fit.prefixes.iter().map(move |prefix| of(fit, prefix))).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Opening a pipe would wait until another program writes into it.
    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["pipe.png", "pipe.csv", "pipe.pth", "pipe.onnx"] {
            let path = dir.path().join(name);
            assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
            let expected = format!("this is a pipe or a device, no file: \"{}\"", path.display());
            let opened = open(path.clone(), None, &[]);
            assert!(matches!(opened, ViewEvent::OpenFailed(reason) if reason == expected), "{name}");
            let fitted = fits(path, &PartChoice::default());
            assert!(matches!(fitted, Event::NoFit(reason) if reason == expected), "{name}");
        }
    }
}

//! Handlers about saving files (the mosaic, values, channels, views, sheets) and about the clipboard.

use crate::app::message::Now;
use crate::app::message::effect::{Effects, FaceEffect, Work};
use crate::app::message::job::Job;
use crate::app::message::question::Question;
use crate::app::message::save::SaveCommand;
use crate::app::model::Model;
use crate::app::model::messages::Tone;
use crate::app::model::paths::{with_npy, with_png};
use crate::app::model::save::{Export, SaveRequest, ToSave};
use crate::app::update::requests::errand;

/// Handles a command about saving files or about the clipboard.
pub(crate) fn apply(model: &mut Model, command: SaveCommand, now: &Now, effects: &mut Effects) {
    match command {
        SaveCommand::ChooseSavePlace => {
            if let Some(shown) = model.view().shown.clone() {
                effects.push(Work::Ask(Question::Save(shown)));
            }
        }
        SaveCommand::ChooseExportPlace(what) => {
            if let Some(shown) = &model.view().shown {
                let name = export_name(what, shown, model.view().selected);
                effects.push(Work::Ask(Question::Export(what, name)));
            }
        }
        SaveCommand::Save(path, shown) => {
            // A dialog asks about the name as typed. If an extension is added here, the user was not asked about that name.
            match with_png(&path) {
                Ok(named) => {
                    let may_replace = named == path;
                    let what = ToSave::Mosaic { shown, channel: None, looks: model.saved };
                    save(model, effects, SaveRequest { what, path: named, may_replace });
                }
                Err(reason) => model.say(Tone::Bad, reason),
            }
        }
        SaveCommand::Replace(may_replace) => {
            if let Some(request) = model.replacing.take().filter(|_| may_replace) {
                save(model, effects, SaveRequest { may_replace, ..*request });
            }
        }
        SaveCommand::SaveTyped(path) => export(model, effects, now, model.save_what, &path),
        SaveCommand::Export(what, path) => export(model, effects, now, what, &path),
        SaveCommand::SetSaveLooks(looks) => model.saved = looks,
        SaveCommand::SetSaveWhat(what) => model.save_what = what,
        SaveCommand::CopyMosaic => {
            if let Some(shown) = model.view().shown.clone() {
                // Enlarged to a readable size, as a saved figure is.
                let looks = model.saved;
                errand(model, effects, "Copying the mosaic…".to_owned(), Job::Copy { shown, looks });
            }
        }
        SaveCommand::Copy(text, what) => {
            effects.face(FaceEffect::CopyText(text));
            model.say(Tone::Good, format!("copied {what}"));
        }
    }
}

pub(crate) fn export(
    model: &mut Model,
    effects: &mut Effects,
    now: &Now,
    what: Export,
    path: &std::path::Path,
) {
    let view = model.view();
    let Some(shown) = view.shown.clone() else { return };
    let looks = model.saved;
    let named = if what == Export::Values { with_npy(path) } else { with_png(path) };
    let path = match named {
        Ok(path) => path,
        Err(reason) => return model.say(Tone::Bad, reason),
    };
    let what = match what {
        Export::Mosaic => ToSave::Mosaic { shown, channel: None, looks },
        Export::View => {
            let Some(seen) = now.seen else { return };
            ToSave::Part { shown, seen: Box::new(seen) }
        }
        Export::Values => ToSave::Values(shown),
        Export::Channel => {
            let Some(channel) = view.selected else {
                model.say(Tone::Warning, "select a channel first: its map is then saved");
                return;
            };
            ToSave::Mosaic { shown, channel: Some(channel), looks }
        }
        Export::Sheet => {
            let views = model.views.iter().filter(|v| v.is_plain()).filter_map(|v| v.shown.clone());
            ToSave::Sheet { views: views.collect(), paper: looks.paper }
        }
    };
    save(model, effects, SaveRequest { what, path, may_replace: false });
}

/// Queues the writing of a file.
fn save(model: &mut Model, effects: &mut Effects, request: SaveRequest) {
    let words = saving(&request.path);
    errand(model, effects, words, Job::Save(Box::new(request)));
}

fn saving(path: &std::path::Path) -> String {
    format!("Saving {}…", path.file_name().unwrap_or_default().to_string_lossy())
}

/// The file name that a dialog proposes.
fn export_name(what: Export, shown: &crate::app::model::shown::Shown, selected: Option<usize>) -> String {
    let name = shown.file_name();
    let stem = name.strip_suffix(".png").unwrap_or(&name);
    match (what, selected) {
        (Export::Values, _) => format!("{stem}.npy"),
        (Export::Channel, Some(channel)) => format!("{stem}__channel_{channel}.png"),
        (Export::Channel, None) | (Export::Mosaic, _) => name,
        (Export::View, _) => format!("{stem}__view.png"),
        (Export::Sheet, _) => format!("{stem}__sheet.png"),
    }
}

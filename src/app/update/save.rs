//! Handlers about saving files (the mosaic, values, channels, views, sheets) and about the clipboard.

use crate::app::message::Now;
use crate::app::message::effect::{Effects, FaceEffect, Work};
use crate::app::message::job::Job;
use crate::app::message::question::Question;
use crate::app::message::save::SaveCommand;
use crate::app::model::Model;
use crate::app::model::messages::Tone;
use crate::app::model::paths::{with_extension, with_npy};
use crate::app::model::save::Export;

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
            let looks = model.saved;
            // A dialog asks about the name as typed. If an extension is added here, the user was not asked about that name.
            let named = with_extension(path.clone());
            let may_replace = named == path;
            effects.queue(Job::Save { shown, path: named, may_replace, looks });
        }
        SaveCommand::SaveTyped(path) => export(model, effects, now, model.save_what, &path),
        SaveCommand::Export(what, path) => export(model, effects, now, what, &path),
        SaveCommand::SetSaveLooks(looks) => model.saved = looks,
        SaveCommand::SetSaveWhat(what) => model.save_what = what,
        SaveCommand::CopyMosaic => {
            if let Some(shown) = model.view().shown.clone() {
                // Enlarged to a readable size, as a saved figure is.
                effects.queue(Job::Copy { shown, looks: model.saved });
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
    let named = || with_extension(path.to_owned());
    let job = match what {
        Export::Mosaic => Job::Save { shown, path: named(), may_replace: false, looks },
        Export::View => {
            let Some(seen) = now.seen else { return };
            Job::SavePart { shown, seen: Box::new(seen), path: named() }
        }
        Export::Values => {
            let path = with_npy(path);
            Job::SaveValues { shown, path }
        }
        Export::Channel => {
            let Some(channel) = view.selected else {
                model.say(Tone::Bad, "select a channel first: its map is then saved");
                return;
            };
            Job::SaveFilter { shown, channel, path: named(), looks }
        }
        Export::Sheet => {
            let views = model.views.iter().filter(|v| v.is_plain()).filter_map(|v| v.shown.clone());
            Job::SaveSheet { views: views.collect(), path: named(), paper: looks.paper }
        }
    };
    effects.queue(job);
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

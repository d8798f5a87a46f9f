//! Opens files that were given together, one after the other, so that none is lost: weights first, each for its model, then pictures.

use std::path::PathBuf;

use crate::app::message::effect::Effects;
use crate::app::message::job::Job;
use crate::app::message::weights::WeightsCommand;
use crate::app::model::Model;
use crate::app::model::opening::{LookedAt, ToOpen};
use crate::app::model::view::{Trouble, ViewId};
use crate::app::model::weights::WeightsOffer;
use crate::app::update::requests::{errand, inspect_selected, reading};
use crate::app::update::show::{open, open_set};
use crate::models::ModelSpec;
use crate::render::is_weights_path;
use crate::weights::{FilePart, PartChoice};

/// Opens files that were dropped on the active view.
pub(crate) fn open_all(model: &mut Model, effects: &mut Effects, paths: Vec<PathBuf>) {
    let view = model.view().id;
    let (weights, pictures): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| is_weights_path(path));
    for path in weights {
        let choice = PartChoice::default();
        model.opening.waiting.push_back(ToOpen::Weights { path, choice, wanted: None, view: Some(view) });
    }
    if !pictures.is_empty() {
        model.opening.waiting.push_back(ToOpen::Pictures { paths: pictures, view });
    }
    go_on(model, effects);
}

/// Opens a weight file after those that wait.
pub(crate) fn add_weights(model: &mut Model, effects: &mut Effects, file: FilePart, wanted: Option<String>) {
    let FilePart { path, choice } = file;
    model.opening.waiting.push_back(ToOpen::Weights { path, choice, wanted, view: None });
    go_on(model, effects);
}

/// Opens what comes next, unless a weight file is being looked at, or the user is being asked about one.
pub(crate) fn go_on(model: &mut Model, effects: &mut Effects) {
    while model.opening.fitting.is_none() && model.weights_question.is_none() {
        match model.opening.waiting.pop_front() {
            None => return,
            Some(ToOpen::Weights { path, choice, wanted, view }) => {
                let words = reading(&path);
                let errand = errand(model, effects, words, Job::Fit(path, choice));
                model.opening.fitting = Some(LookedAt { wanted, view, errand });
            }
            Some(ToOpen::Pictures { mut paths, view }) => {
                activate(model, effects, view);
                match paths.len() {
                    1 => open(model, effects, paths.swap_remove(0), None),
                    _ => open_set(model, effects, paths),
                }
            }
        }
    }
}

/// Makes a view the active one, if it is still there.
pub(crate) fn activate(model: &mut Model, effects: &mut Effects, id: ViewId) {
    if let Some(at) = model.views.iter().position(|view| view.id == id)
        && at != model.active
    {
        model.active = at;
        inspect_selected(model, effects);
    }
}

/// Handles the models that a file fits. If there is only one, or one that the view waits for, and no final layer to choose, gives the
/// command to use it; otherwise asks the user and gives none.
pub(crate) fn take_fits(
    model: &mut Model,
    effects: &mut Effects,
    path: PathBuf,
    offers: Vec<WeightsOffer>,
) -> Option<WeightsCommand> {
    let fitting = model.opening.fitting.take();
    if let Some(view) = fitting.as_ref().and_then(|fitting| fitting.view) {
        activate(model, effects, view);
    }
    let view = model.view();
    let waits_for = (view.trouble == Some(Trouble::NeedsWeights)).then(|| view.request.spec.tag.to_owned());
    let wanted = fitting.and_then(|fitting| fitting.wanted).or(waits_for);
    let meant: Vec<&WeightsOffer> =
        offers.iter().filter(|offer| wanted.as_deref() == Some(offer.spec.tag)).collect();
    let only = match (&meant[..], &offers[..]) {
        ([meant], _) => Some(*meant),
        (_, [only]) => Some(only),
        _ => None,
    };
    if let Some(WeightsOffer { spec, choice, .. }) = only.filter(|offer| !wants_an_end(offer.spec)) {
        let choice = choice.clone();
        return Some(WeightsCommand::UseWeights(spec, FilePart { path, choice }));
    }
    model.weights_question = Some((path, offers));
    None
}

/// Whether the user must be asked where a network ends: the file continues in a way that isn't understood, and no final layer was
/// chosen yet.
pub(crate) fn wants_an_end(spec: &ModelSpec) -> bool {
    spec.opened().is_some_and(|opened| opened.is_cut && opened.final_asked.is_none())
}

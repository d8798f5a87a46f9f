//! Handlers about weight files and downloads of weights.

use std::path::{Path, PathBuf};

use crate::app::message::effect::{Effects, FetchRequest, Work};
use crate::app::message::job::{Job, SideJob};
use crate::app::message::question::Question;
use crate::app::message::weights::WeightsCommand;
use crate::app::model::Model;
use crate::app::model::download::{DownloadNews, DownloadRequest, Stage};
use crate::app::model::messages::Tone;
use crate::app::model::view::{Busy, Trouble, ViewId, ViewState};
use crate::app::model::weights::WeightsOffer;
use crate::app::update::requests::{ask_offer, errand};
use crate::app::update::show::{set_model, show, show_active};
use crate::engine::CancelToken;
use crate::models::ModelSpec;
use crate::weights::fetch::Progress;
use crate::weights::{FilePart, PartChoice};

/// Handles a command about weights.
pub(crate) fn apply(model: &mut Model, command: WeightsCommand, effects: &mut Effects) {
    match command {
        WeightsCommand::ChooseWeights => effects.push(Work::Ask(Question::Weights)),
        WeightsCommand::OpenWeights(path) => fit(model, effects, path, PartChoice::default()),
        WeightsCommand::EndAt(path, layer) => end_at(model, effects, path, layer),
        WeightsCommand::UseWeights(spec, file) => use_weights(model, effects, spec, file),
        WeightsCommand::ForgetWeights => {
            let tag = model.view().request.spec.tag;
            model.weight_files.retain(|(kept, _)| *kept != tag);
            show_active(model, effects);
        }
        WeightsCommand::DropWeights => model.weights_question = None,
        WeightsCommand::Download(spec, request) => match request {
            DownloadRequest::Ask => ask_offer(model, effects, spec),
            DownloadRequest::Fetch => download(model, effects, spec),
            DownloadRequest::Stop => cancel_download(model, spec),
        },
    }
}

/// Requests the models that a weight file fits. If there are several, the user is asked.
pub(crate) fn fit(model: &mut Model, effects: &mut Effects, path: PathBuf, part: PartChoice) {
    let words = reading(&path);
    errand(model, effects, words, Job::Fit(path, part));
}

/// Requests the models of an ONNX file whose network ends at a layer.
pub(crate) fn end_at(model: &mut Model, effects: &mut Effects, path: PathBuf, layer: String) {
    let words = reading(&path);
    errand(model, effects, words, Job::EndAt(path, layer));
}

fn reading(path: &Path) -> String {
    format!("Reading {}…", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Handles the models that a file fits. If there is only one, and no final layer to choose, gives the command to use it; otherwise asks
/// the user and gives none.
pub(crate) fn take_fits(
    model: &mut Model,
    path: PathBuf,
    offers: Vec<WeightsOffer>,
) -> Option<WeightsCommand> {
    if let [WeightsOffer { spec, choice, .. }] = &offers[..]
        && !wants_an_end(spec)
    {
        return Some(WeightsCommand::UseWeights(spec, FilePart { path, choice: choice.clone() }));
    }
    model.weights_question = Some((path, offers));
    None
}

/// Uses weights from a file for a model from now on, and shows that model.
fn use_weights(model: &mut Model, effects: &mut Effects, spec: &'static ModelSpec, file: FilePart) {
    model.weights_question = None;
    model.weight_files.retain(|(kept, _)| *kept != spec.tag);
    model.weight_files.push((spec.tag, file));
    if let Some(why) = spec.opened().and_then(|opened| opened.why_final.as_deref()) {
        model.say(Tone::Good, format!("{}: {why}", spec.tag));
    }
    model.view_mut().generation = model.next_generation();
    set_model(model, effects, spec);
}

/// Whether the user must be asked where a network ends: the file continues in a way that isn't understood, and no final layer was
/// chosen yet.
pub(crate) fn wants_an_end(spec: &ModelSpec) -> bool {
    spec.opened().is_some_and(|opened| opened.is_cut && opened.final_asked.is_none())
}

/// Handles the list of available weights: shows the views that waited for it, and those whose missing weights are now here.
pub(crate) fn take_here(model: &mut Model, effects: &mut Effects, tags: Vec<&'static str>) {
    (model.here, model.is_here_known) = (tags, true);
    let is_waiting = |view: &&ViewState| {
        let is_here = model.has_weights(view.request.spec);
        view.busy == Some(Busy::LookingForWeights) || (view.trouble == Some(Trouble::NeedsWeights) && is_here)
    };
    let ids: Vec<ViewId> = model.views.iter().filter(is_waiting).map(|view| view.id).collect();
    for id in ids {
        show(model, effects, id);
    }
}

/// Starts to download what was offered.
fn download(model: &mut Model, effects: &mut Effects, spec: &'static ModelSpec) {
    let Some(downloads) = &mut model.downloads else { return };
    let Some(Stage::Offered(offer, have)) = downloads.by_tag.get(spec.tag).cloned() else { return };
    let (progress, cancel) = (Progress { have, total: offer.num_bytes }, CancelToken::new());
    downloads.by_tag.insert(spec.tag, Stage::Fetching(offer.clone(), progress, cancel.clone()));
    let options = downloads.options.clone();
    let folders = model.store.folders().clone();
    effects.push(Work::Fetch(Box::new(FetchRequest { spec, options, offer, folders, cancel })));
}

/// Cancels a download; the bytes received are kept.
fn cancel_download(model: &Model, spec: &'static ModelSpec) {
    let stage = model.downloads.as_ref().and_then(|downloads| downloads.by_tag.get(spec.tag));
    if let Some(Stage::Fetching(_, _, cancel)) = stage {
        cancel.cancel();
    }
}

pub(crate) fn take_download_news(
    model: &mut Model,
    effects: &mut Effects,
    spec: &'static ModelSpec,
    news: DownloadNews,
) {
    let Some(downloads) = &mut model.downloads else { return };
    let stage = match news {
        DownloadNews::Asked(Ok(offer)) => Stage::Offered(offer, 0),
        DownloadNews::Stopped(offer, have) => Stage::Offered(offer, have),
        DownloadNews::Asked(Err(reason)) | DownloadNews::Failed(reason) => Stage::Failed(reason),
        DownloadNews::At(progress) => match downloads.by_tag.get(spec.tag) {
            Some(Stage::Fetching(offer, _, cancel)) => {
                Stage::Fetching(offer.clone(), progress, cancel.clone())
            }
            _ => return,
        },
        DownloadNews::Done => {
            downloads.by_tag.remove(spec.tag);
            effects.side(SideJob::Here(model.store.clone()));
            model.say(Tone::Good, format!("the weights of {} are here", spec.tag));
            let waiting: Vec<_> = model
                .views
                .iter()
                .filter(|view| view.request.spec.tag == spec.tag)
                .map(|view| view.id)
                .collect();
            for view in waiting {
                show(model, effects, view);
            }
            return;
        }
    };
    downloads.by_tag.insert(spec.tag, stage);
}

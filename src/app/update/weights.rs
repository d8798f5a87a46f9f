//! Handlers about weight files and downloads of weights.

use std::path::PathBuf;

use crate::app::message::effect::{Effects, FetchRequest, KeepRequest, Work};
use crate::app::message::event::Kept;
use crate::app::message::job::{Job, SideJob};
use crate::app::message::question::Question;
use crate::app::message::weights::WeightsCommand;
use crate::app::model::Model;
use crate::app::model::download::{DownloadNews, DownloadRequest, Stage};
use crate::app::model::messages::Tone;
use crate::app::model::view::{Busy, Trouble, ViewId, ViewState};
use crate::app::model::weights::{Keeping, MAX_RECENT, RecentWeights};
use crate::app::update::opening::{add_weights, go_on};
use crate::app::update::requests::{ask_offer, errand, reading};
use crate::app::update::show::{set_model, show, show_active};
use crate::engine::CancelToken;
use crate::models::ModelSpec;
use crate::weights::fetch::Progress;
use crate::weights::{FilePart, PartChoice};

/// Handles a command about weights.
pub(crate) fn apply(model: &mut Model, command: WeightsCommand, effects: &mut Effects) {
    match command {
        WeightsCommand::ChooseWeights => effects.push(Work::Ask(Question::Weights)),
        WeightsCommand::OpenWeights(path) => fit(model, effects, path),
        WeightsCommand::OpenRecent(recent) => {
            add_weights(model, effects, recent.part(), Some(recent.tag));
        }
        WeightsCommand::LookForRecent => look_for_recent(model, effects),
        WeightsCommand::Keep(spec) => keep(model, effects, spec),
        WeightsCommand::EndAt(path, layer) => end_at(model, effects, path, layer),
        WeightsCommand::UseWeights(spec, file) => use_weights(model, effects, spec, file),
        WeightsCommand::ForgetWeights => {
            let tag = model.view().request.spec.tag;
            model.weight_files.retain(|(kept, _)| *kept != tag);
            show_all_of(model, effects, tag);
        }
        WeightsCommand::DropWeights => {
            model.weights_question = None;
            go_on(model, effects);
        }
        WeightsCommand::Download(spec, request) => match request {
            DownloadRequest::Ask => ask_offer(model, effects, spec),
            DownloadRequest::Fetch => download(model, effects, spec),
            DownloadRequest::Stop => cancel_download(model, spec),
        },
    }
}

/// Requests the models that a weight file fits. If there are several, the user is asked.
pub(crate) fn fit(model: &mut Model, effects: &mut Effects, path: PathBuf) {
    add_weights(model, effects, FilePart { path, choice: PartChoice::default() }, None);
}

/// Requests the models of an ONNX file whose network ends at a layer.
pub(crate) fn end_at(model: &mut Model, effects: &mut Effects, path: PathBuf, layer: String) {
    let words = reading(&path);
    errand(model, effects, words, Job::EndAt(path, layer));
}

/// Uses weights from a file for a model from now on, and shows that model.
fn use_weights(model: &mut Model, effects: &mut Effects, spec: &'static ModelSpec, file: FilePart) {
    model.weights_question = None;
    model.weight_files.retain(|(kept, _)| *kept != spec.tag);
    remember(model, spec, &file);
    model.weight_hashes.retain(|(kept, _)| *kept != spec.tag);
    model.weight_files.push((spec.tag, file));
    if let Some(why) = spec.opened().and_then(|opened| opened.why_final.as_deref()) {
        model.say(Tone::Good, format!("{}: {why}", spec.tag));
    }
    model.view_mut().generation = model.next_generation();
    set_model(model, effects, spec);
    show_others_of(model, effects, spec.tag);
    go_on(model, effects);
}

/// Shows all views of a model, whose weights are here now.
fn show_of(model: &mut Model, effects: &mut Effects, tag: &str) {
    let of = model.views.iter().filter(|view| view.request.spec.tag == tag);
    for id in of.map(|view| view.id).collect::<Vec<_>>() {
        show(model, effects, id);
    }
}

/// Shows the views of a model again, whose weights are others now.
fn show_all_of(model: &mut Model, effects: &mut Effects, tag: &str) {
    show_active(model, effects);
    show_others_of(model, effects, tag);
}

fn show_others_of(model: &mut Model, effects: &mut Effects, tag: &str) {
    let active = model.view().id;
    let is_other = |view: &&ViewState| view.id != active && view.request.spec.tag == tag && view.is_plain();
    let others: Vec<ViewId> = model.views.iter().filter(is_other).map(|view| view.id).collect();
    for id in others {
        show(model, effects, id);
    }
}

/// Adds a weight file to those that were used before.
fn remember(model: &mut Model, spec: &ModelSpec, file: &FilePart) {
    let path = std::path::absolute(&file.path).unwrap_or_else(|_| file.path.clone());
    // A path that isn't text can't be written.
    if path.to_str().is_none() {
        return;
    }
    let PartChoice { prefix, ema } = file.choice.clone();
    model.recent_weights.retain(|kept| kept.path != path || kept.prefix != prefix || kept.ema != ema);
    model.recent_weights.insert(0, RecentWeights { tag: spec.tag.to_owned(), path, prefix, ema });
    model.recent_weights.truncate(MAX_RECENT);
}

fn look_for_recent(model: &Model, effects: &mut Effects) {
    let paths = model.recent_weights.iter().map(|weights| weights.path.clone()).collect();
    effects.side(SideJob::LookForWeights(paths));
}

/// Keeps a copy of the weights that were given for a model. Weights that are kept already are replaced only if the user has said so.
fn keep(model: &mut Model, effects: &mut Effects, spec: &'static ModelSpec) {
    let may_replace = match model.keeping {
        Some(Keeping::Running(_)) => return,
        Some(Keeping::WouldReplace(tag)) => tag == spec.tag,
        None => false,
    };
    let (file, sha256) = (model.weights_file(spec).cloned(), model.weights_hash(spec).map(str::to_owned));
    let target = model.store.folders().imported(spec.tag);
    let (Some(file), Some(sha256), Some(target)) = (file, sha256, target) else { return };
    model.keeping = Some(Keeping::Running(spec.tag));
    effects.push(Work::Keep(Box::new(KeepRequest { spec, file, sha256, target, may_replace })));
}

/// Handles the end of keeping weights. The copy is used from then on, so that the file may go.
pub(crate) fn take_kept(model: &mut Model, effects: &mut Effects, spec: &'static ModelSpec, kept: Kept) {
    model.keeping = None;
    let tag = spec.tag;
    match kept {
        Kept::Done(path, what) => {
            model.say(Tone::Good, format!("the weights of {tag} are kept: {what}: \"{}\"", path.display()));
            effects.side(SideJob::Here(model.store.clone()));
            let generation = model.next_generation();
            for view in model.views.iter_mut().filter(|view| view.request.spec.tag == tag) {
                view.generation = generation;
            }
            model.weight_files.retain(|(other, _)| *other != tag);
            model.weight_hashes.retain(|(other, _)| *other != tag);
            model.weight_files.push((tag, FilePart { path, choice: PartChoice::default() }));
            show_of(model, effects, tag);
        }
        Kept::IsThere(path) => {
            model.keeping = Some(Keeping::WouldReplace(tag));
            let text = "weights are kept for this model already; \"Replace the kept weights\" puts these in their place";
            model.say(Tone::Bad, format!("{text}: \"{}\"", path.display()));
        }
        Kept::Failed(reason) => {
            model.say(Tone::Bad, format!("the weights of {tag} are not kept: {reason}"));
        }
    }
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
            show_of(model, effects, spec.tag);
            return;
        }
    };
    downloads.by_tag.insert(spec.tag, stage);
}

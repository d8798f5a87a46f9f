//! Handlers as functions: a message in, a changed model and effects out. No widgets, threads or networks.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks for one effect among others")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::message::dataset::DatasetCommand;
use crate::app::message::effect::{Effect, FaceEffect, Work};
use crate::app::message::job::{Job, RunJob, SideJob};
use crate::app::message::views::ViewsCommand;
use crate::app::message::window::WindowCommand;
use crate::app::model::dataset::{OpenedFrom, thumb_key};
use crate::app::model::download::{DownloadNews, DownloadRequest, Downloads, Stage};
use crate::app::model::naming;
use crate::app::model::preferences::Preference;
use crate::app::model::restored::RestoredFigure;
use crate::app::model::save::Export;
use crate::app::model::task::basis::TaskLayers;
use crate::app::model::task::batch::BatchCounts;
use crate::app::model::task::run_news::{RunEnd, RunNews};
use crate::app::model::task::{Task, TaskPlan, TaskRequest};
use crate::app::model::view::Busy;
use crate::app::model::weights::WeightsOffer;
use crate::engine::WeightStore;
use crate::extract::Existing;
use crate::input::dataset::open_source;
use crate::models::Registry;
use crate::mosaic::{MosaicLayout, MosaicSetting, Normalisation};
use crate::render::{AnimationMode, Change, ClassChoice, DEFAULT_TAG, LayerChoice};
use crate::weights::fetch::FetchOptions;

use super::*;

mod kept;
mod steps;
mod told;

/// The model of a window whose network has its weights, before its first picture is shown.
fn model() -> Model {
    let row = Registry::find(DEFAULT_TAG).unwrap();
    let mut model = Model::new(WeightStore::new(Vec::new()), row, Arc::new(row.graph().unwrap()));
    (model.here, model.is_here_known) = (vec![row.tag], true);
    model.max_texture_side = 2048;
    model
}

fn send(model: &mut Model, message: Message) -> Vec<Effect> {
    let mut effects = Effects::default();
    update(model, message, &Now { max_texture_side: 2048, ..Now::default() }, &mut effects);
    effects.take()
}

fn ask(model: &mut Model, command: impl Into<Command>) -> Vec<Effect> {
    send(model, Message::Command(command.into()))
}

fn tell(model: &mut Model, event: Event) -> Vec<Effect> {
    send(model, Message::Event(event))
}

/// The view and the layer of each request that goes to the network's thread.
fn shows(effects: &[Effect]) -> Vec<(u64, LayerChoice)> {
    let show = |effect: &Effect| match effect {
        Effect::Work(Work::Latest(view, Job::Show(_, full))) => Some((*view, full.of.layer.clone())),
        _ => None,
    };
    effects.iter().filter_map(show).collect()
}

/// The queued job among some effects that the person waits for.
fn queued(effects: &[Effect]) -> Option<&Job> {
    effects.iter().find_map(|effect| match effect {
        Effect::Work(Work::Queue(Job::Errand(_, job))) => Some(&**job),
        _ => None,
    })
}

fn said(model: &Model) -> Vec<&str> {
    model.messages.iter().map(|message| message.text.as_str()).collect()
}

fn layer(name: &str) -> ViewCommand {
    ViewCommand::Change(Change::Layer(LayerChoice::Named(name.to_owned())))
}

fn with_drive(model: &mut Model) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/drive/center");
    let source = Arc::from(open_source(&place).unwrap());
    ask(model, ViewCommand::Open(place.clone()));
    let job = model.view().job;
    tell(model, Event::View(job, ViewEvent::Source(place, OpenedFrom::default(), source)));
}

#[test]
fn a_change_is_asked_of_the_network_and_can_be_taken_back() {
    let mut model = model();
    let effects = ask(&mut model, layer("act3"));
    assert_eq!(shows(&effects), [(1, LayerChoice::Named("act3".into()))]);
    assert_eq!(model.view().busy, Some(Busy::Waiting));
    let effects = ask(&mut model, ViewsCommand::Back);
    assert_eq!(shows(&effects), [(1, LayerChoice::Final)]);
    assert!(model.history.can_go_forward() && !model.history.can_go_back());
    let effects = ask(&mut model, ViewsCommand::Forward);
    assert_eq!(shows(&effects), [(1, LayerChoice::Named("act3".into()))]);
}

#[test]
fn answers_to_older_requests_are_ignored_and_errors_are_kept() {
    let mut model = model();
    ask(&mut model, layer("act3"));
    let old = model.view().job;
    ask(&mut model, ViewCommand::Change(Change::Mosaic(MosaicSetting::Layout(MosaicLayout::Locations))));
    tell(&mut model, Event::View(old, ViewEvent::Failed("too late".into())));
    assert_eq!((model.view().trouble.as_ref(), model.view().busy), (None, Some(Busy::Waiting)));
    let job = model.view().job;
    tell(&mut model, Event::View(job, ViewEvent::Busy(Busy::Running)));
    assert_eq!(model.view().busy, Some(Busy::Running));
    tell(&mut model, Event::View(job, ViewEvent::Failed("no such file".into())));
    assert_eq!(model.view().trouble, Some(Trouble::Failed("no such file".into())));
    assert_eq!(model.view().busy, None);
    let before = model.view().generation;
    assert_eq!(shows(&ask(&mut model, ViewCommand::Retry)).len(), 1);
    assert_ne!(model.view().generation, before, "the file is read anew");
}

#[test]
fn a_stopped_run_is_withdrawn_and_its_late_answers_are_ignored() {
    let mut model = model();
    ask(&mut model, layer("act3"));
    let job = model.view().job;
    tell(&mut model, Event::View(job, ViewEvent::Busy(Busy::RunningAt { done: 43, total: 141 })));
    assert_eq!(model.view().busy.unwrap().words(), "Running the network… 43 of 141 nodes");
    // With a message to dismiss, Esc dismisses it first.
    model.say(Tone::Good, "saved");
    assert!(ask(&mut model, WindowCommand::CloseTop).is_empty());
    assert!(model.messages.is_empty() && model.view().busy.is_some());
    let effects = ask(&mut model, WindowCommand::CloseTop);
    assert!(matches!(effects[..], [Effect::Work(Work::Withdraw(1))]));
    // Nothing was on screen yet that it could go back to.
    assert_eq!((model.view().busy, model.view().trouble.as_ref()), (None, Some(&Trouble::Stopped)));
    tell(&mut model, Event::View(job, ViewEvent::Busy(Busy::Painting)));
    assert_eq!(model.view().busy, None);
    assert!(ask(&mut model, ViewCommand::StopRuns).is_empty(), "nothing runs");
    assert_eq!(shows(&ask(&mut model, ViewCommand::Retry)).len(), 1);
}

#[test]
fn views_come_and_go_and_there_are_four_at_most() {
    let mut model = model();
    for _ in 0..3 {
        ask(&mut model, ViewsCommand::AddView);
    }
    assert_eq!((model.views.len(), model.active), (4, 3));
    ask(&mut model, ViewsCommand::AddView);
    assert_eq!(said(&model), ["4 views stand side by side at most; close one first"]);
    let id = model.view().id;
    let effects = ask(&mut model, ViewsCommand::CloseView(id));
    assert_eq!(model.views.len(), 3);
    assert!(effects.iter().any(|e| matches!(e, Effect::Work(Work::Withdraw(gone)) if *gone == id)));
    // An answer for the closed view has no effect.
    assert!(
        tell(&mut model, Event::Matched(id, (1, "channel 3 of view 1".into()), vec![(1, 0.5)])).is_empty()
    );
    ask(&mut model, ViewsCommand::AddDifference);
    assert!(said(&model).last().unwrap().starts_with("a difference needs two pictures"));
}

#[test]
fn weights_that_are_not_here_are_offered_fetched_and_called_off() {
    let mut model = model();
    model.here.clear();
    model.downloads = Some(Downloads::new(FetchOptions { offline_by: None, ..FetchOptions::from_env() }));
    let row = Registry::specs().find(|row| row.download().is_some()).unwrap();
    let effects = ask(&mut model, ViewCommand::SetModel(row));
    assert_eq!(model.view().trouble, Some(Trouble::NeedsWeights));
    assert!(
        effects.iter().any(|e| matches!(e, Effect::Work(Work::AskOffer(asked, _)) if asked.tag == row.tag))
    );
    tell(&mut model, Event::Download(row, DownloadNews::Asked(Err("no such host".into()))));
    let stage = |model: &Model| model.downloads.as_ref().unwrap().by_tag.get(row.tag).cloned();
    assert!(matches!(stage(&model), Some(Stage::Failed(reason)) if reason == "no such host"));
    // Nothing was offered, so there is nothing to download; but the server can be asked again.
    assert!(ask(&mut model, WeightsCommand::Download(row, DownloadRequest::Fetch)).is_empty());
    ask(&mut model, WeightsCommand::Download(row, DownloadRequest::Ask));
    assert!(matches!(stage(&model), Some(Stage::Asking)));
    let effects = tell(&mut model, Event::Download(row, DownloadNews::Done));
    assert!(effects.iter().any(|e| matches!(e, Effect::Work(Work::Side(SideJob::Here(_))))));
    let effects = tell(&mut model, Event::Here(vec![row.tag]));
    assert_eq!(shows(&effects).len(), 1, "what waited for them is shown");
}

#[test]
fn a_weight_file_that_fits_nothing_is_told_and_one_with_several_asks() {
    let mut model = model();
    let path = PathBuf::from("x.pth");
    let effects = ask(&mut model, ViewCommand::Open(path.clone()));
    assert!(matches!(queued(&effects), Some(Job::Fit(file, _)) if *file == path));
    tell(&mut model, Event::JobFailed("fits no network".into()));
    assert_eq!(said(&model), ["fits no network"]);
    let offer = |tag: &str| WeightsOffer {
        spec: Registry::find(tag).unwrap(),
        choice: PartChoice::default(),
        words: String::new(),
    };
    let offers = vec![offer("vgg16.tv_in1k"), offer("vgg16.keras_in1k")];
    tell(&mut model, Event::Fits(path.clone(), offers));
    assert!(model.weights_question.is_some());
    ask(&mut model, WeightsCommand::DropWeights);
    assert!(model.weights_question.is_none() && model.weight_files.is_empty());
    tell(&mut model, Event::Fits(path, vec![offer("vgg16.keras_in1k")]));
    assert_eq!((model.view().request.spec.tag, model.weight_files.len()), ("vgg16.keras_in1k", 1));
    assert!(model.history.can_go_back());
}

#[test]
fn a_data_set_is_gone_through_and_small_pictures_are_asked_for_once() {
    let mut model = model();
    assert!(ask(&mut model, DatasetCommand::SetFrame(1)).is_empty(), "none is open");
    with_drive(&mut model);
    let open = model.view().source.clone().unwrap();
    assert_eq!(open.index, 0);
    assert_eq!(shows(&ask(&mut model, DatasetCommand::SetFrame(1))).len(), 1);
    assert!(ask(&mut model, DatasetCommand::SetFrame(1)).is_empty(), "it is there already");
    assert!(ask(&mut model, DatasetCommand::SetFrame(open.source.len())).is_empty(), "beyond the end");
    let key = thumb_key(&open, 2);
    assert_eq!(ask(&mut model, DatasetCommand::ShowThumb(key.clone())).len(), 1);
    assert!(ask(&mut model, DatasetCommand::ShowThumb(key.clone())).is_empty());
    tell(&mut model, Event::ThumbRefused(key.clone()));
    assert_eq!(ask(&mut model, DatasetCommand::ShowThumb(key)).len(), 1);
    ask(&mut model, DatasetCommand::ToggleWatch);
    assert!(model.watched.is_some());
    tell(&mut model, Event::NotWatched("can't watch the folder (no threads)".into()));
    assert_eq!((model.watched.as_ref(), said(&model)), (None, vec!["can't watch the folder (no threads)"]));
}

#[test]
fn frames_pass_by_themselves_until_the_last() {
    let mut model = model();
    with_drive(&mut model);
    let last = model.view().source.as_ref().unwrap().source.len() - 1;
    ask(&mut model, DatasetCommand::SetFrame(last - 1));
    ask(&mut model, DatasetCommand::TogglePlayFrames);
    // The current frame is not shown yet.
    send(&mut model, Message::Tick);
    assert_eq!(model.view().source.as_ref().unwrap().index, last - 1);
    model.view_mut().busy = None;
    send(&mut model, Message::Tick);
    assert_eq!(model.view().source.as_ref().unwrap().index, last);
    send(&mut model, Message::Tick);
    assert!(model.playing_frames.is_none());
    // From the last frame they begin anew.
    ask(&mut model, DatasetCommand::TogglePlayFrames);
    assert_eq!(model.view().source.as_ref().unwrap().index, 0);
    assert!(model.playing_frames.is_some());
    ask(&mut model, DatasetCommand::TogglePlayFrames);
    assert!(model.playing_frames.is_none(), "stopped");
}

/// A class map isn't the layer's first channel, although it is the only map.
#[test]
fn a_class_map_is_not_pinned_as_a_channel() {
    let mut model = model();
    ask(&mut model, ViewCommand::Change(Change::ClassMap(Some(ClassChoice::Top))));
    ask(&mut model, ViewsCommand::Pin(0));
    assert!(model.pins.is_empty());
    assert!(said(&model)[0].starts_with("a class map is no channel of the layer"));
    ask(&mut model, ViewCommand::Change(Change::ClassMap(None)));
    ask(&mut model, ViewsCommand::Pin(0));
    assert_eq!(model.pins.len(), 1);
    ask(&mut model, ViewCommand::Change(Change::ClassMap(Some(ClassChoice::Top))));
    let id = model.pins[0].pinned.id;
    ask(&mut model, ViewsCommand::GoToPin(id));
    assert_eq!((&model.view().request.class_map, model.view().selected), (&None, Some(0)));
}

#[test]
fn escape_closes_one_thing_after_the_other() {
    let mut model = model();
    ask(&mut model, WindowCommand::ToggleTable);
    ask(&mut model, WindowCommand::ToggleHelp);
    ask(&mut model, WindowCommand::Complain("that is no number".into()));
    model.view_mut().selected = Some(7);
    ask(&mut model, WindowCommand::CloseTop);
    assert!(!model.open.help && model.open.table);
    ask(&mut model, WindowCommand::CloseTop);
    assert!(!model.open.table && !model.messages.is_empty());
    ask(&mut model, WindowCommand::CloseTop);
    assert!(model.messages.is_empty() && model.view().selected == Some(7));
    ask(&mut model, WindowCommand::CloseTop);
    assert!(model.view().selected.is_none());
    assert_eq!(model.log.len(), 1, "what was said can be read again");
    let effects = ask(&mut model, WindowCommand::Quit);
    assert!(matches!(&effects[..], [Effect::Face(FaceEffect::Close)]));
}

/// Every action has a label or gives further keys to another action, and does no harm when there is nothing to apply it to.
#[test]
fn every_action_can_be_asked_for_at_any_time() {
    for action in crate::app::message::command::actions() {
        assert_eq!(action.label.is_empty(), action.help.is_empty(), "{}", action.label);
        assert!(!action.label.is_empty() || !action.keys.is_empty());
        let mut model = model();
        for command in action.commands(&model) {
            ask(&mut model, command);
        }
    }
}

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

/// The model of a window whose network has its weights, before its first picture is shown.
fn model() -> Model {
    let row = Registry::find(DEFAULT_TAG).unwrap();
    let mut model = Model::new(WeightStore::new(Vec::new()), row, Arc::new(row.graph().unwrap()));
    (model.here, model.is_here_known) = (vec![row.tag], true);
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

#[test]
fn steps_lead_back_over_layers_and_models_and_forward_again() {
    let mut model = model();
    let asked = |model: &Model| (model.view().request.spec.tag, model.view().request.layer.clone());
    let first = asked(&model);
    ask(&mut model, layer("act3"));
    let second = asked(&model);
    ask(&mut model, ViewCommand::SetModel(Registry::find("tf_efficientnet_lite0.in1k").unwrap()));
    let third = asked(&model);
    assert!(first != second && second != third);
    ask(&mut model, ViewsCommand::Back);
    assert_eq!(asked(&model), second);
    ask(&mut model, ViewsCommand::Back);
    assert_eq!(asked(&model), first);
    for _ in 0..3 {
        ask(&mut model, ViewsCommand::Forward);
    }
    assert_eq!(asked(&model), third, "there is nothing further");
}

#[test]
fn settings_that_cannot_be_read_are_forgotten_and_that_is_said() {
    for (text, expected) in [
        ("not json", "the settings of the last time can't be read and are forgotten"),
        ("[1]", "the settings of the last time can't be read and are forgotten"),
        (
            r#"{"layers_a_second":"fast"}"#,
            "of the settings of the last time these can't be read and are forgotten: layers_a_second",
        ),
        (r#"{"version":99}"#, "the settings were kept by a later version and are not taken"),
    ] {
        let mut model = model();
        preferences::take_remembered(&mut model, &mut Effects::default(), text);
        assert_eq!(said(&model), [expected], "{text}");
        assert_eq!(model.preferences, crate::app::model::preferences::Preferences::default());
    }
}

#[test]
fn what_cannot_be_saved_is_told_and_a_closed_dialog_is_nothing() {
    let mut model = model();
    assert!(ask(&mut model, SaveCommand::ChooseSavePlace).is_empty(), "nothing is shown yet");
    assert!(ask(&mut model, SaveCommand::Export(Export::Mosaic, "a.png".into())).is_empty());
    assert!(tell(&mut model, Event::Picked(Question::Weights, None)).is_empty());
    let effects = tell(&mut model, Event::Picked(Question::Picture(None), Some("a.png".into())));
    assert!(
        matches!(&effects[..], [Effect::Work(Work::Latest(1, Job::Open(_, path, None)))] if path.as_os_str() == "a.png")
    );
    tell(&mut model, Event::NoDialog(Question::Picture(None)));
    assert!(
        said(&model)[0].starts_with("no file dialog opened")
            && said(&model)[0].ends_with("drop the file here")
    );
    model.messages.clear();
    tell(&mut model, Event::NoDialog(Question::Export(Export::Mosaic, "a.png".into())));
    assert!(said(&model)[0].ends_with("type a path under Save on the right"));
    let effects = ask(&mut model, SaveCommand::Copy("1\t2".into(), "the table"));
    assert!(matches!(&effects[..], [Effect::Face(FaceEffect::CopyText(text))] if text == "1\t2"));
    tell(&mut model, Event::Saved("a.png".into()));
    assert_eq!(said(&model)[1..], ["copied the table", "saved \"a.png\""]);
}

#[test]
fn long_work_is_planned_told_and_reported() {
    let mut model = model();
    let effects = ask(&mut model, TaskCommand::Toggle(Task::Batch));
    assert!(matches!(&effects[..], [Effect::Work(Work::Run(RunJob::Plan(TaskRequest::Batch(_))))]));
    assert!(
        ask(&mut model, TaskCommand::Start(Task::Batch, Existing::default())).is_empty(),
        "there is no plan yet"
    );
    tell(&mut model, Event::TaskPlanned(TaskPlan::Batch(Err("no picture to work on".into()))));
    assert!(
        ask(&mut model, TaskCommand::Start(Task::Batch, Existing::default())).is_empty(),
        "nor is a refused one begun"
    );
    let end = Some(BatchCounts::default().end(1, false));
    tell(&mut model, Event::TaskNews(Task::Batch, RunNews { num_failed: 1, end, ..RunNews::default() }));
    assert_eq!(said(&model), ["batch failed: 0 figures written, 1 picture failed"]);
    ask(&mut model, TaskCommand::Toggle(Task::Extract));
    assert!(
        matches!(&model.tasks.extract.plan, Some(Err(reason)) if reason.starts_with("no data set is open"))
    );
    let end = Some(RunEnd::Failed("the disk is full".into()));
    tell(&mut model, Event::TaskNews(Task::Extract, RunNews { end, ..RunNews::default() }));
    assert!(model.tasks.extract.run.report.is_some() && said(&model).contains(&"the disk is full"));
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
    assert!(model.messages.is_empty() && model.view().selected.is_none());
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

/// Names and spellings that earlier versions wrote are accepted; values out of bounds are clamped, and unknown fields are ignored.
#[test]
fn settings_of_earlier_versions_are_taken() {
    let mut model = model();
    let text = r#"{"version":1,"is_dark":false,"moments_a_second":7.0,"layers_a_second":-4.0,"overlay_opacity":9,
        "lists_every_node":true,"layout":"cells","range":"layer","colours":"viridis","order":"mean hide-dead","glow":[1]}"#;
    let mut effects = Effects::default();
    preferences::take_remembered(&mut model, &mut effects, text);
    let kept = &model.preferences;
    assert_eq!((kept.is_dark, kept.lists_every_node), (false, true));
    assert_eq!((kept.frames_a_second, kept.layers_a_second, kept.overlay_opacity), (7.0, 0.2, 1.0));
    let request = &model.view().request;
    assert_eq!(request.settings.layout, MosaicLayout::Locations);
    assert_eq!(request.settings.texts()[1..], [("range", "layer".into()), ("colours", "viridis".into())]);
    assert_eq!(request.selection.to_string(), "mean hide-dead");
    let again = preferences::remembered(&model);
    assert!(
        again.contains(r#""frames_a_second":7.0"#) && again.contains(r#""layout":"locations""#),
        "{again}"
    );
}

/// A figure's record, with `look` in place of the words about scale, grid and paper.
fn recorded(look: &str) -> RestoredFigure {
    let hash = "0".repeat(64);
    let json = format!(
        r#"{{"schema":1,"program":"filterscope 0.1.0","kind":"mosaic","picture":{{"file_name":"a.png","pixels_sha256":"{hash}"}},
        "panels":[{{"tag":"xception.keras_in1k","weights":"carried","weights_sha256":"{hash}","fit":"model","preprocess":"model",
        "fitted":"","input_size":"299x299","filter":"nearest","value_scale":"","engine":"","device":"cpu","layer":"act4",
        "shape":"2048×10×10","layout":"channels","gap":1,"normalisation":"layer","range":"","colour_map":"magma",{look}}}]}}"#
    );
    let record = crate::formats::FigureRecord::from_json(&json).unwrap();
    RestoredFigure { path: "a.png".into(), record, picture: None, minus: None }
}

/// How figures are saved comes from an opened figure, and goes with it when that is undone.
#[test]
fn undoing_an_opened_figure_brings_back_how_figures_are_saved() {
    let mut model = model();
    let before = model.saved;
    ask(&mut model, ViewCommand::Open("a.png".into()));
    let figure = recorded(r#""grid":"32x64","scale":5,"paper":"dark""#);
    let job = model.view().job;
    tell(&mut model, Event::View(job, ViewEvent::Figure(Box::new(figure))));
    let restored = model.saved;
    assert_eq!((restored.scale.to_string().as_str(), restored.paper.to_string().as_str()), ("5", "dark"));
    assert!(!restored.surround.has_caption);
    ask(&mut model, ViewsCommand::Back);
    assert_eq!(model.saved, before);
    ask(&mut model, ViewsCommand::Forward);
    assert_eq!(model.saved, restored);
}

/// What a record says and nothing here can mean is said, not passed over.
#[test]
fn what_is_not_taken_from_a_figure_is_said() {
    for (look, expected) in [
        (r#""grid":"32x64","scale":4294967295,"paper":"dark""#, "scale 4294967295"),
        (r#""grid":"32x64","scale":1,"paper":"pink""#, "paper pink"),
        (r#""grid":"1x1","scale":1,"paper":"dark","shown_channel":99999999"#, "channel 99999999"),
        (r#""grid":"32x64","scale":1,"paper":"dark","class_map":"99999""#, "class map 99999"),
    ] {
        let mut model = model();
        ask(&mut model, ViewCommand::Open("a.png".into()));
        let job = model.view().job;
        tell(&mut model, Event::View(job, ViewEvent::Figure(Box::new(recorded(look)))));
        let told = format!("not taken from the figure: {expected}");
        assert!(said(&model).contains(&&*told), "{look}: {:?}", said(&model));
    }
}

/// One setting that can't be read costs no other, not even one that is there under its old and its new name.
#[test]
fn a_setting_that_cannot_be_read_costs_no_other() {
    let mut model = model();
    let text =
        r#"{"scale":3,"paper":"dark","moments_a_second":7.0,"frames_a_second":8.0,"colours":"viridis"}"#;
    preferences::take_remembered(&mut model, &mut Effects::default(), text);
    assert_eq!(
        said(&model),
        ["of the settings of the last time these can't be read and are forgotten: moments_a_second, scale"]
    );
    assert_eq!((model.saved.paper.to_string().as_str(), model.preferences.frames_a_second), ("dark", 8.0));
    assert_eq!(model.view().request.settings.texts()[2], ("colours", "viridis".into()));
}

/// A preference stays within its bounds if its new value is out of bounds or isn't a number.
#[test]
fn preferences_stay_within_their_bounds() {
    let mut model = model();
    for (value, expected) in [(0.3, 0.3), (9.0, 1.0), (f32::NAN, 0.6), (-1.0, 0.0)] {
        ask(&mut model, WindowCommand::Prefer(Preference::OverlayOpacity(value)));
        assert_eq!(model.preferences.overlay_opacity, expected, "{value}");
    }
}

/// A batch that has done 118 of its 598 runs.
fn export(model: &mut Model) {
    let news = RunNews { total: 598, done: 118, ..RunNews::default() };
    model.tasks.batch.run.running = Some((news, crate::engine::CancelToken::new()));
}

#[test]
fn what_waits_says_what_it_waits_for_and_running_tasks_show_their_count() {
    let mut model = model();
    (model.views[0].busy, model.views[0].trouble) = (None, None);
    assert_eq!(naming::doing(&model), None);
    ask(&mut model, WeightsCommand::OpenWeights("folder/x.pth".into()));
    let id = model.errands[0].id;
    assert_eq!(naming::doing(&model).as_deref(), Some("Reading x.pth…"));
    export(&mut model);
    assert_eq!(naming::running(&model, Task::Batch).as_deref(), Some("Exporting 118/598"));
    assert_eq!(naming::running(&model, Task::Extract), None);
    assert_eq!(
        naming::doing(&model).as_deref(),
        Some("Waiting for the export: 118 of 598; then: Reading x.pth…")
    );
    tell(&mut model, Event::ErrandBegun(id));
    assert_eq!(naming::doing(&model).as_deref(), Some("Reading x.pth…"));
    tell(&mut model, Event::ErrandOver(id, None));
    // The answer came before.
    model.opening.fitting = None;
    assert_eq!(naming::doing(&model), None);
    ask(&mut model, layer("act3"));
    assert_eq!(naming::doing(&model).as_deref(), Some("Waiting for the export: 118 of 598"));
    let job = model.view().job;
    tell(&mut model, Event::View(job, ViewEvent::Busy(Busy::Running)));
    assert_eq!(naming::doing(&model).as_deref(), Some("Running the network…"));
    ask(&mut model, ViewsCommand::AddView);
    assert_eq!(naming::doing(&model).as_deref(), Some("Waiting for view 1…"));
    // Where the queue is full, that is said and nothing waits.
    ask(&mut model, WeightsCommand::OpenWeights("y.pth".into()));
    let id = model.errands[0].id;
    tell(&mut model, Event::ErrandOver(id, Some("too much is waiting".into())));
    assert!(model.errands.is_empty() && said(&model) == ["too much is waiting"]);
}

#[test]
fn what_is_asked_is_named_beside_what_is_on_screen() {
    let mut model = model();
    ask(&mut model, layer("act3"));
    assert_eq!(naming::on_screen(model.view()), None);
    assert_eq!(naming::asked(model.view()).as_deref(), Some("xception.keras_in1k · act3, loading…"));
    ask(&mut model, ViewCommand::SetModel(Registry::find("resnet50.tv_in1k").unwrap()));
    assert_eq!(
        naming::asked(model.view()).as_deref(),
        Some("resnet50.tv_in1k · layer4.2, weights not installed")
    );
    assert_eq!(naming::title(&model), "filterscope", "nothing is on screen");
}

#[test]
fn a_task_s_button_opens_its_dialog_and_never_closes_it() {
    let mut model = model();
    ask(&mut model, TaskCommand::Open(Task::Extract));
    ask(&mut model, TaskCommand::Open(Task::Extract));
    assert!(model.tasks.extract.run.is_open);
}

#[test]
fn dialogs_start_from_the_layer_in_view_until_another_is_chosen() {
    let mut model = model();
    let open = |model: &mut Model, task: Task| {
        model.tasks.run_mut(task).is_open = false;
        ask(model, TaskCommand::Toggle(task));
    };
    open(&mut model, Task::Batch);
    assert_eq!(model.tasks.batch.scope.layers, TaskLayers::Final, "the last is in view, whatever its name");
    ask(&mut model, layer("act3"));
    open(&mut model, Task::Batch);
    open(&mut model, Task::Animate);
    assert_eq!(model.tasks.batch.scope.layers, TaskLayers::This);
    assert_eq!(model.tasks.animate.scope.layers, "act3");
    ask(&mut model, layer("act4"));
    open(&mut model, Task::Batch);
    open(&mut model, Task::Animate);
    assert_eq!(model.tasks.batch.scope.layers, TaskLayers::Final);
    assert_eq!(model.tasks.animate.scope.layers, "act4");
    // An animation over layers goes through all of them.
    model.tasks.animate.scope.set_mode(AnimationMode::Depth);
    assert_eq!(model.tasks.animate.scope.layers, "");
    model.tasks.animate.scope.set_mode(AnimationMode::Drive);
    assert_eq!(model.tasks.animate.scope.layers, "act4");
    // What a person chose stays.
    model.tasks.batch.scope.layers = TaskLayers::AllStages;
    model.tasks.animate.scope.layers = "act1,act2".into();
    ask(&mut model, layer("act3"));
    open(&mut model, Task::Batch);
    open(&mut model, Task::Animate);
    assert_eq!(model.tasks.batch.scope.layers, TaskLayers::AllStages);
    assert_eq!(model.tasks.animate.scope.layers, "act1,act2");
}

#[test]
fn messages_go_when_they_are_read_and_errors_stay() {
    let mut model = model();
    let at = |model: &mut Model, secs: f64, is_on_messages: bool| {
        let now = Now { secs, is_on_messages, ..Now::default() };
        let mut effects = Effects::default();
        update(model, Message::Tick, &now, &mut effects);
        effects.take()
    };
    tell(&mut model, Event::Saved("a.png".into()));
    tell(&mut model, Event::JobFailed("the disk is full".into()));
    let effects = at(&mut model, 10.0, false);
    assert!(matches!(&effects[..], [Effect::Face(FaceEffect::DrawAfter(secs))] if *secs == 5.0));
    at(&mut model, 14.9, true);
    at(&mut model, 16.0, false);
    assert_eq!(said(&model).len(), 2, "the pointer was on it");
    at(&mut model, 17.0, false);
    assert_eq!(said(&model), ["the disk is full"]);
    // New work takes away what was said about the work before, but no error.
    tell(&mut model, Event::Saved("b.png".into()));
    ask(&mut model, layer("act3"));
    at(&mut model, 1e6, false);
    assert_eq!(said(&model), ["the disk is full"]);
    ask(&mut model, WindowCommand::Dismiss(0));
    assert!(model.messages.is_empty() && model.log.len() == 3, "the log keeps all");
}

/// Sends a command as it comes while the pointer is held down or not, and begins the next frame.
fn drag(model: &mut Model, secs: f64, (is_pressed, is_down): (bool, bool), command: impl Into<Command>) {
    let now = Now { secs, is_pressed, is_down, max_texture_side: 2048, ..Now::default() };
    let mut effects = Effects::default();
    update(model, Message::Tick, &now, &mut effects);
    update(model, Message::Command(command.into()), &now, &mut effects);
}

#[test]
fn one_movement_of_a_slider_is_one_step_of_undo() {
    let mut model = model();
    let (press, held, up) = ((true, true), (false, true), (false, false));
    let layer_of = |model: &Model| model.view().request.layer.clone();
    let named = |name: &str| LayerChoice::Named(name.to_owned());
    for (at, name, button) in [(0.0, "act1", press), (0.1, "act2", held), (0.2, "act3", up)] {
        drag(&mut model, at, button, layer(name));
    }
    drag(&mut model, 5.0, press, layer("block2"));
    drag(&mut model, 5.1, held, layer("block3"));
    assert_eq!(model.history.past.len(), 2, "a second movement is a second step");
    ask(&mut model, ViewsCommand::Back);
    assert_eq!(layer_of(&model), named("act3"));
    ask(&mut model, ViewsCommand::Back);
    assert_eq!(layer_of(&model), LayerChoice::Final);
    ask(&mut model, ViewsCommand::Forward);
    assert_eq!(layer_of(&model), named("act3"));
    // A click, unlike a movement, changes something while the button is up.
    let before = model.history.past.len();
    drag(&mut model, 9.0, up, layer("act1"));
    drag(&mut model, 9.1, up, layer("act2"));
    assert_eq!(model.history.past.len(), before + 2);
}

#[test]
fn going_through_frames_is_one_step_of_undo_until_one_stops() {
    let mut model = model();
    with_drive(&mut model);
    let index = |model: &Model| model.view().source.as_ref().unwrap().index;
    let (press, held, up) = ((true, true), (false, true), (false, false));
    let start = model.history.past.len();
    for (at, frame, button) in [(0.0, 1, press), (3.0, 2, held), (6.0, 3, held), (6.1, 4, up)] {
        drag(&mut model, at, button, DatasetCommand::SetFrame(frame));
    }
    // With keys, one frame at a time.
    drag(&mut model, 8.0, up, DatasetCommand::SetFrame(5));
    drag(&mut model, 8.3, up, DatasetCommand::SetFrame(6));
    drag(&mut model, 8.6, up, DatasetCommand::SetFrame(7));
    // Choosing the frame on screen is no step, and begins no movement.
    drag(&mut model, 10.0, up, DatasetCommand::SetFrame(7));
    drag(&mut model, 10.1, up, DatasetCommand::SetFrame(2));
    assert_eq!(model.history.past.len(), start + 3);
    for expected in [7, 4, 0] {
        ask(&mut model, ViewsCommand::Back);
        assert_eq!(index(&model), expected);
    }
}

#[test]
fn a_held_range_ends_with_its_network_and_its_data_set() {
    let held = |model: &mut Model| {
        let view = model.view_mut();
        view.before_hold = Some(Normalisation::Layer);
        view.request.settings.normalisation = Normalisation::Fixed { low: 0.0, high: 6.0 };
    };
    let normalisation = |model: &Model| model.view().request.settings.normalisation;
    let mut model = model();
    ask(&mut model, DatasetCommand::HoldScale(true));
    assert_eq!(normalisation(&model), Normalisation::Channel, "there is no single range to hold");
    held(&mut model);
    ask(&mut model, layer("act3"));
    assert!(model.view().has_fixed_range(), "another layer is shown in it");
    ask(&mut model, ViewCommand::SetModel(Registry::find("vgg16.keras_in1k").unwrap()));
    assert_eq!(normalisation(&model), Normalisation::Layer);
    held(&mut model);
    with_drive(&mut model);
    assert_eq!(normalisation(&model), Normalisation::Layer);
    held(&mut model);
    ask(&mut model, DatasetCommand::SetFrame(1));
    assert!(model.view().has_fixed_range(), "another frame is shown in it");
    ask(&mut model, DatasetCommand::HoldScale(false));
    assert_eq!(normalisation(&model), Normalisation::Layer);
    // A restored figure's range was never held here.
    model.view_mut().request.settings.normalisation = Normalisation::Fixed { low: 0.0, high: 6.0 };
    ask(&mut model, ViewCommand::SetModel(Registry::find(DEFAULT_TAG).unwrap()));
    assert!(model.view().has_fixed_range());
    ask(&mut model, DatasetCommand::HoldScale(false));
    assert_eq!(normalisation(&model), Normalisation::Layer);
}

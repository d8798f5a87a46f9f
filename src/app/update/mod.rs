//! What follows from a message: a changed model, and effects for the threads and the user interface.
//!
//! Functions on values: no widgets, threads or files. Each family of commands has one handler, whose match lists every command.

#![deny(clippy::wildcard_enum_match_arm)]

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::message::command::Command;
use crate::app::message::effect::{Effects, FaceEffect};
use crate::app::message::event::{Event, ViewEvent};
use crate::app::message::job::SideJob;
use crate::app::message::question::Question;
use crate::app::message::save::SaveCommand;
use crate::app::message::task::TaskCommand;
use crate::app::message::view::ViewCommand;
use crate::app::message::weights::WeightsCommand;
use crate::app::message::{Message, Now};
use crate::app::model::messages::{Notice, Tone};
use crate::app::model::save::Export;
use crate::app::model::view::{Busy, Trouble, ViewId};
use crate::app::model::{Model, TEXTURE_SIDE};
use crate::app::update::show::{change_pictures, open, show, show_active, take_shown};
use crate::input::live::FeedEnd;
use crate::render::PictureChoice;
use crate::weights::{FilePart, PartChoice};

mod dataset;
mod expected;
mod history;
mod opening;
pub(crate) mod preferences;
mod requests;
mod restore;
mod save;
pub(crate) mod session;
pub(crate) mod show;
mod studies;
mod task;
mod telling;
mod view;
mod views;
mod weights;
mod window;

pub(crate) use opening::wants_an_end;

/// What the window starts with.
pub(crate) struct Start {
    /// The path to open first; none for the embedded picture.
    pub(crate) picture: Option<PathBuf>,
    /// A weight file that the user must be asked about: its model, its preprocessing or its final layer isn't known.
    pub(crate) asks_for: Option<PathBuf>,
    /// The layer at which the file's network should end.
    pub(crate) final_layer: Option<String>,
    pub(crate) part: PartChoice,
}

/// Handles one message.
pub(crate) fn update(model: &mut Model, message: Message, now: &Now, effects: &mut Effects) {
    match message {
        Message::Command(command) => apply(model, command, now, effects),
        Message::Event(event) => take(model, event, now, effects),
        Message::Tick => tick(model, now, effects),
    }
    show::show_in_step(model, effects);
}

/// Starts the window's first work. The picture is requested before the first frame is drawn.
pub(crate) fn start(model: &mut Model, start: Start, effects: &mut Effects) {
    effects.side(SideJob::Here(model.store.clone()));
    effects.side(SideJob::Devices);
    match (start.asks_for, start.final_layer) {
        (Some(path), Some(layer)) => weights::end_at(model, effects, path, layer),
        (Some(path), None) => {
            opening::add_weights(model, effects, FilePart { path, choice: start.part }, None);
        }
        (None, _) => {
            let row = model.view().request.spec;
            if let Some(why) = row.opened().and_then(|opened| opened.why_final.as_deref()) {
                model.say(Tone::Good, format!("{}: {why}", row.tag));
            }
        }
    }
    match start.picture {
        Some(path) => open(model, effects, path, None),
        None => show_active(model, effects),
    }
}

fn apply(model: &mut Model, command: Command, now: &Now, effects: &mut Effects) {
    let kind = command.kind();
    if kind.is_new_work {
        // What was said about the work before; an error stays until it can have been read.
        model.messages.retain(|message| message.outlasts_work(now.secs));
    }
    if kind.is_new_work || kind.is_step {
        model.preferences.shows_first_steps = false;
    }
    let gesture = command.gesture();
    // What was open the last time doesn't replace what the user has begun since.
    if kind.is_new_work || kind.is_step {
        session::give_up(model, effects);
    }
    let before = kind.is_step.then(|| model.snapshot());
    match command {
        Command::View(command) => view::apply(model, command, now, effects),
        Command::Views(command) => views::apply(model, command, effects),
        Command::Weights(command) => weights::apply(model, command, effects),
        Command::Dataset(command) => dataset::apply(model, command, now, effects),
        Command::Save(command) => save::apply(model, command, now, effects),
        Command::Task(command) => task::apply(model, command, effects),
        Command::Window(command) => window::apply(model, command, now, effects),
    }
    if let Some(before) = before {
        history::keep_step_of(model, before, gesture, now);
    }
}

fn take(model: &mut Model, event: Event, now: &Now, effects: &mut Effects) {
    match event {
        Event::View(job, event) => {
            // Answers to older requests are stale.
            if let Some(at) = model.place_of(job) {
                take_of_view(model, at, event, effects);
            }
        }
        Event::Fits(path, offers) => {
            if let Some(command) = opening::take_fits(model, effects, path, offers) {
                apply(model, command.into(), now, effects);
            }
            opening::go_on(model, effects);
        }
        Event::NoFit(reason) => {
            model.say(Tone::Bad, reason);
            model.opening.fitting = None;
            opening::go_on(model, effects);
        }
        Event::Reopened(found) => session::take_reopened(model, effects, *found),
        Event::GoneWeights(gone) => model.gone_weights = gone,
        Event::Kept(spec, kept) => weights::take_kept(model, effects, spec, kept),
        Event::Walked(walked) => {
            if model.walk.asked.as_ref().is_some_and(|(asked, ..)| asked.is_same_run(&walked.wanted)) {
                model.walk.done = Some(walked);
            }
        }
        Event::Pins(images) => {
            for image in images {
                if let Some(pin) = model.pins.iter_mut().find(|pin| pin.pinned.id == image.id) {
                    pin.image = Some(image);
                }
            }
        }
        Event::Inspected(inspected) => {
            let view = model.view();
            let is_current = view.selected == Some(inspected.channel)
                && view.shown.as_ref().is_some_and(|s| std::ptr::eq(Arc::as_ptr(s), inspected.of.as_ptr()));
            if is_current {
                model.inspected = Some(inspected);
            }
        }
        Event::Matched(id, of, found) => views::take_match(model, effects, id, of, found),
        Event::Thumb(key, image) => {
            model.thumbs_asked.retain(|asked| *asked != key);
            effects.face(FaceEffect::Thumb(key, image));
        }
        Event::ThumbRefused(key) => model.thumbs_asked.retain(|asked| *asked != key),
        Event::Labels(labels) => model.labels = Some(labels),
        Event::Checked(true, name) => {
            model.say(Tone::Good, format!("this is the picture that the figure was made from: {name}"));
        }
        Event::Checked(false, name) => model.say(
            Tone::Warning,
            format!("this is another picture than the figure's {name}: its pixels have another hash"),
        ),
        Event::Devices(devices) => model.devices = devices,
        Event::Here(tags) => weights::take_here(model, effects, tags),
        Event::TaskPlanned(plan) => model.tasks.take_plan(plan),
        Event::TaskNews(of, news) => task::take_news(model, of, news, effects),
        Event::Studied(result) => studies::take_result(model, result),
        Event::HeadRead(path, kept) => telling::take_head(model, effects, &path, *kept),
        Event::Told(of, told) => telling::take_told(model, &of, told),
        Event::HeadRefused(of, reason) => telling::take_refusal(model, &of, reason),
        Event::Copied(image) => {
            effects.face(FaceEffect::CopyImage(image));
            model.say(Tone::Good, "copied the mosaic as a picture");
        }
        Event::Download(row, news) => weights::take_download_news(model, effects, row, news),
        Event::Grown(grown) => dataset::take_grown(model, effects, &grown),
        Event::NotWatched(reason) => {
            model.watched = None;
            model.say(Tone::Bad, reason);
        }
        Event::FeedEnded(end) => {
            let tone = if matches!(end, FeedEnd::Whole(n) if n > 0) { Tone::Good } else { Tone::Bad };
            model.say(tone, end.to_string());
        }
        Event::JobFailed(reason) => model.say(Tone::Bad, reason),
        Event::Noted(note) => model.say(Tone::Warning, note),
        Event::ErrandBegun(id) => {
            if let Some(errand) = model.errands.iter_mut().find(|errand| errand.id == id) {
                errand.has_begun = true;
            }
        }
        Event::ErrandOver(id, refused) => end_errand(model, effects, id, refused),
        Event::NoDialog(question) => say_no_dialog(model, &question),
        Event::WouldReplace(request) => model.replacing = Some(request),
        Event::Saved(path) => model.say(Tone::Good, format!("saved \"{}\"", path.display())),
        Event::Picked(question, answer) => {
            if let Some(path) = answer {
                apply(model, picked(model, question, path), now, effects);
            }
        }
    }
}

/// Handles the answer to the newest request of the view at this index.
fn take_of_view(model: &mut Model, at: usize, event: ViewEvent, effects: &mut Effects) {
    let id = model.views[at].id;
    match event {
        ViewEvent::Busy(what) => model.views[at].busy = Some(what),
        ViewEvent::Shown(shown) => take_shown(model, effects, at, &shown),
        ViewEvent::Failed(reason) => {
            let view = &mut model.views[at];
            (view.busy, view.trouble) = (None, Some(Trouble::Failed(reason)));
        }
        ViewEvent::Picture(path, note) => {
            if let Some(note) = note {
                model.say(Tone::Warning, note);
            }
            preferences::remember_opened(model, &path);
            let (before, generation) = (model.snapshot(), model.next_generation());
            change_pictures(model, effects, id, |view| {
                view.source = None;
                view.generation = generation;
                view.request.picture = PictureChoice::File(path.clone());
            });
            history::keep_step(model, before);
        }
        ViewEvent::Source(place, from, source) => {
            dataset::open_source(model, effects, id, &place, from, &source);
        }
        ViewEvent::Figure(figure) => restore::take_figure(model, effects, at, *figure),
        // The view's request is the same as before.
        ViewEvent::WhichColumn(path, columns) => {
            model.column_question = Some((path, columns));
            show(model, effects, id);
        }
        ViewEvent::OpenFailed(reason) => {
            model.say(Tone::Bad, reason);
            show(model, effects, id);
        }
    }
}

/// Ends an errand; `refused` says why it wasn't done, if it wasn't.
fn end_errand(model: &mut Model, effects: &mut Effects, id: u64, refused: Option<String>) {
    model.errands.retain(|errand| errand.id != id);
    let Some(reason) = refused else { return };
    model.say(Tone::Bad, reason);
    // A file that wasn't looked at must not keep the others waiting.
    if model.opening.fitting.take_if(|fitting| fitting.errand == id).is_some() {
        opening::go_on(model, effects);
    }
}

/// Says what to do where the system has no file dialogs.
fn say_no_dialog(model: &mut Model, question: &Question) {
    let instead = match question {
        Question::Picture(_) | Question::Folder(_) | Question::Weights if model.takes_drops => {
            "type a path on the left, or drop the file here"
        }
        Question::Picture(_) | Question::Folder(_) | Question::Weights => "type a path on the left",
        Question::Save(_) | Question::Export(..) => "type a path under Save on the right",
        Question::TaskPlace(..) | Question::ResultPlace(..) | Question::Head => "type the path in its field",
    };
    // The field is to be seen, and set to what was asked.
    match question {
        Question::Picture(_) | Question::Folder(_) | Question::Weights => model.preferences.shows_left = true,
        Question::Save(_) => {
            model.save_what = Export::Mosaic;
            show_right(model);
        }
        Question::Export(what, _) => {
            model.save_what = *what;
            show_right(model);
        }
        Question::TaskPlace(..) | Question::ResultPlace(..) | Question::Head => {}
    }
    model.say(Tone::Warning, format!("no file dialog opened (this system may have none): {instead}"));
}

/// Shows the right panel, which a narrow window has only on request.
const fn show_right(model: &mut Model) {
    if model.is_narrow {
        model.open.right = true;
    } else {
        model.preferences.shows_right = true;
    }
}

/// The command that follows from the path that the user chose in a dialog.
fn picked(model: &Model, question: Question, path: PathBuf) -> Command {
    match question {
        Question::Picture(_) | Question::Folder(_) => ViewCommand::Open(path).into(),
        Question::Weights => WeightsCommand::OpenWeights(path).into(),
        Question::Save(shown) => SaveCommand::Save(path, shown).into(),
        Question::Export(what, _) => SaveCommand::Export(what, path).into(),
        Question::ResultPlace(task, _) => TaskCommand::SaveResult(task, path, true).into(),
        Question::Head => TaskCommand::UseHead(path).into(),
        Question::TaskPlace(task, _) => {
            TaskCommand::Set(Box::new(model.tasks.placed(task, path.display().to_string()))).into()
        }
    }
}

/// Does what is due when a frame begins.
fn tick(model: &mut Model, now: &Now, effects: &mut Effects) {
    let side = now.max_texture_side.min(TEXTURE_SIDE);
    if std::mem::replace(&mut model.max_texture_side, side) > side {
        let ids: Vec<ViewId> =
            model.views.iter().filter(|view| view.busy != Some(Busy::Opening)).map(|v| v.id).collect();
        for id in ids {
            show(model, effects, id);
        }
    }
    model.is_narrow = now.is_narrow;
    model.memory_bytes = now.memory_bytes;
    model.messages.retain_mut(|message| message.stays(now.secs, now.is_on_messages));
    let next = model.messages.iter().filter_map(Notice::goes_at_secs).reduce(f64::min);
    if let Some(until) = next {
        effects.face(FaceEffect::DrawAfter((until - now.secs).max(0.0)));
    }
    if let Some(frame) = &now.live {
        dataset::take_frame(model, frame, effects);
    }
    model.history.gesture.take_if(|gesture| !gesture.goes_on(now.secs, now.is_pressed, now.is_down));
    view::play_on(model, effects, now);
    dataset::play_frames(model, effects, now);
    requests::ask_for_walk(model, effects);
    requests::ask_ahead(model, effects);
}

#[cfg(test)]
mod tests;

//! What happens between frames: worker events in, and what follows from them. Keys are in `keys`.

pub(crate) mod dataset;
pub(crate) mod download;
pub(crate) mod history;
pub(crate) mod preferences;
pub(crate) mod restore;
pub(crate) mod save;
pub(crate) mod task;
pub(crate) mod view;
pub(crate) mod views;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use crate::app::message::command::Command;
use crate::app::message::effect::{Job, SideJob};
use crate::app::message::event::{Event, Picked};
use crate::app::model::batch::BatchScope;
use crate::app::model::dataset::{OpenSource, frame, is_lasting};
use crate::app::model::messages::Tone;
use crate::app::model::pins::PinnedFilter;
use crate::app::model::request::{PictureChoice, Wanted};
use crate::app::model::shown::Shown;
use crate::app::model::view::{Closest, Trouble, ViewId, ViewState};
use crate::app::model::weights::WeightsOffer;
use crate::app::model::windows::LeftTab;
use crate::app::shell::{App, wants_an_end};
use crate::engine::CancelToken;
use crate::input::dataset::Source;
use crate::weights::FilePart;

/// Events are taken for at most this long a frame; the rest waits for the next.
const DRAIN_BUDGET: Duration = Duration::from_millis(8);

/// At most this long ago was a data set listed that comes now.
const LISTING_TIME: Duration = Duration::from_secs(2);

/// Said of a view while nobody knows whether its weights are on this machine.
const LOOKING: &str = "Looking which weights are here…";

impl App {
    pub(crate) fn show_active(&mut self) {
        self.show(self.state.view().id);
    }

    /// Posts what is wanted now of a view; whatever ran for an older wish of it is cancelled. What is kept is on screen in the next
    /// frame; a model without weights is no job but a state. Differences that depend on the view are shown anew too.
    pub(crate) fn show(&mut self, id: ViewId) {
        self.newest_job += 1;
        let job = self.newest_job;
        let Some(at) = self.state.views.iter().position(|view| view.id == id) else { return };
        let wanted = self.state.wanted(&self.state.views[at]);
        let has_weights = wanted.as_ref().is_ok_and(|w| self.state.has_weights(w.row));
        let is_here_known = self.state.is_here_known;
        let view = &mut self.state.views[at];
        (view.job, view.busy, view.trouble) = (job, None, None);
        match wanted {
            Err(reason) => {
                view.trouble = Some(Trouble::NoDifference(reason));
                view.shown = None;
                self.worker.withdraw(id);
            }
            Ok(_) if !has_weights && !is_here_known => {
                // The answer shows the view again.
                view.busy = Some(LOOKING);
                self.worker.withdraw(id);
            }
            Ok(_) if !has_weights => {
                view.trouble = Some(Trouble::NeedsWeights);
                let row = view.row;
                self.worker.withdraw(id);
                self.ask_offer(row);
            }
            Ok(wanted) => {
                if let Some(shown) = self.kept.get(&wanted) {
                    self.worker.withdraw(id);
                    self.take_shown(at, &shown);
                } else {
                    view.busy = Some("Waiting for the worker…");
                    self.worker.post(id, Job::Show(job, Box::new(wanted)));
                }
            }
        }
        if id == self.state.view().id {
            self.plan_batch();
            self.plan_extract();
        }
        let depends = |of: Option<(ViewId, ViewId)>| of.is_some_and(|(a, b)| a == id || b == id);
        let dependents: Vec<ViewId> =
            self.state.views.iter().filter(|v| depends(v.difference_of)).map(|v| v.id).collect();
        for dependent in dependents {
            self.show(dependent);
        }
    }

    /// A finished view comes on screen.
    fn take_shown(&mut self, at: usize, shown: &Arc<Shown>) {
        let wanted = self.state.wanted(&self.state.views[at]).ok();
        let view = &mut self.state.views[at];
        let num_filters = shown.activation.shape().channels;
        if view.selected.is_some_and(|channel| channel >= num_filters) {
            view.selected = None;
        }
        let is_same_size = view.shown.as_ref().is_some_and(|old| {
            old.mosaic.pixels.width() == shown.mosaic.pixels.width()
                && old.mosaic.pixels.height() == shown.mosaic.pixels.height()
        });
        let is_same_layer = view.shown.as_ref().is_some_and(|old| {
            old.row().tag == shown.row().tag && old.node == shown.node && Arc::ptr_eq(&old.view, &shown.view)
        });
        let id = view.id;
        if !is_same_layer {
            view.closest = None;
        }
        let scratch = self.scratch.views.entry(view.id).or_default();
        if !is_same_size {
            scratch.viewport.is_fitted = true;
        }
        scratch.hovered = None;
        (view.busy, view.trouble) = (None, None);
        view.shown = Some(Arc::clone(shown));
        if let Some(wanted) = wanted {
            if is_lasting(&wanted) {
                self.kept.insert(wanted.clone(), Arc::clone(shown), shown.num_bytes());
            }
            view.good = Some(wanted);
        }
        if at == self.state.active {
            self.inspect_selected();
            self.paint_pins();
            self.plan_animation();
        }
        if !is_same_layer {
            self.forget_closest_to(id);
        }
        self.check_expected(at, shown);
        self.share_scale(false);
    }

    /// Has the layers at a glance made anew where they are looked at and are of something else.
    pub(crate) fn ask_for_walk(&mut self) {
        let is_seen = self.state.tab == LeftTab::Layers || self.state.open.table;
        let view = self.state.view();
        if !is_seen || view.shown.is_none() || view.busy.is_some() || !view.is_plain() {
            return;
        }
        let Ok(wanted) = self.state.wanted(view) else { return };
        let every_node = self.state.lists_every_node;
        let is_asked = self
            .state
            .walk
            .asked
            .as_ref()
            .is_some_and(|(w, every, _)| w.is_same_run(&wanted) && *every == every_node);
        if is_asked || !self.state.has_weights(wanted.row) {
            return;
        }
        let nodes = view.walk(every_node);
        if let Some((_, _, stale)) = &self.state.walk.asked {
            stale.cancel();
        }
        let stale = CancelToken::new();
        let wanted = Box::new(wanted);
        self.state.walk.asked = Some((wanted.clone(), every_node, stale.clone()));
        self.errand(Job::Walk { wanted, nodes, stale });
    }

    /// Has the pinned filters of the active view's model painted for its picture.
    pub(crate) fn paint_pins(&mut self) {
        let view = self.state.view();
        let pins: Vec<PinnedFilter> = self
            .state
            .pins
            .iter()
            .filter(|pin| pin.row.tag == view.row.tag)
            .map(|pin| pin.filter.clone())
            .collect();
        let wanted = self.state.wanted(view).ok().filter(|w| w.minus.is_none());
        let Some(wanted) = wanted.filter(|_| !pins.is_empty() && view.trouble.is_none()) else { return };
        self.pins_asked.cancel();
        self.pins_asked = CancelToken::new();
        self.errand(Job::Pins { wanted: Box::new(wanted), pins, stale: self.pins_asked.clone() });
    }

    /// Has the worker find out what a path is; the newest wish of the view wins here too.
    pub(crate) fn open(&mut self, path: PathBuf, path_column: Option<String>) {
        self.newest_job += 1;
        let job = self.newest_job;
        let view = self.state.view_mut();
        (view.job, view.busy) = (job, Some("Opening…"));
        let id = view.id;
        self.worker.post(id, Job::Open(job, path, path_column));
    }

    pub(crate) fn errand(&mut self, job: Job) {
        if self.worker.enqueue(job).is_err() {
            self.state.say(Tone::Bad, "too much is waiting to be done; try again when it is");
        }
    }

    /// Work for the second thread that nobody waits for.
    pub(crate) fn errand_beside(&mut self, job: SideJob) {
        if self.side.enqueue(job).is_err() {
            self.state.say(Tone::Bad, "too much is waiting to be done; try again when it is");
        }
    }

    pub(crate) fn drain_events(&mut self, ctx: &egui::Context) {
        let started = Instant::now();
        while started.elapsed() < DRAIN_BUDGET {
            let Ok(event) = self.events.try_recv() else { return };
            self.take_event(ctx, event.in_the_window());
        }
    }

    fn take_event(&mut self, ctx: &egui::Context, event: Event) {
        match event {
            Event::Devices(devices) => self.state.devices = devices,
            Event::Here(tags) => self.take_here(tags),
            Event::Busy(job, what) => {
                if let Some(at) = self.place_of(job) {
                    self.state.views[at].busy = Some(what);
                }
            }
            Event::Shown(job, shown) => {
                if let Some(at) = self.place_of(job) {
                    self.take_shown(at, &shown);
                }
            }
            Event::Failed(job, reason) => {
                if let Some(at) = self.place_of(job) {
                    let view = &mut self.state.views[at];
                    (view.busy, view.trouble) = (None, Some(Trouble::Failed(reason)));
                }
            }
            Event::Picture(job, path) => {
                if let Some(at) = self.place_of(job) {
                    self.remember_opened(&path);
                    let before = self.snapshot();
                    let (id, generation) = (self.state.views[at].id, self.next_generation());
                    self.change_pictures(id, |view| {
                        view.source = None;
                        view.generation = generation;
                        view.picture = PictureChoice::File(path.clone());
                    });
                    self.keep_step(before);
                }
            }
            Event::PictureWithNote(job, path, note) => {
                if self.place_of(job).is_some() {
                    self.state.say(Tone::Bad, note);
                    self.take_event(ctx, Event::Picture(job, path));
                }
            }
            opened @ (Event::Source(..)
            | Event::WhichColumn(..)
            | Event::OpenFailed(..)
            | Event::Figure(..)) => self.take_opened(opened),
            Event::Fits(path, offers) => match &offers[..] {
                [WeightsOffer { row, choice, .. }] if !wants_an_end(row) => {
                    let choice = choice.clone();
                    self.commands.push(Command::UseWeights(row, FilePart { path, choice }));
                }
                _ => self.state.weights_question = Some((path, offers)),
            },
            Event::Walked(walked) => {
                let is_wanted =
                    |asked: &(Box<Wanted>, bool, CancelToken)| asked.0.is_same_run(&walked.wanted);
                if self.state.walk.asked.as_ref().is_some_and(is_wanted) {
                    self.state.walk.done = Some(walked);
                }
            }
            Event::Pins(images) => {
                for image in images {
                    if let Some(pin) = self.state.pins.iter_mut().find(|pin| pin.filter.id == image.id) {
                        pin.image = Some(image);
                    }
                }
            }
            Event::Inspected(inspected) => {
                let view = self.state.view();
                let is_current = view.selected == Some(inspected.channel)
                    && view.shown.as_ref().is_some_and(|s| std::ptr::eq(Arc::as_ptr(s), inspected.of.as_ptr()));
                if is_current {
                    self.state.inspected = Some(inspected);
                }
            }
            Event::Matched(id, of, found) => self.take_match(id, of, found),
            Event::ErrandFailed(reason) => self.state.say(Tone::Bad, reason),
            Event::NoDialog => self.state.say(
                Tone::Bad,
                "no file dialog opened (this system may have none): type a path on the left, or drop the file here",
            ),
            Event::Saved(path) => self.state.say(Tone::Good, format!("saved \"{}\"", path.display())),
            Event::Picked(Picked::Open(Some(path))) => self.commands.push(Command::Open(path)),
            Event::Picked(Picked::Weights(Some(path))) => self.commands.push(Command::OpenWeights(path)),
            Event::Picked(Picked::Save(Some(path), shown)) => self.commands.push(Command::Save(path, shown)),
            Event::Picked(Picked::Export(Some(path), what)) => self.commands.push(Command::Export(what, path)),
            Event::Picked(Picked::BatchFolder(Some(path))) => {
                let folder = path.display().to_string();
                let scope = BatchScope { folder, ..self.state.batch.scope.clone() };
                self.commands.push(Command::SetBatch(Box::new(scope)));
            }
            picked @ Event::Picked(_) => self.take_run_event(picked),
            of_files => self.take_file_event(ctx, of_files),
        }
    }

    /// What a path turned out to be, if it is still wanted.
    fn take_opened(&mut self, event: Event) {
        let (Event::Source(job, ..)
        | Event::WhichColumn(job, ..)
        | Event::OpenFailed(job, _)
        | Event::Figure(job, _)) = event
        else {
            return;
        };
        let Some(at) = self.place_of(job) else { return };
        let id = self.state.views[at].id;
        match event {
            Event::Source(_, place, source) => self.open_source(id, &place, &source),
            Event::Figure(_, figure) => self.take_figure(at, *figure),
            // What was wanted before still is.
            Event::WhichColumn(_, path, columns) => {
                self.state.column_question = Some((path, columns));
                self.show(id);
            }
            Event::OpenFailed(_, reason) => {
                self.state.say(Tone::Bad, reason);
                self.show(id);
            }
            _ => {}
        }
    }

    /// Views of models whose weights turned up are shown, and those that waited for the answer.
    fn take_here(&mut self, tags: Vec<&'static str>) {
        (self.state.here, self.state.is_here_known) = (tags, true);
        let is_waiting = |view: &&ViewState| {
            let is_here = self.state.has_weights(view.row);
            view.busy == Some(LOOKING) || (view.trouble == Some(Trouble::NeedsWeights) && is_here)
        };
        let ids: Vec<ViewId> = self.state.views.iter().filter(is_waiting).map(|view| view.id).collect();
        for id in ids {
            self.show(id);
        }
    }

    /// The view whose newest wish a job is; none for wishes that have been replaced.
    fn place_of(&self, job: u64) -> Option<usize> {
        self.state.views.iter().position(|view| view.job == job)
    }

    fn take_match(&mut self, id: ViewId, (of_view, of): (ViewId, String), found: Vec<(usize, f64)>) {
        let number = self.state.number(id);
        let Some(view) = self.state.views.iter_mut().find(|view| view.id == id) else { return };
        if found.is_empty() {
            let why = format!(
                "no filter of view {number} can be compared with {of}: it has no variance where both networks look"
            );
            self.state.say(Tone::Bad, why);
            return;
        }
        view.selected = found.first().map(|(channel, _)| *channel);
        view.closest = Some(Closest { of_view, of, found });
        self.inspect_selected();
    }

    fn open_source(&mut self, id: ViewId, place: &std::path::Path, source: &Arc<dyn Source>) {
        let cameras = source.cameras();
        let camera = cameras
            .iter()
            .find(|c| **c == crate::input::dataset::Camera::Center)
            .or_else(|| cameras.first())
            .copied();
        let skipped = source.skipped().len();
        if skipped > 0 {
            let first = source.skipped().first().map_or_else(String::new, |s| s.reason.clone());
            self.state.say(
                Tone::Bad,
                format!("{skipped} rows of \"{}\" are left out; the first: {first}", place.display()),
            );
        }
        for note in source.notes() {
            self.state.say(Tone::Good, format!("{note}: \"{}\"", place.display()));
        }
        // It was listed a little before; a file of then is told again, which does no harm.
        let now = SystemTime::now();
        let listed = now.checked_sub(LISTING_TIME).unwrap_or(now);
        let open =
            OpenSource { source: Arc::clone(source), place: place.to_owned(), listed, index: 0, camera };
        self.ask_for_labels(source);
        self.remember_opened(place);
        let (before, generation) = (self.snapshot(), self.next_generation());
        // What played was another data set.
        self.state.playing_frames = None;
        self.change_pictures(id, |view| {
            view.generation = generation;
            view.picture = frame(&open);
            view.source = Some(open.clone());
        });
        self.keep_step(before);
    }
}

//! Commands about a data set: through its moments, its cameras side by side, a folder that grows, frames that come.

use std::sync::Arc;

use crate::app::message::command::Command;
use crate::app::message::effect::SideJob;
use crate::app::message::event::Event;
use crate::app::model::dataset::{Playing, frame};
use crate::app::model::links::Arrangement;
use crate::app::model::messages::Tone;
use crate::app::model::request::PictureChoice;
use crate::app::model::view::{MAX_VIEWS, ViewState};
use crate::app::shell::App;
use crate::input::dataset::{Camera, Source};
use crate::input::live::{Feed, FolderWatch, Grown};
use crate::mosaic::Normalisation;
use crate::tensor::PixelSize;

/// Small pictures asked for and not yet here.
const MAX_THUMBS_ASKED: usize = 24;

impl App {
    pub(crate) fn apply_to_data(&mut self, ctx: &egui::Context, command: &Command) {
        match *command {
            Command::TogglePlayFrames => {
                if self.state.playing_frames.take().is_none() {
                    // At the end it begins anew.
                    if self.state.view().source.as_ref().is_some_and(|o| o.index + 1 >= o.source.len()) {
                        self.set_frame(0);
                    }
                    self.state.playing_frames = Some(Playing { next_secs: ctx.input(|i| i.time) });
                }
            }
            Command::SetFrameSpeed(speed) => self.state.frame_speed = speed.clamp(0.2, 60.0),
            Command::HoldScale(is_held) => self.hold_scale(is_held),
            Command::ThreeCameras => self.three_cameras(),
            Command::ToggleWatch => self.toggle_watch(ctx),
            Command::SetPlottedLabel(at) => self.state.plotted_label = Some(at),
            _ => self.apply_to_files(ctx, command),
        }
    }

    /// Every frame is shown in the range of the one on screen, or each layer by its usual way again.
    fn hold_scale(&mut self, is_held: bool) {
        let active = self.state.view().id;
        let is_linked = self.state.links.looks;
        let mut changed = Vec::new();
        for view in &mut self.state.views {
            if !view.is_plain() || (view.id != active && !is_linked) {
                continue;
            }
            let range = view.shown.as_ref().map(|shown| (shown.stats.min, shown.stats.max));
            view.settings.normalisation = match range {
                Some((low, high)) if is_held && low < high => Normalisation::Fixed { low, high },
                _ => Normalisation::usual_for(view.settings.layout),
            };
            changed.push(view.id);
        }
        for id in changed {
            self.show(id);
        }
    }

    /// Cameras of one moment side by side, linked: as many as there may be views, from the left.
    fn three_cameras(&mut self) {
        let view = self.state.view().clone();
        let Some(open) = &view.source else { return };
        let cameras: Vec<Camera> = open.source.cameras().iter().copied().take(MAX_VIEWS).collect();
        if cameras.len() < 2 {
            self.state.say(Tone::Bad, "this data set has pictures of one camera only");
            return;
        }
        let mut views: Vec<ViewState> = Vec::with_capacity(MAX_VIEWS);
        for camera in cameras {
            let mut copy = self.fresh_copy(&view);
            copy.selected = view.selected;
            if let Some(own) = &mut copy.source {
                own.camera = Some(camera);
                copy.picture = frame(own);
            }
            views.push(copy);
        }
        let active =
            views.iter().position(|v| v.source.as_ref().map(|o| o.camera) == Some(open.camera)).unwrap_or(0);
        self.state.links.pictures = true;
        self.state.arrangement = Arrangement::SideBySide;
        for id in self.replace_views(views, active) {
            self.show(id);
        }
    }

    /// Lets the next moment come when it is due and all views show the last one.
    pub(crate) fn play_frames(&mut self, ctx: &egui::Context) {
        let Some(playing) = self.state.playing_frames else { return };
        let now = ctx.input(|i| i.time);
        let next = self.state.view().source.as_ref().map(|open| (open.index + 1, open.source.len()));
        let Some((next, len)) = next else {
            self.state.playing_frames = None;
            return;
        };
        if next >= len || self.state.view().trouble.is_some() {
            self.state.playing_frames = None;
            return;
        }
        if now >= playing.next_secs && self.state.views.iter().all(|view| view.busy.is_none()) {
            let pause = 1.0 / f64::from(self.state.frame_speed);
            self.state.playing_frames = Some(Playing { next_secs: now + pause });
            self.set_frame(next);
        }
        ctx.request_repaint_after_secs((playing.next_secs - now).max(0.0) as f32);
    }

    /// Has small pictures made of moments in sight.
    pub(crate) fn ask_for_thumbs(&mut self) {
        for key in std::mem::take(&mut self.scratch.thumbs_wanted) {
            if self.scratch.thumbs_asked.len() >= MAX_THUMBS_ASKED || self.scratch.thumbs_asked.contains(&key)
            {
                continue;
            }
            if self.side.enqueue(SideJob::Thumb(key.clone())).is_ok() {
                self.scratch.thumbs_asked.push(key);
            }
        }
    }

    /// A data set is open: what its labels look like over time is worked out beside.
    pub(crate) fn ask_for_labels(&mut self, source: &Arc<dyn Source>) {
        (self.state.labels, self.state.plotted_label) = (None, None);
        if !source.label_names().is_empty() && self.side.enqueue(SideJob::Labels(Arc::clone(source))).is_err()
        {
            self.state.say(Tone::Bad, "the labels can't be plotted now: too much is waiting to be done");
        }
    }

    fn toggle_watch(&mut self, ctx: &egui::Context) {
        if self.watch.take().is_some() {
            self.state.watched = None;
            return;
        }
        let Some(open) = &self.state.view().source else { return };
        if !open.source.cameras().is_empty() {
            self.state.say(Tone::Bad, "only a folder can be watched; this is a log");
            return;
        }
        let place = open.place.clone();
        let (sender, wake) = (self.sender.clone(), ctx.clone());
        let watch = FolderWatch::start(&place, open.listed, move |grown| {
            if sender.send(Event::Grown(grown)).is_ok() {
                wake.request_repaint();
            }
        });
        match watch {
            Ok(watch) => {
                self.watch = Some(watch);
                self.state.watched = Some(place);
            }
            Err(error) => self.state.say(Tone::Bad, format!("can't watch the folder ({error})")),
        }
    }

    /// A watched folder has something new: it is shown where the folder is open.
    pub(crate) fn take_grown(&mut self, grown: &Grown) {
        let is_watched = self.watch.as_ref().is_some_and(|watch| watch.place() == grown.place);
        let mut changed = Vec::new();
        let generation = self.next_generation();
        for view in self.state.views.iter_mut().filter(|_| is_watched) {
            if let Some(open) = view.source.as_mut().filter(|open| open.place == grown.place) {
                open.source = Arc::clone(&grown.source);
                open.index = grown.newest;
                view.picture = frame(open);
                // The same path may hold another picture.
                view.generation = generation;
                changed.push(view.id);
            }
        }
        for id in changed {
            self.show(id);
        }
    }

    /// Takes frames of one size from a stream of raw RGB, and shows the newest in all linked views as fast as the networks can.
    pub fn follow_frames(
        &mut self,
        ctx: &egui::Context,
        size: PixelSize,
        from: impl std::io::Read + Send + 'static,
    ) {
        let (sender, wake) = (self.sender.clone(), ctx.clone());
        let started = Feed::start(size, from, move |end| {
            // A frame is looked for, not sent: the newest counts.
            if let Some(end) = end
                && sender.send(Event::FeedEnded(end)).is_err()
            {
                return;
            }
            wake.request_repaint();
        });
        match started {
            Ok(feed) => self.feed = Some(feed),
            Err(error) => self.state.say(Tone::Bad, error.to_string()),
        }
    }

    /// Shows the newest frame where the last one has been shown.
    pub(crate) fn take_frames(&mut self) {
        let Some(frame) = self.feed.as_ref().and_then(|feed| feed.newest()) else { return };
        if self.fed >= frame.number || self.state.views.iter().any(|view| view.busy.is_some()) {
            return;
        }
        self.fed = frame.number;
        let id = self.state.view().id;
        self.change_pictures(id, |view| {
            view.source = None;
            view.picture = PictureChoice::Live(frame.clone());
        });
    }
}

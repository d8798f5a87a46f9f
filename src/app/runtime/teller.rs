//! Reports of a task's run to the window.

use std::time::{Duration, Instant};

use crate::app::message::event::Event;
use crate::app::model::studied::StudyResult;
use crate::app::model::task::Task;
use crate::app::model::task::run_news::{RunEnd, RunNews};
use crate::app::runtime::tell::Tell;
use crate::engine::CancelToken;
use crate::extract::ExtractEvent;
use crate::render::AnimationEvent;

/// Least time between two progress events.
const INTERVAL: Duration = Duration::from_millis(100);

/// Reports a run's progress to the window, and cancels the run if the window was closed.
pub(crate) struct Teller<'a> {
    tell: &'a Tell,
    pub(crate) called_off: &'a CancelToken,
    /// Cancelled when the window closes.
    token: &'a CancelToken,
    task: Task,
    pub(crate) news: RunNews,
    started: Instant,
    told: Instant,
}

impl<'a> Teller<'a> {
    pub(crate) fn new(
        tell: &'a Tell,
        called_off: &'a CancelToken,
        token: &'a CancelToken,
        task: Task,
    ) -> Self {
        let now = Instant::now();
        // The window may have been closed before the run began.
        if token.is_cancelled() {
            called_off.cancel();
        }
        Self { tell, called_off, token, task, news: RunNews::default(), started: now, told: now }
    }

    pub(crate) fn extract(&mut self, event: ExtractEvent) {
        match event {
            ExtractEvent::Found(note) => {
                self.tell.event(Event::Noted(note));
            }
            ExtractEvent::Begun { done, failed } => {
                (self.news.first, self.news.done, self.news.num_failed) = (done, done, failed);
                self.tell_now();
            }
            ExtractEvent::Progress { done, failed } => {
                (self.news.done, self.news.num_failed) = (done, failed);
            }
            ExtractEvent::Failed { picture, reason } => {
                let camera = picture.camera.map(|c| format!(", {c}")).unwrap_or_default();
                self.news.fail(format!("row {}{camera}: {}", picture.row, picture.file), reason);
            }
            ExtractEvent::Note { .. } => {}
            ExtractEvent::Assembling { set, done, total } => {
                self.news.what = format!("putting {set} together: {done} of {total}");
            }
        }
        self.tell_sometimes();
    }

    pub(crate) fn animation(&mut self, event: AnimationEvent) {
        match event {
            AnimationEvent::Frame => self.news.done += 1,
            AnimationEvent::Skipped(reason) => {
                self.news.num_failed += 1;
                self.news.fail(String::new(), reason);
            }
            AnimationEvent::Scale { low, high, .. } => {
                self.news.what = format!("one scale for all frames: {low} to {high}");
            }
        }
        self.tell_sometimes();
    }

    /// Sends a result.
    pub(crate) fn result(&self, result: StudyResult) {
        self.tell.event(Event::Studied(result));
    }

    /// A function that says whether to go on: nobody has stopped the run, and the window is open.
    pub(crate) fn go_on(&self) -> impl Fn() -> bool + Sync + use<> {
        let (called_off, token) = (self.called_off.clone(), self.token.clone());
        move || !called_off.is_cancelled() && !token.is_cancelled()
    }

    pub(crate) fn tell_sometimes(&mut self) {
        if self.token.is_cancelled() {
            self.called_off.cancel();
        }
        if self.told.elapsed() >= INTERVAL {
            self.tell_now();
        }
    }

    pub(crate) fn tell_now(&mut self) {
        self.told = Instant::now();
        self.news.elapsed = self.started.elapsed();
        self.tell.event(Event::TaskNews(self.task, self.news.clone()));
    }

    pub(crate) fn end(mut self, end: Result<RunEnd, String>) {
        self.news.end = Some(end.unwrap_or_else(RunEnd::Failed));
        self.tell_now();
    }
}

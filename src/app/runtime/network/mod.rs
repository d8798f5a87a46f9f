//! The jobs of the network's thread: from a request to a finished view, computing only what has changed.
//!
//! Runs on the worker thread, so it may block. Must not use widgets.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::app::message::event::{Event, ViewEvent};
use crate::app::message::job::Job;
use crate::app::model::session::Reopened;
use crate::app::model::view::Busy;
use crate::app::runtime::network::pipeline::{Pipeline, Stop};
use crate::engine::CancelToken;

pub(crate) mod batch;
pub(crate) mod keys;
pub(crate) mod open;
pub(crate) mod pipeline;
pub(crate) mod reopen;
pub(crate) mod save;
pub(crate) mod show;
pub(crate) mod value;
pub(crate) mod walk;

#[cfg(test)]
#[allow(
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test looks for one event among others"
)]
mod tests;

impl Pipeline {
    /// Does one job; returns what is left of a queued job that was interrupted by a view's job. A panic is a bug in this program: it is
    /// reported as an event, the caches are cleared, and the next job starts afresh.
    pub(crate) fn handle(&mut self, job: Job, cancel: &CancelToken) -> Option<Job> {
        let shows = if let Job::Show(id, _) | Job::Open(id, ..) | Job::OpenSet(id, _) = &job {
            Some(*id)
        } else {
            None
        };
        let errand = if let Job::Errand(id, _) = &job { Some(*id) } else { None };
        let inner = if let Job::Errand(_, inner) = &job { inner } else { &job };
        let is_fit = matches!(inner, Job::Fit(..) | Job::EndAt(..));
        let is_reopen = matches!(inner, Job::Reopen(_));
        if let Some(id) = errand {
            self.tell.event(Event::ErrandBegun(id));
        }
        let rest = catch_unwind(AssertUnwindSafe(|| self.work(job, cancel))).unwrap_or_else(|_| {
            self.sessions.clear();
            self.pictures.clear();
            self.prepared.clear();
            self.runs.clear();
            let text =
                "an internal error, which is a bug of this program; details are on the terminal".to_owned();
            self.tell.event(match shows {
                Some(id) => Event::View(id, ViewEvent::Failed(text)),
                None if is_fit => Event::NoFit(text),
                None if is_reopen => {
                    Event::Reopened(Box::new(Reopened { lost: vec![text], ..Reopened::default() }))
                }
                None => Event::JobFailed(text),
            });
            None
        });
        if let Some(id) = errand {
            self.tell.event(Event::ErrandOver(id, None));
        }
        rest
    }

    fn work(&mut self, job: Job, cancel: &CancelToken) -> Option<Job> {
        match job {
            Job::Show(id, wanted) => match self.show(id, &wanted, cancel) {
                Ok(shown) => self.tell.event(Event::View(id, ViewEvent::Shown(Arc::new(shown)))),
                Err(Stop::Failed(reason)) => self.tell.event(Event::View(id, ViewEvent::Failed(reason))),
                Err(Stop::Cancelled) => {}
            },
            Job::Open(id, path, column) => {
                self.tell.event(Event::View(id, ViewEvent::Busy(Busy::Opening)));
                self.tell.event(Event::View(id, open::open(path, column, self.cat)));
            }
            Job::OpenSet(id, paths) => {
                self.tell.event(Event::View(id, ViewEvent::Busy(Busy::Opening)));
                self.tell.event(Event::View(id, open::set(paths)));
            }
            Job::Reopen(session) => self.tell.event(Event::Reopened(Box::new(reopen::reopen(*session)))),
            Job::Fit(path, choice) => self.tell.event(open::fits(path, &choice)),
            Job::EndAt(path, layer) => self.tell.event(open::network(path, Some(&layer))),
            Job::Walk { ref wanted, ref nodes, ref stale } => {
                let done = self.walk(wanted, nodes, cancel);
                return left(&done, stale).then_some(job);
            }
            Job::Ahead { ref wanted, ref stale } => {
                let done = self.ahead(wanted, cancel);
                return left(&done, stale).then_some(job);
            }
            Job::Pins { ref wanted, ref pins, ref stale } => {
                let done = self.paint_pins(wanted, pins, cancel);
                return left(&done, stale).then_some(job);
            }
            Job::Errand(_, job) => return self.work(*job, cancel),
            Job::Batch(batch) => return self.batch(batch, cancel).map(Job::Batch),
            Job::Copy { shown, looks } => {
                self.tell.event(match save::picture(&shown, looks) {
                    Ok(image) => Event::Copied(image),
                    Err(reason) => Event::JobFailed(reason),
                });
            }
            Job::Save(request) => self.tell.event(save::write_file(request)),
        }
        None
    }
}

/// Whether a queued job was interrupted and must be done again later. Failures are not reported here, because the view itself shows
/// them.
fn left(done: &Result<(), Stop>, stale: &CancelToken) -> bool {
    matches!(done, Err(Stop::Cancelled)) && !stale.is_cancelled()
}

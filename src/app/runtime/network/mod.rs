//! The worker's side: from what is wanted to a finished view, doing again only what changed.
//!
//! Runs on the worker thread; may take as long as it takes. Knows nothing of widgets.

use crate::app::model::view::Busy;

pub(crate) mod batch;
pub(crate) mod open;
pub(crate) mod save;
pub(crate) mod show;
pub(crate) mod value;
pub(crate) mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::app::message::event::{Event, ViewEvent};
use crate::app::message::job::Job;
use crate::app::model::cache::LruCache;
use crate::app::runtime::network::value::{Prepared, PreparedKey, Run, RunKey};
use crate::app::runtime::tell::Tell;
use crate::engine::{CancelToken, DeviceChoice, EngineChoice, Session, WeightStore};
use crate::input::decode::Picture;
use crate::weights::PartChoice;

/// Models kept loaded: as many as views stand side by side.
const MAX_SESSIONS: usize = 4;

/// Values of layers kept, so that another look at a layer, or a step back, runs no network.
const VALUE_BUDGET_BYTES: usize = 256 << 20;

/// Decoded pictures kept.
const PICTURE_BUDGET_BYTES: usize = 128 << 20;

/// Preprocessed pictures kept, with the small ones made of them.
const PREPARED_BUDGET_BYTES: usize = 64 << 20;

/// A file as it was when it was read: a changed one under the same path is another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileKey {
    path: PathBuf,
    changed: Option<SystemTime>,
    num_bytes: u64,
}

impl FileKey {
    fn of(path: &Path) -> Self {
        let info = std::fs::metadata(path).ok();
        Self {
            path: path.to_owned(),
            changed: info.as_ref().and_then(|i| i.modified().ok()),
            num_bytes: info.map_or(0, |i| i.len()),
        }
    }
}

/// What identifies a picture's pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PictureKey {
    Carried,
    File(FileKey),
    /// A frame of a stream, or a picture of the clipboard, by its number.
    Frame(u64),
    Pasted(u64),
}

/// What identifies a loaded model: its tag, its file, where it runs.
type ModelKey = (&'static str, Option<(FileKey, PartChoice)>, DeviceChoice);

/// Everything the worker keeps from job to job.
pub(crate) struct Pipeline {
    store: WeightStore,
    cat: &'static [u8],
    engine: EngineChoice,
    tell: Tell,
    sessions: Vec<(ModelKey, Session)>,
    pictures: LruCache<PictureKey, Arc<Picture>>,
    prepared: LruCache<PreparedKey, Arc<Prepared>>,
    runs: LruCache<RunKey, Arc<Run>>,
}

/// A job that didn't come to its end.
pub(crate) enum Stop {
    /// A newer job is waiting.
    Cancelled,
    /// Told to the person.
    Failed(String),
}

fn failed(error: impl std::fmt::Display) -> Stop {
    Stop::Failed(error.to_string())
}

impl Pipeline {
    pub(crate) fn new(store: WeightStore, cat: &'static [u8], engine: EngineChoice, tell: Tell) -> Self {
        Self {
            store,
            cat,
            engine,
            tell,
            sessions: Vec::new(),
            pictures: LruCache::new(PICTURE_BUDGET_BYTES),
            prepared: LruCache::new(PREPARED_BUDGET_BYTES),
            runs: LruCache::new(VALUE_BUDGET_BYTES),
        }
    }

    /// Does one job; gives back what is left of one that made way. A panic on the way is a bug of ours: it is told, what was kept is
    /// forgotten, and the next job starts afresh.
    pub(crate) fn handle(&mut self, job: Job, cancel: &CancelToken) -> Option<Job> {
        let shows = if let Job::Show(id, _) | Job::Open(id, ..) = &job { Some(*id) } else { None };
        catch_unwind(AssertUnwindSafe(|| self.work(job, cancel))).unwrap_or_else(|_| {
            self.sessions.clear();
            self.pictures.clear();
            self.prepared.clear();
            self.runs.clear();
            let text =
                "an internal error, which is a bug of this program; details are on the terminal".to_owned();
            self.tell.event(match shows {
                Some(id) => Event::View(id, ViewEvent::Failed(text)),
                None => Event::JobFailed(text),
            });
            None
        })
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
            Job::Fit(path, choice) => self.tell.event(open::fits(path, &choice)),
            Job::EndAt(path, layer) => self.tell.event(open::network(path, Some(&layer))),
            Job::Walk { ref wanted, ref nodes, ref stale } => {
                let done = self.walk(wanted, nodes, cancel);
                return left(&done, stale).then_some(job);
            }
            Job::Pins { ref wanted, ref pins, ref stale } => {
                let done = self.paint_pins(wanted, pins, cancel);
                return left(&done, stale).then_some(job);
            }
            Job::Batch(batch) => return self.batch(batch, cancel).map(Job::Batch),
            Job::SaveValues { shown, path } => self.saved(path, |path| save::values(&shown, path)),
            Job::SaveFilter { shown, channel, path, looks } => {
                self.saved(path, |path| save::filter(&shown, channel, path, looks));
            }
            Job::SavePart { shown, seen, path } => self.saved(path, |path| save::part(&shown, &seen, path)),
            Job::SaveSheet { views, path, paper } => self.saved(path, |path| save::all(&views, path, paper)),
            Job::Copy { shown, looks } => {
                self.tell.event(match save::picture(&shown, looks) {
                    Ok(image) => Event::Copied(image),
                    Err(reason) => Event::JobFailed(reason),
                });
            }
            Job::Save { shown, path, may_replace, looks } => {
                self.saved(path, |path| save::save(&shown, path, may_replace, looks));
            }
        }
        None
    }

    fn saved(&self, path: PathBuf, save: impl FnOnce(&Path) -> Result<(), String>) {
        self.tell.event(match save(&path) {
            Ok(()) => Event::Saved(path),
            Err(reason) => Event::JobFailed(reason),
        });
    }
}

/// Whether work that is done when nothing else is wanted made way and is to be done again later. What went wrong with it shows in the
/// view itself; beside it nothing more is to be said.
fn left(done: &Result<(), Stop>, stale: &CancelToken) -> bool {
    matches!(done, Err(Stop::Cancelled)) && !stale.is_cancelled()
}

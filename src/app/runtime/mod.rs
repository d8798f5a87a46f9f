//! All threads of the window. Work that is slow, or that needs the operating system, is done here.
//!
//! Accepts work and sends events. Must not know how the events are handled.

#![deny(clippy::wildcard_enum_match_arm)]

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime};

use network::pipeline::Pipeline;

use crate::app::message::effect::{FetchRequest, Work};
use crate::app::message::event::{Event, Kept};
use crate::app::message::job::{BatchJob, HeadJob, Job, RunJob, SideJob};
use crate::app::model::download::DownloadNews;
use crate::app::model::studied::StudyResult;
use crate::app::model::task::{Task, TaskRequest};
use crate::engine::{EngineChoice, Worker};
use crate::input::live::{Feed, FolderWatch, Frame};
use crate::render::Resources;
use crate::tensor::PixelSize;

use dialogs::Dialogs;
use download::Download;
use heads::Heads;
use tasks::Runs;
use tell::Tell;

pub(crate) mod channel_map;
pub(crate) mod dialogs;
pub(crate) mod download;
pub(crate) mod existing;
pub(crate) mod heads;
pub(crate) mod inspect;
pub(crate) mod keep;
pub(crate) mod network;
pub(crate) mod studies;
pub(crate) mod tasks;
pub(crate) mod tell;
pub(crate) mod teller;

/// Greatest number of events that may wait for the window; a worker that sends more blocks until the window has taken some.
const MAX_EVENTS: usize = 64;
/// Least time between two measurements of the program's memory.
const MEMORY_INTERVAL: Duration = Duration::from_secs(1);
/// The latest-wins slots of the second thread: one for details, and after it one for each view that is searched for a closest channel.
const INSPECT_SLOT: u64 = 0;
const FIRST_MATCH_SLOT: u64 = 1;
/// The only latest-wins slot of the thread of heads, for frames.
const TELL_SLOT: u64 = 0;
/// The only latest-wins slot of each task thread, for plans.
const TASK_PLAN_SLOT: u64 = 0;

/// All threads. Fields are dropped in order: the receiver goes before the workers, which may be blocked in sending.
pub(crate) struct Runtime {
    events: Receiver<Event>,
    tell: Tell,
    network: Worker<Job>,
    side: Worker<SideJob>,
    /// A thread for each kind of task, in the order of [`Task::ALL`], so that nothing wanted on screen waits for a task.
    tasks: Vec<Worker<RunJob>>,
    /// Tells frames with the head in use.
    heads: Worker<HeadJob>,
    dialogs: Arc<dyn Dialogs>,
    /// The watch on the open folder, which ends when it is dropped.
    watch: Option<FolderWatch>,
    feed: Option<Arc<Feed>>,
    /// When the program's memory was last measured, and the result in bytes.
    memory: (Option<Instant>, Option<usize>),
}

impl Runtime {
    /// Starts the threads; `wake` is called after each event. `memory` are the bytes to count with, if the system isn't to be asked.
    ///
    /// # Errors
    /// The system refuses to start a thread.
    pub(crate) fn new(
        wake: impl Fn() + Send + Sync + 'static,
        resources: &Resources,
        engine: EngineChoice,
        memory: Option<u64>,
        dialogs: Arc<dyn Dialogs>,
    ) -> std::io::Result<Self> {
        let (sender, events): (SyncSender<Event>, _) = sync_channel(MAX_EVENTS);
        let tell = Tell::new(sender, wake);
        let mut pipeline = Pipeline::new(resources.store.clone(), resources.cat, engine, tell.clone());
        pipeline.memory = memory;
        let network = Worker::spawn("inference", move |job, cancel| pipeline.handle(job, cancel))?;
        let theirs = tell.clone();
        let side = Worker::spawn("looking", move |job, _| {
            inspect::handle(job, &theirs);
            None
        })?;
        let (mut kept, theirs) = (Heads::default(), tell.clone());
        let heads = Worker::spawn("telling", move |job, _| {
            kept.handle(job, &theirs);
            None
        })?;
        let task_thread = |name: &str| {
            let (mut runs, theirs) = (Runs::default(), tell.clone());
            Worker::spawn(name, move |job, token| {
                runs.handle(job, token, &theirs);
                None
            })
        };
        Ok(Self {
            events,
            network,
            side,
            tasks: Task::ALL.iter().map(|task| task_thread(task.about().title)).collect::<Result<_, _>>()?,
            heads,
            tell,
            dialogs,
            watch: None,
            feed: None,
            memory: (None, None),
        })
    }

    /// The next waiting event, if any.
    pub(crate) fn next_event(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Hands work to the threads; returns an event if that isn't possible.
    pub(crate) fn run(&mut self, work: Work) -> Option<Event> {
        match work {
            Work::Latest(view, job) => self.network.post(view, job),
            Work::Withdraw(view) => self.network.withdraw(view),
            Work::Queue(job) => return self.network.enqueue(job).err().map(|job| refused(&job)),
            Work::Side(job) => return self.side(job),
            Work::Run(job) => return self.task(job),
            Work::Head(HeadJob::Tell(job)) => self.heads.post(TELL_SLOT, HeadJob::Tell(job)),
            Work::Head(job @ HeadJob::Read(_)) => {
                return self.heads.enqueue(job).err().map(|_| too_much());
            }
            Work::Ask(question) => {
                return dialogs::ask(&self.dialogs, question, self.tell.clone()).err().map(Event::JobFailed);
            }
            Work::AskOffer(spec, options) => {
                let download = Download::new(spec, options, self.tell.clone());
                return start("asking", move || download.ask())
                    .err()
                    .map(|reason| Event::Download(spec, DownloadNews::Failed(reason)));
            }
            Work::Fetch(request) => {
                let FetchRequest { spec, options, offer, folders, cancel } = *request;
                let download = Download::new(spec, options, self.tell.clone());
                return start("download", move || download.fetch(&offer, &folders, &cancel))
                    .err()
                    .map(|reason| Event::Download(spec, DownloadNews::Failed(reason)));
            }
            Work::Keep(request) => {
                let (spec, tell) = (request.spec, self.tell.clone());
                return start("keeping", move || keep::keep(*request, &tell))
                    .err()
                    .map(|reason| Event::Kept(spec, Kept::Failed(reason)));
            }
            Work::Watch(place, since) => return self.watch(&place, since),
            Work::StopWatching => self.watch = None,
        }
        None
    }

    fn task(&self, job: RunJob) -> Option<Event> {
        let thread = |task: Task| &self.tasks[task as usize];
        match job {
            RunJob::Plan(request) => {
                thread(request.task()).post(TASK_PLAN_SLOT, RunJob::Plan(request));
                None
            }
            // A batch runs on the network's thread, one run after the other, and lets all other jobs go first.
            RunJob::Run(TaskRequest::Batch(request), existing, called_off) => {
                let job = Job::Batch(Box::new(BatchJob::new(*request, existing.overwrite, called_off)));
                self.network.enqueue_background(job).err().map(|_| too_much())
            }
            RunJob::Save(result, path, may_replace) => {
                let task = match &result {
                    StudyResult::Compared(_) => Task::Similarity,
                    StudyResult::Probed(_) => Task::Probe,
                };
                let refused = thread(task).enqueue(RunJob::Save(result, path, may_replace)).is_err();
                refused.then(too_much)
            }
            RunJob::Run(request, existing, called_off) => {
                let task = request.task();
                let refused = thread(task).enqueue(RunJob::Run(request, existing, called_off)).is_err();
                refused.then(too_much)
            }
        }
    }

    fn side(&self, job: SideJob) -> Option<Event> {
        match job {
            SideJob::Inspect(..) => self.side.post(INSPECT_SLOT, job),
            SideJob::Match { view, .. } => self.side.post(FIRST_MATCH_SLOT + view, job),
            SideJob::Thumb(key) => {
                let refused = self.side.enqueue(SideJob::Thumb(key.clone())).is_err();
                return refused.then_some(Event::ThumbRefused(key));
            }
            SideJob::Devices
            | SideJob::Here(_)
            | SideJob::LookForWeights(_)
            | SideJob::Check(..)
            | SideJob::Labels(_) => {
                return self.side.enqueue(job).err().map(|_| too_much());
            }
        }
        None
    }

    fn watch(&mut self, place: &Path, since: SystemTime) -> Option<Event> {
        let tell = self.tell.clone();
        match FolderWatch::start(place, since, move |grown| {
            tell.event(Event::Grown(grown));
        }) {
            Ok(watch) => {
                self.watch = Some(watch);
                None
            }
            Err(error) => Some(Event::NotWatched(format!("can't watch the folder ({error})"))),
        }
    }

    /// Starts to read frames of one size from a stream of raw RGB; returns an event if that isn't possible.
    pub(crate) fn follow(
        &mut self,
        size: PixelSize,
        from: impl std::io::Read + Send + 'static,
    ) -> Option<Event> {
        let tell = self.tell.clone();
        let started = Feed::start(size, from, move |end| match end {
            Some(end) => {
                tell.event(Event::FeedEnded(end));
            }
            // Frames are not sent as events: the window picks up the newest one when it draws.
            None => tell.wake(),
        });
        match started {
            Ok(feed) => {
                self.feed = Some(feed);
                None
            }
            Err(error) => Some(Event::JobFailed(format!("can't start a thread ({error})"))),
        }
    }

    /// The newest frame of the stream, if there is one.
    pub(crate) fn newest_frame(&self) -> Option<Frame> {
        self.feed.as_ref().and_then(|feed| feed.newest())
    }

    /// Memory used by the program in bytes, measured about once a second; none where the system doesn't report it.
    pub(crate) fn memory_bytes(&mut self) -> Option<usize> {
        let (asked, bytes) = &mut self.memory;
        if asked.is_none_or(|asked| asked.elapsed() >= MEMORY_INTERVAL) {
            *asked = Some(Instant::now());
            *bytes = memory_stats::memory_stats().map(|memory| memory.physical_mem);
        }
        *bytes
    }
}

/// Starts a thread that ends by itself, or says why it can't.
fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    match std::thread::Builder::new().name(name.to_owned()).spawn(work) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("can't start a thread for it: {error}")),
    }
}

const TOO_MUCH: &str = "too much is waiting to be done; try again when it is";

/// The event for work that a full queue refused.
fn too_much() -> Event {
    Event::JobFailed(TOO_MUCH.to_owned())
}

/// The event for a job that a full queue refused.
fn refused(job: &Job) -> Event {
    if let Job::Errand(id, _) = job { Event::ErrandOver(*id, Some(TOO_MUCH.to_owned())) } else { too_much() }
}

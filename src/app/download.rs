//! Weights that a server has: asking for their size, fetching them and calling that off, each on a thread of its own.
//!
//! Owns what is known of downloads. What came stays where the hub's cache wants it, so that a download that was called off, or the
//! window closed over it, goes on from there.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use super::event::Event;
use super::job::SideJob;
use super::state::Tone;
use super::window::App;
use crate::engine::CancelToken;
use crate::models::Row;
use crate::weights::Folders;
use crate::weights::fetch::{Client, FetchError, FetchOptions, Offer, Progress};

/// The least time between two words of progress.
const NEWS_INTERVAL: Duration = Duration::from_millis(80);

/// How far a download is.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// The server was asked.
    Asking,
    /// It has this; bytes that are here from an earlier time.
    Offered(Offer, u64),
    /// Bytes are coming.
    Fetching(Offer, Progress, CancelToken),
    /// Why not.
    Failed(String),
}

/// What a person may ask of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DownloadWish {
    /// Ask the server again.
    Ask,
    /// Fetch what it offers.
    Fetch,
    /// Stop; what came is kept.
    Stop,
}

/// What a thread has to say.
#[derive(Clone, Debug)]
pub(super) enum DownloadNews {
    /// What the server answered.
    Asked(Result<Offer, String>),
    /// How far it is.
    At(Progress),
    /// All is here.
    Done,
    /// Called off, with so many bytes kept.
    Stopped(Offer, u64),
    /// It came to nothing.
    Failed(String),
}

/// All downloads of this window.
pub(super) struct Downloads {
    pub(super) options: FetchOptions,
    pub(super) by_tag: BTreeMap<&'static str, Stage>,
    wake: egui::Context,
}

/// What a thread needs.
struct Errand {
    row: &'static Row,
    client: Client,
    sender: SyncSender<Event>,
    wake: egui::Context,
}

impl Downloads {
    pub(super) fn new(options: FetchOptions, wake: egui::Context) -> Self {
        Self { options, by_tag: BTreeMap::new(), wake }
    }

    /// The address of a row's file, and the file's name.
    pub(super) fn by_hand(&self, row: &Row) -> Option<(String, &'static str)> {
        let source = row.download()?;
        Some((Client::new(self.options.clone()).url(source), source.file_name()))
    }

    fn errand(&self, row: &'static Row, sender: &SyncSender<Event>) -> Errand {
        let client = Client::new(self.options.clone());
        Errand { row, client, sender: sender.clone(), wake: self.wake.clone() }
    }
}

impl Errand {
    /// Whether there still is a window to hear it.
    fn tell(&self, news: DownloadNews) -> bool {
        let is_heard = self.sender.send(Event::Download(self.row, news)).is_ok();
        self.wake.request_repaint();
        is_heard
    }

    fn ask(&self) {
        let Some(source) = self.row.download() else { return };
        self.tell(DownloadNews::Asked(self.client.ask(source).map_err(|error| error.to_string())));
    }

    fn fetch(&self, offer: &Offer, folders: &Folders, cancel: &CancelToken) {
        let mut told = Instant::now();
        let fetched = self.client.fetch(offer, self.row.tag, folders, &mut |progress| {
            let mut goes_on = !cancel.is_cancelled();
            if goes_on && told.elapsed() >= NEWS_INTERVAL {
                told = Instant::now();
                goes_on = self.tell(DownloadNews::At(progress));
            }
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        self.tell(match fetched {
            Ok(_) => DownloadNews::Done,
            Err(FetchError::Stopped { have }) => DownloadNews::Stopped(offer.clone(), have),
            Err(error) => DownloadNews::Failed(error.to_string()),
        });
    }
}

impl App {
    pub(super) fn take_download_wish(&mut self, row: &'static Row, wish: DownloadWish) {
        match wish {
            DownloadWish::Ask => self.ask_offer(row),
            DownloadWish::Fetch => self.download(row),
            DownloadWish::Stop => self.cancel_download(row),
        }
    }

    /// Asks the server what it has for a row whose weights are not here, unless that was done.
    pub(super) fn ask_offer(&mut self, row: &'static Row) {
        let Some(downloads) = &mut self.state.downloads else { return };
        let is_known =
            matches!(downloads.by_tag.get(row.tag), Some(stage) if !matches!(stage, Stage::Failed(_)));
        if is_known || row.download().is_none() || downloads.options.offline_by.is_some() {
            return;
        }
        downloads.by_tag.insert(row.tag, Stage::Asking);
        let errand = downloads.errand(row, &self.sender);
        self.start("asking", row, move || errand.ask());
    }

    /// Fetches what was offered.
    fn download(&mut self, row: &'static Row) {
        let Some(downloads) = &mut self.state.downloads else { return };
        let Some(Stage::Offered(offer, have)) = downloads.by_tag.get(row.tag).cloned() else { return };
        let (progress, cancel) = (Progress { have, total: offer.num_bytes }, CancelToken::new());
        downloads.by_tag.insert(row.tag, Stage::Fetching(offer.clone(), progress, cancel.clone()));
        let errand = downloads.errand(row, &self.sender);
        let folders = self.state.store.folders().clone();
        self.start("download", row, move || errand.fetch(&offer, &folders, &cancel));
    }

    fn start(&mut self, name: &str, row: &'static Row, work: impl FnOnce() + Send + 'static) {
        let started = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        if let (Err(error), Some(downloads)) = (started, &mut self.state.downloads) {
            let reason = format!("can't start a thread for it: {error}");
            downloads.by_tag.insert(row.tag, Stage::Failed(reason));
        }
    }

    /// Calls a download off; what came is kept.
    fn cancel_download(&self, row: &'static Row) {
        let stage = self.state.downloads.as_ref().and_then(|downloads| downloads.by_tag.get(row.tag));
        if let Some(Stage::Fetching(_, _, cancel)) = stage {
            cancel.cancel();
        }
    }

    pub(super) fn take_download_news(&mut self, row: &'static Row, news: DownloadNews) {
        let Some(downloads) = &mut self.state.downloads else { return };
        let stage = match news {
            DownloadNews::Asked(Ok(offer)) => Stage::Offered(offer, 0),
            DownloadNews::Stopped(offer, have) => Stage::Offered(offer, have),
            DownloadNews::Asked(Err(reason)) | DownloadNews::Failed(reason) => Stage::Failed(reason),
            DownloadNews::At(progress) => match downloads.by_tag.get(row.tag) {
                Some(Stage::Fetching(offer, _, cancel)) => {
                    Stage::Fetching(offer.clone(), progress, cancel.clone())
                }
                _ => return,
            },
            DownloadNews::Done => {
                downloads.by_tag.remove(row.tag);
                self.errand_beside(SideJob::Here(self.state.store.clone()));
                self.state.say(Tone::Good, format!("the weights of {} are here", row.tag));
                let waiting: Vec<_> = self
                    .state
                    .views
                    .iter()
                    .filter(|view| view.row.tag == row.tag)
                    .map(|view| view.id)
                    .collect();
                for view in waiting {
                    self.show(view);
                }
                return;
            }
        };
        downloads.by_tag.insert(row.tag, stage);
    }
}

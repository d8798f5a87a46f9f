//! Threads that ask a server for the size of weights and fetch them.

use std::ops::ControlFlow;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use std::time::Instant;

use crate::app::message::event::Event;
use crate::app::model::download::DownloadNews;
use crate::engine::CancelToken;
use crate::models::Row;
use crate::weights::Folders;
use crate::weights::fetch::{Client, FetchError, Offer};

/// The least time between two words of progress.
const NEWS_INTERVAL: Duration = Duration::from_millis(80);

/// What a thread needs.
pub(crate) struct Errand {
    pub(crate) row: &'static Row,
    pub(crate) client: Client,
    pub(crate) sender: SyncSender<Event>,
    pub(crate) wake: egui::Context,
}

impl Errand {
    /// Whether there still is a window to hear it.
    pub(crate) fn tell(&self, news: DownloadNews) -> bool {
        let is_heard = self.sender.send(Event::Download(self.row, news)).is_ok();
        self.wake.request_repaint();
        is_heard
    }

    pub(crate) fn ask(&self) {
        let Some(source) = self.row.download() else { return };
        self.tell(DownloadNews::Asked(self.client.ask(source).map_err(|error| error.to_string())));
    }

    pub(crate) fn fetch(&self, offer: &Offer, folders: &Folders, cancel: &CancelToken) {
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

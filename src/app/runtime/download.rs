//! The work of threads that ask a server for the size of weights, and download them.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::app::message::event::Event;
use crate::app::message::remedy;
use crate::app::model::download::DownloadNews;
use crate::app::runtime::tell::Tell;
use crate::engine::CancelToken;
use crate::models::ModelSpec;
use crate::weights::Folders;
use crate::weights::fetch::{Client, FetchError, FetchOptions, Offer};

/// Least time between two progress events.
const NEWS_INTERVAL: Duration = Duration::from_millis(80);

/// What a thread needs for the download of a model's weights.
pub(crate) struct Download {
    spec: &'static ModelSpec,
    client: Client,
    tell: Tell,
}

impl Download {
    pub(crate) fn new(spec: &'static ModelSpec, options: FetchOptions, tell: Tell) -> Self {
        Self { spec, client: Client::new(options), tell }
    }

    /// Sends news to the window; returns whether the window still exists.
    fn tell(&self, news: DownloadNews) -> bool {
        self.tell.is_heard(Event::Download(self.spec, news))
    }

    pub(crate) fn ask(&self) {
        let Some(source) = self.spec.download() else { return };
        self.tell(DownloadNews::Asked(self.client.ask(source).map_err(|error| remedy::told(&error))));
    }

    pub(crate) fn fetch(&self, offer: &Offer, folders: &Folders, cancel: &CancelToken) {
        let mut told = Instant::now();
        let fetched = self.client.fetch(offer, self.spec.tag, folders, &mut |progress| {
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
            Err(error) => DownloadNews::Failed(remedy::told(&error)),
        });
    }
}

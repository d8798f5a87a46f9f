//! Weights that a server has: asking for their size, fetching them and calling that off.

use crate::app::message::effect::SideJob;
use crate::app::model::download::{DownloadNews, DownloadWish, Stage};
use crate::app::model::messages::Tone;
use crate::app::shell::App;
use crate::engine::CancelToken;
use crate::models::Row;
use crate::weights::fetch::Progress;

impl App {
    pub(crate) fn take_download_wish(&mut self, row: &'static Row, wish: DownloadWish) {
        match wish {
            DownloadWish::Ask => self.ask_offer(row),
            DownloadWish::Fetch => self.download(row),
            DownloadWish::Stop => self.cancel_download(row),
        }
    }

    /// Asks the server what it has for a row whose weights are not here, unless that was done.
    pub(crate) fn ask_offer(&mut self, row: &'static Row) {
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

    pub(crate) fn take_download_news(&mut self, row: &'static Row, news: DownloadNews) {
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

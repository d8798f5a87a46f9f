//! What stands in for `http` and `transfer` in a build without the feature `fetch`: downloads are off, always.

use std::ops::ControlFlow;

use super::error::FetchError;
use super::offer::Offer;
use super::options::FetchOptions;
use super::outcome::{Fetched, Progress};
use crate::tensor::WeightSource;
use crate::weights::folders::Folders;

/// What sends no requests.
#[derive(Debug)]
pub(super) struct NoHttp {
    pub(super) options: FetchOptions,
    /// Why downloads are off.
    off_by: &'static str,
}

impl NoHttp {
    pub(super) fn new(options: FetchOptions) -> Self {
        let off_by = "this build of filterscope has no downloads; build it with the feature `fetch`";
        Self { options, off_by }
    }

    /// Says that downloads are off.
    pub(super) fn ask(&self, _source: WeightSource) -> Result<Offer, FetchError> {
        Err(FetchError::Offline { by: self.off_by })
    }

    /// Says that downloads are off.
    pub(super) fn fetch(
        &self,
        _offer: &Offer,
        _tag: &str,
        _folders: &Folders,
        _tell: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Fetched, FetchError> {
        Err(FetchError::Offline { by: self.off_by })
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use crate::tensor::WeightSource;
    use crate::weights::Folders;
    use crate::weights::fetch::{Client, FetchOptions, Offer};

    #[test]
    fn nothing_is_fetched_and_the_reason_is_said() {
        let client = Client::new(FetchOptions::from_env());
        let source = WeightSource::Https { url: "https://example.org/a.h5", md5: None };
        let url = client.url(source);
        assert_eq!(url, "https://example.org/a.h5");
        let words = "downloads are off (this build of filterscope has no downloads; build it with the feature `fetch`)";
        assert_eq!(client.ask(source).map(drop).unwrap_err().to_string(), words);
        let offer =
            Offer { source, url, host: "example.org".to_owned(), num_bytes: None, etag: None, commit: None };
        let mut tell = |_| ControlFlow::Continue(());
        let error = client.fetch(&offer, "toy.a1", &Folders::new(None, None, None), &mut tell);
        assert_eq!(error.map(drop).unwrap_err().to_string(), words);
    }
}

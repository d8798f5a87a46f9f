//! Downloads on the command line: started by an option or offered in a question, with size, licence and progress. Where a download
//! fails, the error says how to get the file by hand.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;

use anyhow::anyhow;

use super::reporter::Reporter;
use super::table::short_bytes;
use crate::engine::{Backbone, CancelToken, WeightState, WeightStore};
use crate::models::ModelSpec;
use crate::weights::fetch::{Client, FetchError, FetchOptions, Fetched, Offer};

/// What the user allowed about downloads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Consent {
    /// `--yes`.
    pub is_given: bool,
    /// `--offline`.
    pub is_offline: bool,
}

/// Downloads weights.
pub(super) struct Downloader<'a> {
    client: Client,
    options: FetchOptions,
    store: &'a WeightStore,
    reporter: &'a Reporter,
    cancel: CancelToken,
}

impl<'a> Downloader<'a> {
    /// A downloader with the settings of the environment; `cancel` stops a download.
    pub(super) fn new(
        consent: Consent,
        store: &'a WeightStore,
        reporter: &'a Reporter,
        cancel: CancelToken,
    ) -> Self {
        let mut options = FetchOptions::from_env();
        if consent.is_offline {
            options.offline_by = Some("--offline");
        }
        Self { client: Client::new(options.clone()), options, store, reporter, cancel }
    }

    /// Downloads a model's weights if they are missing and downloadable: without a question with `--yes`, after a question at a terminal.
    /// Otherwise it does nothing, and loading the model reports what is missing.
    pub(super) fn offer(&self, spec: &'static ModelSpec, consent: Consent) -> anyhow::Result<()> {
        if self.store.state(spec) != WeightState::Downloadable {
            return Ok(());
        }
        if consent.is_given {
            return self.fetch(spec).map(drop);
        }
        let can_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if self.options.offline_by.is_some() || !can_ask {
            return Ok(());
        }
        // If the server can't be reached, loading the model reports what is missing.
        let Ok(offer) = self.ask(spec) else { return Ok(()) };
        let question = format!(
            "{} is not installed. Download {} from {} (licence: {})?",
            spec.tag,
            size(&offer),
            offer.host,
            spec.license
        );
        if self.reporter.asks(&question) { self.bring(spec, &offer).map(drop) } else { Ok(()) }
    }

    /// Downloads a model's weights and checks that they fit its graph.
    pub(super) fn fetch(&self, spec: &'static ModelSpec) -> anyhow::Result<Fetched> {
        let offer = self.ask(spec)?;
        self.bring(spec, &offer)
    }

    fn ask(&self, spec: &'static ModelSpec) -> anyhow::Result<Offer> {
        let source = spec
            .download()
            .ok_or_else(|| anyhow!("nobody offers {} for download: {}", spec.tag, spec.source))?;
        self.client.ask(source).map_err(|error| self.explain(spec, error))
    }

    fn bring(&self, spec: &'static ModelSpec, offer: &Offer) -> anyhow::Result<Fetched> {
        self.reporter.summary(&format!(
            "fetching {}: {} from {}, licence {}",
            spec.tag,
            size(offer),
            offer.host,
            spec.license
        ));
        let bar = self.reporter.download(offer.num_bytes);
        let mut tell = |progress: crate::weights::fetch::Progress| {
            bar.at(progress.have);
            if self.cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let fetched = self.client.fetch(offer, spec.tag, self.store.folders(), &mut tell);
        drop(bar);
        let fetched = fetched.map_err(|error| self.explain(spec, error))?;
        let record = &fetched.record;
        let checked = match &record.checked {
            Some(kind) if kind == "md5" => "its md5 is the one that its publisher gives",
            Some(_) => "its sha256 is the one that the server gives",
            None => "the server gives no checksum to compare with",
        };
        self.reporter.summary(&format!(
            "fetched {} ({} bytes, sha256 {}; {checked}): \"{}\"",
            spec.tag,
            record.num_bytes,
            record.sha256,
            fetched.path.display()
        ));
        Backbone::load(spec, self.store, None)?;
        Ok(fetched)
    }

    /// Adds to an error how to get the file by hand, where that helps.
    fn explain(&self, spec: &'static ModelSpec, error: FetchError) -> anyhow::Error {
        let Some(source) = spec.download() else { return error.into() };
        match error {
            FetchError::Stopped { .. } | FetchError::NoRoom { .. } | FetchError::Busy { .. } => {
                anyhow!("{}: {error}", spec.tag)
            }
            FetchError::Offline { .. }
            | FetchError::Unreachable { .. }
            | FetchError::Refused { .. }
            | FetchError::NotThere { .. }
            | FetchError::Answer { .. }
            | FetchError::Cut { .. }
            | FetchError::WrongChecksum { .. }
            | FetchError::NoFolder { .. }
            | FetchError::Disk { .. } => anyhow!(
                "{}: {error}. By hand: get {} and keep it with `filterscope weights import {} --model {}`",
                spec.tag,
                self.client.url(source),
                source.file_name(),
                spec.tag
            ),
        }
    }
}

fn size(offer: &Offer) -> String {
    offer.num_bytes.map_or_else(|| "a file of unknown size".to_owned(), short_bytes)
}

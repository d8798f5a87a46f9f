//! `weights`: fetch, import, find, check and remove weight files.

mod import;
mod kept;

use super::args::{WeightsAction, WeightsArgs};
use super::download::{Consent, Downloader};
use super::exit::Exit;
use super::interrupt::cancelled_by_ctrl_c;
use super::reporter::Reporter;
use crate::engine::WeightState;
use crate::models::{ModelSpec, Registry};
use crate::render::Resources;
use crate::tensor::counted;

/// Runs the command.
pub(super) fn run(args: &WeightsArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    match &args.command {
        WeightsAction::Fetch { models, offline, again } => {
            let rows = rows(models)?;
            fetch(&rows, *again, Consent { is_given: true, is_offline: *offline }, resources, reporter)
        }
        WeightsAction::Import(import) => import::run(import, resources, reporter),
        WeightsAction::Path { model } => kept::path(Registry::find(model)?, resources, reporter),
        WeightsAction::Verify { models } => kept::verify(&rows(models)?, resources, reporter),
        WeightsAction::Remove { models } => kept::remove(&rows(models)?, resources, reporter),
    }
}

/// Rows by name, each once.
fn rows(names: &[String]) -> anyhow::Result<Vec<&'static ModelSpec>> {
    let mut rows: Vec<&'static ModelSpec> = Vec::new();
    for name in names {
        let row = Registry::find(name.trim())?;
        if !rows.iter().any(|other| other.tag == row.tag) {
            rows.push(row);
        }
    }
    Ok(rows)
}

fn fetch(
    rows: &[&'static ModelSpec],
    again: bool,
    consent: Consent,
    resources: &Resources,
    reporter: &Reporter,
) -> anyhow::Result<Exit> {
    let cancel = cancelled_by_ctrl_c()?;
    let downloads = Downloader::new(consent, &resources.store, reporter, cancel.clone());
    let mut num_failed = 0;
    for row in rows {
        match resources.store.state(row) {
            WeightState::Embedded => {
                reporter.note(&format!("{} needs no download: the program carries it", row.tag));
                continue;
            }
            WeightState::Cached if !again => {
                let path = resources.store.kept(row).map(|file| file.path.display().to_string());
                reporter.note(&format!("{} is here already: \"{}\"", row.tag, path.unwrap_or_default()));
                continue;
            }
            WeightState::Cached | WeightState::Downloadable | WeightState::NeedsFile => {}
        }
        match downloads.fetch(row) {
            Ok(_) => {}
            Err(error) if cancel.is_cancelled() => {
                reporter.summary(&format!("interrupted: {error:#}"));
                return Ok(Exit::Interrupted);
            }
            Err(error) if rows.len() == 1 => return Err(error),
            Err(error) => {
                num_failed += 1;
                reporter.skipped(&format!("{error:#}"));
            }
        }
    }
    if num_failed == rows.len() {
        anyhow::bail!("none of {} was fetched", counted(num_failed, "model"));
    }
    Ok(if num_failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

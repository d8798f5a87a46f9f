//! `weights`: fetches, imports, finds, checks and removes weight files.

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
            let specs = specs(models)?;
            fetch(&specs, *again, Consent { is_given: true, is_offline: *offline }, resources, reporter)
        }
        WeightsAction::Import(import) => import::run(import, resources, reporter),
        WeightsAction::Path { model } => kept::path(Registry::find(model)?, resources, reporter),
        WeightsAction::Verify { models } => kept::verify(&specs(models)?, resources, reporter),
        WeightsAction::Remove { models } => kept::remove(&specs(models)?, resources, reporter),
    }
}

/// The model specs of these names, each once.
fn specs(names: &[String]) -> anyhow::Result<Vec<&'static ModelSpec>> {
    let mut specs: Vec<&'static ModelSpec> = Vec::new();
    for name in names {
        let spec = Registry::find(name.trim())?;
        if !specs.iter().any(|other| other.tag == spec.tag) {
            specs.push(spec);
        }
    }
    Ok(specs)
}

fn fetch(
    specs: &[&'static ModelSpec],
    again: bool,
    consent: Consent,
    resources: &Resources,
    reporter: &Reporter,
) -> anyhow::Result<Exit> {
    let cancel = cancelled_by_ctrl_c()?;
    let downloads = Downloader::new(consent, &resources.store, reporter, cancel.clone());
    let mut num_failed = 0;
    for spec in specs {
        match resources.store.state(spec) {
            WeightState::Embedded => {
                reporter.note(&format!("{} needs no download: the program carries it", spec.tag));
                continue;
            }
            WeightState::Cached if !again => {
                let path = resources.store.kept(spec).map(|file| file.path.display().to_string());
                reporter.note(&format!("{} is here already: \"{}\"", spec.tag, path.unwrap_or_default()));
                continue;
            }
            WeightState::Cached | WeightState::Downloadable | WeightState::NeedsFile => {}
        }
        match downloads.fetch(spec) {
            Ok(_) => {}
            Err(error) if cancel.is_cancelled() => {
                reporter.summary(&format!("interrupted: {error:#}"));
                return Ok(Exit::Interrupted);
            }
            Err(error) if specs.len() == 1 => return Err(error),
            Err(error) => {
                num_failed += 1;
                reporter.skipped(&format!("{error:#}"));
            }
        }
    }
    if num_failed == specs.len() {
        anyhow::bail!("none of {} was fetched", counted(num_failed, "model"));
    }
    Ok(if num_failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

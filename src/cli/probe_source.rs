//! Straight from data: extracts the features that are probed, network after network, so that the time of each is known.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{anyhow, bail};

use crate::cli::extract::plan;
use crate::cli::extract_args::ExtractArgs;
use crate::cli::output_guard::check_planned;
use crate::cli::probe_args::ProbeArgs;
use crate::cli::remedy;
use crate::cli::reporter::Reporter;
use crate::engine::CancelToken;
use crate::extract::{End, Existing, ExtractEvent, ExtractPlan, execute};
use crate::render::Resources;
use crate::study::probe::{JustExtracted, plots};
use crate::study::temporary::temporary_folder;
use crate::tensor::{Remedy, counted, shown};

/// Features that were made for this probe.
#[derive(Debug)]
pub(super) struct Extracted {
    /// The folders of the sets.
    pub(super) folders: Vec<PathBuf>,
    pub(super) known: JustExtracted,
    /// Removes the features at the end, if they aren't to be kept.
    _folder: Option<tempfile::TempDir>,
}

/// Extracts the features of every network that the arguments name.
pub(super) fn extract_all(
    args: &ProbeArgs,
    resources: &Resources,
    reporter: &Reporter,
    cancel: &CancelToken,
) -> anyhow::Result<Extracted> {
    let [input] = &args.inputs[..] else {
        bail!("one data set at a time: {} were named, and not all hold features", args.inputs.len());
    };
    let temporary = if args.data.out.is_some() { None } else { Some(temporary_folder()?) };
    let out = match (&args.data.out, &temporary) {
        (Some(out), _) => out.clone(),
        (None, Some(folder)) => folder.path().to_owned(),
        (None, None) => PathBuf::new(),
    };
    let models: Vec<Vec<String>> = if args.data.model.is_empty() {
        vec![Vec::new()]
    } else {
        args.data.model.iter().map(|model| vec![model.clone()]).collect()
    };
    let mut extracted = Extracted {
        folders: Vec::new(),
        known: JustExtracted {
            milliseconds: BTreeMap::new(),
            backbones: BTreeMap::new(),
            num_failed: 0,
            root: if input.is_dir() {
                input.clone()
            } else {
                input.parent().map(PathBuf::from).unwrap_or_default()
            },
        },
        _folder: temporary,
    };
    // A wrong name is said before the first network runs.
    let plans: Vec<ExtractPlan> = models
        .into_iter()
        .map(|model| plan(&extract_args(args, model, out.clone()), resources, reporter))
        .collect::<anyhow::Result<_>>()?;
    if let Some(plan) = plans.first() {
        let outputs = args.save.iter().map(|path| ("--save", path.clone()));
        let plots = args.plots.iter().flat_map(|folder| plots::files(folder).map(|path| ("--plots", path)));
        check_planned(outputs.chain(plots), &plan.rows)?;
    }
    for mut plan in plans {
        run(&mut plan, reporter, cancel, &mut extracted)?;
        for set in &plan.sets {
            extracted.folders.push(plan.set_folder(set));
        }
    }
    Ok(extracted)
}

fn run(
    plan: &mut ExtractPlan,
    reporter: &Reporter,
    cancel: &CancelToken,
    extracted: &mut Extracted,
) -> anyhow::Result<()> {
    let tag = plan.sets.first().map(|set| set.recipe.tag.clone()).unwrap_or_default();
    // The run takes the networks out of the plan.
    let backbone = plan.models.first().map(|model| Arc::clone(model.session.backbone()));
    extracted.known.backbones.extend(backbone.map(|backbone| (tag.clone(), backbone)));
    let total = plan.rows.len();
    let bar = reporter.long_progress(total, 0);
    bar.begin(&tag);
    let mut first = 0;
    let existing = Existing { resume: true, allow_mixed: false, overwrite: false };
    let executed = execute(plan, existing, cancel, &mut |event| match event {
        ExtractEvent::Begun { done, .. } => {
            first = done;
            bar.reach(done);
        }
        ExtractEvent::Progress { done, .. } => bar.reach(done),
        ExtractEvent::Failed { picture, reason } => {
            let words = format!("row {}: {reason}: \"{}\"", picture.row, shown(&picture.file));
            bar.above(|| reporter.skipped(&words));
        }
        ExtractEvent::Found(_) | ExtractEvent::Note { .. } | ExtractEvent::Assembling { .. } => {}
    });
    drop(bar);
    let executed = executed.map_err(|error| begun_before(anyhow::Error::new(*error)))?;
    if matches!(executed.end, End::Interrupted) {
        bail!("interrupted");
    }
    if executed.num_failed == total {
        bail!("none of {} gave a feature", counted(total as usize, "picture"));
    }
    extracted.known.num_failed = extracted.known.num_failed.max(executed.num_failed);
    if let Some(timings) = executed.timings {
        let num = executed.num_done.saturating_sub(first).max(1);
        extracted.known.milliseconds.insert(tag, timings.forward.as_secs_f64() * 1e3 / num as f64);
    }
    Ok(())
}

/// An error over features that are in `--out` already. Its remedy may be an option that only `extract` has.
fn begun_before(error: anyhow::Error) -> anyhow::Error {
    match remedy::of(&error) {
        Some(
            Remedy::GoOnOrBeginAgain
            | Remedy::BeginAgain
            | Remedy::ReplaceFeatures
            | Remedy::MakeAllAnew
            | Remedy::SettingsAsBefore { .. },
        ) => anyhow!("{error:#}; name another folder with `--out`, or remove this one"),
        _ => error,
    }
}

fn extract_args(args: &ProbeArgs, model: Vec<String>, output: PathBuf) -> ExtractArgs {
    let data = &args.data;
    let layer = if data.layer.is_empty() { vec!["final".to_owned()] } else { data.layer.clone() };
    ExtractArgs {
        model,
        layer,
        pool: args.pool.pool(),
        path_column: data.path_column.clone(),
        labels: data.labels.clone(),
        camera: data.camera.clone(),
        every: data.every.unwrap_or(1),
        limit: data.limit,
        fit: data.fit.unwrap_or_default(),
        download: data.download,
        run: data.run,
        ..ExtractArgs::plain(args.inputs.first().cloned().unwrap_or_default(), output)
    }
}

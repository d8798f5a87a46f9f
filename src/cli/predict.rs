//! `predict`: what a kept head tells of pictures.

use std::io::Write as _;

use anyhow::{Context as _, bail};

use super::exit::Exit;
use super::extract::plan;
use super::extract_args::ExtractArgs;
use super::interrupt::cancelled_by_ctrl_c;
use super::output_guard::{check_output, check_planned};
use super::predict_args::PredictArgs;
use super::reporter::Reporter;
use crate::engine::{CancelToken, Priority, start_threads};
use crate::extract::{End, Existing, ExtractEvent, execute};
use crate::features::{FeatureMatrix, MapRows};
use crate::formats::write_whole;
use crate::probe::{KeptHead, Predictions};
use crate::render::Resources;
use crate::study::head_file::{AboutHead, StoredHead, read};
use crate::study::temporary::temporary_folder;
use crate::tensor::{counted, shown};

/// Bytes of features that are told at once.
const BLOCK: usize = 1 << 22;
/// Runs the command.
pub(super) fn run(args: &PredictArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    let cancel = cancelled_by_ctrl_c()?;
    match predict(args, resources, reporter, &cancel) {
        Err(_) if cancel.is_cancelled() => {
            reporter.summary("interrupted: nothing was written");
            Ok(Exit::Interrupted)
        }
        other => other,
    }
}

fn predict(
    args: &PredictArgs,
    resources: &Resources,
    reporter: &Reporter,
    cancel: &CancelToken,
) -> anyhow::Result<Exit> {
    if let Some(output) = &args.output {
        check_output("-o", output, [&*args.input, &*args.head].into_iter().chain(args.weights.as_deref()))?;
    }
    let StoredHead { head, about } = read(&args.head, "`filterscope probe --save` wrote")?;
    args.run.engine().check()?;
    start_threads(args.run.threads, Priority::Normal)?;
    let folder = temporary_folder()?;
    let settings = ExtractArgs {
        model: vec![about.tag.clone()],
        weights: args.weights.clone(),
        layer: vec![about.layer.clone()],
        pool: about.pool.parse()?,
        path_column: args.path_column.clone(),
        camera: args.camera.clone(),
        limit: args.limit,
        fit: about.fit.parse()?,
        preprocess: about.preprocess.parse()?,
        download: args.download,
        run: args.run,
        ..ExtractArgs::plain(args.input.clone(), folder.path().to_owned())
    };
    let mut plan = plan(&settings, resources, reporter)?;
    check_planned(args.output.iter().map(|path| ("-o", path.clone())), &plan.rows)?;
    let set = plan.sets.first().context("no layer to run up to")?;
    if let Some((name, here, there)) = about.difference(&set.recipe, &set.recipe.pool) {
        bail!(
            "{name} differs: `{here}` here, and the head was fitted with `{there}`: \"{}\"",
            args.head.display()
        );
    }
    let (folder, total) = (plan.set_folder(set), plan.rows.len());
    let bar = reporter.long_progress(total, 0);
    let existing = Existing { resume: false, allow_mixed: false, overwrite: true };
    let executed = execute(&mut plan, existing, cancel, &mut |event| match event {
        ExtractEvent::Progress { done, .. } => bar.reach(done),
        ExtractEvent::Failed { picture, reason } => {
            let words = format!("row {}: {reason}: \"{}\"", picture.row, shown(&picture.file));
            bar.above(|| reporter.skipped(&words));
        }
        ExtractEvent::Found(_)
        | ExtractEvent::Begun { .. }
        | ExtractEvent::Note { .. }
        | ExtractEvent::Assembling { .. } => {}
    });
    drop(bar);
    let executed = executed.map_err(|error| anyhow::Error::new(*error))?;
    if !matches!(executed.end, End::Done) {
        bail!("interrupted");
    }
    if executed.num_failed == total {
        bail!("none of {} gave a feature", counted(total as usize, "picture"));
    }
    let go_on = || !cancel.is_cancelled();
    let mut features = FeatureMatrix::open(&folder, MapRows::Flattened, &go_on)?;
    let text = tell(&mut features, &head, &about, &go_on)?;
    match &args.output {
        Some(path) => write_whole(path, |out| out.write_all(text.as_bytes()))?,
        None => reporter.result(&text)?,
    }
    Ok(if executed.num_failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

/// The lines of CSV.
fn tell(
    features: &mut FeatureMatrix,
    head: &KeptHead,
    about: &AboutHead,
    go_on: &dyn Fn() -> bool,
) -> anyhow::Result<String> {
    if features.width() != head.width() {
        bail!("the features have {} numbers, and the head takes {}", features.width(), head.width());
    }
    let mut told: Vec<String> = Vec::new();
    features.for_each_block(BLOCK, &mut |_, block| {
        match head.tell(block) {
            Predictions::Numbers(numbers) => told.extend(numbers.iter().map(ToString::to_string)),
            Predictions::Classes(classes) => {
                let names = about.classes.as_deref().unwrap_or_default();
                told.extend(classes.iter().map(|class| names.get(*class).cloned().unwrap_or_default()));
            }
        }
        go_on()
    })?;
    let mut csv = csv::Writer::from_writer(Vec::new());
    // A target that is one of these columns has a name of its own.
    let told_name = match &*about.target {
        name @ ("row" | "camera" | "file") => format!("told_{name}"),
        name => name.to_owned(),
    };
    csv.write_record(["row", "camera", "file", &told_name])?;
    let index = features.index();
    let cell = |name: &str, row: usize| {
        index.column(name).and_then(|cells| cells.get(row)).cloned().unwrap_or_default()
    };
    for (row, told) in told.iter().enumerate() {
        csv.write_record([&cell("row", row), &cell("camera", row), &cell("file", row), told])?;
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}
